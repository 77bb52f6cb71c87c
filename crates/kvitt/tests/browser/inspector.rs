//! The sandbox's own pages in a browser: how they look, that they stay as new as the store, and
//! that neither a mouse nor a script is needed.

use serde_json::json;

use crate::driver::Browser;
use crate::inspected::Inspected;

/// No page has so many stops before what a test looks for.
const STOPS_MAX: usize = 60;

impl Inspected {
    /// Looks at a page, also on a small phone.
    async fn look(&self, path: &str, name: &str) {
        self.goto(path).await;
        self.look_here(name).await;
    }

    /// The same where a button led.
    async fn look_here(&self, name: &str) {
        let page = &self.browser;
        // It would renew itself while it is looked at.
        page.script("window.dispatchEvent(new Event('pagehide'))").await;
        page.look(name).await;
        page.resize(360, 640).await;
        page.fits(name, "small phone").await;
        page.chromium("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    /// Nothing that a page needs is blocked by its policy, and nothing fails in it.
    async fn close(self) {
        assert_eq!(self.browser.console_errors().await, [""; 0]);
        self.browser.close().await;
    }
}

impl Browser {
    /// Presses Tab until the focus is on what the selector matches.
    pub(crate) async fn tab_on_to(&self, selector: &str) {
        let here = format!("return document.activeElement?.matches({}) === true", json!(selector));
        for _ in 0..STOPS_MAX {
            self.keys(&["Tab"]).await;
            if self.script(&here).await == true {
                return;
            }
        }
        let stands = self.script("return document.activeElement?.outerHTML ?? 'nothing'").await;
        panic!("Tab does not lead to {selector}, but to {stands}");
    }

    /// Waits until the page is another one, which says this.
    async fn led_to(&self, heading: &str) {
        self.wait_for_text("h1", heading).await;
    }
}

/// A fault on captures after the first, twice.
async fn add_fault(inspected: &Inspected) {
    let fault = json!({"match": {"method": "POST", "path_contains": "/captures"}, "skip": 1,
        "times": 2, "effect": {"kind": "reset_after"}});
    inspected.call("POST", "/sandbox/v1/faults", &fault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures_of_lists() {
    let inspected = Inspected::open().await;
    inspected.browser.tell_breaches().await;
    inspected.look("/", "inspector-empty").await;
    inspected.fill().await;
    inspected.look("/inspector/sessions", "inspector-sessions").await;
    inspected.look("/inspector/orders", "inspector-orders").await;
    inspected.look("/inspector/exchanges", "inspector-exchanges").await;
    let searched = "/inspector/exchanges?q=captures&status=4xx";
    inspected.look(searched, "inspector-exchanges-searched").await;
    inspected.look("/inspector/callbacks", "inspector-callbacks").await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures_of_one_thing() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.tell_breaches().await;
    let filled = inspected.fill().await;
    inspected.look(&format!("/inspector/orders/{}", filled.part), "inspector-order").await;
    let pending = format!("/inspector/orders/{}", filled.pending);
    inspected.look(&pending, "inspector-order-pending").await;
    inspected.look(&format!("/inspector/sessions/{}", filled.session), "inspector-session").await;
    page.click("[value=approved]").await;
    page.find("[role=status]").await;
    inspected.look_here("inspector-session-approved").await;
    inspected.look("/inspector/exchanges/16", "inspector-exchange").await;
    inspected.goto("/inspector/callbacks").await;
    page.click("tbody th a").await;
    page.led_to("Callback").await;
    inspected.look_here("inspector-callback").await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures_of_hosted_pages() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.tell_breaches().await;
    let email = "customer@email.se";
    let places = json!({"place_order_mode": "PLACE_ORDER", "purchase_type": "BUY",
        "page_title": "Boots by post", "payment_method_categories": ["PAY_LATER", "PAY_NOW"]});
    for (reference, outcome) in [
        ("4001", "approved"),
        ("4002", "denied"),
        ("4003", "back"),
        ("4004", "error"),
        ("4005", "cancelled"),
        ("4006", "entered"),
    ] {
        let cart = inspected.cart(reference, email);
        let hosted = inspected.hosted(&cart, inspected.page(&places)).await;
        inspected.decide(&hosted, outcome).await;
    }
    let cart = inspected.cart("4007", email);
    let hosted = inspected.hosted(&cart, inspected.page(&places)).await;
    let distribution = format!("/hpp/v1/sessions/{}/distribution", hosted.session_id);
    for body in [
        json!({"method": "email", "contact_information": {"email": email}}),
        json!({"method": "sms", "template": "INSTORE_PURCHASE",
            "contact_information": {"phone": "+46701740615", "phone_country": "SE"}}),
    ] {
        inspected.call("POST", &distribution, &body).await;
    }
    inspected.look("/inspector/hosted-pages", "inspector-hosted-pages").await;
    page.click("tbody tr:first-child a").await;
    page.led_to("Hosted page").await;
    page.find("[data-map='Hosted page'][data-current=WAITING]").await;
    inspected.look_here("inspector-hosted-page").await;
    inspected.answers.lock().unwrap().push(500);
    inspected.decide(&hosted, "back").await;
    let here = format!("/inspector/hosted-pages/{}", hosted.session_id);
    inspected.look(&here, "inspector-hosted-page-back").await;
    page.click("[value=approved]").await;
    page.wait_for_text("[role=status]", "The buyer has decided.").await;
    page.find("[data-current=COMPLETED]").await;
    page.wait_for_text("#callbacks", "attempt 2").await;
    page.until("all callbacks came", async || {
        inspected.goto(&here).await;
        (page.count("#callbacks tbody tr").await == 6).then_some(())
    })
    .await;
    inspected.look_here("inspector-hosted-page-completed").await;
    // There and back.
    page.click("#map a").await;
    page.led_to("Order").await;
    page.click("#facts a[href^='/inspector/hosted-pages/']").await;
    page.led_to("Hosted page").await;
    page.click("#facts a").await;
    page.led_to("Session").await;
    page.click("#facts a[href^='/inspector/hosted-pages/']").await;
    page.led_to("Hosted page").await;

    let cart = inspected.cart("4008", email);
    let hosted = inspected.hosted(&cart, json!({})).await;
    inspected.goto(&format!("/inspector/hosted-pages/{}", hosted.session_id)).await;
    page.tab_on_to("form[action$='/withdraw'] button").await;
    page.keys(&["Enter"]).await;
    page.wait_for_text("[role=status]", "Withdrawn.").await;
    page.find("[data-current=DISABLED]").await;
    inspected.look_here("inspector-hosted-page-withdrawn").await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures_of_customer_tokens() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.tell_breaches().await;
    let tokens = ["suspended", "cancelled", "declining", "active"]
        .map(|state| json!({"name": state, "state": state, "payment_method": "card"}));
    let scenario = json!({ "customer_tokens": tokens });
    inspected.call("POST", "/sandbox/v1/scenarios", &scenario).await;
    inspected.look("/inspector/customer-tokens", "inspector-customer-tokens").await;
    page.click("tbody tr:first-child a").await;
    page.led_to("Customer token").await;
    page.find("[data-current=ACTIVE]").await;
    inspected.look_here("inspector-customer-token").await;
    page.click("button[value=SUSPENDED]").await;
    page.find("[data-current=SUSPENDED]").await;
    page.click("[name=declines][value=true]").await;
    page.wait_for_text("#heading", "declines").await;
    inspected.look_here("inspector-customer-token-suspended").await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures_of_what_can_be_set() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.tell_breaches().await;
    inspected.fill().await;
    add_fault(&inspected).await;
    inspected.look("/", "inspector-overview").await;
    inspected.look("/inspector/faults", "inspector-faults").await;
    inspected.look("/inspector/settings", "inspector-settings").await;
    // What was answered with 400 and 404 is an error for the console, not for the page.
    inspected.goto("/inspector/faults").await;
    page.click("[value=delay]").await;
    page.fill("#milliseconds", "soon").await;
    page.fill("#path_contains", "/refunds").await;
    assert_eq!(page.console_errors().await, [""; 0]);
    page.click("form[action='/inspector/faults'] button").await;
    page.find("[role=alert]").await;
    inspected.look_here("inspector-faults-problem").await;
    inspected.look("/inspector/nothing", "inspector-not-found").await;
    page.console_errors().await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_shows_what_happens_as_it_happens() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.hurry(10).await;
    inspected.session("2001", "customer@email.se").await;
    inspected.goto("/inspector/exchanges").await;
    // What stays is not touched: neither the page nor the row, nor the focus on it.
    page.script("window.isSame = true; document.querySelector('#exchange-1 a').focus()").await;
    inspected.session("2002", "customer@email.se").await;
    page.find("#exchange-2 + #exchange-1").await;
    assert_eq!(page.text("#kept").await, "2");
    let same = "return window.isSame === true && document.activeElement.closest('tr').id";
    assert_eq!(page.script(same).await, "exchange-1");

    page.click("[data-live-pause]").await;
    assert_eq!(page.attribute("[data-live-pause]", "aria-pressed").await.unwrap(), "true");
    inspected.session("2003", "customer@email.se").await;
    let wait = "setTimeout(arguments[0], 5000)";
    page.client.execute_async(wait, Vec::new()).await.unwrap();
    assert_eq!(page.count("tbody tr").await, 2, "paused");
    page.click("[data-live-pause]").await;
    page.find("#exchange-3").await;

    // A search hears of what fits only, and an older page of nothing.
    inspected.goto("/inspector/exchanges?q=2005").await;
    page.find(".none").await;
    inspected.session("2004", "customer@email.se").await;
    inspected.session("2005", "customer@email.se").await;
    page.find("#exchange-5").await;
    assert_eq!(page.count("tbody tr").await, 1);
    inspected.goto("/inspector/exchanges?before=5").await;
    assert_eq!(page.count("[data-live-pause]").await, 0);

    // An order moves on its map, and its callbacks come in.
    let order = inspected.order("2006", "customer+pend-accept-10@email.se").await;
    inspected.goto(&format!("/inspector/orders/{order}")).await;
    page.script("window.isSame = true").await;
    page.find("[data-map=Status][data-current=AUTHORIZED]").await;
    inspected.call("POST", "/sandbox/v1/clock/advance", &json!({"by": "PT10M"})).await;
    page.find("[data-map='Fraud status'][data-current=ACCEPTED]").await;
    inspected.act(&order, "captures", &json!({"captured_amount": 9990})).await;
    page.find("[data-map=Status][data-current=PART_CAPTURED]").await;
    page.find("[data-bar=captured][data-minor='9990']").await;
    page.wait_for_text("#callbacks", "notification").await;
    assert_eq!(page.script("return window.isSame").await, true);
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_by_the_keyboard_alone() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    let session = inspected.session("3001", "customer@email.se").await;
    let order = inspected.order("3002", "customer@email.se").await;
    inspected.goto("/").await;
    page.tab_on_to(".skip").await;
    page.keys(&["Enter"]).await;
    assert_eq!(page.script("return document.activeElement.id").await, "main");
    page.tab_on_to("[value=P1D]").await;
    page.keys(&["Enter"]).await;
    page.wait_for_text("[role=status]", "The clock was advanced").await;
    page.wait_for_text("#now", "2026-11-26 12:00:00").await;
    page.tab_on_to("#by").await;
    page.keys(&["P", "T", "1", "H", "Enter"]).await;
    page.wait_for_text("#now", "2026-11-26 13:00:00").await;

    page.tab_on_to("nav a[href='/inspector/sessions']").await;
    page.keys(&["Enter"]).await;
    page.led_to("Sessions").await;
    page.tab_on_to(&format!("[id='session-{session}'] a")).await;
    page.keys(&["Enter"]).await;
    page.led_to("Session").await;
    page.tab_on_to("[value=approved]").await;
    page.keys(&["Space"]).await;
    page.wait_for_text("[role=status]", "Approved").await;
    page.find("[data-current=authorized]").await;

    inspected.goto(&format!("/inspector/orders/{order}")).await;
    page.tab_on_to("[value=REJECTED]").await;
    page.keys(&["Enter"]).await;
    page.find("[data-map='Fraud status'][data-current=REJECTED]").await;
    page.tab_on_to("nav a[href='/inspector/exchanges']").await;
    page.keys(&["Enter"]).await;
    page.led_to("Exchanges").await;
    page.tab_on_to("#q").await;
    page.keys(&["3", "0", "0", "2", "Enter"]).await;
    page.until("the search is made", async || {
        page.client.current_url().await.ok()?.query()?.contains("q=3002").then_some(())
    })
    .await;
    page.tab_on_to("tbody a").await;
    page.keys(&["Enter"]).await;
    page.led_to("Exchange").await;
    page.tab_on_to("[data-copy]").await;
    page.keys(&["Enter"]).await;
    page.until("something was copied or is selected", async || {
        let text = page.text("[data-copy]").await;
        ["Copied", "Press Ctrl+C"].contains(&text.as_str()).then_some(())
    })
    .await;

    page.tab_on_to("a").await;
    inspected.goto("/inspector/faults").await;
    page.tab_on_to("#path_contains").await;
    page.keys(&["/", "c", "Tab", "Tab", "2"]).await;
    page.tab_on_to("[name=kind]").await;
    page.keys(&["ArrowDown"]).await;
    page.tab_on_to("form[action='/inspector/faults'] button").await;
    page.keys(&["Enter"]).await;
    page.wait_for_text("#set", "reset_before").await;
    page.wait_for_text("#set", "times 2").await;
    inspected.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_without_scripts() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    let filled = inspected.fill().await;
    page.without_scripts(true).await;
    inspected.goto(&format!("/inspector/sessions/{}", filled.session)).await;
    page.click("[value=denied]").await;
    page.wait_for_text("[role=status]", "Denied").await;
    page.click("[value=approved]").await;
    page.wait_for_text("#facts", "Authorization token").await;
    inspected.goto("/inspector/exchanges").await;
    page.fill("#q", "4711 nothing").await;
    page.click(".filters button").await;
    page.wait_for_text("#list", "None.").await;
    page.click(".filters a").await;
    page.click("tbody tr:last-child a").await;
    page.led_to("Exchange 1").await;
    page.wait_for_text("#curl", "--request POST").await;
    assert_eq!(page.text("[data-copy]").await, "", "what needs a script is not shown");
    inspected.goto("/inspector/settings").await;
    page.click("#repeated_placing option[value='409']").await;
    page.click("form[action='/inspector/settings'] button").await;
    page.wait_for_text("[role=status]", "Saved").await;
    inspected.close().await;
}
