//! The sandbox's own pages: their addresses and their forms.

use axum::http::HeaderValue;
use proptest::{collection::vec, prelude::*};
use serde_json::json;

use crate::{
    judge::judged,
    life::{self, Life},
    mutation::text,
    subject::{Asked, Subject, runner},
    valid,
};

const PAGES: [&str; 17] = [
    "/",
    "/inspector/sessions",
    "/inspector/sessions/{session}",
    "/inspector/sessions/{bought}",
    "/inspector/orders",
    "/inspector/orders/{open}",
    "/inspector/orders/{captured}",
    "/inspector/customer-tokens",
    "/inspector/customer-tokens/{customer}",
    "/inspector/exchanges",
    "/inspector/exchanges/1",
    "/inspector/callbacks",
    "/inspector/faults",
    "/inspector/settings",
    "/inspector/inspector.js",
    "/eu/hpp/payments/{page}",
    "/eu/hpp/payments/{hpp}/qr",
];

const BUTTONS: [&str; 14] = [
    "/inspector/clock/advance",
    "/inspector/clock/pace",
    "/inspector/sessions/{session}/authorize",
    "/inspector/orders/{open}/fraud",
    "/inspector/customer-tokens/{customer}",
    "/inspector/callbacks/x/resend",
    "/inspector/faults",
    "/inspector/faults/clear",
    "/inspector/faults/1/remove",
    "/inspector/settings",
    "/eu/hpp/payments/{page}",
    "/eu/hpp/payments/{page}",
    "/eu/hpp/payments/{page}",
    "/inspector/orders/x/fraud",
];

/// Fields that the forms have, with values that they may have.
const FIELDS: [(&str, &str); 24] = [
    ("by", "PT1H"),
    ("pace", "60"),
    ("outcome", "approved"),
    ("decision", "REJECTED"),
    ("status", "CANCELLED"),
    ("declines", "true"),
    ("kind", "html_502"),
    ("kind", "status"),
    ("status", "200"),
    ("method", "PUT"),
    ("path_contains", "/nowhere"),
    ("skip", "1"),
    ("times", "1"),
    ("body", "x"),
    ("json", "{\"effect\":{\"kind\":\"late\"}}"),
    ("authorization_days", "7"),
    ("callback_user_agent", "x"),
    ("action", "enter"),
    ("action", "continue"),
    ("action", "cancel"),
    ("action", "approve"),
    ("phone", "+46701740615"),
    ("otp", "123456"),
    ("plan", "pay_later"),
];

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let known = prop::sample::select(FIELDS.to_vec());
    let field = prop_oneof![
        3 => known.clone().prop_map(|(name, value)| (name.to_owned(), value.to_owned())),
        2 => (known, text()).prop_map(|((name, _), value)| (name.to_owned(), value)),
        1 => (text(), text()),
    ];
    vec(field, 0..6)
}

#[test]
fn no_form_and_no_address_breaks_a_page() {
    let look = (prop::sample::select(PAGES.to_vec()), fields()).prop_map(|it| (false, it));
    let press = (prop::sample::select(BUTTONS.to_vec()), fields()).prop_map(|it| (true, it));
    let step = prop_oneof![look, press];
    let checked = runner(250).run(&vec(step, 1..8), |steps| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        // Texts that a page has to show as they are, whoever sent them.
        let mut cart = valid::cart();
        cart["order_lines"][0]["name"] = json!("<script>alert(1)</script>");
        cart["merchant_reference1"] = json!("\"><img src=x onerror=alert(2)>");
        subject.post("/payments/v1/sessions", &cart);
        for (presses, (path, fields)) in &steps {
            let path = life.filled(path);
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(fields);
            let form = form.finish();
            let asked = if *presses {
                let mut asked = Asked::json("POST", path, form);
                let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
                asked.headers.insert("content-type", kind);
                asked
            } else {
                Asked::json("GET", format!("{path}?{form}"), "")
            };
            let got = judged(&subject, &asked).unwrap();
            if got.header("content-type").starts_with("text/html") {
                let page = got.text();
                assert!(!page.contains("<script>alert(1)"), "{page}");
                assert!(!page.contains("<img src=x"), "{page}");
            }
            // A fault that was set would strike the pages of the next steps.
            assert_eq!(subject.got(&Asked::json("DELETE", "/sandbox/v1/faults", "")).status, 204);
        }
        assert_eq!(subject.post("/sandbox/v1/reset", &json!({})).status, 204);
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
