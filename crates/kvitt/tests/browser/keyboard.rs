//! People without a mouse, with large text, with a screen reader, or without scripts.

use fantoccini::key::Key;
use serde_json::json;

use crate::driver::Browser;
use crate::world::World;

const APPROVED: &str = "customer@email.se";
const MESSAGE: &str = r#"[data-kvitt="message"]"#;

async fn opened(email: &str) -> (World, Browser, String) {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(email).await;
    browser.open_checkout(&link).await;
    (world, browser, link)
}

impl Browser {
    async fn type_keys(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What has the keyboard: its id, its part of the checkout, its name or its value.
    async fn focused(&self) -> String {
        let script = "const it = document.activeElement; return it.id || it.dataset.kvitt || \
            (it.type === 'radio' ? it.value : it.name + it.value) || it.tagName";
        self.script(script).await.as_str().unwrap().to_owned()
    }

    /// Goes on with the Tab key until something has the keyboard.
    async fn tab_to(&self, wanted: &str) {
        for _ in 0..30 {
            if self.focused().await == wanted {
                return;
            }
            self.type_keys(&char::from(Key::Tab).to_string()).await;
        }
        panic!("no Tab leads to {wanted}; now at {}", self.focused().await);
    }
}

fn enter() -> String {
    char::from(Key::Enter).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_without_a_mouse() {
    let (world, browser, _) = opened(APPROVED).await;
    let mut passed = Vec::new();
    for _ in 0..9 {
        browser.type_keys(&char::from(Key::Tab).to_string()).await;
        passed.push(browser.focused().await);
    }
    let fields = [
        "kvitt-email",
        "kvitt-phone",
        "kvitt-given_name",
        "kvitt-family_name",
        "kvitt-street_address",
        "kvitt-postal_code",
        "kvitt-city",
        "pay_later",
    ];
    assert_eq!(passed[..8], fields, "the order in which they stand");
    // Another way to pay, by its arrow.
    let radio = browser.find(r#"input[value="pay_later"]"#).await;
    radio.send_keys(&char::from(Key::Down).to_string()).await.unwrap();
    assert_eq!(browser.focused().await, "pay_over_time");
    browser.wait_for_state("ready").await;
    let field = browser.find("#kvitt-city").await;
    field.send_keys(&format!(", {}", char::from(Key::Tab))).await.unwrap();
    browser.tab_to("buy").await;
    let shop = browser.window().await;
    // Twice, as an impatient finger does.
    browser.type_keys(&(enter() + &enter())).await;
    browser.to_other_window(&shop).await;
    assert_eq!(browser.windows().await, 2);
    browser.at_step("phone").await;
    browser.tab_to("actioncontinue").await;
    browser.type_keys(&enter()).await;
    browser.at_step("otp").await;
    browser.tab_to("otp").await;
    browser.type_keys(&format!("123456{}", enter())).await;
    browser.at_step("plan").await;
    browser.tab_to("actioncontinue").await;
    browser.type_keys(&enter()).await;
    browser.at_step("review").await;
    browser.tab_to("actionapprove").await;
    browser.type_keys(&enter()).await;
    browser.to_last_window(&shop).await;
    browser.find(".products").await;
    world.only_order().await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enter_in_a_field_buys() {
    let (_world, browser, _) = opened(APPROVED).await;
    let shop = browser.window().await;
    browser.find("#kvitt-email").await.send_keys(&enter()).await.unwrap();
    browser.to_other_window(&shop).await;
    browser.at_step("phone").await;
    browser.to_window(&shop).await;
    browser.close().await;
}

/// The keyboard is where the shopper goes on, and the message is in a live region beside it.
#[tokio::test(flavor = "multi_thread")]
async fn after_each_answer_the_keyboard_is_where_it_goes_on() {
    let (_world, browser, _) = opened("customer+invalid_fields@email.se").await;
    assert_eq!(browser.attribute(MESSAGE, "role").await.unwrap(), "status");
    browser.click(r#"[data-kvitt="buy"]"#).await;
    browser.wait_for_text(MESSAGE, "Please correct what is marked").await;
    assert_eq!(browser.focused().await, "kvitt-email", "the first that is marked");
    browser.fill("#kvitt-email", "customer+denied@email.se").await;
    // While paying: the message, since all else is locked.
    let shop = browser.buy().await;
    browser.to_window(&shop).await;
    browser.wait_for_state("paying").await;
    let locked = "return [...document.querySelectorAll('.kvitt input')]\
        .every((input) => input.readOnly || input.disabled)";
    assert_eq!(browser.script(locked).await, true);
    browser.to_other_window(&shop).await;
    browser.press("close").await;
    browser.press("abort").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_text(MESSAGE, "You left Klarna before paying").await;
    assert_eq!(browser.focused().await, "buy");
    assert_eq!(browser.count("[aria-invalid]").await, 0, "nothing is marked any more");
    let shop = browser.buy().await;
    browser.identify().await;
    browser.approve().await;
    browser.at_step("denied").await;
    browser.press("leave").await;
    browser.to_last_window(&shop).await;
    browser.wait_for_state("denied").await;
    assert_eq!(browser.focused().await, "message");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_twice_the_size_loses_nothing() {
    let (world, browser, _) = opened(APPROVED).await;
    let pages = async |page: &str| {
        browser.resize(640, 900).await;
        browser.script("document.documentElement.style.fontSize = '200%'").await;
        let lost = "const over = document.documentElement.scrollWidth - innerWidth; \
            const cut = [...document.querySelectorAll('body *')].filter((it) => \
                !it.closest('.hidden, svg') && getComputedStyle(it).overflowX !== 'visible' && \
                it.tagName !== 'INPUT' && it.scrollWidth > it.clientWidth + 1)\
                .map((it) => it.className || it.tagName); \
            return [over, cut]";
        let lost = browser.script(lost).await;
        assert!(lost[0].as_i64().unwrap() <= 0 && lost[1] == json!([]), "{page}: {lost}");
    };
    pages("checkout").await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "lamp"]).await;
    pages("cart").await;
    browser.goto(&world.shop).await;
    pages("products").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_scripts_the_page_says_what_it_needs() {
    let world = World::start();
    let browser = Browser::open().await;
    let link = world.checkout(APPROVED).await;
    browser.without_scripts(true).await;
    browser.goto(&link).await;
    let text = browser.text("noscript").await;
    assert!(text.contains("Paying with Klarna needs JavaScript"), "{text}");
    assert!(text.contains("Nothing was paid"), "{text}");
    assert_eq!(browser.text(r#"[data-kvitt="total"]"#).await, "199.00 SEK");
    browser.close().await;
}
