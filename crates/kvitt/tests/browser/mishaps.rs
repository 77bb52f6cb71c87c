//! What goes wrong in front of a checkout, and that nobody pays twice, pays for nothing, or is left
//! before a locked page.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::{World, id_in};

const APPROVED: &str = "customer@email.se";
/// The hosted page's confirmation address, in the shop.
const CONFIRMED: &str = ".products";

async fn started(email: &str) -> (World, Browser, String) {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(email).await;
    browser.open_checkout(&link).await;
    (world, browser, link)
}

async fn status(world: &World, link: &str) -> Value {
    world.get(&format!("/v1/checkouts/{}", id_in(link))).await["status"].clone()
}

async fn is_placed_once(world: &World, link: &str) {
    let placed = world.only_order().await;
    assert_eq!(world.at_klarna(&placed).await["order_amount"], 19_900);
    assert_eq!(status(world, link).await, "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn denied() {
    let (world, browser, link) = started("customer+denied@email.se").await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    browser.at_step("denied").await;
    browser.press("leave").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("denied").await;
    assert!(browser.message().await.contains("Choose another way to pay"));
    for hidden in ["buy", "widget"] {
        let part = browser.find(&format!(r#"[data-kvitt="{hidden}"]"#)).await;
        assert!(!part.is_displayed().await.unwrap(), "{hidden}");
    }
    assert_eq!(status(&world, &link).await, "open");
    assert!(world.orders().await.is_empty());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_and_tried_again() {
    let (world, browser, link) = started(APPROVED).await;
    // By Klarna's own button.
    let shop = browser.buy().await;
    browser.press("close").await;
    browser.press("abort").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("ready").await;
    assert!(browser.message().await.contains("You left Klarna before paying"));
    // By closing the window.
    let shop = browser.buy().await;
    browser.client.close_window().await.unwrap();
    browser.to_last_window(&shop).await;
    browser.wait_for_state("ready").await;
    // By the button on the shop's side.
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    let backdrop = "return document.querySelector('[data-sandbox=backdrop]').shadowRoot\
        .querySelectorAll('button')[1].click()";
    browser.script(backdrop).await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("ready").await;
    assert!(world.orders().await.is_empty());
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_pop_up_becomes_an_overlay() {
    let (world, browser, link) = started(APPROVED).await;
    browser.script("window.open = () => null").await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    // Escape closes it, and gives the page back.
    browser.find("#klarna-apf-iframe").await;
    assert_eq!(browser.windows().await, 1);
    let open = "return document.documentElement.classList.contains('klarna-payments-fso-open')";
    assert_eq!(browser.script(open).await, true);
    browser.script("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))").await;
    browser.wait_for_state("ready").await;
    assert_eq!(browser.script(open).await, false);
    browser.click(r#"[data-kvitt="buy"]"#).await;
    let frame = browser.find("#klarna-apf-iframe").await;
    frame.enter_frame().await.unwrap();
    browser.identify().await;
    browser.approve().await;
    browser.client.enter_parent_frame().await.unwrap();
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_and_a_right_one() {
    let (world, browser, link) = started(APPROVED).await;
    let shop = browser.buy().await;
    browser.press("continue").await;
    browser.at_step("otp").await;
    browser.fill(r#"[name="otp"]"#, "999999").await;
    browser.press("continue").await;
    browser.wait_for_text("#otp-problem", "This code is wrong").await;
    browser.fill(r#"[name="otp"]"#, "999998").await;
    browser.press("continue").await;
    browser.approve().await;
    browser.to_last_window(&shop).await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_to_mend_are_shown_at_their_inputs() {
    let (world, browser, link) = started("customer+invalid_fields@email.se").await;
    browser.fill(r#"[name="billing_address.postal_code"]"#, "1").await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_state("ready").await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "Please correct what is marked").await;
    for name in ["email", "postal_code"] {
        let input = format!(r#"[name="billing_address.{name}"][aria-invalid="true"]"#);
        let problem = browser.attribute(&input, "aria-describedby").await.unwrap();
        assert_eq!(
            browser.text(&format!("#{problem}")).await,
            "Klarna could not accept this. Please check it."
        );
    }
    assert_eq!(browser.windows().await, 1, "the pop-up is gone");
    browser.fill(r#"[name="billing_address.email"]"#, APPROVED).await;
    browser.fill(r#"[name="billing_address.postal_code"]"#, "111 48").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    let placed = world.only_order().await;
    assert_eq!(world.at_klarna(&placed).await["billing_address"]["email"], APPROVED);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_customer_who_gave_the_shop_nothing() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "US", &["book"]).await;
    browser.click(r#"#buyer option[value=""]"#).await;
    browser.click(r#"[data-shop="pay-hosted"]"#).await;
    browser.wait_for_state("ready").await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.at_step("sign_up").await;
    browser.press("continue").await;
    browser.wait_for_text("#given_name-problem", "Fill this in.").await;
    for (name, text) in [
        ("given_name", "Nina"),
        ("family_name", "New"),
        ("email", "customer@email.us"),
        ("street_address", "509 Amsterdam Ave"),
        ("postal_code", "10024"),
        ("city", "New York"),
        ("region", "NY"),
    ] {
        browser.fill(&format!("#{name}"), text).await;
    }
    browser.press("continue").await;
    browser.approve().await;
    browser.to_last_window(&shop).await;
    browser.find(r#"[data-standing="paid"]"#).await;
    let placed = world.only_order().await;
    // 24.00 and 5.00 for shipping, and 8 % of it: 2.32.
    assert_eq!(world.at_klarna(&placed).await["order_amount"], 3_132);
    assert_eq!(world.at_klarna(&placed).await["billing_address"]["given_name"], "Nina");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_klarna_still_looks_at_may_not_be_shipped() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.fill_cart(&world, "SE", &["book"]).await;
    browser.click(r#"#buyer option[value="pending"]"#).await;
    browser.click(r#"[data-shop="pay-hosted"]"#).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.wait_for_text(r#"[data-standing="paid"]"#, "still looking at the purchase").await;
    let placed = world.only_order().await;
    let order = world.get(&format!("/v1/orders/{}", placed.id)).await;
    assert_eq!(order["may_ship"]["allowed"].as_bool(), Some(false), "{}", order["may_ship"]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_in_the_middle() {
    let (world, browser, link) = started(APPROVED).await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.to_window(&shop).await;
    browser.client.refresh().await.unwrap();
    // The page that had asked is gone, and its window with it.
    browser.to_last_window(&shop).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    // Coming back to a paid checkout leads on.
    browser.goto(&link).await;
    browser.find(CONFIRMED).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_one_order() {
    let (world, browser, link) = started(APPROVED).await;
    let first = browser.window().await;
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.to_window(&second).await;
    browser.open_checkout(&link).await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    let popup = browser
        .until("the second tab's pop-up opens", async || {
            let windows = browser.client.windows().await.ok()?;
            windows.into_iter().find(|window| *window != first && *window != second)
        })
        .await;
    browser.to_window(&popup).await;
    browser.identify().await;
    browser.approve().await;
    browser.to_window(&second).await;
    browser.find(CONFIRMED).await;
    // The first tab sees it as soon as somebody looks at it.
    browser.to_window(&first).await;
    browser.script("window.dispatchEvent(new Event('focus'))").await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_script_is_survived() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    browser.block(&["*api.js*"]).await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    assert!(browser.message().await.contains("Klarna cannot be loaded right now"));
    assert_eq!(browser.text(r#"[data-kvitt="total"]"#).await, "199.00 SEK", "the cart is there");
    browser.click(r#"[data-kvitt="again"]"#).await;
    browser.wait_for_state("unavailable").await;
    browser.block(&[]).await;
    browser.click(r#"[data-kvitt="again"]"#).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_callback_places_what_a_dead_browser_approved() {
    let world = World::start();
    let mut browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    // The shop's server hears of it from Klarna alone.
    browser.block(&["*/authorization"]).await;
    browser.open_checkout(&link).await;
    browser.block(&["*/authorization"]).await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    // A press that never left the browser would be no approval: Klarna's window goes with it.
    browser.to_last_window(&shop).await;
    browser.kill();
    world.wait_for_order().await;
    is_placed_once(&world, &link).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_browser_places_what_the_callback_never_told() {
    let (world, browser, link) = started(APPROVED).await;
    world.callback("never").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    assert_eq!(world.control("GET", "/callbacks", &Value::Null).await, json!([]));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_tell_it_twice_and_one_order_is_placed() {
    let (world, browser, link) = started(APPROVED).await;
    world.callback("twice").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_network_after_approval_loses_nothing() {
    let (world, browser, link) = started(APPROVED).await;
    world.callback("never").await;
    browser.block(&["*/authorization"]).await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    browser.to_last_window(&shop).await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "Do not pay again: we keep trying").await;
    assert!(world.orders().await.is_empty());
    browser.block(&[]).await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expired_is_renewed() {
    let (world, browser, link) = started(APPROVED).await;
    let before = world.get(&format!("/v1/checkouts/{}", id_in(&link))).await;
    world.control("POST", "/clock/advance", &json!({"by": "PT49H"})).await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "we renewed it").await;
    browser.wait_for_state("ready").await;
    let after = world.get(&format!("/v1/checkouts/{}", id_in(&link))).await;
    assert_ne!(before["session"]["session_id"], after["session"]["session_id"]);
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_klarna_lost_is_replaced() {
    let (world, browser, link) = started(APPROVED).await;
    // As if Klarna had forgotten everything.
    world.control("POST", "/reset", &Value::Null).await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "we renewed it").await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    is_placed_once(&world, &link).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_changed_meanwhile_is_shown_before_it_is_paid() {
    let (world, browser, link) = started(APPROVED).await;
    let two = json!({
        "order_amount": 39_800, "order_tax_amount": 2_253,
        "order_lines": [{"line_id": "book", "name": "Book", "quantity": 2, "unit_price": 19_900,
            "tax_rate": 600, "total_amount": 39_800, "total_tax_amount": 2_253}]
    });
    world.api("PATCH", &format!("/v1/checkouts/{}", id_in(&link)), &two).await;
    browser.script("window.dispatchEvent(new Event('focus'))").await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "The order was changed").await;
    browser.wait_for_state("ready").await;
    assert_eq!(browser.text(r#"[data-kvitt="total"]"#).await, "398.00 SEK");
    browser.pay().await;
    browser.find(CONFIRMED).await;
    let placed = world.only_order().await;
    assert_eq!(world.at_klarna(&placed).await["order_amount"], 39_800);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_link_leads_nowhere() {
    let (world, browser, link) = started(APPROVED).await;
    let wrong = format!("{}0", &link[..link.len() - 1]);
    let wrong = if wrong == link { format!("{}1", &link[..link.len() - 1]) } else { wrong };
    browser.goto(&wrong).await;
    assert_eq!(browser.text("h1").await, "No such checkout");
    drop(world);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_checkout_cannot_be_paid() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    world.api("DELETE", &format!("/v1/checkouts/{}", id_in(&link)), &Value::Null).await;
    browser.goto(&link).await;
    browser.wait_for_state("closed").await;
    assert!(!browser.find(r#"[data-kvitt="buy"]"#).await.is_displayed().await.unwrap());
    browser.close().await;
}
