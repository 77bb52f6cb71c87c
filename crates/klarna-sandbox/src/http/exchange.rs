//! Recording exchanges, and writing them as JSON and as an HTTP archive.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, header},
};
use bytes::BytesMut;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{Call, serve::is_a_browsers};
use crate::{answer::Answer, exchanges::Exchange, sandbox::Shared, took::milliseconds};

/// What stands in the place of credentials.
const HIDDEN: HeaderValue = HeaderValue::from_static("(hidden)");

/// A request whose answer is awaited. If the client leaves before, the request is kept without one.
pub(crate) struct Awaited<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) call: &'a Call,
    pub(crate) fault: Option<&'static str>,
    pub(crate) at: Timestamp,
    pub(crate) started: Instant,
    pub(crate) is_answered: bool,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let (call, took) = (self.call.clone(), self.started.elapsed());
            record(self.shared, call, None, self.fault, self.at, took);
        }
    }
}

/// Keeps a request and its answer (`None`: the connection was reset, or the client had left). What
/// browsers ask for is no exchange with Klarna's API, and may be personal.
pub(crate) fn record(
    shared: &Arc<Shared>,
    call: Call,
    answer: Option<Answer>,
    fault: Option<&'static str>,
    at: Timestamp,
    took: Duration,
) {
    if is_a_browsers(&call) {
        return;
    }
    let mut request_headers = call.headers;
    for name in [header::AUTHORIZATION, header::COOKIE] {
        if request_headers.contains_key(&name) {
            // In the place of all values, if there are several.
            request_headers.insert(name, HIDDEN);
        }
    }
    unshare(&mut request_headers);
    let mut path = call.path;
    if let Some(query) = &call.query {
        path = format!("{path}?{query}");
    }
    let exchange = Exchange {
        number: 0,
        at,
        duration_milliseconds: milliseconds(took),
        method: call.method,
        path,
        base_url: call.base_url,
        request_headers,
        request_body: call.body,
        answer,
        fault,
    };
    shared.remember(exchange);
}

/// Copies the values: as they came, they keep the whole buffer that the connection was read into.
fn unshare(headers: &mut HeaderMap) {
    let length = headers.values().map(HeaderValue::len).sum();
    let mut all = BytesMut::with_capacity(length);
    headers.values().for_each(|value| all.extend_from_slice(value.as_bytes()));
    let mut all = all.freeze();
    for value in headers.values_mut() {
        // What was a value is one.
        if let Ok(own) = HeaderValue::from_maybe_shared(all.split_to(value.len())) {
            *value = own;
        }
    }
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
    number: u64,
    at: String,
    duration_milliseconds: f64,
    method: &'a str,
    path: &'a str,
    request_headers: Map<String, Value>,
    request_body: Shown<'a>,
    status: Option<u16>,
    response_headers: Map<String, Value>,
    response_body: Shown<'a>,
    fault: Option<&'static str>,
}

/// A request's body as text; one that was too large is not there.
pub(crate) fn request_text(exchange: &Exchange) -> String {
    exchange
        .request_body
        .as_deref()
        .map_or_else(|| "(larger than the limit)".into(), |it| String::from_utf8_lossy(it).into())
}

/// An answer's body as text.
pub(crate) fn response_text(exchange: &Exchange) -> String {
    let body = exchange.answer.as_ref().map(|answer| &answer.body);
    String::from_utf8_lossy(body.map_or(&[][..], Bytes::as_ref)).into_owned()
}

/// A request's headers as names and texts.
pub(crate) fn request_headers(headers: &HeaderMap) -> impl Iterator<Item = (&str, String)> {
    headers.iter().map(|(name, value)| {
        (name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    })
}

/// An answer's headers as names and texts.
pub(crate) fn response_headers(exchange: &Exchange) -> impl Iterator<Item = (&str, &str)> {
    exchange.answer.iter().flat_map(Answer::headers)
}

/// One exchange as a JSON object in one line.
pub(crate) fn line(it: &Exchange) -> String {
    let (request, response) = (request_text(it), response_text(it));
    let sent = request_headers(&it.request_headers);
    let got = response_headers(it);
    let entry = Entry {
        number: it.number,
        at: it.at.to_string(),
        duration_milliseconds: it.duration_milliseconds,
        method: it.method.as_str(),
        path: &it.path,
        request_headers: sent.map(|(name, value)| (name.to_owned(), value.into())).collect(),
        request_body: Shown::of(&request),
        status: it.answer.as_ref().map(|answer| answer.status),
        response_headers: got.map(|(name, value)| (name.to_owned(), Value::from(value))).collect(),
        response_body: Shown::of(&response),
        fault: it.fault,
    };
    let text = serde_json::to_string(&entry).unwrap_or_default();
    // A body may have been sent over several lines; in JSON they stand between tokens only.
    text.replace(['\n', '\r'], " ")
}

/// The exchanges as a JSON array, of their [lines](line).
pub(crate) fn list(lines: &[String]) -> String {
    format!("[{}]", lines.join(","))
}

/// The exchanges as an HTTP archive (HAR 1.2), which browsers' tools open, of their
/// [entries](archive_entry).
pub(crate) fn archive(entries: &[String]) -> String {
    let creator = json!({"name": "klarna-sandbox", "version": env!("CARGO_PKG_VERSION")});
    let entries = entries.join(",");
    format!(r#"{{"log":{{"version":"1.2","creator":{creator},"entries":[{entries}]}}}}"#)
}

/// One exchange as an archive has it.
pub(crate) fn archive_entry(it: &Exchange) -> String {
    let named = |name: &str, value: &str| json!({"name": name, "value": value});
    let sent: Vec<Value> =
        request_headers(&it.request_headers).map(|(name, value)| named(name, &value)).collect();
    let got: Vec<Value> = response_headers(it).map(|(name, value)| named(name, value)).collect();
    let type_of = |headers: &[Value]| {
        let found = headers.iter().find(|header| header["name"] == "content-type");
        found.map_or(Value::from(""), |header| header["value"].clone())
    };
    let (request_body, response_body) = (request_text(it), response_text(it));
    let mut request = json!({
        "method": it.method.as_str(), "url": format!("{}{}", it.base_url, it.path),
        "httpVersion": "HTTP/1.1", "cookies": [], "queryString": [], "headersSize": -1,
        "bodySize": request_body.len(),
    });
    if !request_body.is_empty() {
        request["postData"] = json!({"mimeType": type_of(&sent), "text": request_body});
    }
    let content_type = type_of(&got);
    request["headers"] = Value::Array(sent);
    json!({
        "startedDateTime": it.at.to_string(), "time": it.duration_milliseconds,
        "request": request,
        "response": {
            "status": it.answer.as_ref().map_or(0, |answer| answer.status), "statusText": "",
            "httpVersion": "HTTP/1.1", "cookies": [], "headers": got,
            "content": {"size": response_body.len(), "mimeType": content_type,
                "text": response_body},
            "redirectURL": "", "headersSize": -1, "bodySize": response_body.len(),
        },
        "cache": {}, "timings": {"send": 0, "wait": it.duration_milliseconds, "receive": 0},
    })
    .to_string()
}
