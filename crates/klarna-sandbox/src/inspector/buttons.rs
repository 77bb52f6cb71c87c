//! What the pages' buttons do: each is a call of the control API, and afterwards a page.

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{Form, Visit, customer_tokens, faults, hosted_pages, html, not_found, read, settings};
use crate::{
    answer::Answer,
    http::{Call, control},
};

/// A call of the control API.
struct Act {
    method: Method,
    /// Below `/sandbox/v1/`.
    path: String,
    body: Value,
    /// The page that follows, and what it says then, as [`done`] knows it.
    page: String,
    done: &'static str,
}

fn act(
    method: Method,
    path: impl Into<String>,
    body: Value,
    page: impl Into<String>,
    done: &'static str,
) -> Act {
    Act { method, path: path.into(), body, page: page.into(), done }
}

/// What a page says after a button that worked.
pub(super) fn done(key: &str) -> Option<&'static str> {
    Some(match key {
        "approved" => "Approved. The session has an authorization token now.",
        "denied" => "Denied. Nothing was authorized; the buyer may try again.",
        "aborted" => "Aborted. Nothing was authorized; the buyer may try again.",
        "buyer-decided" => "The buyer has decided. The map shows where that led.",
        "withdrawn" => "Withdrawn. Nothing can be paid there any more.",
        "decided" => "Fraud control has spoken.",
        "advanced" => "The clock was advanced, and what became due has happened.",
        "pace" => "The clock has a new pace.",
        "resent" => "Fired again. Its answer is the newest attempt.",
        "fault-added" => "The fault is set.",
        "fault-removed" => "The fault was taken back.",
        "faults-cleared" => "No fault is set any more.",
        "saved" => "Saved.",
        "reset" => "Everything was forgotten.",
        _ => return None,
    })
}

/// The call behind the button of this path. `Some(Err)`: what was typed cannot be read.
fn behind(visit: &Visit<'_>, path: &[&str], form: &Form) -> Option<Result<Act, (String, String)>> {
    let text = |name: &str| form.get(name).map_or("", |text| text.trim());
    let post = Method::POST;
    Some(Ok(match path {
        ["clock", "advance"] => {
            act(post, "clock/advance", json!({"by": text("by")}), "/", "advanced")
        }
        ["clock", "pace"] => {
            let pace =
                text("pace").parse::<u64>().map_or_else(|_| text("pace").into(), Value::from);
            act(Method::PATCH, "clock", json!({"pace": pace}), "/", "pace")
        }
        ["sessions", id, "authorize"] => {
            let callback = visit.shared.state().settings.authorization_callback;
            let outcome = text("outcome");
            let body = json!({"outcome": outcome, "callback": callback, "ends_windows": true});
            let done = match outcome {
                "denied" => "denied",
                "aborted" => "aborted",
                _ => "approved",
            };
            let page = format!("/inspector/sessions/{id}");
            act(post, format!("sessions/{id}/authorize"), body, page, done)
        }
        ["hosted-pages", id, "decide"] => {
            let body = json!({"outcome": text("outcome")});
            act(post, format!("hpp/{id}"), body, hosted_pages::path_of(id), "buyer-decided")
        }
        ["hosted-pages", id, "withdraw"] => {
            let (path, page) = (format!("hpp/{id}"), hosted_pages::path_of(id));
            act(Method::DELETE, path, Value::Null, page, "withdrawn")
        }
        ["orders", id, "fraud"] => {
            let body = json!({"decision": text("decision")});
            let page = format!("/inspector/orders/{id}");
            act(post, format!("orders/{id}/fraud"), body, page, "decided")
        }
        ["customer-tokens", id] => {
            let (path, page) = (format!("customer-tokens/{id}"), customer_tokens::PATH);
            let changes = match text("declines") {
                "" => json!({"status": text("status")}),
                declines => json!({"declines": declines == "true"}),
            };
            act(Method::PATCH, path, changes, format!("{page}/{id}"), "saved")
        }
        ["callbacks", id, "resend"] => {
            let page = format!("/inspector/callbacks/{id}");
            act(post, format!("callbacks/{id}/resend"), Value::Null, page, "resent")
        }
        ["faults"] => match faults::rule(form) {
            Ok(rule) => act(post, "faults", rule, faults::PATH, "fault-added"),
            Err(problem) => return Some(Err((faults::PATH.to_owned(), problem))),
        },
        ["faults", "clear"] => {
            act(Method::DELETE, "faults", Value::Null, faults::PATH, "faults-cleared")
        }
        ["faults", id, "remove"] => {
            let path = format!("faults/{id}");
            act(Method::DELETE, path, Value::Null, faults::PATH, "fault-removed")
        }
        ["settings"] => {
            let changes = settings::changes(&visit.shared.state().settings, form);
            act(Method::PATCH, "settings", changes, settings::PATH, "saved")
        }
        ["reset"] => act(post, "reset", Value::Null, settings::PATH, "reset"),
        _ => return None,
    }))
}

/// Does what the button of this path is for. Where that works out, its page follows, so that
/// loading it again does nothing twice; else the same page says why not.
pub(super) async fn press(visit: &Visit<'_>, path: &[&str]) -> Answer {
    let form = visit.call.form();
    let act = match behind(visit, path, &form) {
        None => return html(404, not_found(visit)),
        Some(Err((page, problem))) => return failed(visit, &page, form, 400, problem).await,
        Some(Ok(act)) => act,
    };
    let body = if act.body.is_null() { String::new() } else { act.body.to_string() };
    let call = Call {
        method: act.method,
        path: format!("/sandbox/v1/{}", act.path),
        query: None,
        headers: HeaderMap::new(),
        body: Some(body.into()),
        base_url: visit.call.base_url.clone(),
    };
    let Some(answer) = control(visit.shared, &call).await else {
        return html(404, not_found(visit));
    };
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status >= 400 {
        let message = said["message"].as_str().unwrap_or("It did not work.").to_owned();
        return failed(visit, &act.page, form, answer.status, message).await;
    }
    if let Some(fields) = said["error"]["invalid_fields"].as_array() {
        let fields: Vec<&str> = fields.iter().filter_map(Value::as_str).collect();
        let problem = format!("The buyer's data cannot be authorized: {}", fields.join(", "));
        return failed(visit, &act.page, form, 409, problem).await;
    }
    Answer::empty(303).with("location", format!("{}?done={}", act.page, act.done))
}

/// The page with what went wrong, and with what was typed.
async fn failed(
    visit: &Visit<'_>,
    page: &str,
    typed: Form,
    status: u16,
    problem: String,
) -> Answer {
    let path: Vec<&str> = page.split('/').filter(|part| !part.is_empty()).skip(1).collect();
    let visit = Visit { shared: visit.shared, call: visit.call, typed, problem: Some(problem) };
    match read(&visit, &path).await {
        Some(page) => html(status, page),
        None => html(404, not_found(&visit)),
    }
}
