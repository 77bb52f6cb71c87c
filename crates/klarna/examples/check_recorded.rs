//! Reads recorded exchanges with the typed client and checks that nothing of them is lost.
//!
//! Usage: `check_recorded DIR`. Each `*.json` in the folder holds one exchange: `path_pattern`,
//! `request.method`, and `response` with `status`, `headers`, and `body` or `body_text`. Prints
//! one line a file and a summary; the exit status is 0 only if nothing was lost.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use klarna::customer_tokens::TokenDetails;
use klarna::orders::{Capture, DueDateOptions, Order, Refund};
use klarna::payments::{CreatedCustomerToken, CreatedSession, PlacedOrder, Session};
use klarna::read::FraudStatus;
use klarna::{
    Api, CaptureId, CorrelationId, Error, FromAnswer, Operation, RateLimit, RawAnswer, RefundId,
    hpp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
struct Exchange {
    path_pattern: String,
    request: Sent,
    response: Received,
}

#[derive(Deserialize)]
struct Sent {
    method: String,
}

#[derive(Deserialize)]
struct Received {
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Value,
    body_text: Option<String>,
}

enum Verdict {
    Kept(&'static str),
    NotOurs,
}

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        println!("usage: check_recorded DIR");
        return ExitCode::from(2);
    };
    let files = match files(&folder) {
        Ok(files) if !files.is_empty() => files,
        Ok(_) => {
            println!("{}: there is no *.json in it", folder.display());
            return ExitCode::from(2);
        }
        Err(error) => {
            println!("{}: {error}", folder.display());
            return ExitCode::from(2);
        }
    };
    let (mut kept, mut not_ours, mut lost) = (0, 0, 0);
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match check(&file) {
            Ok(Verdict::Kept(what)) => {
                kept += 1;
                println!("ok    {name}: {what}");
            }
            Ok(Verdict::NotOurs) => {
                not_ours += 1;
                println!("-     {name}: not one of the client's APIs");
            }
            Err(what) => {
                lost += 1;
                println!("LOST  {name}: {what}");
            }
        }
    }
    println!("{kept} read without loss, {lost} with loss, {not_ours} not of its APIs");
    if lost == 0 && kept > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut files: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|it| it == "json")).collect();
    files.sort();
    Ok(files)
}

fn check(file: &Path) -> Result<Verdict, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let exchange: Exchange =
        serde_json::from_str(&text).map_err(|error| format!("not an exchange: {error}"))?;
    let Some(operation) = operation(&exchange.request.method, &exchange.path_pattern) else {
        let path = &exchange.path_pattern;
        let ours = ["/payments/", "/ordermanagement/", "/hpp/", "/customer-token/"];
        if ours.iter().any(|api| path.starts_with(api)) {
            return Err(format!("no operation is known for {path}"));
        }
        return Ok(Verdict::NotOurs);
    };
    let received = exchange.response;
    let body = received.body_text.unwrap_or_else(|| match &received.body {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let raw = RawAnswer {
        // Samples of refusals do not always say their status.
        status: received.status.unwrap_or(400),
        headers: received.headers.into_iter().collect(),
        body: body.into_bytes(),
    };
    if (200..300).contains(&raw.status) {
        success(operation, &raw).map(|()| Verdict::Kept(operation.as_str()))
    } else {
        refusal(operation, &raw).map(Verdict::Kept)
    }
}

fn operation(method: &str, pattern: &str) -> Option<Operation> {
    // `/credit/v1` is the older name of `/payments/v1`.
    let pattern = pattern.trim_end_matches('/').replacen("/credit/", "/payments/", 1);
    let segments = pattern.trim_start_matches('/').split('/').collect::<Vec<_>>();
    Some(match (method, segments.as_slice()) {
        ("POST", ["payments", "v1", "sessions"]) => Operation::CreateSession,
        ("POST", ["payments", "v1", "sessions", _]) => Operation::UpdateSession,
        ("GET", ["payments", "v1", "sessions", _]) => Operation::ReadSession,
        ("DELETE", ["payments", "v1", "authorizations", _]) => Operation::CancelAuthorization,
        ("POST", ["payments", "v1", "authorizations", _, "order"]) => Operation::PlaceOrder,
        ("POST", ["payments", "v1", "authorizations", _, "customer-token"]) => {
            Operation::CreateCustomerToken
        }
        ("POST", ["hpp", "v1", "sessions"]) => Operation::CreateHppSession,
        ("GET", ["hpp", "v1", "sessions", _]) => Operation::ReadHppSession,
        ("DELETE", ["hpp", "v1", "sessions", _]) => Operation::DisableHppSession,
        ("POST", ["hpp", "v1", "sessions", _, "distribution"]) => Operation::DistributeHppSession,
        ("GET", ["customer-token", "v1", "tokens", _]) => Operation::ReadCustomerToken,
        ("POST", ["customer-token", "v1", "tokens", _, "order"]) => {
            Operation::PlaceCustomerTokenOrder
        }
        ("PATCH", ["customer-token", "v1", "tokens", _, "status"]) => {
            Operation::CancelCustomerToken
        }
        (method, ["ordermanagement", "v1", "orders", _, rest @ ..]) => match (method, rest) {
            ("GET", []) => Operation::GetOrder,
            ("POST", ["acknowledge"]) => Operation::Acknowledge,
            ("PATCH", ["authorization"]) => Operation::UpdateAuthorization,
            ("POST", ["captures"]) => Operation::Capture,
            ("GET", ["captures"]) => Operation::GetCaptures,
            ("GET", ["captures", _]) => Operation::GetCapture,
            ("POST", ["captures", _, "shipping-info"]) => Operation::AddCaptureShippingInfo,
            ("POST", ["captures", _, "trigger-send-out"]) => Operation::TriggerSendOut,
            ("PATCH", ["captures", _, "extend-due-date"]) => Operation::ExtendDueDate,
            ("GET", ["captures", _, "extend-due-date-options"]) => {
                Operation::GetExtendDueDateOptions
            }
            ("PATCH", ["customer-details"]) => Operation::UpdateCustomerDetails,
            ("POST", ["extend-authorization-time"]) => Operation::ExtendAuthorizationTime,
            ("PATCH", ["merchant-references"]) => Operation::UpdateMerchantReferences,
            ("POST", ["refunds"]) => Operation::Refund,
            ("GET", ["refunds", _]) => Operation::GetRefund,
            ("POST", ["release-remaining-authorization"]) => {
                Operation::ReleaseRemainingAuthorization
            }
            ("POST", ["shipping-info"]) => Operation::AddShippingInfo,
            ("POST", ["cancel"]) => Operation::Cancel,
            _ => return None,
        },
        _ => return None,
    })
}

fn success(operation: Operation, raw: &RawAnswer) -> Result<(), String> {
    match operation {
        Operation::CreateSession => lossless::<CreatedSession>(operation, raw),
        Operation::ReadSession => lossless::<Session>(operation, raw),
        Operation::PlaceOrder | Operation::PlaceCustomerTokenOrder => {
            lossless::<PlacedOrder>(operation, raw)
        }
        Operation::CreateHppSession => lossless::<hpp::CreatedSession>(operation, raw),
        Operation::ReadHppSession => lossless::<hpp::Session>(operation, raw),
        Operation::ReadCustomerToken => lossless::<TokenDetails>(operation, raw),
        Operation::CreateCustomerToken => lossless::<CreatedCustomerToken>(operation, raw),
        Operation::GetOrder => lossless::<Order>(operation, raw),
        Operation::GetCaptures => lossless::<Vec<Capture>>(operation, raw),
        Operation::GetCapture => lossless::<Capture>(operation, raw),
        Operation::GetRefund => lossless::<Refund>(operation, raw),
        Operation::GetExtendDueDateOptions => lossless::<DueDateOptions>(operation, raw),
        Operation::Capture => {
            let id = raw.read::<CaptureId>(operation).map_err(|error| error.to_string())?;
            same_id(raw, "capture-id", id.value.as_str())
        }
        Operation::Refund => {
            let id = raw.read::<RefundId>(operation).map_err(|error| error.to_string())?;
            same_id(raw, "refund-id", id.value.as_str())
        }
        _ if raw.body.is_empty() => {
            raw.read::<()>(operation).map_err(|error| error.to_string())?;
            Ok(())
        }
        _ => Err("there is a body where none was expected".to_owned()),
    }
}

fn lossless<T: FromAnswer + Serialize>(
    operation: Operation,
    raw: &RawAnswer,
) -> Result<(), String> {
    let answer = raw.read::<T>(operation).map_err(|error| error.to_string())?;
    headers_kept(raw, answer.correlation_id.as_ref(), answer.rate_limit)?;
    let again = serde_json::to_value(&answer.value).map_err(|error| error.to_string())?;
    let recorded = serde_json::from_slice(&raw.body).map_err(|error| error.to_string())?;
    let mut recorded = meaningful(recorded);
    if let Some(method) = recorded.get_mut("authorized_payment_method") {
        *method = payment_method(method.take());
    }
    match difference("", &recorded, &meaningful(again)) {
        None => Ok(()),
        Some(path) => Err(format!("differs at {path}")),
    }
}

/// The guide's bare text is read as the object's type.
fn payment_method(recorded: Value) -> Value {
    if recorded.is_string() { serde_json::json!({ "type": recorded }) } else { recorded }
}

/// Without `null` and `[]`, which say nothing that a missing member does not.
fn meaningful(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| {
                !value.is_null() && value.as_array().is_none_or(|it| !it.is_empty())
            })
            .map(|(name, value)| (name, meaningful(value)))
            .collect(),
        Value::Array(values) => values.into_iter().map(meaningful).collect(),
        other => other,
    }
}

/// Path of the first difference, without the values.
fn difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys());
            names.into_iter().find_map(|name| {
                let path = format!("{path}.{name}");
                match (left.get(name), right.get(name)) {
                    (Some(left), Some(right)) => difference(&path, left, right),
                    _ => Some(path),
                }
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            left.iter().zip(right).enumerate().find_map(|(index, (left, right))| {
                difference(&format!("{path}[{index}]"), left, right)
            })
        }
        _ => (left != right).then(|| path.to_owned()),
    }
}

fn same_id(raw: &RawAnswer, header: &str, id: &str) -> Result<(), String> {
    let in_header = raw.headers.get(header).is_none_or(|recorded| recorded == id);
    let in_location =
        raw.headers.get("location").is_none_or(|url| url.ends_with(&format!("/{id}")));
    if in_header && in_location { Ok(()) } else { Err("the id is not the recorded one".to_owned()) }
}

fn headers_kept(
    raw: &RawAnswer,
    correlation_id: Option<&CorrelationId>,
    rate_limit: Option<RateLimit>,
) -> Result<(), String> {
    let recorded = raw.headers.get("klarna-correlation-id");
    if recorded.is_some() && recorded != correlation_id.map(CorrelationId::as_str) {
        return Err("the correlation id is not the recorded one".to_owned());
    }
    if raw.headers.get("x-ratelimit-limit").is_some()
        && rate_limit.and_then(|limit| limit.limit).is_none()
    {
        return Err("the rate limit was not read".to_owned());
    }
    Ok(())
}

fn refusal(operation: Operation, raw: &RawAnswer) -> Result<&'static str, String> {
    let Err(error) = raw.read::<RawAnswer>(operation) else {
        return Err("an error was read as a success".to_owned());
    };
    let body: Value = serde_json::from_slice(&raw.body).unwrap_or_default();
    match (&error, raw.status) {
        (Error::Unauthorized { .. }, 401) => Ok("credentials refused"),
        (Error::TooManyRequests { rate_limit, .. }, 429) => {
            headers_kept(raw, None, *rate_limit).map(|()| "rate limit")
        }
        (Error::Unavailable { .. }, 500..) => Ok("unavailable"),
        (Error::Refused(refusal), 400..=499) => {
            let code = refusal.error_code.as_ref().map(klarna::ErrorCode::as_str);
            if code != body["error_code"].as_str() {
                return Err("the error code is not the recorded one".to_owned());
            }
            let messages = body["error_messages"].as_array().cloned().unwrap_or_default();
            if messages != refusal.error_messages {
                return Err("the messages are not the recorded ones".to_owned());
            }
            let fraud_status = refusal.fraud_status.as_ref().map(FraudStatus::as_str);
            let method = serde_json::to_value(&refusal.authorized_payment_method)
                .map_err(|error| error.to_string())?;
            let why = (fraud_status, refusal.reason.as_deref(), method);
            let recorded_method = payment_method(body["authorized_payment_method"].clone());
            if why != (body["fraud_status"].as_str(), body["reason"].as_str(), recorded_method) {
                return Err("what is said of risk and payment method was lost".to_owned());
            }
            let correlation_id = refusal.correlation_id.as_ref();
            headers_kept(raw, correlation_id, refusal.rate_limit)?;
            let in_body = body["correlation_id"].as_str();
            let in_header = raw.headers.get("klarna-correlation-id");
            if in_header.or(in_body) != correlation_id.map(CorrelationId::as_str) {
                return Err("the correlation id is not the recorded one".to_owned());
            }
            Ok(match operation.api() {
                Api::Payments => "refusal of Payments",
                Api::OrderManagement => "refusal of Order Management",
                Api::HostedPaymentPage => "refusal of Hosted Payment Page",
                Api::CustomerToken => "refusal of Customer Token",
                Api::Other => "refusal",
            })
        }
        _ => Err(format!("{} was read as another kind of error: {error}", raw.status)),
    }
}
