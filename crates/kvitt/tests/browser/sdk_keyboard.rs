//! The buyer's way by the keyboard alone.

use serde_json::json;

use crate::driver::Browser;
use crate::merchant::{Merchant, cart_of};

/// No page has so many stops that this does not reach all.
const STOPS_MAX: usize = 25;

impl Browser {
    /// Presses Tab until the focus is on what the selector matches.
    async fn tab_to_selector(&self, selector: &str) {
        let here = format!("return document.activeElement?.matches({}) === true", json!(selector));
        for _ in 0..STOPS_MAX {
            if self.script(&here).await == true {
                return;
            }
            self.keys(&["Tab"]).await;
        }
        let stands = self.script("return document.activeElement?.outerHTML ?? 'nothing'").await;
        panic!("Tab does not lead to {selector}, but to {stands}");
    }

    /// Waits until the focus is there by itself.
    async fn has_focus(&self, selector: &str) {
        let here = format!("return document.activeElement?.matches({}) === true", json!(selector));
        let what = format!("{selector} has the focus");
        self.until(&what, async || (self.script(&here).await == true).then_some(())).await;
    }

    /// From the phone number to the last button, for a new customer.
    pub(crate) async fn pay_by_keyboard(&self) {
        self.at_step("phone").await;
        self.has_focus("#phone").await;
        self.keys(&["Enter"]).await;
        self.at_step("otp").await;
        self.has_focus("#otp").await;
        self.keys(&["9", "9", "9", "9", "9", "9", "Enter"]).await;
        self.wait_for_text("#otp-problem", "This code is wrong").await;
        self.has_focus("#otp[aria-invalid=true][aria-describedby=otp-problem]").await;
        self.keys(&["1", "2", "3", "4", "5", "6"]).await;
        self.tab_to_selector("[value=continue]").await;
        self.keys(&["Enter"]).await;
        self.at_step("sign_up").await;
        self.has_focus("#given_name").await;
        self.tab_to_selector("#city").await;
        self.keys(&["Control+a", "L", "u", "n", "d", "Enter"]).await;
        self.at_step("plan").await;
        self.has_focus("h1").await;
        self.tab_to_selector("[name=plan]").await;
        self.keys(&["ArrowDown"]).await;
        self.has_focus("[value=pay_over_time]:checked").await;
        self.tab_to_selector("[value=continue]").await;
        self.keys(&["Space"]).await;
        self.at_step("review").await;
        self.wait_for_text("main", "Lund").await;
        self.tab_to_selector("[value=approve]").await;
        self.keys(&["Enter"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_keyboard_in_the_pop_up() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.goto_another_site().await;
    merchant.load(&cart_of("customer+new_user@email.se")).await;
    let shop = page.window().await;
    // Escape asks, and once more stays; then Tab and Enter leave.
    page.tab_to_selector("#buy").await;
    page.keys(&["Enter"]).await;
    page.to_other_window(&shop).await;
    page.at_step("phone").await;
    page.keys(&["Escape"]).await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    page.keys(&["Escape"]).await;
    page.wait_for_text("h1", "Your phone number").await;
    page.keys(&["Escape"]).await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    page.tab_to_selector("[value=abort]").await;
    page.keys(&["Enter"]).await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, json!({"approved": false, "show_form": true}));
    page.has_focus("#buy").await;

    page.script("told.length = 0").await;
    page.keys(&["Space"]).await;
    page.to_other_window(&shop).await;
    page.pay_by_keyboard().await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await["approved"], true);
    page.has_focus("#buy").await;
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_keyboard_in_the_overlay() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    // Of two sites, as in real life: a frame then does not honour `autofocus`.
    merchant.goto_another_site().await;
    merchant.load(&cart_of("customer+new_user@email.se")).await;
    // A shop that locks its button meanwhile, and unlocks it when it is told.
    page.script(
        "window.open = () => null; const button = document.querySelector('#buy');
        window.buy = () => { button.disabled = true; Klarna.Payments.authorize((told) => {
            button.disabled = false; tell(told); }); };",
    )
    .await;
    page.tab_to_selector("#buy").await;
    page.keys(&["Enter"]).await;
    page.has_focus("#klarna-apf-iframe").await;
    page.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    page.has_focus("#phone").await;
    // Round and round, it stays inside, and every stop is reached.
    let mut stops = Vec::new();
    for _ in 0..8 {
        page.keys(&["Tab"]).await;
        let stop = page.script("return document.activeElement?.value ?? ''").await;
        stops.push(stop.as_str().unwrap_or_default().to_owned());
        page.client.enter_parent_frame().await.unwrap();
        assert_eq!(page.script("return document.activeElement.id").await, "klarna-apf-iframe");
        page.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    }
    for stop in ["close", "+46701740615", "continue"] {
        assert!(stops.iter().any(|it| it == stop), "{stop} among {stops:?}");
    }
    page.keys(&["Escape"]).await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    page.has_focus("h1").await;
    page.tab_to_selector("[value=abort]").await;
    page.keys(&["Enter"]).await;
    page.client.enter_parent_frame().await.unwrap();
    assert_eq!(merchant.answer().await, json!({"approved": false, "show_form": true}));
    page.has_focus("#buy").await;

    page.script("told.length = 0").await;
    page.keys(&["Enter"]).await;
    page.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    page.pay_by_keyboard().await;
    page.client.enter_parent_frame().await.unwrap();
    assert_eq!(merchant.answer().await["approved"], true);
    page.has_focus("#buy").await;
    assert_eq!(page.count("#klarna-apf-iframe").await, 0);
    merchant.browser.close().await;
}
