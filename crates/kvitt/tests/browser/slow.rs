//! Klarna's script and widget when they are late, silent or broken.

use crate::driver::Browser;
use crate::world::World;

const APPROVED: &str = "customer@email.se";
const CONFIRMED: &str = ".products";

async fn opened() -> (World, Browser, String) {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    (world, browser, link)
}

async fn pays(world: &World, browser: Browser) {
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_script_is_waited_for() {
    let (world, browser, link) = opened().await;
    browser.hold("*api.js*").await;
    browser.goto(&link).await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "Klarna is being loaded").await;
    assert_eq!(browser.attribute(r#"[data-kvitt="buy"]"#, "disabled").await.unwrap(), "true");
    browser.let_go().await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_comes_too_late_is_used_all_the_same() {
    let (world, browser, link) = opened().await;
    browser.hurry(20).await;
    browser.hold("*api.js*").await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    // Nobody presses anything.
    browser.let_go().await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_never_calls_back_is_noticed() {
    let (world, browser, link) = opened().await;
    let deaf = "Object.defineProperty(window, 'klarnaAsyncCallback', \
        {get: () => undefined, set: () => undefined})";
    browser.before_each_page(deaf).await;
    browser.goto(&link).await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_is_none_is_survived() {
    let (_world, browser, link) = opened().await;
    // As what replaces it where it is blocked: it loads, and brings nothing.
    browser.before_each_page("Object.defineProperty(window, 'Klarna', {value: undefined})").await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widget_that_never_answers_can_be_tried_again() {
    let (world, browser, link) = opened().await;
    browser.hurry(50).await;
    let deaf = "(sdk) => Object.assign(Object.create(sdk), {load: (...all) => \
        window.isHeard ? sdk.load(...all) : undefined})";
    browser.change_sdk(deaf).await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    browser.script("window.isHeard = true").await;
    browser.click(r#"[data-kvitt="again"]"#).await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widget_that_is_not_shown_is_asked_for_again() {
    let (world, browser, link) = opened().await;
    let shy = "(sdk) => Object.assign(Object.create(sdk), {load: (options, data, callback) => \
        (window.asked = (window.asked ?? 0) + 1) < 2 ? callback({show_form: false}) \
        : sdk.load(options, data, callback)})";
    browser.change_sdk(shy).await;
    browser.goto(&link).await;
    browser.wait_for_state("ready").await;
    assert_eq!(browser.script("return window.asked").await, 2);
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_that_klarna_does_not_know_leaves_the_others() {
    let (world, browser, link) = opened().await;
    let picky = "(sdk) => Object.assign(Object.create(sdk), {load: (options, data, callback) => { \
        if (options.payment_method_category === 'pay_later') { \
            callback({show_form: false}); throw new Error('not supported'); } \
        sdk.load(options, data, callback); }})";
    browser.change_sdk(picky).await;
    browser.goto(&link).await;
    browser.wait_for_state("unavailable").await;
    browser.click(r#"input[value="pay_now"]"#).await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_told_and_thrown_is_no_denial() {
    let (world, browser, link) = opened().await;
    browser.open_checkout(&link).await;
    // As a framework does that draws the page anew: the next call is a misuse.
    browser.script("document.querySelector('[data-kvitt=widget]').replaceChildren()").await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_state("unavailable").await;
    browser.click(r#"[data-kvitt="again"]"#).await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_comes_unlocks_the_page() {
    let (world, browser, link) = opened().await;
    browser.hurry(50).await;
    let silent = "(sdk) => Object.assign(Object.create(sdk), {authorize: (...all) => \
        window.isHeard ? sdk.authorize(...all) : undefined})";
    browser.change_sdk(silent).await;
    browser.open_checkout(&link).await;
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_state("paying").await;
    browser.come_back().await;
    browser.wait_for_text(r#"[data-kvitt="message"]"#, "Klarna has not answered").await;
    browser.script("window.isHeard = true").await;
    pays(&world, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_asked_for_where_klarna_needs_one() {
    let (world, browser, link) = opened().await;
    let two_steps = "(sdk) => Object.assign(Object.create(sdk), {authorize: (options, ...rest) => \
        sdk.authorize({...options, auto_finalize: false}, ...rest)})";
    browser.change_sdk(two_steps).await;
    browser.open_checkout(&link).await;
    browser.click(r#"input[value="pay_now"]"#).await;
    browser.wait_for_state("ready").await;
    let shop = browser.buy().await;
    browser.identify().await;
    browser.at_step("plan").await;
    browser.click(r#"[name="plan"][value="bank"]"#).await;
    browser.press("continue").await;
    browser.at_step("review").await;
    let first = browser.client.current_url().await.unwrap();
    browser.press("approve").await;
    browser.to_window(&shop).await;
    assert!(world.orders().await.is_empty(), "nothing is placed without a token");
    // Nobody clicked for the second step, so its window may lie over the page.
    let second = browser
        .until("the second step begins", async || {
            if browser.count("#klarna-apf-iframe").await > 0 {
                return Some(None);
            }
            for window in browser.client.windows().await.ok()? {
                browser.client.switch_to_window(window.clone()).await.ok()?;
                let url = browser.client.current_url().await.ok()?;
                if url.path().starts_with("/kp/flow/") && url != first {
                    return Some(Some(window));
                }
            }
            browser.to_window(&shop).await;
            None
        })
        .await;
    if second.is_none() {
        browser.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    }
    browser.at_step("review").await;
    browser.press("approve").await;
    browser.to_window(&shop).await;
    browser.find(CONFIRMED).await;
    world.only_order().await;
    browser.close().await;
}
