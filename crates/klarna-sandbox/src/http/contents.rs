//! What the control API has, for those who ask.

use serde_json::{Value, json};

use super::{
    Call,
    control::{Error, json_answer},
};
use crate::answer::Answer;

/// Method, path and purpose of every call. `CONTROL.md` has the same, with bodies and parameters.
const CALLS: [(&str, &str, &str); 37] = [
    ("GET", "/sandbox/v1", "this list"),
    ("POST", "/sandbox/v1/sessions/{id}/authorize", "the buyer decides"),
    ("POST", "/sandbox/v1/sessions/{id}/expire", "a session runs out now"),
    ("POST", "/sandbox/v1/hpp/{session_id}", "the buyer comes to a hosted payment page"),
    ("DELETE", "/sandbox/v1/hpp/{session_id}", "the merchant withdraws a hosted payment page"),
    ("POST", "/sandbox/v1/orders/{id}/fraud", "fraud control decides"),
    ("POST", "/sandbox/v1/orders/{id}/expire", "an order's authorization runs out now"),
    ("PATCH", "/sandbox/v1/customer-tokens/{id}", "suspends a token, or declines its next orders"),
    ("GET", "/sandbox/v1/clock", "the sandbox's time"),
    ("PATCH", "/sandbox/v1/clock", "lets the clock run faster"),
    ("POST", "/sandbox/v1/clock/advance", "lets the clock leap"),
    ("GET", "/sandbox/v1/settings", "the switches"),
    ("PATCH", "/sandbox/v1/settings", "moves switches"),
    ("GET", "/sandbox/v1/faults", "what goes wrong with requests"),
    ("POST", "/sandbox/v1/faults", "lets requests go wrong"),
    ("DELETE", "/sandbox/v1/faults", "takes all such rules back"),
    ("GET", "/sandbox/v1/faults/{id}", "one such rule"),
    ("DELETE", "/sandbox/v1/faults/{id}", "takes one such rule back"),
    ("GET", "/sandbox/v1/callback-faults", "what goes wrong with callbacks"),
    ("POST", "/sandbox/v1/callback-faults", "lets callbacks go wrong"),
    ("DELETE", "/sandbox/v1/callback-faults", "takes all such rules back"),
    ("GET", "/sandbox/v1/callback-faults/{id}", "one such rule"),
    ("DELETE", "/sandbox/v1/callback-faults/{id}", "takes one such rule back"),
    ("GET", "/sandbox/v1/callbacks", "every attempt at a callback"),
    ("POST", "/sandbox/v1/callbacks/{callback_id}/resend", "sends a callback once more"),
    ("GET", "/sandbox/v1/exchanges", "requests and their answers"),
    ("GET", "/sandbox/v1/exchanges/{number}", "one request and its answer"),
    ("GET", "/sandbox/v1/exchanges/live", "the same as they come, an event stream"),
    ("GET", "/sandbox/v1/exchanges.har", "the same as an HTTP archive"),
    ("GET", "/sandbox/v1/disputes", "what test persons dispute"),
    ("GET", "/sandbox/v1/distributions", "what would have been sent to buyers"),
    ("GET", "/sandbox/v1/test-persons", "Klarna's test persons"),
    ("GET", "/sandbox/v1/snapshot", "everything that the sandbox remembers"),
    ("PUT", "/sandbox/v1/snapshot", "brings a snapshot back"),
    (
        "POST",
        "/sandbox/v1/scenarios",
        "makes orders, sessions, hosted pages and customer tokens in chosen states",
    ),
    ("GET", "/sandbox/v1/state-file", "how the state file stands"),
    ("POST", "/sandbox/v1/reset", "forgets everything"),
];

/// All calls.
pub(super) fn list() -> Answer {
    let calls = CALLS
        .iter()
        .map(|(method, path, what)| json!({"call": format!("{method} {path}"), "what": what}));
    json_answer(200, &calls.collect::<Value>())
}

/// The refusal of a call that there is not: with the methods of the path, if it is one.
pub(super) fn unknown(call: &Call) -> Error {
    let methods: Vec<&str> =
        CALLS.iter().filter(|(_, path, _)| is_at(call, path)).map(|(method, ..)| *method).collect();
    let way_out = if methods.is_empty() {
        "GET /sandbox/v1 lists the calls".to_owned()
    } else {
        format!("there is {}", methods.join(", "))
    };
    Error::new(404, "NOT_FOUND", format!("no {} {}; {way_out}", call.method, call.path))
}

fn is_at(call: &Call, path: &str) -> bool {
    let mut parts = call.parts();
    let is_same = path
        .split('/')
        .skip(1)
        .all(|wanted| parts.next().is_some_and(|part| wanted.starts_with('{') || wanted == part));
    is_same && parts.next().is_none()
}
