//! What browsers send: the SDK's calls, and the forms of the buyer's pages.

use axum::http::HeaderValue;
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{
    judge::judged,
    life::{self, Life},
    mutation::{Change, Cut, change, changes, cut, cuts, text},
    subject::{Asked, Subject, runner},
};

const ACTIONS: [&str; 8] =
    ["continue", "back", "close", "stay", "abort", "approve", "leave", "dance"];
const FIELDS: [&str; 12] = [
    "phone",
    "otp",
    "plan",
    "given_name",
    "family_name",
    "email",
    "street_address",
    "postal_code",
    "city",
    "date_of_birth",
    "region",
    "unknown",
];

#[derive(Clone, Debug)]
enum Step {
    Press(Vec<(String, String)>, Vec<Cut>),
    Open(Vec<Change>, Vec<Cut>),
    Widget(Vec<Change>, Vec<Cut>),
    Look,
    Close,
}

/// A form that may lead on: what a buyer would type, then what they would not.
fn form() -> impl Strategy<Value = Vec<(String, String)>> {
    let good = [
        ("phone", "+46701740615"),
        ("otp", "123456"),
        ("plan", "pay_later"),
        ("plan", "bank"),
        ("given_name", "Alice"),
        ("family_name", "Test"),
        ("email", "a@email.se"),
        ("street_address", "Street 1"),
        ("postal_code", "11148"),
        ("city", "Stockholm"),
    ];
    let good = good.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let field = prop_oneof![
        3 => prop::sample::select(good.to_vec()),
        1 => (prop::sample::select(FIELDS.to_vec()).prop_map(str::to_owned), text()),
        1 => (text(), text()),
    ];
    (prop::sample::select(ACTIONS.to_vec()), vec(field, 0..6)).prop_map(|(action, mut fields)| {
        fields.push(("action".to_owned(), action.to_owned()));
        fields
    })
}

fn step() -> impl Strategy<Value = Step> {
    let few = || prop_oneof![6 => Just(Vec::new()), 1 => cuts(2)];
    prop_oneof![
        8 => (form(), few()).prop_map(|(fields, cuts)| Step::Press(fields, cuts)),
        1 => (changes(2), few()).prop_map(|(changes, cuts)| Step::Open(changes, cuts)),
        1 => (changes(2), few()).prop_map(|(changes, cuts)| Step::Widget(changes, cuts)),
        1 => Just(Step::Look),
        1 => Just(Step::Close),
    ]
}

fn open() -> Value {
    json!({"operation": "authorize", "data": {"purchase_country": "SE"}, "auto_finalize": true,
        "payment_method_category": "pay_later", "payment_method_categories": ["pay_later"],
        "origin": "https://shop.example"})
}

fn form_request(path: &str, body: Vec<u8>) -> Asked {
    let mut asked = Asked::json("POST", path, body);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    asked.headers.insert("content-type", kind);
    asked
}

#[test]
fn no_buyer_breaks_the_pages() {
    let checked = runner(300).run(&vec(step(), 1..14), |steps| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        let mut flow = life.filled("/kp/flow/{flow}");
        for step in &steps {
            let (asked, is_page) = match step {
                Step::Press(fields, cuts) => {
                    let mut form = url::form_urlencoded::Serializer::new(String::new());
                    form.extend_pairs(fields);
                    let mut bytes = form.finish().into_bytes();
                    cut(&mut bytes, cuts);
                    (form_request(&flow, bytes), true)
                }
                Step::Open(changes, cuts) => {
                    let path = life.filled("/kp/v1/sessions/{bought}/purchase-flows");
                    (Asked::json("POST", path, bytes(open(), changes, cuts)), false)
                }
                Step::Widget(changes, cuts) => {
                    let path = life.filled("/kp/v1/sessions/{bought}/widget");
                    let body = json!({"purchase_amount": 1, "payment_method_category": "pay_now"});
                    (Asked::json("POST", path, bytes(body, changes, cuts)), false)
                }
                Step::Look => (Asked::json("GET", flow.clone(), ""), true),
                Step::Close => {
                    let path = life.filled("/kp/v1/purchase-flows/{flow}/close");
                    (Asked::json("POST", path, ""), false)
                }
            };
            let got = judged(&subject, &asked).unwrap();
            if is_page {
                assert!(matches!(got.status, 200 | 404), "{}", got.status);
                assert!(got.text().starts_with("<!doctype html>"), "{}", got.text());
                assert!(!got.text().contains("<script>alert(1)"), "{}", got.text());
            }
            if got.status == 201 {
                flow = format!("/kp/flow/{}", got.json()["flow_id"].as_str().unwrap());
            }
        }
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}

fn bytes(mut body: Value, changes: &[Change], cuts: &[Cut]) -> Vec<u8> {
    change(&mut body, changes);
    let mut bytes = body.to_string().into_bytes();
    cut(&mut bytes, cuts);
    bytes
}
