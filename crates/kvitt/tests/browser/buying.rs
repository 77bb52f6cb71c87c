//! The whole way, from the shop's cart to a refund. Amounts are compared on the pages, in the
//! merchant API and at Klarna, with numbers written by hand.

use serde_json::json;

use crate::driver::Browser;
use crate::world::World;

async fn minor(browser: &Browser, selector: &str) -> String {
    browser.attribute(selector, "data-minor").await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn sweden_by_the_hosted_page() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "book", "lamp"]).await;
    // 2 x 89.00 less 18.00, 199.00, 499.00 and 49.00 for shipping.
    assert_eq!(minor(&browser, r#"[data-shop="total"]"#).await, "90700");
    browser.click(r#"[data-shop="pay-hosted"]"#).await;
    browser.wait_for_state("ready").await;
    assert_eq!(minor(&browser, r#"[data-kvitt="total"]"#).await, "90700");
    assert_eq!(browser.text(".kvitt-tax").await, "Including 138.00 SEK tax");

    let shop = browser.buy().await;
    browser.identify().await;
    browser.at_step("plan").await;
    browser.press("continue").await;
    assert_eq!(browser.attribute("[data-total]", "data-total").await.unwrap(), "90700");
    browser.press("approve").await;
    browser.to_last_window(&shop).await;
    browser.find(r#"[data-shop="thanks"][data-standing="paid"]"#).await;
    assert_eq!(minor(&browser, r#"[data-shop="thanks"]"#).await, "90700");

    let placed = world.only_order().await;
    world.expect_sums(&placed, [90_700, 0, 0, 90_700]).await;
    let order = world.get(&format!("/v1/orders/{}", placed.id)).await;
    assert_eq!(order["order_tax_amount"], 13_800);
    // A coffee and the shipping first, the rest later, then the lamp comes back.
    let parcel = json!({"order_lines": [
        {"line_id": "coffee", "quantity": 1}, {"line_id": "shipping", "quantity": 1}]});
    let captures = format!("/v1/orders/{}/captures", placed.id);
    world.api("POST", &captures, &parcel).await;
    world.expect_sums(&placed, [90_700, 12_900, 0, 77_800]).await;
    let parcel = json!({"order_lines": [
        {"line_id": "coffee", "quantity": 1}, {"line_id": "book", "quantity": 1},
        {"line_id": "lamp", "quantity": 1}]});
    world.api("POST", &captures, &parcel).await;
    world.expect_sums(&placed, [90_700, 90_700, 0, 0]).await;
    let back = json!({"order_lines": [{"line_id": "lamp", "quantity": 1}]});
    world.api("POST", &format!("/v1/orders/{}/refunds", placed.id), &back).await;
    world.expect_sums(&placed, [90_700, 90_700, 49_900, 0]).await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_united_states_by_the_embedded_checkout() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "US", &["coffee", "coffee", "book", "lamp"]).await;
    // 2 x 9.50 less 2.00, 24.00, 59.00, 5.00 for shipping: 105.00, and 8 % of it.
    assert_eq!(minor(&browser, r#"[data-shop="total"]"#).await, "11340");
    browser.click(r#"[data-shop="pay-embedded"]"#).await;
    browser.wait_for_state("ready").await;
    assert!(browser.client.current_url().await.unwrap().as_str().starts_with(&world.shop));
    assert_eq!(minor(&browser, r#"[data-kvitt="total"]"#).await, "11340");
    assert_eq!(browser.count(".kvitt-tax").await, 0, "tax is a line of its own");
    browser.pay().await;
    browser.find(r#"[data-shop="thanks"][data-standing="paid"]"#).await;
    assert_eq!(minor(&browser, r#"[data-shop="thanks"]"#).await, "11340");

    let placed = world.only_order().await;
    world.expect_sums(&placed, [11_340, 0, 0, 11_340]).await;
    let captures = format!("/v1/orders/{}/captures", placed.id);
    let amount_only = |name: &str, amount: i64| json!({name: amount, "amount_only": true});
    world.api("POST", &captures, &amount_only("captured_amount", 5_000)).await;
    world.api("POST", &captures, &amount_only("captured_amount", 6_340)).await;
    let refunds = format!("/v1/orders/{}/refunds", placed.id);
    world.api("POST", &refunds, &amount_only("refunded_amount", 1_234)).await;
    world.expect_sums(&placed, [11_340, 11_340, 1_234, 0]).await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}
