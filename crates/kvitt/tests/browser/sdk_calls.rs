//! The SDK's surface: what stands on `window`, and every way to call its methods.

use serde_json::{Value, json};

use crate::merchant::{Merchant, american_cart, cart, cart_of, with_claims};

const LOAD_AGAIN: &str = "const done = arguments[0]; \
    const { src } = document.querySelector('script[src]'); \
    const script = document.createElement('script'); script.src = src; \
    script.onload = () => done(); document.body.append(script);";

async fn load_script_again(merchant: &Merchant) {
    merchant.browser.client.execute_async(LOAD_AGAIN, Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_on_window() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.goto().await;
    assert_eq!(page.script("return asyncCalls").await, json!([0]), "once, without arguments");
    let members = page.script("return Object.keys(Klarna.Payments).sort()").await;
    let expected = json!([
        "authorize",
        "finalize",
        "init",
        "initialized",
        "load",
        "loadPaymentReview",
        "off",
        "on",
        "reauthorize"
    ]);
    assert_eq!(members, expected);
    let others = page.script("return Object.keys(Klarna).sort()").await;
    assert_eq!(others, json!(["Credit", "DirectBankTransfer", "DirectDebit", "Payments"]));

    // Loaded twice, it calls the callback again and keeps what there is.
    page.script("window.first = Klarna.Payments; Klarna.Own = 1").await;
    load_script_again(&merchant).await;
    let kept = page.script("return [asyncCalls, first === Klarna.Payments, Klarna.Own]").await;
    assert_eq!(kept, json!([[0, 0], true, 1]));
    // What else a page keeps under that name stays, and a callback is no must.
    page.script("window.Klarna = {Own: 2}; window.klarnaAsyncCallback = undefined").await;
    load_script_again(&merchant).await;
    let kept = page.script("return [Klarna.Own, typeof Klarna.Payments.init]").await;
    assert_eq!(kept, json!([2, "function"]));
    assert_eq!(page.console_errors().await, [""; 0]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_initialized_and_returned() {
    let merchant = Merchant::open().await;
    let token = merchant.token(&cart()).await;
    let old = with_claims(&token, &json!({"scheme": false}));
    merchant.goto().await;
    let script = format!(
        "const P = Klarna.Payments; const [TOKEN, OLD] = {};
        const seen = [P.initialized, P.init({{client_token: OLD}}) === P, P.initialized,
            P.init({{client_token: TOKEN}}) === P, P.initialized,
            Klarna.Credit.init({{client_token: TOKEN}}) === Klarna.Credit];
        seen.push([P.load({{container: '#widget'}}), P.on('heightChanged', () => {{}}),
            P.off('heightChanged')].map(String));
        P.initialized = 'overwritten';
        return seen.concat([P.initialized]);",
        json!([token, old])
    );
    let nothing = "undefined";
    assert_eq!(
        merchant.browser.script(&script.replace("P.initialized = 'overwritten';", "")).await,
        json!([false, true, false, true, true, true, [nothing, nothing, nothing], true])
    );
    merchant.browser.close().await;
}

/// Its name, the call, and what of it reached the sandbox.
type Form = (&'static str, &'static str, Value);

#[tokio::test(flavor = "multi_thread")]
async fn sdk_argument_orders() {
    let data = json!({"billing_address": {"email": "customer+invalid_fields@email.se"}});
    let sent = |operation: &str, options: Value, data: &Value| {
        let mut sent = json!({"operation": operation, "data": data, "auto_finalize": true});
        for (name, value) in options.as_object().unwrap() {
            sent[name] = value.clone();
        }
        sent
    };
    let now = json!({"payment_method_category": "pay_now"});
    let instance = json!({"payment_method_category": "pay_now", "instance_id": "a"});
    let (none, empty) = (json!({}), json!({}));
    let mut both = data.clone();
    both["payment_method_category"] = json!("pay_now");
    let forms: Vec<Form> = vec![
        ("options, data", "P.authorize(NOW, DATA, tell)", sent("authorize", now.clone(), &data)),
        ("data, options", "P.authorize(DATA, NOW, tell)", sent("authorize", now.clone(), &data)),
        ("data, instance", "P.authorize(DATA, A, tell)", sent("authorize", instance, &data)),
        ("options", "P.authorize(NOW, tell)", sent("authorize", now.clone(), &empty)),
        ("callback", "P.authorize(tell)", sent("authorize", none.clone(), &empty)),
        ("no data", "P.authorize(NOW, null, tell)", sent("authorize", now.clone(), &empty)),
        ("reauthorize", "P.reauthorize({}, DATA, tell)", sent("reauthorize", none.clone(), &data)),
        ("turned", "P.reauthorize(DATA, NOW, tell)", sent("reauthorize", now.clone(), &data)),
        ("short", "P.reauthorize(NOW, tell)", sent("reauthorize", now.clone(), &empty)),
        ("shorter", "P.reauthorize(tell)", sent("reauthorize", none.clone(), &empty)),
        ("finalize", "P.finalize({}, DATA, tell)", sent("finalize", none.clone(), &data)),
        ("turned", "P.finalize(DATA, NOW, tell)", sent("finalize", now.clone(), &data)),
        ("short", "P.finalize(NOW, tell)", sent("finalize", now.clone(), &empty)),
        ("shorter", "P.finalize(tell)", sent("finalize", none.clone(), &empty)),
        ("Credit", "C.authorize(DATA, NOW, tell)", sent("authorize", now.clone(), &data)),
        ("Credit", "C.authorize(DATA, tell)", sent("authorize", none.clone(), &data)),
        ("Credit", "C.authorize(tell)", sent("authorize", none.clone(), &empty)),
        // The first is the data whatever it holds.
        ("Credit", "C.authorize({...NOW, ...DATA}, tell)", sent("authorize", none, &both)),
        ("Credit", "C.reauthorize(DATA, NOW, tell)", sent("reauthorize", now.clone(), &data)),
        ("Credit", "C.finalize(DATA, NOW, tell)", sent("finalize", now, &data)),
    ];
    let merchant = Merchant::open().await;
    // Somebody whose data need mending: the answer comes without a buyer.
    let token = merchant.token(&cart_of("customer+invalid_fields@email.se")).await;
    let mut wrong = Vec::new();
    for (name, call, expected) in forms {
        merchant.goto().await;
        let script = format!(
            "const P = Klarna.Payments, C = Klarna.Credit;
            const NOW = {{payment_method_category: 'pay_now'}}, A = {{instance_id: 'a'}};
            const DATA = {data}; window.open = () => null;
            P.init({{client_token: {}}});
            P.load({{container: '#widget'}});
            P.load({{container: '#widget', ...NOW}});
            P.load({{container: '#second', ...NOW, ...A}});
            return String({call})",
            json!(token)
        );
        assert_eq!(merchant.browser.script(&script).await, "undefined", "{name}: {call}");
        let told = merchant.answer().await;
        assert_eq!(told["error"]["invalid_fields"][0], "billing_address.email", "{name}: {call}");
        let mut sent = merchant.sent("purchase-flows").await.remove(0);
        sent.as_object_mut().unwrap().remove("origin");
        if sent != expected {
            wrong.push(format!("{name}: {call}\n  sent     {sent}\n  expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_events() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    // Before init, for the API as a whole, and Klarna's own ones on a developer's machine.
    merchant.goto_another_site().await;
    page.script(
        "window.heights = []; window.gone = [];
        Klarna.Payments.on('heightChanged', () => { throw new Error('the shop\\'s'); });
        Klarna.Payments.on('heightChanged', (...height) => heights.push(...height));
        const handler = () => gone.push(1);
        Klarna.Payments.on('heightChanged', handler);
        Klarna.Payments.off('heightChanged', handler);
        for (const event of ['paymentMethodSelected', 'userAccountLoginRequested',
            'userAccountLoginReady', 'userAccountLoggedIn']) {
            Klarna.Payments.on(event, handler);
        }",
    )
    .await;
    merchant.load(&cart()).await;
    let what = "the widget's height is told in whole pixels";
    let tall = "const height = document.querySelector('[data-cid]').offsetHeight; \
        return height > 50 && heights.at(-1) === height && heights.every(Number.isInteger)";
    let look = async || (page.script(tall).await == true).then_some(());
    page.until(what, look).await;
    assert_eq!(page.script("return gone").await, json!([]));
    // All handlers of an event go at once.
    page.script("Klarna.Payments.off('heightChanged'); heights.length = 0").await;
    page.script("document.querySelector('[data-cid]').style.height = '321px'").await;
    page.script("return new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        .await;
    assert_eq!(page.script("return heights").await, json!([]));
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_payment_review() {
    let merchant = Merchant::open().await;
    merchant.goto().await;
    let token = json!(merchant.token(&american_cart()).await);
    let review = format!(
        "Klarna.Payments.init({{client_token: {token}}}); \
         Klarna.Payments.loadPaymentReview({{container: '#second'}}, tell); \
         Klarna.Payments.loadPaymentReview({{container: '#second'}}, tell)"
    );
    merchant.browser.script(&review).await;
    let shown = json!({"show_form": true});
    assert_eq!(merchant.told(2).await, [shown.clone(), shown]);
    assert_eq!(merchant.browser.count("#second > #klarna-payment-review-main").await, 1);
    merchant.browser.axe("the payment review").await;
    merchant.fault("/widget", &json!({"kind": "status", "status": 500})).await;
    let again = "told.length = 0; Klarna.Payments.loadPaymentReview({container: '#second'}, tell)";
    merchant.browser.script(again).await;
    assert_eq!(merchant.answer().await, json!({"show_form": false}), "told, never thrown");
    merchant.browser.close().await;
}
