//! `load`: the widget in its container, its data, its names, and what becomes of it.

use serde_json::{Value, json};

use crate::merchant::{Merchant, american_cart, cart, cart_of};

const SHOWN: &str = r#"{"show_form":true}"#;

fn shown() -> Value {
    serde_json::from_str(SHOWN).unwrap()
}

/// The ids of the nodes in both containers.
async fn nodes(merchant: &Merchant) -> Value {
    let script = "return ['widget', 'second'].map((id) => [...document.getElementById(id)\
        .children].map((node) => node.dataset.cid))";
    merchant.browser.script(script).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_widget_in_its_container() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    assert_eq!(nodes(&merchant).await, json!([["klarna-payments-static"], []]));
    let node = "const node = document.querySelector('[data-cid]'); \
        return [node.shadowRoot, node.offsetWidth >= 280, node.offsetHeight > 50]";
    assert_eq!(page.script(node).await, json!([null, true, true]), "a closed shadow root");

    // Again into the same container: the node stays, and each callback is told.
    page.script("window.node = document.querySelector('[data-cid]')").await;
    let twice = "Klarna.Payments.load({container: '#widget'}, {}, tell); \
        Klarna.Payments.load({container: document.querySelector('#widget')}, tell)";
    page.script(twice).await;
    assert_eq!(merchant.told(2).await, [shown(), shown()]);
    assert_eq!(page.script("return node.isConnected").await, true);
    assert_eq!(nodes(&merchant).await, json!([["klarna-payments-static"], []]));
    // Into another: it moves.
    page.script("told.length = 0; Klarna.Payments.load({container: '#second'}, tell)").await;
    assert_eq!(merchant.answer().await, shown());
    assert_eq!(nodes(&merchant).await, json!([[], ["klarna-payments-static"]]));
    // Where the page dropped it, it is there again.
    page.script("told.length = 0; document.querySelector('#second').innerHTML = ''").await;
    page.script("Klarna.Payments.load({container: '#second'}, tell)").await;
    assert_eq!(merchant.answer().await, shown());
    assert_eq!(nodes(&merchant).await, json!([[], ["klarna-payments-static"]]));
    assert_eq!(page.console_errors().await, [""; 0]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_widgets_side_by_side() {
    let merchant = Merchant::open().await;
    merchant.goto().await;
    let token = json!(merchant.token(&cart()).await);
    let script = format!(
        "const P = Klarna.Payments; P.init({{client_token: {token}}});
        P.load({{container: '#widget', payment_method_category: 'pay_later'}}, tell);
        P.load({{container: '#second', instance_id: 'Now_2', payment_method_category: 'pay_now'}},
            tell);
        P.load({{container: '#second', instance_id: 'both', purchase_amount: 1000,
            payment_method_categories: ['pay_now', 'pay_later']}}, tell);"
    );
    merchant.browser.script(&script).await;
    merchant.told(3).await;
    let expected =
        json!([["klarna-pay-later-static"], ["klarna-now-2-static", "klarna-both-static"]]);
    assert_eq!(nodes(&merchant).await, expected);
    let mut sent = merchant.sent("widget").await;
    let both = json!({"instance_id": "both", "purchase_amount": 1000,
        "payment_method_categories": ["pay_now", "pay_later"]});
    assert_eq!(sent.pop(), Some(both));
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_widget_that_is_not_shown() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    let hidden = json!({"show_form": false});
    merchant.loaded(&cart()).await;
    let again = "told.length = 0; Klarna.Payments.load({container: '#widget'}, tell)";
    let height = "return document.querySelector('[data-cid]').offsetHeight";
    for (name, effect) in [
        ("an error", json!({"kind": "status", "status": 503})),
        ("a proxy's page", json!({"kind": "html_502"})),
    ] {
        merchant.fault("/widget", &effect).await;
        page.script(again).await;
        assert_eq!(merchant.answer().await, hidden, "{name}: told, never thrown");
        assert_eq!(page.script(height).await, 0, "{name}: an emptied widget");
        page.script(again).await;
        assert_eq!(merchant.answer().await, shown(), "{name}: and back");
        assert_ne!(page.script(height).await, 0, "{name}");
    }
    // Somebody to whom Klarna does not offer anything.
    let token = json!(merchant.token(&cart_of("user+red@email.se")).await);
    let red = format!("Klarna.Payments.init({{client_token: {token}}}); {again}");
    page.script(&red).await;
    assert_eq!(merchant.answer().await, hidden);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_data_of_load_travels_once() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart_of("customer+invalid_fields@email.se")).await;
    page.script(
        "window.open = () => null;
        const P = Klarna.Payments;
        P.load({container: '#widget'}, {billing_address: {city: 'Lund', email: 'nobody'}});
        P.load({container: '#second'}, {merchant_reference1: 'r'});
        P.authorize({}, {billing_address: {city: 'Malmö'}}, tell);",
    )
    .await;
    merchant.answer().await;
    page.script("Klarna.Payments.authorize({}, {billing_address: {email: 'none'}}, tell)").await;
    merchant.told(2).await;
    for sent in merchant.sent("widget").await {
        assert_eq!(sent, json!({}), "nothing about a person before they confirm");
    }
    let sent = merchant.sent("purchase-flows").await;
    let first = json!({"billing_address": {"city": "Malmö", "email": "nobody"},
        "merchant_reference1": "r"});
    assert_eq!(sent[0]["data"], first);
    assert_eq!(sent[1]["data"], json!({"billing_address": {"email": "none"}}), "forgotten");
    assert_eq!(page.console_errors().await, [""; 0]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_another_token_begins_anew() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    let other = json!(merchant.token(&american_cart()).await);
    page.script("window.node = document.querySelector('[data-cid]'); window.open = () => null")
        .await;
    page.script("Klarna.Payments.load({container: '#widget'}, {billing_address: {city: 'Lund'}})")
        .await;
    assert_eq!(page.script("return node.isConnected").await, true);
    // Given to load, which begins with it.
    let load = format!(
        "told.length = 0; \
         Klarna.Payments.load({{container: '#widget', client_token: {other}}}, {{}}, tell)"
    );
    page.script(&load).await;
    assert_eq!(merchant.answer().await, shown());
    assert_eq!(page.script("return node.isConnected").await, false);
    assert_eq!(nodes(&merchant).await, json!([["klarna-payments-static"], []]));
    page.script("Klarna.Payments.authorize({}, {}, tell)").await;
    page.find("#klarna-apf-iframe").await;
    let sent = merchant.sent("purchase-flows").await;
    assert_eq!(sent[0]["data"], json!({}), "the other session's data are gone");
    merchant.browser.close().await;
}
