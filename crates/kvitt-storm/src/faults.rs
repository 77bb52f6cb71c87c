//! What is wrong with Klarna while the storm lasts: rules for the sandbox, with seeds of their own
//! that follow from the storm's.

use fastrand::Rng;
use serde_json::{Value, json};

/// With which probability each of the [`requests`] rules strikes what those before it let pass. All
/// together they strike a little more than every tenth request.
const EACH: f64 = 0.009;

/// How long Klarna hangs before it drops a connection, in milliseconds.
const HANG: u64 = 1_000;

/// What strikes Klarna's answers: the first rule sees every request.
pub(crate) fn requests(dice: &mut Rng) -> Vec<Value> {
    let error = |code: &str, when: &str| json!({"kind": "error", "error_code": code, "when": when});
    let html = |when: &str| json!({"kind": "html_502", "when": when});
    let hang = |when: &str| json!({"kind": "hang", "milliseconds": HANG, "when": when});
    let delay = json!({"kind": "delay", "milliseconds": 100, "jitter_milliseconds": 1_500});
    let refusals = refusals(dice);
    let placing = placing(dice);
    [
        json!({"kind": "reset_after"}),
        json!({"kind": "reset_before"}),
        html("after"),
        html("before"),
        error("INTERNAL_SERVER_ERROR", "after"),
        error("INTERNAL_SERVER_ERROR", "before"),
        hang("after"),
        hang("before"),
        json!({"kind": "truncated"}),
        json!({"kind": "malformed"}),
        json!({"kind": "too_many_requests"}),
        delay,
    ]
    .into_iter()
    .map(|effect| json!({"probability": EACH, "seed": dice.u32(..), "effect": effect}))
    .chain(placing)
    .chain(refusals)
    .collect()
}

/// Placing has no idempotency key, so that its doubts are the hardest: it gets more of them.
fn placing(dice: &mut Rng) -> Vec<Value> {
    [
        json!({"kind": "reset_after"}),
        json!({"kind": "html_502", "when": "after"}),
        json!({"kind": "error", "error_code": "INTERNAL_SERVER_ERROR", "when": "before"}),
    ]
    .map(|effect| {
        json!({
            "match": {"operation": "createOrder"}, "probability": 0.07, "seed": dice.u32(..),
            "effect": effect,
        })
    })
    .into()
}

/// Refusals of what Klarna could have done: they are the truth, and nothing took effect.
fn refusals(dice: &mut Rng) -> Vec<Value> {
    let mut refused = |operation: &str, code: &str| {
        json!({
            "match": {"operation": operation}, "probability": 0.01, "seed": dice.u32(..),
            "effect": {"kind": "error", "error_code": code},
        })
    };
    [
        ("captureOrder", "CAPTURE_NOT_ALLOWED"),
        ("refundOrder", "REFUND_NOT_ALLOWED"),
        ("createOrder", "BAD_VALUE"),
    ]
    .map(|(operation, code)| refused(operation, code))
    .into()
}

/// A moment in which Klarna does whatever it is asked, and none of its answers arrives: repeating a
/// call at once does not help.
pub(crate) fn burst(dice: &mut Rng) -> Value {
    let effects = [
        json!({"kind": "reset_after"}),
        json!({"kind": "html_502", "when": "after"}),
        json!({"kind": "truncated"}),
        json!({"kind": "error", "error_code": "INTERNAL_SERVER_ERROR", "when": "after"}),
    ];
    json!({
        "match": {"method": "POST", "path": "/ordermanagement/**"},
        "times": dice.u32(12..=24),
        "effect": effects[dice.usize(..effects.len())],
    })
}

/// What strikes Klarna's callbacks.
pub(crate) fn callbacks(dice: &mut Rng) -> Vec<Value> {
    [
        (0.15, json!({"kind": "dropped"})),
        (0.15, json!({"kind": "doubled"})),
        (0.20, json!({"kind": "shuffled", "of": 4, "within": "PT30S"})),
        (0.10, json!({"kind": "delayed", "milliseconds": 200, "jitter_milliseconds": 2_000})),
        (0.05, json!({"kind": "late", "by": "PT20M"})),
    ]
    .into_iter()
    .map(|(probability, effect)| {
        json!({"probability": probability, "seed": dice.u32(..), "effect": effect})
    })
    .collect()
}
