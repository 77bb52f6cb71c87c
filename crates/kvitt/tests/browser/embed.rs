//! The checkout in a shop's single-page app: loaded, mounted, moved and left, as often as one likes.

use serde_json::json;

use crate::app::App;
use crate::driver::Browser;
use crate::world::{World, id_in};

const APPROVED: &str = "customer@email.se";

async fn opened() -> (World, App, Browser, String) {
    let world = World::start();
    let app = App::start(&world).await;
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    browser.tell_breaches().await;
    browser.goto(&app.url).await;
    (world, app, browser, link)
}

/// The app has been told once, stays where it is, and its page is paid.
async fn told_once(world: &World, app: &App, browser: &Browser) {
    browser.wait_for_state("placed").await;
    assert_eq!(browser.times_completed().await, 1);
    browser.come_back().await;
    assert_eq!(browser.times_completed().await, 1);
    assert_eq!(browser.client.current_url().await.unwrap().as_str(), app.url);
    world.only_order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_and_mounting_twice_changes_nothing() {
    let (world, app, browser, link) = opened().await;
    for _ in 0..2 {
        browser.load_kvitt(&world, json!({})).await;
    }
    browser.mount(&link, "pay").await;
    let again = "return mount(arguments[0], '#pay') === handle";
    assert_eq!(browser.client.execute(again, vec![json!(link)]).await.unwrap(), true);
    browser.wait_for_state("ready").await;
    // Gone, and back under another view and with a link as it was pasted.
    browser.script("handle.unmount(); handle.unmount()").await;
    assert_eq!(browser.text("#pay").await, "");
    browser.mount(&format!("{link}/?utm_source=app#top"), "pay-again").await;
    browser.wait_for_state("ready").await;
    assert_eq!(browser.count(r#"[data-kvitt="checkout"]"#).await, 1);
    assert_eq!(browser.count(r#"script[src*="api.js"]"#).await, 1);
    assert_eq!(browser.count(r#"link[href*="checkout.css"]"#).await, 1);
    assert_eq!(browser.script("return called").await, 1, "the app's own klarnaAsyncCallback");
    browser.pay().await;
    told_once(&world, &app, &browser).await;
    assert_eq!(browser.console_errors().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_is_drawn_anew_while_paying_loses_nothing() {
    let (world, app, browser, link) = opened().await;
    world.callback("never").await;
    browser.load_kvitt(&world, json!({})).await;
    browser.mount(&link, "pay").await;
    browser.wait_for_state("ready").await;
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    // What frameworks do: the container is gone, and nobody called unmount.
    browser.mount(&link, "pay").await;
    browser.wait_for_state("ready").await;
    let popup = browser.to_other_window(&shop).await;
    browser.identify().await;
    browser.approve().await;
    assert_ne!(popup, shop);
    browser.to_last_window(&shop).await;
    told_once(&world, &app, &browser).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_moved_on_while_paying_still_pays() {
    let (world, _app, browser, link) = opened().await;
    world.callback("never").await;
    browser.load_kvitt(&world, json!({})).await;
    browser.mount(&link, "pay").await;
    browser.wait_for_state("ready").await;
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    browser.script("handle.unmount(); draw('elsewhere')").await;
    browser.to_other_window(&shop).await;
    browser.identify().await;
    browser.approve().await;
    browser.to_last_window(&shop).await;
    world.wait_for_order().await;
    assert_eq!(browser.times_completed().await, 0, "nobody is there to be told");
    assert_eq!(browser.text("#elsewhere").await, "");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_checkouts_the_second_is_shown_and_paid() {
    let (world, app, browser, first) = opened().await;
    let second = world.checkout(APPROVED).await;
    browser.load_kvitt(&world, json!({})).await;
    browser.mount(&first, "pay").await;
    browser.wait_for_state("ready").await;
    let beside = "const other = document.createElement('div'); other.id = 'other'; \
        document.querySelector('#view').append(other); mount(arguments[0], other)";
    browser.client.execute(beside, vec![json!(second)]).await.unwrap();
    browser.find("#other [data-state=ready]").await;
    assert_eq!(browser.text("#pay").await, "", "Klarna's script serves one checkout at a time");
    browser.pay().await;
    told_once(&world, &app, &browser).await;
    let status = async |link: &str| {
        world.get(&format!("/v1/checkouts/{}", id_in(link))).await["status"].clone()
    };
    assert_eq!((status(&first).await, status(&second).await), (json!("open"), json!("completed")));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_fails_when_told_is_told_once() {
    let (world, app, browser, link) = opened().await;
    browser.load_kvitt(&world, json!({})).await;
    browser.script("window.afterwards = () => { throw new Error('of the app'); }").await;
    browser.mount(&link, "pay").await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    told_once(&world, &app, &browser).await;
    assert_eq!(browser.message().await, "You have paid. Thank you!");
    let errors = browser.console_errors().await;
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].contains("of the app"), "{errors:?}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_tag_is_enough_and_two_are_one() {
    let (world, _app, browser, link) = opened().await;
    for _ in 0..2 {
        browser.load_kvitt(&world, json!({"checkout": link})).await;
        browser.wait_for_state("ready").await;
    }
    assert_eq!(browser.count(r#"[data-kvitt="checkout"]"#).await, 1);
    browser.pay().await;
    // Nobody is told by a function, so the page leaves for the confirmation.
    browser.find(".products").await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_away_can_be_tried_again() {
    let (world, _app, browser, link) = opened().await;
    browser.load_kvitt(&world, json!({})).await;
    browser.block(&["*/fragment"]).await;
    browser.mount(&link, "pay").await;
    browser.wait_for_text("#pay", "The checkout cannot be shown right now").await;
    browser.block(&[]).await;
    browser.click("#pay button").await;
    browser.wait_for_state("ready").await;
    browser.close().await;
}
