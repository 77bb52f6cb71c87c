//! From `authorize()` to its answer, with a buyer in between.

use serde_json::{Value, json};

use crate::merchant::{Merchant, cart, cart_of};

fn aborted() -> Value {
    json!({"approved": false, "show_form": true})
}

fn denied() -> Value {
    json!({"approved": false, "show_form": false})
}

/// The token of an answer that is an approval and nothing else.
fn approved(answer: &Value) -> String {
    let token = answer["authorization_token"].as_str().unwrap_or_default().to_owned();
    let expected = json!({"approved": true, "show_form": true, "finalize_required": false,
        "authorization_token": token});
    assert_eq!(*answer, expected);
    assert!(!token.is_empty());
    token
}

impl Merchant {
    /// Forgets what was told.
    async fn forget(&self) {
        self.browser.script("told.length = 0").await;
    }

    /// Closes Klarna by its own button, from whichever page.
    async fn leave(&self) {
        self.browser.press("close").await;
        self.browser.press("abort").await;
    }

    async fn place(&self, answer: &Value, cart: &Value) -> Value {
        let path = format!("/payments/v1/authorizations/{}/order", approved(answer));
        self.at_sandbox("POST", &path, cart).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_every_page_of_the_buyers_way() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    let cart = cart_of("customer+new_user@email.se");
    merchant.loaded(&cart).await;
    let shop = merchant.buy().await;
    page.fill("#phone", "12").await;
    page.press("continue").await;
    page.wait_for_text("#phone-problem", "Enter a phone number with its country code").await;
    page.fill("#phone", "+46 70 174 06 15").await;
    page.press("continue").await;
    page.at_step("otp").await;
    for (code, said) in [("999999", "This code is wrong"), ("12345", "Enter six digits")] {
        page.fill("#otp", code).await;
        page.press("continue").await;
        page.wait_for_text("#otp-problem", said).await;
    }
    page.fill("#otp", "000000").await;
    page.press("continue").await;
    page.at_step("sign_up").await;
    for (name, text) in [("postal_code", "1"), ("given_name", " ")] {
        page.fill(&format!("#{name}"), text).await;
    }
    page.press("continue").await;
    page.wait_for_text("#postal_code-problem", "Enter a postal code").await;
    page.wait_for_text("#given_name-problem", "Fill this in").await;
    for (name, text) in [("postal_code", "111 48"), ("given_name", "Nina")] {
        page.fill(&format!("#{name}"), text).await;
    }
    page.press("continue").await;
    page.at_step("plan").await;
    page.click(r#"[name="plan"][value="card"]"#).await;
    page.press("continue").await;
    page.at_step("review").await;
    page.press("back").await;
    page.at_step("plan").await;
    assert_eq!(page.count(r#"[value="card"]:checked"#).await, 1, "the choice is kept");
    page.press("continue").await;
    // Asked whether to leave, and staying.
    page.at_step("review").await;
    page.press("close").await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    page.press("stay").await;
    page.wait_for_text("h1", "Check and pay").await;
    let total = page.attribute("[data-total]", "data-total").await;
    assert_eq!(total.as_deref(), Some("22880"));
    page.press("approve").await;
    page.to_last_window(&shop).await;
    let order = merchant.place(&merchant.answer().await, &cart).await;
    assert_eq!(order["fraud_status"], "ACCEPTED");
    assert_eq!(order["authorized_payment_method"]["type"], "card");
    assert_eq!(page.console_errors().await, [""; 0]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_what_the_test_persons_get() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;

    merchant.loaded(&cart_of("customer+denied@email.se")).await;
    let shop = merchant.buy().await;
    page.identify().await;
    page.approve().await;
    page.at_step("denied").await;
    page.wait_for_text("main", "Choose another way to pay in the shop").await;
    page.to_window(&shop).await;
    assert_eq!(page.script("return told").await, json!([]), "not before the buyer has read it");
    merchant.back_in_popup(&shop).await;
    page.press("leave").await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, denied(), "denied by e-mail");

    merchant.loaded(&cart()).await;
    let shop = merchant.buy().await;
    page.fill("#phone", "+46701740620").await;
    page.identify().await;
    page.approve().await;
    page.at_step("denied").await;
    // Closing the window instead of leaving it makes no abort of a denial.
    page.client.close_window().await.unwrap();
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, denied(), "denied by phone");

    let pending = cart_of("user+pend-accept-02@email.se");
    merchant.loaded(&pending).await;
    let shop = merchant.buy().await;
    page.identify().await;
    page.approve().await;
    page.to_last_window(&shop).await;
    let order = merchant.place(&merchant.answer().await, &pending).await;
    assert_eq!(order["fraud_status"], "PENDING");

    merchant.loaded(&cart_of("customer+denied+auth_id_scan@email.se")).await;
    let shop = merchant.buy().await;
    page.identify().await;
    page.at_step("check").await;
    page.wait_for_text("main", "id scan").await;
    page.press("continue").await;
    page.approve().await;
    page.to_last_window(&shop).await;
    approved(&merchant.answer().await);

    merchant.loaded(&cart_of("customer+invalid_fields@email.se")).await;
    page.click("#buy").await;
    let fields = json!({"invalid_fields": ["billing_address.email"]});
    let mend = json!({"approved": false, "show_form": true, "error": fields});
    assert_eq!(merchant.answer().await, mend);
    page.to_last_window(&shop).await;
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_one_authorization_at_a_time() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    let shop = merchant.buy().await;
    page.to_window(&shop).await;
    let second = "return String(Klarna.Payments.authorize({}, {}, () => tell('second')))";
    assert_eq!(page.script(second).await, "undefined", "dropped without a throw");
    assert_eq!(merchant.sent("purchase-flows").await.len(), 1);
    assert_eq!(page.windows().await, 2);
    merchant.back_in_popup(&shop).await;
    merchant.leave().await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, aborted(), "the second was never told anything");

    // Tried again, by a callback that throws: swallowed, but not silently.
    page.console_errors().await;
    page.script("window.buy = () => Klarna.Payments.authorize((told) => { tell(told); throw 1; })")
        .await;
    merchant.forget().await;
    let shop = merchant.buy().await;
    merchant.leave().await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, aborted());
    let errors = page.console_errors().await;
    assert!(errors.len() == 1 && errors[0].contains("the callback threw"), "{errors:?}");

    // And again, from within the callback.
    let again = "window.buy = () => Klarna.Payments.authorize((first) => { tell(first); \
        window.open = () => null; Klarna.Payments.authorize(tell); })";
    page.script(again).await;
    merchant.forget().await;
    merchant.buy().await;
    merchant.leave().await;
    page.to_last_window(&shop).await;
    page.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    page.identify().await;
    page.approve().await;
    page.client.enter_parent_frame().await.unwrap();
    let told = merchant.told(2).await;
    assert_eq!(told[0], aborted());
    approved(&told[1]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_instances_are_independent() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.goto().await;
    let [first, second] =
        [merchant.token(&cart()).await, merchant.token(&cart()).await].map(|it| json!(it));
    let load = format!(
        "Klarna.Payments.init({{client_token: {first}}});
        Klarna.Payments.load({{container: '#widget', payment_method_category: 'pay_later'}}, tell);
        Klarna.Payments.load({{container: '#second', instance_id: 'now',
            payment_method_categories: ['direct_debit', 'card']}}, tell);
        window.buy = () => Klarna.Payments.authorize({{payment_method_category: 'pay_later'}}, tell);"
    );
    page.script(&load).await;
    merchant.told(2).await;
    merchant.forget().await;
    // While the one is under way, the other may be asked as well.
    let shop = merchant.buy().await;
    page.to_window(&shop).await;
    let other = format!(
        "window.open = () => null; Klarna.Payments.init({{client_token: {second}}}); \
         Klarna.Payments.authorize({{instance_id: 'now'}}, tell)"
    );
    page.script(&other).await;
    page.find("#klarna-apf-iframe").await.enter_frame().await.unwrap();
    page.identify().await;
    page.at_step("plan").await;
    assert_eq!(page.count(r#"[name="plan"]"#).await, 2, "bank and card, as it was loaded for");
    page.press("continue").await;
    page.press("approve").await;
    page.client.enter_parent_frame().await.unwrap();
    approved(&merchant.answer().await);
    merchant.back_in_popup(&shop).await;
    page.identify().await;
    page.at_step("plan").await;
    assert_eq!(page.count(r#"[name="plan"]"#).await, 1, "an invoice");
    page.approve().await;
    page.to_last_window(&shop).await;
    approved(&merchant.told(2).await[1]);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_two_phases_and_reauthorization() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    let token = json!(merchant.token(&cart()).await);
    let init = format!("Klarna.Payments.init({{client_token: {token}}});");
    merchant.goto().await;
    page.script(&format!("{init} Klarna.Payments.load({{container: '#widget'}})")).await;
    page.script("window.buy = () => Klarna.Payments.authorize({auto_finalize: false}, {}, tell)")
        .await;
    let shop = merchant.buy().await;
    page.identify().await;
    page.at_step("plan").await;
    page.click(r#"[value="bank"]"#).await;
    page.approve().await;
    page.to_last_window(&shop).await;
    let to_finalize = json!({"approved": true, "show_form": true, "finalize_required": true});
    assert_eq!(merchant.answer().await, to_finalize);

    // On a new page, with init alone.
    merchant.goto().await;
    page.script(&format!("{init} window.buy = () => Klarna.Payments.finalize({{}}, {{}}, tell)"))
        .await;
    page.click("#buy").await;
    page.to_other_window(&shop).await;
    page.at_step("review").await;
    assert_eq!(page.count(r#"[value="back"]"#).await, 0, "nothing to go back to");
    merchant.leave().await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, denied(), "an abort hides the form here");
    merchant.forget().await;
    page.click("#buy").await;
    page.to_other_window(&shop).await;
    page.at_step("review").await;
    page.press("approve").await;
    page.to_last_window(&shop).await;
    let first = approved(&merchant.answer().await);

    // The order changed: what was authorized is confirmed anew.
    merchant.goto().await;
    let again =
        "window.buy = () => Klarna.Payments.reauthorize({}, {merchant_reference1: '2'}, tell)";
    page.script(&format!("{init} {again}")).await;
    page.click("#buy").await;
    page.to_other_window(&shop).await;
    page.at_step("review").await;
    page.press("approve").await;
    page.to_last_window(&shop).await;
    assert_ne!(approved(&merchant.answer().await), first);
    merchant.browser.close().await;
}
