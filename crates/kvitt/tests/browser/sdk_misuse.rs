//! Misuse of the SDK: for every error its name, who hears of it, and in which order.

use serde_json::{Value, json};

use crate::merchant::{Merchant, american_cart, cart, with_claims};

/// Its name, what comes before, the call, and what happened in its order.
type Case = (&'static str, &'static str, &'static str, Value);

const INIT: &str = "P.init({client_token: TOKEN});";
const INIT_OLD: &str = "P.init({client_token: OLD});";
const LOADED: &str = "P.init({client_token: TOKEN}); P.load({container: '#widget'});";

fn threw(name: &str) -> Value {
    json!([["threw", name]])
}

/// `load` and `loadPaymentReview`.
fn not_shown(name: &str) -> Value {
    json!([["callback", {"show_form": false}], ["threw", name]])
}

/// The others.
fn not_approved(name: &str) -> Value {
    json!([["callback", {"show_form": false, "approved": false}], ["threw", name]])
}

async fn tokens(merchant: &Merchant) -> String {
    let token = merchant.token(&cart()).await;
    let american = merchant.token(&american_cart()).await;
    let old = with_claims(&token, &json!({"scheme": false}));
    let unsigned = with_claims(&token, &json!({}));
    let elsewhere = json!({"base_url": "https://js.playground.klarna.com/eu/kp"});
    let real = with_claims(&token, &elsewhere);
    format!(
        "const [TOKEN, US, OLD, UNSIGNED, REAL] = {};",
        json!([token, american, old, unsigned, real])
    )
}

/// Runs each on a fresh page, and names all that went otherwise.
async fn check(cases: &[Case]) {
    let merchant = Merchant::open().await;
    let tokens = tokens(&merchant).await;
    let mut wrong = Vec::new();
    for (name, before, call, expected) in cases {
        merchant.goto().await;
        let script = format!(
            "{tokens} const P = Klarna.Payments; {before}
            const log = [];
            const cb = (...results) => log.push(['callback', ...results]);
            try {{
                const returned = {call};
                log.push(['returned', returned === P ? 'P' : String(returned)]);
            }} catch (error) {{
                log.push(['threw', error.name]);
            }}
            return log;"
        );
        let log = merchant.browser.script(&script).await;
        if log != *expected {
            wrong.push(format!("{name}: {call}\n  was      {log}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_before_its_time() {
    let early = "ApplicationNotInitializedError";
    let bare = "ApplicationNotLoadedError";
    check(&[
        ("load before init", "", "P.load({container: '#widget'}, {}, cb)", not_shown(early)),
        ("its short form", "", "P.load({container: '#widget'}, cb)", not_shown(early)),
        ("review", "", "P.loadPaymentReview({container: '#widget'}, cb)", not_shown(early)),
        ("reauthorize", "", "P.reauthorize({}, {}, cb)", not_approved(early)),
        ("finalize", "", "P.finalize(cb)", not_approved(early)),
        ("no callback", "", "P.load({container: '#widget'})", threw(early)),
        ("authorize before init", "", "P.authorize({}, {}, cb)", not_approved(bare)),
        ("authorize before load", INIT, "P.authorize({}, cb)", not_approved(bare)),
        (
            "its widget was removed",
            "P.init({client_token: TOKEN}); P.load({container: '#widget'}); \
             document.querySelector('#widget').innerHTML = '';",
            "P.authorize(cb)",
            not_approved(bare),
        ),
        (
            "its container was rendered again",
            "P.init({client_token: TOKEN}); P.load({container: '#widget'}); \
             const old = document.querySelector('#widget'); old.replaceWith(old.cloneNode());",
            "P.authorize(cb)",
            not_approved(bare),
        ),
        (
            "another category than the loaded one",
            "P.init({client_token: TOKEN}); \
             P.load({container: '#widget', payment_method_category: 'pay_now'});",
            "P.authorize({payment_method_category: 'pay_later'}, {}, cb)",
            not_approved(bare),
        ),
        (
            "another category under the loaded instance",
            "P.init({client_token: TOKEN}); P.load({container: '#widget', instance_id: 'a', \
             payment_method_category: 'pay_now'});",
            "P.authorize({instance_id: 'a', payment_method_category: 'pay_later'}, {}, cb)",
            not_approved(bare),
        ),
        ("a callback that throws", "", "P.load({}, () => { throw 1; })", threw(early)),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_tokens() {
    let invalid = "InvalidClientTokenError";
    let returned = json!([["returned", "P"]]);
    let silent = json!([["returned", "undefined"]]);
    check(&[
        ("nothing", "", "P.init()", threw(invalid)),
        ("no token", "", "P.init({})", threw(invalid)),
        ("no text", "", "P.init({client_token: 7})", threw(invalid)),
        ("no JWT", "", "P.init({client_token: 'token'})", threw(invalid)),
        ("no base64", "", "P.init({client_token: 'a.$$$.c'})", threw(invalid)),
        ("no JSON", "", "P.init({client_token: 'a.YWJj.c'})", threw(invalid)),
        (
            "at load",
            INIT,
            "P.load({container: '#widget', client_token: 'a.b.c'}, {}, cb)",
            not_shown(invalid),
        ),
        (
            "a signature that signs nothing",
            "",
            "P.init({client_token: UNSIGNED})",
            returned.clone(),
        ),
        ("a good one", "", "P.init({client_token: TOKEN})", returned.clone()),
        ("the same again", INIT, "P.init({client_token: TOKEN})", returned.clone()),
        ("another", INIT, "P.init({client_token: US})", returned),
        ("of real Klarna", "", "P.init({client_token: REAL})", silent.clone()),
        (
            "after one of real Klarna",
            "P.init({client_token: REAL});",
            "P.load({container: '#widget'}, {}, cb)",
            not_shown("ApplicationNotInitializedError"),
        ),
        (
            "first given to load",
            "",
            "P.load({container: '#widget', client_token: TOKEN})",
            silent.clone(),
        ),
        ("an empty one at load", INIT, "P.load({container: '#widget', client_token: ''})", silent),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_containers() {
    let none = "InvalidContainerSelectorError";
    check(&[
        ("no match", INIT, "P.load({container: '#nowhere'}, {}, cb)", not_shown(none)),
        (
            "no match for the review",
            "P.init({client_token: US});",
            "P.loadPaymentReview({container: '#nowhere'}, cb)",
            not_shown(none),
        ),
        ("missing", INIT, "P.load({}, {}, cb)", not_shown("TypeError")),
        ("missing with all options", INIT, "P.load(cb)", threw("TypeError")),
        ("null", INIT, "P.load({container: null}, cb)", not_shown("TypeError")),
        ("a number", INIT, "P.load({container: 7}, cb)", not_shown("TypeError")),
        ("an object", INIT, "P.load({container: {}}, cb)", not_shown("TypeError")),
        ("a document", INIT, "P.load({container: document}, cb)", not_shown("TypeError")),
        ("no selector at all", INIT, "P.load({container: '##'}, cb)", threw("SyntaxError")),
        (
            "an element",
            INIT,
            "P.load({container: document.querySelector('#widget')})",
            json!([["returned", "undefined"]]),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_categories_and_preferred_methods() {
    let unknown = "PaymentMethodCategoryNotSupportedError";
    let silent = json!([["returned", "undefined"]]);
    let preferred = "PreferredPaymentMethodNotSupportedError";
    check(&[
        (
            "unknown at load",
            INIT,
            "P.load({container: '#widget', payment_method_category: 'gold'}, cb)",
            not_shown(unknown),
        ),
        (
            "unknown at authorize",
            LOADED,
            "P.authorize({payment_method_category: 'gold'}, {}, cb)",
            not_approved(unknown),
        ),
        (
            "unknown at reauthorize",
            INIT,
            "P.reauthorize({payment_method_category: 'gold'}, {}, cb)",
            not_approved(unknown),
        ),
        (
            "unknown at finalize",
            INIT,
            "P.finalize({payment_method_category: 'gold'}, {}, cb)",
            not_approved(unknown),
        ),
        (
            "unknown among several",
            INIT,
            "P.load({container: '#widget', instance_id: 'a', \
             payment_method_categories: ['pay_now', 'gold']}, cb)",
            not_shown(unknown),
        ),
        (
            "an empty one is none",
            INIT,
            "P.load({container: '#widget', payment_method_category: ''})",
            silent.clone(),
        ),
        (
            "a bad preferred method",
            INIT,
            "P.load({container: '#widget', preferred_payment_method: 'cash'}, cb)",
            not_shown(preferred),
        ),
        (
            "a good preferred method",
            INIT,
            "P.load({container: '#widget', preferred_payment_method: 'b2b_invoice'})",
            silent,
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_instances_and_older_sessions() {
    let not_provided = "PaymentMethodCategoryNotProvidedError";
    let silent = json!([["returned", "undefined"]]);
    check(&[
        (
            "several without an instance",
            INIT,
            "P.load({container: '#widget', payment_method_categories: ['pay_now']}, cb)",
            not_shown("InstanceIDNotProvidedError"),
        ),
        (
            "a malformed instance",
            INIT,
            "P.load({container: '#widget', instance_id: 'a b', \
             payment_method_categories: ['pay_now']}, cb)",
            not_shown("InvalidInstanceIDError"),
        ),
        (
            "a good instance",
            INIT,
            "P.load({container: '#widget', instance_id: 'a-b_1', \
             payment_method_categories: ['pay_now', 'pay_later']})",
            silent.clone(),
        ),
        (
            "several at authorize",
            LOADED,
            "P.authorize({payment_method_categories: ['pay_now']}, {}, cb)",
            not_approved("InstanceIDNotProvidedError"),
        ),
        (
            "a malformed instance at authorize",
            LOADED,
            "P.authorize({instance_id: '!'}, {}, cb)",
            not_approved("InvalidInstanceIDError"),
        ),
        (
            "an older session's load",
            INIT_OLD,
            "P.load({container: '#widget'}, {}, cb)",
            not_shown(not_provided),
        ),
        (
            "an older session's load with a category",
            INIT_OLD,
            "P.load({container: '#widget', payment_method_category: 'pay_now'})",
            silent.clone(),
        ),
        (
            "an older session's reauthorize",
            INIT_OLD,
            "P.reauthorize({}, {}, cb)",
            not_approved(not_provided),
        ),
        (
            "an older session's finalize",
            INIT_OLD,
            "P.finalize({}, {}, cb)",
            not_approved(not_provided),
        ),
        (
            "an older session's authorize",
            INIT_OLD,
            "P.authorize({}, {}, cb)",
            not_approved("PaymentMethodCategoryOrInstanceIDRequiredError"),
        ),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_what_is_not_supported() {
    let event = "EventNotSupportedError";
    let silent = json!([["returned", "undefined"]]);
    check(&[
        (
            "a review in Sweden",
            INIT,
            "P.loadPaymentReview({container: '#widget'}, cb)",
            not_shown("OperationNotSupportedError"),
        ),
        (
            "a review in the United States",
            "P.init({client_token: US});",
            "P.loadPaymentReview({container: '#widget'})",
            silent.clone(),
        ),
        ("an unknown event", "", "P.on('loaded', cb)", threw(event)),
        ("Klarna's own event", "", "P.on('paymentMethodSelected', cb)", threw(event)),
        ("no function", "", "P.on('heightChanged', 'cb')", threw("TypeError")),
        ("before init", "", "P.on('heightChanged', cb)", silent.clone()),
        ("an unknown event let go", "", "P.off('loaded')", silent),
    ])
    .await;
}
