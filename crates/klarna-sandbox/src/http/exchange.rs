//! Recording exchanges, and writing them as JSON and as an HTTP archive.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use super::Call;
use crate::{
    answer::Answer,
    sandbox::Shared,
    state::{exchanges::Exchange, faults::Effect},
};

/// What stands in the place of credentials.
const HIDDEN: &str = "(hidden)";

/// Keeps a request and its answer (`None`: the connection was dropped).
pub(crate) fn record(
    shared: &Arc<Shared>,
    call: &Call,
    answer: Option<&Answer>,
    effect: Option<&Effect>,
    took: Duration,
) {
    let request_headers = call.headers.iter().map(|(name, value)| {
        let is_secret = name == "authorization" || name == "cookie";
        let text =
            if is_secret { HIDDEN.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        (name.to_string(), text.into_owned())
    });
    let response_headers = answer.map(|answer| &answer.headers).into_iter().flatten();
    let query = call.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let mut state = shared.state();
    let exchange = Exchange {
        at: shared.now(&state),
        duration_milliseconds: took.as_secs_f64() * 1000.0,
        method: call.method.to_string(),
        path: format!("{}{query}", call.path),
        base_url: call.base_url.clone(),
        request_headers: request_headers.collect(),
        request_body: call.body.as_deref().map_or_else(
            || "(larger than the limit)".to_owned(),
            |bytes| String::from_utf8_lossy(bytes).into_owned(),
        ),
        status: answer.map(|answer| answer.status),
        response_headers: response_headers
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        response_body: answer.map(|answer| answer.body.clone()).unwrap_or_default(),
        fault: effect.map(Effect::name),
    };
    state.exchanges.remember(exchange, shared.config.exchanges_max);
}

/// A body as it is shown: JSON as JSON in its own member order, other text as a string, nothing
/// as null.
#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Json(&'a RawValue),
    Text(&'a str),
    Nothing(()),
}

impl<'a> Shown<'a> {
    fn of(text: &'a str) -> Self {
        match serde_json::from_str(text) {
            Ok(json) => Self::Json(json),
            Err(_) if text.is_empty() => Self::Nothing(()),
            Err(_) => Self::Text(text),
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    at: String,
    duration_milliseconds: f64,
    method: &'a str,
    path: &'a str,
    request_headers: Value,
    request_body: Shown<'a>,
    status: Option<u16>,
    response_headers: Value,
    response_body: Shown<'a>,
    fault: Option<&'static str>,
}

/// The exchanges as a JSON array, the newest last.
pub(crate) fn list<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> String {
    let entries: Vec<Entry<'_>> = exchanges
        .map(|it| Entry {
            at: it.at.to_string(),
            duration_milliseconds: it.duration_milliseconds,
            method: &it.method,
            path: &it.path,
            request_headers: object(&it.request_headers),
            request_body: Shown::of(&it.request_body),
            status: it.status,
            response_headers: object(&it.response_headers),
            response_body: Shown::of(&it.response_body),
            fault: it.fault,
        })
        .collect();
    serde_json::to_string(&entries).unwrap_or_default()
}

fn object(headers: &[(String, String)]) -> Value {
    headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect()
}

/// The exchanges as an HTTP archive (HAR 1.2), which browsers' tools open.
pub(crate) fn archive<'a>(exchanges: impl Iterator<Item = &'a Exchange>) -> String {
    let entries: Vec<Value> = exchanges.map(archive_entry).collect();
    let creator = json!({"name": "klarna-sandbox", "version": env!("CARGO_PKG_VERSION")});
    json!({"log": {"version": "1.2", "creator": creator, "entries": entries}}).to_string()
}

fn archive_entry(it: &Exchange) -> Value {
    let headers = |headers: &[(String, String)]| -> Vec<Value> {
        headers.iter().map(|(name, value)| json!({"name": name, "value": value})).collect()
    };
    let content_type = |headers: &[(String, String)]| -> String {
        let found = headers.iter().find(|(name, _)| name == "content-type");
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut request = json!({
        "method": it.method, "url": format!("{}{}", it.base_url, it.path),
        "httpVersion": "HTTP/1.1", "cookies": [], "headers": headers(&it.request_headers),
        "queryString": [], "headersSize": -1, "bodySize": it.request_body.len(),
    });
    if !it.request_body.is_empty() {
        request["postData"] =
            json!({"mimeType": content_type(&it.request_headers), "text": it.request_body});
    }
    json!({
        "startedDateTime": it.at.to_string(), "time": it.duration_milliseconds,
        "request": request,
        "response": {
            "status": it.status.unwrap_or(0), "statusText": "", "httpVersion": "HTTP/1.1",
            "cookies": [], "headers": headers(&it.response_headers),
            "content": {"size": it.response_body.len(),
                "mimeType": content_type(&it.response_headers), "text": it.response_body},
            "redirectURL": "", "headersSize": -1, "bodySize": it.response_body.len(),
        },
        "cache": {}, "timings": {"send": 0, "wait": it.duration_milliseconds, "receive": 0},
    })
}
