//! The checkout in every state, looked at.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::{World, id_in};

const APPROVED: &str = "customer@email.se";
const MESSAGE: &str = r#"[data-kvitt="message"]"#;

async fn started(email: &str) -> (World, Browser, String) {
    let world = World::start();
    let browser = Browser::open().await;
    // Without a confirmation page, so that the checkout stays where it is paid.
    let link = world.checkout_with(email, |body| body["merchant_urls"] = json!({})).await;
    (world, browser, link)
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_paid() {
    let (world, browser, link) = started(APPROVED).await;
    browser.hold("*api.js*").await;
    browser.goto(&link).await;
    browser.wait_for_text(MESSAGE, "Klarna is being loaded").await;
    browser.look("checkout-loading").await;
    browser.let_go().await;
    browser.wait_for_state("ready").await;
    // Europe has three categories to choose from.
    browser.look("checkout-ready").await;
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    browser.wait_for_state("paying").await;
    browser.look("checkout-paying").await;
    browser.to_other_window(&shop).await;
    browser.press("close").await;
    browser.press("abort").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_text(MESSAGE, "You left Klarna before paying").await;
    browser.look("checkout-cancelled").await;
    world.control("POST", "/clock/advance", &json!({"by": "PT49H"})).await;
    browser.come_back().await;
    browser.wait_for_text(MESSAGE, "we renewed it").await;
    browser.wait_for_state("ready").await;
    browser.look("checkout-renewed").await;
    let two = json!({
        "order_amount": 39_800, "order_tax_amount": 2_253,
        "order_lines": [{"line_id": "book", "name": "Book", "quantity": 2, "unit_price": 19_900,
            "tax_rate": 600, "total_amount": 39_800, "total_tax_amount": 2_253}]
    });
    world.api("PATCH", &format!("/v1/checkouts/{}", id_in(&link)), &two).await;
    browser.come_back().await;
    browser.wait_for_text(MESSAGE, "The order was changed").await;
    browser.wait_for_state("ready").await;
    browser.look("checkout-changed").await;
    world.api("DELETE", &format!("/v1/checkouts/{}", id_in(&link)), &Value::Null).await;
    browser.come_back().await;
    browser.wait_for_state("closed").await;
    browser.look("checkout-closed").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_united_states() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "US", &["coffee", "coffee", "lamp"]).await;
    browser.click(r#"[data-shop="pay-hosted"]"#).await;
    browser.wait_for_state("ready").await;
    browser.look("checkout-ready-us").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_and_after_it_is_paid() {
    let (world, browser, link) = started(APPROVED).await;
    world.callback("never").await;
    browser.open_checkout(&link).await;
    browser.block(&["*/authorization"]).await;
    browser.pay().await;
    browser.wait_for_text(MESSAGE, "we keep trying").await;
    browser.look("checkout-offline").await;
    // Now the answer takes its time.
    browser.hold("*/authorization").await;
    browser.block(&[]).await;
    browser.goto(&link).await;
    browser.wait_for_text(MESSAGE, "Your payment is being confirmed").await;
    browser.look("checkout-placing").await;
    browser.let_go().await;
    browser.wait_for_state("placed").await;
    browser.look("checkout-placed").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_cannot_be_paid() {
    let (_world, browser, link) = started("customer+invalid_fields@email.se").await;
    browser.open_checkout(&link).await;
    browser.fill(r#"[name="billing_address.postal_code"]"#, "1").await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_text(MESSAGE, "Please correct what is marked").await;
    browser.look("checkout-fixable").await;
    browser.fill("#kvitt-email", "customer+denied@email.se").await;
    browser.fill("#kvitt-postal_code", "111 48").await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    browser.at_step("denied").await;
    browser.press("leave").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("denied").await;
    browser.look("checkout-denied").await;
    browser.block(&["*api.js*"]).await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    browser.look("checkout-unavailable").await;
    browser.goto(&format!("{link}0")).await;
    browser.look("checkout-no-such-page").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts() {
    let (_world, browser, link) = started(APPROVED).await;
    browser.without_scripts(true).await;
    browser.goto(&link).await;
    browser.look_without_scripts("checkout-noscript").await;
    browser.close().await;
}
