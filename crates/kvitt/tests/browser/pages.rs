//! The shop's pages, looked at.

use serde_json::json;

use crate::driver::Browser;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_shop() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.goto(&world.shop).await;
    browser.look("shop-products").await;
    browser.goto(&format!("{}/cart", world.shop)).await;
    browser.look("shop-cart-empty").await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "book", "lamp"]).await;
    browser.look("shop-cart").await;
    browser.fill_cart(&world, "US", &["book"]).await;
    browser.look("shop-cart-us").await;
    browser.goto(&format!("{}/thanks/demo-1001", world.shop)).await;
    browser.look("shop-message").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shops_own_payment_page_and_its_thanks() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "book"]).await;
    browser.click(r#"[data-shop="pay-embedded"]"#).await;
    browser.wait_for_state("ready").await;
    browser.look("shop-pay").await;
    let pay = browser.client.current_url().await.unwrap();
    let thanks = pay.as_str().replace("/pay/", "/thanks/");
    browser.goto(&thanks).await;
    browser.look("shop-thanks-not-paid").await;
    // Klarna's answer to the placing is lost, and then it says no: nobody knows.
    world.callback("never").await;
    world.spoil_placing(json!({"kind": "reset_before"}), Some(1)).await;
    let body = json!({"error_code": "NOT_ALLOWED", "error_messages": ["no"],
        "correlation_id": "6f0cbf3a-6d7b-4f7c-9a2f-4cf6f2a7a0d1"});
    let refusal = json!({"kind": "status", "status": 403, "body": body.to_string()});
    world.spoil_placing(refusal, None).await;
    browser.goto(pay.as_str()).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "We do not know yet").await;
    browser.look("shop-pay-unknown").await;
    browser.goto(&thanks).await;
    browser.wait_for_text(r#"[data-standing="undecided"]"#, "Do not pay again").await;
    browser.look("shop-thanks-undecided").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shops_thanks() {
    for (buyer, name) in [("approved", "shop-thanks-paid"), ("pending", "shop-thanks-pending")] {
        let world = World::start();
        let browser = Browser::open().await;
        browser.fill_cart(&world, "SE", &["book"]).await;
        browser.click(&format!(r#"#buyer option[value="{buyer}"]"#)).await;
        browser.click(r#"[data-shop="pay-hosted"]"#).await;
        browser.wait_for_state("ready").await;
        browser.pay().await;
        browser.find(r#"[data-standing="paid"]"#).await;
        // The one thing on these pages that is another one each time.
        let same = "document.querySelector('[data-shop=thanks] .quiet').textContent = \
            \"Klarna's reference: K4MZQ3RT\"";
        browser.script(same).await;
        browser.look(name).await;
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.goto(&format!("{}/docs", world.server)).await;
    browser.look("docs").await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}
