//! What every answer has to be.

use axum::http::Method;
use serde_json::Value;

use crate::subject::{Asked, Got, Subject};

/// Klarna's APIs that the sandbox has.
const APIS: [&str; 4] = ["payments", "ordermanagement", "customer-token", "hpp"];

/// Sends a request and judges its answer; `None`: it is none that HTTP can carry.
pub(crate) fn judged(subject: &Subject, asked: &Asked) -> Option<Got> {
    let got = subject.ask(asked)?;
    judge(asked, &got);
    Some(got)
}

/// Nothing that no fault asked for: no 5xx, and errors in the form of whoever answers.
pub(crate) fn judge(asked: &Asked, got: &Got) {
    let told = || format!("{} {} -> {} {:?}", asked.method, asked.path, got.status, got.body);
    assert!((200..500).contains(&got.status), "{}", told());
    let mut parts =
        asked.path.split(['?', '#']).next().unwrap().split('/').filter(|it| !it.is_empty());
    let (root, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_plain = got.header("content-type").starts_with("text/");
    // A path that is nobody's; and an answer whose body HTTP leaves out.
    if (got.status == 404 && is_plain) || asked.method == Method::HEAD {
        return;
    }
    if got.status < 400 {
        let is_json = got.header("content-type").starts_with("application/json");
        if is_json {
            got.json();
        }
    } else if APIS.contains(&root) && version == "v1" {
        klarna(got, &told());
    } else if root == "sandbox" {
        let json = got.json();
        assert!(json["code"].is_string() && json["message"].is_string(), "{}", told());
    }
}

/// Klarna's envelope, its page for strangers, or its empty 429.
fn klarna(got: &Got, told: &str) {
    match got.status {
        401 => {
            assert_eq!(got.header("content-type"), "text/html", "{told}");
            assert_eq!(got.header("www-authenticate"), "Basic realm=\"very closed site\"");
        }
        429 => assert_eq!(got.text(), "", "{told}"),
        _ => {
            let json = got.json();
            let messages = json["error_messages"].as_array().unwrap();
            assert!(!messages.is_empty() && messages.iter().all(Value::is_string), "{told}");
            assert!(json["error_code"].is_string(), "{told}");
            assert_eq!(json["correlation_id"], got.header("klarna-correlation-id"), "{told}");
            assert_eq!(got.header("content-type"), "application/json", "{told}");
        }
    }
}

/// What is read of an order adds up, whatever was done to it.
pub(crate) fn order_adds_up(subject: &Subject, order: &str) {
    let got = subject.get(&format!("/ordermanagement/v1/orders/{order}"));
    assert_eq!(got.status, 200, "{}", got.text());
    let order = got.json();
    let amount = |value: &Value, name: &str| {
        let amount = value[name].as_i64().unwrap();
        assert!(amount >= 0, "{name}: {order}");
        amount
    };
    let sum = |list: &str, name: &str| -> i64 {
        order[list].as_array().unwrap().iter().map(|it| amount(it, name)).sum()
    };
    let captured = amount(&order, "captured_amount");
    let refunded = amount(&order, "refunded_amount");
    assert_eq!(captured, sum("captures", "captured_amount"), "{order}");
    assert_eq!(refunded, sum("refunds", "refunded_amount"), "{order}");
    assert!(sum("captures", "refunded_amount") <= refunded, "{order}");
    assert!(refunded <= captured, "{order}");
    let remaining = amount(&order, "remaining_authorized_amount");
    assert!(captured + remaining <= amount(&order, "order_amount"), "{order}");
}
