//! Headers: which have to be there, with which values.

use super::{super::recorded::Exchange, super::shop::Answer, forms};
use crate::api::segments;

/// What is asked of a header that was recorded.
#[derive(Clone, Copy)]
enum Asked {
    /// Nothing: it is the edge's or the connection's, not Klarna's.
    Nothing(#[expect(dead_code, reason = "says why")] &'static str),
    /// The same value.
    Same,
    /// A value of this form.
    Form(fn(&str) -> bool),
    /// Rules of its own, below.
    Length,
    Place,
}

/// The headers that are known; of any other, the same value is asked.
const HEADERS: [(&str, Asked); 15] = [
    ("connection", Asked::Nothing("of the connection, not of the answer")),
    ("content-encoding", Asked::Nothing("the recorder asked for it, the replay does not")),
    ("date", Asked::Nothing("another day")),
    (
        "server",
        Asked::Nothing("changed from nginx over openresty to envoy; the sandbox is neither"),
    ),
    ("transfer-encoding", Asked::Nothing("of the connection; the sandbox knows its lengths")),
    ("x-envoy-upstream-service-time", Asked::Nothing("the edge measures its own back end")),
    ("content-length", Asked::Length),
    ("location", Asked::Place),
    ("klarna-correlation-id", Asked::Form(forms::is_uuid)),
    ("transaction-id", Asked::Form(forms::is_uuid)),
    ("capture-id", Asked::Form(forms::is_uuid)),
    ("refund-id", Asked::Form(forms::is_uuid)),
    ("render-time", Asked::Form(forms::is_number)),
    ("x-ratelimit-remaining", Asked::Form(forms::is_number)),
    ("x-ratelimit-reset", Asked::Form(forms::is_number)),
];

fn asked(name: &str) -> Asked {
    HEADERS.iter().find(|(known, _)| *known == name).map_or(Asked::Same, |(_, asked)| *asked)
}

/// Notes what differs.
pub(super) fn compare(exchange: &Exchange, answer: &Answer, found: &mut Vec<String>) {
    for (name, recorded) in &exchange.response.headers.0 {
        let asked = asked(name);
        if matches!(asked, Asked::Nothing(_)) {
            continue;
        }
        let Some(actual) = answer.headers.get(name) else {
            if !matches!(asked, Asked::Length) || recorded == "0" {
                found.push(format!("header {name}: missing"));
            }
            continue;
        };
        let fits = match asked {
            Asked::Same => actual == recorded,
            Asked::Form(is) => is(actual),
            Asked::Length => !has_known_length(exchange, answer) || actual == recorded,
            Asked::Place => is_same_place(answer, recorded, actual),
            Asked::Nothing(_) => true,
        };
        if !fits {
            found.push(format!("header {name}: {actual:?} instead of {recorded:?}"));
        }
    }
    let told = answer.json().text("correlation_id").map(str::to_owned);
    if told.is_some() && told.as_deref() != answer.headers.get("klarna-correlation-id") {
        found.push("header klarna-correlation-id: not the body's".to_owned());
    }
    if !exchange.has_all_headers() {
        return;
    }
    for name in answer.headers.names() {
        let is_edges = matches!(asked(name), Asked::Nothing(_) | Asked::Length);
        if !is_edges && exchange.response.headers.get(name).is_none() {
            found.push(format!("header {name}: not in the recording"));
        }
    }
}

/// Only an empty body, and an error with the same texts, has a length that can be foreseen.
fn has_known_length(exchange: &Exchange, answer: &Answer) -> bool {
    let body = answer.json();
    let texts = |body: &crate::json::Json| body.get("error_messages").cloned();
    let same_texts = texts(&exchange.response.body).map(|it| it.value().to_string().len())
        == texts(&body).map(|it| it.value().to_string().len());
    exchange.response.headers.get("content-length") == Some("0")
        || (exchange.error_code().is_some() && same_texts)
}

/// A whole URL with the recorded path, whose ids are the answer's own.
fn is_same_place(answer: &Answer, recorded: &str, actual: &str) -> bool {
    let path = |url: &str| -> Option<Vec<String>> {
        let (scheme, rest) = url.split_once("://")?;
        let (_, path) = rest.split_once('/')?;
        let kept = |part: &&str| !forms::is_uuid(part);
        scheme
            .starts_with("http")
            .then(|| segments(path).into_iter().filter(kept).map(str::to_owned).collect::<Vec<_>>())
    };
    let made = ["capture-id", "refund-id"].into_iter().find_map(|name| answer.headers.get(name));
    let ends_in_its_id = made.is_none_or(|id| actual.ends_with(&format!("/{id}")));
    path(actual).is_some() && path(actual) == path(recorded) && ends_in_its_id
}
