//! Acts on one order in any order, with amounts at and beyond the limits: the sums hold.

use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use crate::{
    judge::{judged, order_adds_up},
    life::{self, Life},
    subject::{Asked, Subject, runner},
};

#[derive(Clone, Debug)]
enum Act {
    Capture(Value, bool),
    Refund(Value, bool),
    Update(Value, bool),
    Plain(&'static str),
    Advance(&'static str),
    Decide(&'static str),
}

fn amount() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => (0i64..30_000).prop_map(Value::from),
        1 => prop::sample::select(vec![
            json!(0), json!(1), json!(-1), json!(9000), json!(22_880), json!(13_880),
            json!(22_881), json!(200_000_000), json!(200_000_001), json!(i64::MAX),
            json!(i64::MIN), json!("1000"), json!(1.5), json!(null),
        ]),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (amount(), any::<bool>()).prop_map(|(amount, lines)| Act::Capture(amount, lines)),
        4 => (amount(), any::<bool>()).prop_map(|(amount, lines)| Act::Refund(amount, lines)),
        2 => (amount(), any::<bool>()).prop_map(|(amount, lines)| Act::Update(amount, lines)),
        1 => prop::sample::select(vec!["cancel", "release-remaining-authorization",
            "extend-authorization-time", "acknowledge"]).prop_map(Act::Plain),
        1 => prop::sample::select(vec!["PT1M", "PT4H", "P28D", "P180D", "P5000Y"])
            .prop_map(Act::Advance),
        1 => prop::sample::select(vec!["ACCEPTED", "REJECTED", "STOPPED"]).prop_map(Act::Decide),
    ]
}

/// A line of this total, which a refund may share with a capture.
fn lines(amount: &Value) -> Value {
    json!([{"reference": "boots", "name": "Boots", "quantity": 1, "unit_price": amount,
        "total_amount": amount}])
}

fn request(act: &Act, order: &str) -> Asked {
    let of_order = format!("/ordermanagement/v1/orders/{order}");
    let money = |name: &str, amount: &Value, has_lines: bool| {
        let mut body = json!({ name: amount });
        if has_lines {
            body["order_lines"] = lines(amount);
        }
        body.to_string()
    };
    match act {
        Act::Capture(amount, has_lines) => {
            let body = money("captured_amount", amount, *has_lines);
            Asked::json("POST", format!("{of_order}/captures"), body)
        }
        Act::Refund(amount, has_lines) => {
            let body = money("refunded_amount", amount, *has_lines);
            Asked::json("POST", format!("{of_order}/refunds"), body)
        }
        Act::Update(amount, has_lines) => {
            let body = money("order_amount", amount, *has_lines);
            Asked::json("PATCH", format!("{of_order}/authorization"), body)
        }
        Act::Plain(name) => Asked::json("POST", format!("{of_order}/{name}"), ""),
        Act::Advance(by) => {
            Asked::json("POST", "/sandbox/v1/clock/advance", json!({ "by": by }).to_string())
        }
        Act::Decide(decision) => {
            let body = json!({ "decision": decision }).to_string();
            Asked::json("POST", format!("/sandbox/v1/orders/{order}/fraud"), body)
        }
    }
}

#[test]
fn the_sums_of_an_order_hold() {
    let order = prop::sample::select(vec!["{open}", "{captured}"]);
    let checked = runner(300).run(&(order, vec(act(), 1..12)), |(order, acts)| {
        let subject = Subject::new();
        let order = Life::begin(&subject).filled(order);
        for act in &acts {
            judged(&subject, &request(act, &order)).unwrap();
            order_adds_up(&subject, &order);
        }
        assert_eq!(subject.post("/sandbox/v1/reset", &Value::Null).status, 204);
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
