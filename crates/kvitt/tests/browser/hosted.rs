//! Klarna's hosted payment page in a browser: a link in a mail, or a code on a screen, and no shop's
//! page around it.

use serde_json::{Value, json};

use crate::inspected::{Hosted, Inspected};
use crate::sdk_pages::look;

const DENIED_PHONE: &str = "+46701740620";

impl Inspected {
    /// A page that leads to the shop, and places the order.
    async fn placing(&self, reference: &str, email: &str) -> Hosted {
        let places = json!({"place_order_mode": "PLACE_ORDER", "page_title": "Boots by post",
            "purchase_type": "BUY"});
        self.hosted(&self.cart(reference, email), self.page(&places)).await
    }

    /// A page without an address to go to.
    async fn lonely(&self, cart: &Value) -> Hosted {
        self.hosted(cart, json!({"options": {"page_title": "Boots by post"}})).await
    }

    async fn read(&self, hosted: &Hosted) -> Value {
        self.call("GET", &format!("/hpp/v1/sessions/{}", hosted.session_id), &Value::Null).await
    }

    /// Waits for the shop's page of this name; its address.
    async fn back_at_the_shop(&self, name: &str) -> String {
        self.browser.wait_for_text("h1", "A shop").await;
        let url = self.browser.client.current_url().await.unwrap();
        assert_eq!(url.path(), format!("/{name}"));
        url.into()
    }

    /// The buyer is at the shop again, with this order of theirs.
    async fn expect_order(&self, hosted: &Hosted, reference: &str) {
        let address = self.back_at_the_shop("success").await;
        let read = self.read(hosted).await;
        assert_eq!(read["status"], "COMPLETED");
        let id = read["order_id"].as_str().unwrap();
        assert!(address.ends_with(&format!("?session={}&order={id}", hosted.session_id)));
        let order =
            self.call("GET", &format!("/ordermanagement/v1/orders/{id}"), &Value::Null).await;
        let told = ["status", "order_amount", "merchant_reference1"].map(|name| &order[name]);
        assert_eq!(told, [&json!("AUTHORIZED"), &json!(22_880), &json!(reference)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_page_leads_to_an_order_by_the_mouse() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    let hosted = inspected.placing("5001", "customer@email.se").await;
    inspected.goto(&hosted.page).await;
    page.identify().await;
    page.at_step("plan").await;
    // To the shop and back: the link still works.
    page.press("abort").await;
    inspected.back_at_the_shop("back").await;
    assert_eq!(inspected.read(&hosted).await["status"], "BACK");
    inspected.goto(&hosted.page).await;
    page.at_step("phone").await;
    page.fill("#phone", DENIED_PHONE).await;
    page.identify().await;
    page.approve().await;
    page.at_step("denied").await;
    page.press("enter").await;
    page.identify().await;
    page.at_step("plan").await;
    page.click("[value=pay_over_time]").await;
    page.press("continue").await;
    page.wait_for_text("[value=approve]", "Buy for 228.80 SEK").await;
    page.press("approve").await;
    inspected.expect_order(&hosted, "5001").await;
    assert_eq!(page.console_errors().await, [""; 0]);
    inspected.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_page_leads_to_an_order_by_the_keyboard() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    let hosted = inspected.placing("5002", "customer+new_user@email.se").await;
    inspected.goto(&hosted.page).await;
    page.pay_by_keyboard().await;
    inspected.expect_order(&hosted, "5002").await;
    // Who opens the link again is led to the shop once more.
    inspected.goto(&hosted.page).await;
    page.at_step("done").await;
    page.tab_on_to("[value=leave]").await;
    page.keys(&["Enter"]).await;
    inspected.expect_order(&hosted, "5002").await;
    inspected.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_page_leads_to_an_order_without_scripts() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.without_scripts(true).await;
    let hosted = inspected.placing("5003", "customer@email.se").await;
    inspected.goto(&hosted.page).await;
    page.identify().await;
    page.approve().await;
    inspected.expect_order(&hosted, "5003").await;
    inspected.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_pictures_of_the_way_to_pay() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    page.tell_breaches().await;
    let hosted = inspected.placing("5004", "customer@email.se").await;
    inspected.goto(&format!("/eu/hpp/distributions/{}", hosted.session_id)).await;
    page.at_step("operator").await;
    look(page, "hosted-operator").await;
    inspected.goto(&hosted.page).await;
    page.at_step("phone").await;
    look(page, "hosted-phone").await;
    page.press("continue").await;
    page.at_step("otp").await;
    look(page, "hosted-otp").await;
    page.fill("#otp", "123456").await;
    page.press("continue").await;
    page.at_step("plan").await;
    look(page, "hosted-plan").await;
    page.press("continue").await;
    page.at_step("review").await;
    look(page, "hosted-review").await;
    page.press("approve").await;
    inspected.expect_order(&hosted, "5004").await;
    inspected.goto(&hosted.page).await;
    page.at_step("done").await;
    look(page, "hosted-done").await;
    assert_eq!(page.console_errors().await, [""; 0]);
    inspected.goto(&format!("/eu/hpp/distributions/{}", hosted.session_id)).await;
    page.at_step("operator").await;
    look(page, "hosted-operator-over").await;

    let hosted = inspected.placing("5005", "customer@email.se").await;
    inspected.goto(&hosted.page).await;
    page.fill("#phone", DENIED_PHONE).await;
    page.identify().await;
    page.approve().await;
    page.at_step("denied").await;
    look(page, "hosted-denied").await;
    inspected.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hosted_pictures_of_how_it_ends() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    let cart = inspected.cart("5006", "customer@email.se");
    let mut in_store = cart.clone();
    in_store["acquiring_channel"] = json!("IN_STORE");
    let hosted = inspected.lonely(&in_store).await;
    inspected.goto(&hosted.page).await;
    page.at_step("phone").await;
    page.press("close").await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    look(page, "hosted-cancel").await;
    page.press("abort").await;
    page.at_step("cancelled").await;
    look(page, "hosted-cancelled").await;

    let hosted = inspected.lonely(&cart).await;
    inspected.goto(&hosted.page).await;
    page.at_step("phone").await;
    page.press("abort").await;
    page.at_step("left").await;
    look(page, "hosted-left").await;
    page.press("enter").await;
    page.identify().await;
    page.approve().await;
    page.at_step("done").await;
    look(page, "hosted-done-without-a-shop").await;

    // The shop has to mend the address.
    let to_mend = inspected.cart("5007", "customer+invalid_fields@email.se");
    let hosted = inspected.lonely(&to_mend).await;
    inspected.goto(&hosted.page).await;
    page.at_step("error").await;
    look(page, "hosted-error").await;

    let hosted = inspected.lonely(&cart).await;
    inspected.goto(&hosted.page).await;
    page.at_step("phone").await;
    let session = format!("/hpp/v1/sessions/{}", hosted.session_id);
    inspected.call("DELETE", &session, &Value::Null).await;
    page.press("continue").await;
    page.at_step("disabled").await;
    look(page, "hosted-disabled").await;

    let hosted = inspected.lonely(&cart).await;
    inspected.call("POST", "/sandbox/v1/clock/advance", &json!({"by": "PT47H"})).await;
    inspected.goto(&hosted.page).await;
    page.at_step("expired").await;
    look(page, "hosted-expired").await;
    inspected.browser.close().await;
}
