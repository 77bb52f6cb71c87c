use serde_json::{Value, json};

use super::*;
use crate::replay::recorded::Headers;

/// A recorded answer of Payments with all its headers, and what came back.
struct Case {
    recorded: Value,
    answer: Answer,
}

const ID: &str = "4e33a603-8009-4eeb-bef1-c0bca8b2bab8";
const OTHER_ID: &str = "d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8f";

impl Case {
    #[expect(clippy::needless_pass_by_value, reason = "a value made for the call reads better")]
    fn of(status: u16, recorded: Value, actual: &Value) -> Self {
        let text = if actual.is_null() { String::new() } else { actual.to_string() };
        Self {
            recorded: json!({"status": status, "body": recorded, "headers": {}}),
            answer: Answer { status, headers: Headers::default(), text },
        }
    }

    fn headers(mut self, recorded: Value, actual: &[(&str, &str)]) -> Self {
        self.recorded["headers"] = recorded;
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.answer.headers = Headers(actual.iter().map(own).collect());
        self
    }

    fn found(&self) -> Vec<String> {
        let exchange = serde_json::from_value(json!({"kind": "recorded",
            "path_pattern": "/payments/v1/sessions",
            "request": {"method": "POST", "path": "/payments/v1/sessions"},
            "response": self.recorded}));
        differences(&exchange.unwrap(), &self.answer)
    }
}

fn refusal(text: &str) -> Value {
    json!({"correlation_id": ID, "error_code": "X", "error_messages": [text]})
}

#[test]
fn a_status_is_the_recorded_one() {
    for (recorded, actual, expected) in [
        (json!(201), 200, "status: 200 instead of 201"),
        (json!(200), 201, "status: 201 instead of 200"),
        (json!(null), 399, "status: 399 instead of an error"),
    ] {
        let mut case = Case::of(actual, Value::Null, &Value::Null);
        case.recorded["status"] = recorded;
        assert_eq!(case.found(), [expected]);
    }
    let mut case = Case::of(400, Value::Null, &Value::Null);
    case.recorded["status"] = Value::Null;
    assert!(case.found().is_empty());
    // Another status is all that is said.
    let mut case = Case::of(403, refusal("a"), &refusal("b"));
    case.recorded["status"] = json!(404);
    assert_eq!(case.found(), ["status: 403 (X) instead of 404"]);
}

#[test]
fn headers_that_change_have_their_form() {
    for (name, recorded, good, bad) in [
        ("transaction-id", ID, OTHER_ID, "1"),
        ("klarna-correlation-id", ID, OTHER_ID, ""),
        ("render-time", "7", "12", "7 ms"),
        ("x-ratelimit-remaining", "4", "0", "-1"),
    ] {
        let case = |value| {
            Case::of(204, Value::Null, &Value::Null)
                .headers(json!({name: recorded}), &[(name, value)])
        };
        assert!(case(good).found().is_empty(), "{name}");
        let expected = format!("header {name}: {bad:?} instead of {recorded:?}");
        assert_eq!(case(bad).found(), [expected]);
    }
}

#[test]
fn an_error_has_the_id_of_its_header() {
    let case = |id| {
        Case::of(400, refusal("a"), &refusal("a"))
            .headers(json!({"klarna-correlation-id": OTHER_ID}), &[("klarna-correlation-id", id)])
    };
    assert!(case(ID).found().is_empty());
    assert_eq!(case(OTHER_ID).found(), ["header klarna-correlation-id: not the body's"]);
}

#[test]
fn lengths_are_compared_where_they_can_be_foreseen() {
    let expected = |text: &str| vec![format!("header content-length: {text}")];
    let case = |recorded: Value, text: &str, length: &[(&str, &str)]| {
        let id = [("klarna-correlation-id", ID)];
        let headers = [length, &id[..]].concat();
        Case::of(400, refusal("a"), &refusal(text))
            .headers(json!({"content-length": recorded}), &headers)
            .found()
    };
    let own = [("content-length", "145")];
    assert!(case(json!("145"), "a", &own).is_empty());
    assert_eq!(case(json!("146"), "a", &own), expected(r#""145" instead of "146""#));
    // Another text is another difference, and has another length.
    assert_eq!(case(json!("146"), "bb", &own).len(), 1);
    // How a length is told is the connection's affair, unless there is nothing.
    assert!(case(json!("146"), "a", &[]).is_empty());
    assert_eq!(case(json!("0"), "a", &[]), expected("missing"));
    let session = Case::of(200, json!({"a": 1}), &json!({"a": 1}))
        .headers(json!({"content-length": "322"}), &[("content-length", "7")]);
    assert!(session.found().is_empty());
}

#[test]
fn arrays_have_as_many_elements() {
    for (recorded, actual, expected) in [
        (json!({"a": [1]}), json!({"a": [1, 2]}), "body.a: 2 elements instead of 1"),
        (json!({"a": [1, 2]}), json!({"a": [1]}), "body.a: 1 elements instead of 2"),
        (json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}]}), "body.a[1].b: 3 instead of 2"),
    ] {
        assert_eq!(Case::of(200, recorded, &actual).found(), [expected]);
    }
}

#[test]
fn categories_are_the_same_in_any_order() {
    let categories = |names: &[(&str, &str)]| {
        let all = names.iter().map(|(id, name)| json!({"identifier": id, "name": name}));
        json!({"payment_method_categories": all.collect::<Vec<_>>()})
    };
    let recorded = || categories(&[("now", "Pay now"), ("later", "Pay later")]);
    let found = |actual: &[(&str, &str)]| Case::of(200, recorded(), &categories(actual)).found();
    assert!(found(&[("later", "Pay later"), ("now", "Pay now")]).is_empty());
    assert_eq!(
        found(&[("later", "Pay later"), ("now", "Debit")]),
        [r#"body.payment_method_categories[now].name: "Debit" instead of "Pay now""#]
    );
    assert_eq!(
        found(&[("later", "Pay later")]),
        ["body.payment_method_categories: later instead of later, now"]
    );
}

#[test]
fn tokens_have_the_recorded_claims() {
    // {"alg":"RS256"}, {"a":1,"b":2}
    let recorded = "eyJhbGciOiJSUzI1NiJ9.eyJhIjoxLCJiIjoyfQ.c2ln";
    let found = |token: &str| {
        Case::of(200, json!({"client_token": recorded}), &json!({"client_token": token})).found()
    };
    assert!(found("eyJhbGciOiJSUzI1NiJ9.eyJhIjozLCJiIjo0fQ.c2lu").is_empty());
    for (token, expected) in [
        // {"b":2,"a":1}
        ("eyJhbGciOiJSUzI1NiJ9.eyJiIjoyLCJhIjoxfQ.c2ln", "claims b, a instead of a, b"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2ln", "claims a instead of a, b"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhIjoxLCJiIjoyfQ.c2lnbg", "a signature of 6 letters instead of 4"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJhIjoxLCJiIjoyfQ.", "a signature of 0 letters instead of 4"),
        // {"alg":"none"}
        ("eyJhbGciOiJub25lIn0.eyJhIjoxLCJiIjoyfQ.c2ln", "signed by none instead of RS256"),
        ("not.a.token", "no JSON Web Token"),
        ("token", "no JSON Web Token"),
    ] {
        assert_eq!(found(token), [format!("body.client_token: {expected}")]);
    }
}

#[test]
fn values_that_change_have_their_form() {
    for (member, recorded, good, bad) in [
        ("order_id", ID, OTHER_ID, "1"),
        ("created_at", "2021-01-01T00:00:00.000Z", "2022-02-02T10:00:00.123Z", "2022-02-02"),
        (
            "expires_at",
            "2021-01-01T00:00:00.000Z",
            "2022-02-02T00:00:00.000Z",
            "2022-02-02T10:00:00.000Z",
        ),
        ("klarna_reference", "NTN8PS2Q-1", "VBQ5FR07-1", "VBQ5FR07-2"),
        ("locale", "sv-SE", "sv-SE", "sv-se"),
    ] {
        let case = |value| Case::of(200, json!({member: recorded}), &json!({member: value}));
        assert!(case(good).found().is_empty(), "{member}");
        let expected = format!("body.{member}: {bad:?} instead of {recorded:?}");
        assert_eq!(case(bad).found(), [expected]);
    }
}

#[test]
fn bodies_are_of_the_same_kind() {
    let of = |recorded: Value, actual: &Value| Case::of(200, recorded, actual).found();
    assert_eq!(of(json!({"a": 1}), &Value::Null), ["body: none instead of an object"]);
    assert_eq!(of(Value::Null, &json!({})), ["body: there is one"]);
    assert_eq!(of(json!("<html>"), &json!({})), ["body: another text"]);
    assert_eq!(of(json!({}), &json!([])), ["body: array instead of object"]);
    let mut case = Case::of(200, json!({}), &json!({}));
    case.answer.text = "<html>".to_owned();
    assert_eq!(case.found(), ["body: no JSON"]);
}
