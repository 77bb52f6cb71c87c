use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::*;
use crate::rules::order::tests::at;

const START: &str = "2026-01-01T00:00:00Z";

fn rule(json: Value) -> NewRule<RequestMatch, Effect> {
    serde_json::from_value(json).unwrap()
}

fn faults(rules: &[Value]) -> State {
    let mut state = State::default();
    for json in rules {
        let effect = json!({"kind": "reset_before"});
        let mut json = json.clone();
        json.as_object_mut().unwrap().entry("effect").or_insert(effect);
        state.faults.add(rule(json), at(START)).unwrap();
    }
    state
}

/// The rule that strikes a request.
fn struck_by(state: &mut State, method: &str, path: &str, headers: &HeaderMap) -> Option<u64> {
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let request = Request { method, path, segments: &segments, headers };
    state.strike(&request, at(START)).map(|it| it.rule)
}

fn posts(state: &mut State, path: &str) -> Option<u64> {
    struck_by(state, "POST", path, &HeaderMap::new())
}

/// Which of the first so many are struck, counted from 1.
fn struck_of(json: Value, count: u64) -> Vec<u64> {
    let mut state = faults(&[json]);
    (1..=count).filter(|_| posts(&mut state, "/").is_some()).collect()
}

#[test]
fn some_pass_some_are_struck() {
    assert_eq!(struck_of(json!({}), 3), [1, 2, 3]);
    assert_eq!(struck_of(json!({"skip": 1, "times": 2}), 9), [2, 3]);
    assert_eq!(struck_of(json!({"nth": 3}), 9), [3]);
    assert_eq!(struck_of(json!({"nth": [4, 2]}), 9), [2, 4]);
    assert_eq!(struck_of(json!({"nth": [4, 2], "times": 1}), 9), [2]);
    assert_eq!(struck_of(json!({"probability": 0}), 100), [0; 0]);
    assert_eq!(struck_of(json!({"probability": 1}), 3), [1, 2, 3]);
}

/// Computed apart, from the published generator.
#[test]
fn chance_follows_from_the_seed_and_the_count() {
    assert_eq!(struck_of(json!({"probability": 0.3}), 30), [3, 5, 7, 9, 19, 28]);
    assert_eq!(
        struck_of(json!({"probability": 0.3, "seed": 1}), 30),
        [9, 16, 21, 22, 24, 25, 26, 29]
    );
    let seed_42 = json!({"probability": 0.3, "seed": 42, "skip": 4, "times": 3});
    assert_eq!(struck_of(seed_42, 30), [5, 7, 11]);
}

#[test]
fn what_one_rule_strikes_is_not_seen_by_the_next() {
    let mut state = faults(&[json!({"times": 1}), json!({"nth": 1})]);
    let struck: Vec<_> = (0..3).map(|_| posts(&mut state, "/")).collect();
    assert_eq!(struck, [Some(1), Some(2), None]);
    let shown = serde_json::to_value(state.faults.all()).unwrap();
    assert_eq!(
        shown[0],
        json!({"id": 1, "match": {}, "skip": 0, "times": 0, "seed": 0,
            "effect": {"kind": "reset_before"}, "matched": 1, "struck": 1})
    );
    assert_eq!((&shown[1]["matched"], &shown[1]["struck"]), (&json!(1), &json!(1)));
    let restored: Faults =
        serde_json::from_value(serde_json::to_value(&state.faults).unwrap()).unwrap();
    assert_eq!(serde_json::to_value(restored.all()).unwrap(), shown);
}

#[test]
fn a_request_has_to_be_all_that_is_asked_for() {
    let order = "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d11";
    let captures = format!("/ordermanagement/v1/orders/{order}/captures");
    let mut headers = HeaderMap::new();
    headers.append("klarna-idempotency-key", "first".parse().unwrap());
    headers.append("klarna-idempotency-key", "second".parse().unwrap());
    for (matches, fits) in [
        (json!({}), true),
        (json!({"method": "post"}), true),
        (json!({"method": "GET"}), false),
        (json!({"path_contains": "/captures"}), true),
        (json!({"path_contains": "/refunds"}), false),
        (json!({"path": "/ordermanagement/v1/orders/*/captures"}), true),
        (json!({"path": "/ordermanagement/v1/orders/*/refunds"}), false),
        (json!({"operation": "captureOrder"}), true),
        (json!({"operation": "refundOrder"}), false),
        (json!({"order_id": order.to_uppercase()}), true),
        (json!({"order_id": "6c2b1cb5-1f0f-4a60-9c0e-3c4a1a0f2d12"}), false),
        (json!({"order_id": "nonsense"}), false),
        (json!({"session_id": order}), false),
        (json!({"headers": {"Klarna-Idempotency-Key": "second"}}), true),
        (json!({"headers": {"klarna-idempotency-key": "third"}}), false),
        (json!({"headers": {"klarna-idempotency-key": "first", "x": "y"}}), false),
        (json!({"method": "POST", "path_contains": "/refunds"}), false),
    ] {
        let mut state = faults(&[json!({"match": matches})]);
        assert_eq!(struck_by(&mut state, "POST", &captures, &headers).is_some(), fits, "{matches}");
    }
    let mut state = faults(&[json!({"match": {"session_id": "s1"}})]);
    assert!(posts(&mut state, "/payments/v1/sessions/s1").is_some());
    assert!(posts(&mut state, "/payments/v1/sessions/s2").is_none());
    assert!(posts(&mut state, "/payments/v1/authorizations/s1/order").is_none());
    let mut state = faults(&[json!({"match": {"order_id": order}})]);
    assert!(posts(&mut state, &format!("/payments/v1/sessions/{order}")).is_none());
}

#[test]
fn a_period_of_the_sandboxs_time() {
    let during = json!({"from": "PT10S", "until": "2026-01-01T00:00:20Z"});
    let effect = json!({"kind": "too_many_requests"});
    let mut faults = Faults::default();
    let set = faults.add(rule(json!({"during": during, "effect": effect})), at(START)).unwrap();
    assert_eq!(
        serde_json::to_value(set).unwrap()["during"],
        json!({"from": "2026-01-01T00:00:10Z", "until": "2026-01-01T00:00:20Z"})
    );
    let mut is_struck = |time| faults.strike(|_| true, at(time)).is_some();
    assert!(!is_struck("2026-01-01T00:00:09.999Z"));
    assert!(is_struck("2026-01-01T00:00:10Z"));
    assert!(is_struck("2026-01-01T00:00:19.999Z"));
    assert!(!is_struck("2026-01-01T00:00:20Z"));
    assert_eq!(faults.all()[0].matched, 2);
}

#[test]
fn what_cannot_be_is_refused_with_its_member() {
    let refused = |members: Value| {
        let mut json = json!({"effect": {"kind": "reset_before"}});
        json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        let read = serde_json::from_value::<NewRule<RequestMatch, Effect>>(json);
        let added = read.map_err(|error| error.to_string()).and_then(|rule| {
            let mut faults = Faults::default();
            faults.add(rule, at(START)).map(|_| ())
        });
        added.unwrap_err()
    };
    let long = "x".repeat(2001);
    let many: serde_json::Map<String, Value> =
        (0..17).map(|n| (format!("x-{n}"), json!(""))).collect();
    for (bad, part) in [
        (json!({"skip": -1}), "invalid value: integer `-1`"),
        (json!({"times": 0}), "times: 0 strikes nothing"),
        (json!({"tims": 1}), "tims"),
        (json!({"nth": 0}), "send a whole number from 1"),
        (json!({"nth": []}), "send a whole number from 1"),
        (json!({"nth": [1, "2"]}), "send a whole number from 1"),
        (json!({"nth": vec![1; 1001]}), "send a whole number from 1"),
        (json!({"nth": 1, "skip": 1}), "nth: counts everything"),
        (json!({"probability": 1.01}), "probability: 1.01"),
        (json!({"probability": -0.1}), "probability: -0.1"),
        (json!({"probability": "often"}), "invalid type: string \"often\""),
        (json!({"seed": -1}), "invalid value: integer `-1`"),
        (json!({"during": {}}), "during: send from"),
        (json!({"during": {"until": "soon"}}), "during.until: \"soon\" is no instant"),
        (json!({"during": {"from": "-PT1S"}}), "leads back"),
        (json!({"during": {"from": "P9999Y"}}), "leads beyond the end of time"),
        (
            json!({"during": {"from": "PT2S", "until": "PT2S"}}),
            "during.until: 2026-01-01T00:00:02Z",
        ),
        (json!({"during": {"to": "PT2S"}}), "to"),
        (json!({"match": {"path": "captures"}}), "path: \"captures\" does not begin"),
        (json!({"match": {"operation": "capture"}}), "operation: \"capture\" is no operation"),
        (json!({"match": {"pth": "/"}}), "pth: unknown field"),
        (json!({"match": {"method": ""}}), "method: send 1 to"),
        (json!({"match": {"order_id": long}}), "order_id: send 1 to"),
        (json!({"match": {"headers": {"Authorization": "x"}}}), "headers: authorization"),
        (json!({"match": {"headers": {"a b": "x"}}}), "headers: \"a b\" is no name"),
        (json!({"match": {"headers": {"a": long}}}), "headers: \"a\""),
        (json!({"match": {"headers": many}}), "headers: send 16"),
    ] {
        let error = refused(bad.clone());
        assert!(error.contains(part), "{bad}: {error}");
    }
}

#[test]
fn rules_are_told_apart_and_bounded() {
    let simple = || rule(json!({"effect": {"kind": "reset_before"}}));
    let mut faults = Faults::default();
    for id in 1..=3 {
        assert_eq!(faults.add(simple(), at(START)).unwrap().id, id);
    }
    assert!(faults.remove(2));
    assert!(!faults.remove(2));
    assert!(faults.get(2).is_none());
    assert_eq!(faults.get(3).unwrap().id, 3);
    faults.clear();
    assert_eq!(faults.add(simple(), at(START)).unwrap().id, 4);
    for _ in 1..RULES_MAX {
        let spent = json!({"during": {"until": "PT1S"}, "effect": {"kind": "reset_before"}});
        faults.add(rule(spent), at(START)).unwrap();
    }
    assert!(faults.add(simple(), at(START)).unwrap_err().contains("1000 rules"));
    let later = at("2026-01-01T00:00:01Z");
    assert_eq!(faults.add(simple(), later).unwrap().id, 1004);
    assert_eq!(faults.all().len(), RULES_MAX);
    assert_eq!((faults.all()[0].id, faults.all()[1].id), (4, 6));
}
