//! Compares what the sandbox answered with what was recorded: status, headers, body, and the style
//! in which the body is written. No difference is forgiven here; see [`super::accepted`].

mod body;
mod forms;
mod headers;

use super::{recorded::Exchange, shop::Answer};
use crate::json::{Json, Style};

/// Everything in which an answer differs, each as one short text.
pub(super) fn differences(exchange: &Exchange, answer: &Answer) -> Vec<String> {
    let recorded = &exchange.response;
    if let Some(status) = recorded.status.filter(|status| *status != answer.status) {
        // Another status is another answer: the rest would only repeat that.
        let code = answer.json().text("error_code").map(|code| format!(" ({code})"));
        return vec![format!(
            "status: {}{} instead of {status}",
            answer.status,
            code.unwrap_or_default()
        )];
    }
    let mut found = Vec::new();
    if recorded.status.is_none() && answer.status < 400 {
        found.push(format!("status: {} instead of an error", answer.status));
    }
    headers::compare(exchange, answer, &mut found);
    match &recorded.body {
        Json::Null if answer.text.is_empty() => {}
        Json::Null => found.push("body: there is one".to_owned()),
        Json::Text(page) => {
            if answer.text != *recorded.body_text.as_ref().unwrap_or(page) {
                found.push("body: another text".to_owned());
            }
        }
        body if answer.text.is_empty() => {
            found.push(format!("body: none instead of {}", article(body)));
        }
        body => match Json::parse(&answer.text) {
            Ok(actual) => body::compare(exchange, body, &actual, &mut found),
            Err(_) => found.push("body: no JSON".to_owned()),
        },
    }
    let style = recorded.body_text.as_deref().and_then(Style::of);
    if let (Some(style), Ok(actual)) = (style, Json::parse(&answer.text))
        && style.write(&actual) != answer.text
    {
        found.push(format!("style: not {style:?} as recorded").to_lowercase());
    }
    found
}

fn article(body: &Json) -> String {
    let kind = body.kind();
    format!("{} {kind}", if kind.starts_with(['a', 'o']) { "an" } else { "a" })
}
