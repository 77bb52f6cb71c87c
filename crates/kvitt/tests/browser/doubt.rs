//! Moments in which a shopper could be left in doubt whether they have paid.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::{World, id_in};

const APPROVED: &str = "customer@email.se";
const CONFIRMED: &str = ".products";
const MESSAGE: &str = r#"[data-kvitt="message"]"#;

async fn started() -> (World, Browser, String) {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    browser.open_checkout(&link).await;
    (world, browser, link)
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_both_pay_make_one_order() {
    let (world, browser, link) = started().await;
    let first = browser.window().await;
    browser.buy().await;
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.to_window(&second).await;
    browser.open_checkout(&link).await;
    let known = browser.client.windows().await.unwrap();
    browser.click(r#"[data-kvitt="buy"]"#).await;
    let popup = browser
        .until("the second tab's pop-up opens", async || {
            let windows = browser.client.windows().await.ok()?;
            windows.into_iter().find(|window| !known.contains(window))
        })
        .await;
    browser.to_window(&popup).await;
    browser.identify().await;
    browser.approve().await;
    browser.to_window(&second).await;
    browser.find(CONFIRMED).await;
    // The first tab's window is of no use any more. It is told of the order, not that nothing was
    // paid.
    browser.to_window(&first).await;
    browser
        .until("only the tabs are left", async || {
            let cancel = "document.querySelector('[data-sandbox=backdrop]')?.shadowRoot\
                .querySelectorAll('button')[1].click()";
            browser.client.execute(cancel, Vec::new()).await.ok()?;
            (browser.client.windows().await.ok()?.len() == 2).then_some(())
        })
        .await;
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_klarna_refuses_can_be_tried_again() {
    let (world, browser, _) = started().await;
    world.callback("never").await;
    let body = json!({"error_code": "BAD_VALUE", "error_messages": ["Bad value: order_lines"],
        "correlation_id": "6f0cbf3a-6d7b-4f7c-9a2f-4cf6f2a7a0d1"});
    let refusal = json!({"kind": "status", "status": 400, "body": body.to_string()});
    world.spoil_placing(refusal, Some(1)).await;
    browser.pay().await;
    browser.wait_for_text(MESSAGE, "The order could not be placed. Nothing was paid").await;
    browser.wait_for_state("ready").await;
    assert!(world.orders().await.is_empty());
    browser.pay().await;
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_said_to_be_unknown() {
    let (world, browser, link) = started().await;
    world.callback("never").await;
    // Klarna may have placed it, and then says no: only a person can find out.
    world.spoil_placing(json!({"kind": "reset_before"}), Some(1)).await;
    let body = json!({"error_code": "NOT_ALLOWED", "error_messages": ["no"],
        "correlation_id": "6f0cbf3a-6d7b-4f7c-9a2f-4cf6f2a7a0d1"});
    let refusal = json!({"kind": "status", "status": 403, "body": body.to_string()});
    world.spoil_placing(refusal, None).await;
    browser.pay().await;
    browser.wait_for_text(MESSAGE, "We do not know yet whether your payment went through").await;
    let buy = browser.find(r#"[data-kvitt="buy"]"#).await;
    assert!(!buy.is_enabled().await.unwrap());
    // Neither does a second look say anything else.
    browser.goto(&link).await;
    browser.wait_for_text(MESSAGE, "Do not pay again; the shop will tell you").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_hears_of_the_order_that_the_callback_placed() {
    let (world, browser, _) = started().await;
    browser.block(&["*/authorization"]).await;
    browser.pay().await;
    // Its own way to the server stays blocked.
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_while_the_server_is_away_loses_nothing() {
    let (world, browser, link) = started().await;
    world.callback("never").await;
    browser.block(&["*/authorization"]).await;
    browser.pay().await;
    browser.wait_for_text(MESSAGE, "Klarna has approved your payment").await;
    assert!(world.orders().await.is_empty());
    browser.block(&[]).await;
    browser.goto(&link).await;
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.goto(&world.server).await;
    assert_eq!(browser.script("return sessionStorage.length").await, 0, "nothing is kept");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_shop_places_itself_is_not_said_to_be_paid() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world
        .checkout_with(APPROVED, |body| {
            body["placement"] = json!("manual");
            body["merchant_urls"] = json!({});
        })
        .await;
    browser.open_checkout(&link).await;
    browser.pay().await;
    browser.wait_for_text(MESSAGE, "Klarna has approved your payment. The shop will confirm").await;
    assert!(world.orders().await.is_empty());
    world.api("POST", &format!("/v1/checkouts/{}/place", id_in(&link)), &json!({})).await;
    world.only_order().await;
    browser.goto(&link).await;
    browser.wait_for_text(MESSAGE, "You have paid. Thank you!").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_go_where_the_shop_was_told() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world
        .checkout_with(APPROVED, |body| {
            body["shipping_address"] = body["billing_address"].clone();
            body["shipping_address"]["city"] = json!("Lund");
            body["shipping_address"]["postal_code"] = json!("22221");
        })
        .await;
    let overheard = "(sdk) => Object.assign(Object.create(sdk), \
        {load: (options, data, ...rest) => { window.atLoad = data; sdk.load(options, data, ...rest); }, \
        authorize: (options, data, ...rest) => { window.atAuthorize = data; \
            sdk.authorize(options, data, ...rest); }})";
    browser.change_sdk(overheard).await;
    browser.open_checkout(&link).await;
    assert_eq!(browser.script("return window.atLoad").await, json!({}), "nothing about a person");
    browser.fill(r#"[name="billing_address.given_name"]"#, "Alicia").await;
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    // Klarna takes the billing address where it is told no other, and compares both when placing.
    let told = browser.script("return window.atAuthorize").await;
    assert_eq!(told["shipping_address"]["city"], "Lund");
    assert_eq!(told["billing_address"]["given_name"], "Alicia");
    browser.to_other_window(&shop).await;
    browser.identify().await;
    browser.approve().await;
    browser.to_last_window(&shop).await;
    browser.find(CONFIRMED).await;
    let placed = world.only_order().await;
    let order = world.at_klarna(&placed).await;
    assert_eq!(order["shipping_address"]["city"], "Lund");
    assert_eq!(order["billing_address"]["city"], "Stockholm");
    assert_eq!(order["billing_address"]["given_name"], "Alicia");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_outlives_a_change_of_the_cart() {
    let (world, browser, link) = started().await;
    browser.fill(r#"[name="billing_address.city"]"#, "Malmö").await;
    let two = json!({
        "order_amount": 39_800, "order_tax_amount": 2_253,
        "order_lines": [{"line_id": "book", "name": "Book", "quantity": 2, "unit_price": 19_900,
            "tax_rate": 600, "total_amount": 39_800, "total_tax_amount": 2_253}]
    });
    world.api("PATCH", &format!("/v1/checkouts/{}", id_in(&link)), &two).await;
    browser.come_back().await;
    browser.wait_for_text(MESSAGE, "The order was changed").await;
    browser.wait_for_state("ready").await;
    let typed = browser.script("return document.querySelector('#kvitt-city').value").await;
    assert_eq!(typed, "Malmö");
    assert_eq!(browser.text(r#"[data-kvitt="buy"]"#).await, "Buy for 398.00 SEK");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_person_is_told_so_by_the_shop_too() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "SE", &["book"]).await;
    browser.click(r#"#buyer option[value="denied"]"#).await;
    browser.click(r#"[data-shop="pay-embedded"]"#).await;
    browser.wait_for_state("ready").await;
    let pay = browser.client.current_url().await.unwrap();
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    browser.at_step("denied").await;
    browser.press("leave").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("denied").await;
    browser.goto(&pay.as_str().replace("/pay/", "/thanks/")).await;
    browser.find(r#"[data-standing="not-paid"]"#).await;
    // A number that can be guessed opens nothing of it.
    for guess in ["pay", "thanks"] {
        browser.goto(&format!("{}/{guess}/demo-1001", world.shop)).await;
        assert_eq!(browser.text("h1").await, "No such order");
    }
    assert_eq!(world.get("/v1/orders").await["items"].as_array().map(Vec::len), Some(0));
    let _: Value = world.get("/v1/checkouts").await;
    browser.close().await;
}
