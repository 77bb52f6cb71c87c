//! What the server said.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::{Exit, Failure};
use crate::merchant_api::repeat_with;
use crate::output::plain;

/// An answer with its JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    status: u16,
    text: String,
}

/// What of a problem document is shown to people.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    code: String,
    request_id: Option<String>,
    errors: Vec<MemberError>,
    klarna: Option<KlarnaAnswer>,
    allowed_acts: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MemberError {
    path: String,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct KlarnaAnswer {
    error_code: Option<String>,
    error_messages: Vec<String>,
    correlation_id: Option<String>,
}

impl Answer {
    pub(super) fn new(status: u16, text: String) -> Self {
        Self { status, text }
    }

    /// The server's JSON, as it is.
    pub(crate) fn json(&self) -> &str {
        &self.text
    }

    /// Whether it was taken on, but its outcome is not known yet.
    pub(crate) fn is_unknown(&self) -> bool {
        self.status == 202
    }

    /// The answer as something to show.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|error| {
            Failure::new(
                Exit::Internal,
                format_args!(
                    "the server's answer cannot be shown ({error}): it may be another version of \
                     kvitt; --json prints it as it is"
                ),
            )
        })
    }

    /// The answer, if it is a good one. With the key of a change, what is in doubt says how to
    /// repeat it.
    pub(super) fn check(self, idempotency_key: Option<&str>) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let problem = serde_json::from_str::<Problem>(&self.text)
            .ok()
            .filter(|problem| !problem.code.is_empty());
        let Some(problem) = problem else {
            return Err(Failure::new(
                self.exit(),
                format_args!(
                    "the answer is {}, and not one of kvitt's: is it a kvitt server that --server \
                     or KVITT_SERVER names?",
                    self.status
                ),
            ));
        };
        let mut message = problem.message();
        if let Some(key) = idempotency_key.filter(|_| self.status >= 500) {
            message = format!("{message}\n{}", repeat_with(key));
        }
        Err(Failure::Said { exit: self.exit(), message, document: Some(self.text) })
    }

    fn exit(&self) -> Exit {
        match self.status {
            404 => Exit::NotFound,
            400..500 => Exit::Refused,
            502..=504 => Exit::Unreachable,
            _ => Exit::Internal,
        }
    }
}

impl Problem {
    /// What went wrong, for people: at first in a sentence, then what helps.
    fn message(&self) -> String {
        let said = if self.detail.is_empty() { &self.title } else { &self.detail };
        let mut lines = vec![format!("{} [{}]", plain(said), plain(&self.code))];
        for error in &self.errors {
            // A single error is usually what the detail says already.
            if !said.contains(&error.message) {
                lines.push(format!("{}: {}", plain(&error.path), plain(&error.message)));
            }
        }
        if let Some(klarna) = &self.klarna {
            let code = klarna.error_code.iter().cloned();
            let messages = klarna.error_messages.iter().filter(|it| !said.contains(*it)).cloned();
            let told: Vec<String> = code.chain(messages).collect();
            if !told.is_empty() {
                lines.push(format!("Klarna: {}", plain(&told.join("; "))));
            }
            if let Some(id) = &klarna.correlation_id {
                lines.push(format!("Klarna's correlation id: {}", plain(id)));
            }
        }
        if let Some(acts) = &self.allowed_acts {
            let acts = if acts.is_empty() { "nothing".to_owned() } else { acts.join(", ") };
            lines.push(format!("possible now: {}", plain(&acts)));
        }
        if self.code.starts_with("api_key_") {
            lines.push("a key is made with `kvitt key create`, where the server runs".to_owned());
        }
        if let Some(id) = &self.request_id {
            lines.push(format!("request: {}", plain(id)));
        }
        lines.join("\n")
    }
}

/// The answer's JSON as it is, or a view of it for people.
pub(crate) fn shown<T: DeserializeOwned>(
    answer: &Answer,
    json: bool,
    show: impl FnOnce(&T) -> String,
) -> Result<String, Failure> {
    if json { Ok(answer.json().to_owned()) } else { Ok(show(&answer.read()?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, text: &str, key: Option<&str>) -> (Exit, String, Option<String>) {
        match Answer::new(status, text.to_owned()).check(key).unwrap_err() {
            Failure::Said { exit, message, document } => (exit, message, document),
            Failure::OutputClosed => unreachable!("nothing was printed"),
        }
    }

    #[test]
    fn statuses_become_exit_codes() {
        let text = r#"{"code":"x","detail":"y"}"#;
        for (status, exit) in [
            (400, Exit::Refused),
            (401, Exit::Refused),
            (404, Exit::NotFound),
            (409, Exit::Refused),
            (422, Exit::Refused),
            (500, Exit::Internal),
            (503, Exit::Unreachable),
            (301, Exit::Internal),
        ] {
            let (got, message, document) = failure(status, text, None);
            assert_eq!(got, exit, "{status}");
            assert_eq!((message.as_str(), document.as_deref()), ("y [x]", Some(text)));
        }
        assert!(Answer::new(201, String::new()).check(None).is_ok());
        assert!(Answer::new(202, String::new()).check(None).unwrap().is_unknown());
    }

    #[test]
    fn a_refusal_is_told_in_full() {
        let text = r#"{"code":"klarna_refused","title":"Klarna refused","detail":"Klarna refused",
            "errors":[{"path":"captured_amount","message":"too much"}],
            "klarna":{"error_code":"NOT_ALLOWED","error_messages":["Not \u001b[2Jnow"],
            "correlation_id":"c-1"},"allowed_acts":["refund"],"request_id":"req_1"}"#;
        let (_, message, _) = failure(409, text, Some("k"));
        assert_eq!(
            message,
            "Klarna refused [klarna_refused]\ncaptured_amount: too much\n\
             Klarna: NOT_ALLOWED; Not \u{fffd}[2Jnow\nKlarna's correlation id: c-1\n\
             possible now: refund\nrequest: req_1"
        );
        let (_, message, _) = failure(503, r#"{"code":"timeout"}"#, Some("key-1"));
        assert!(message.contains("--idempotency-key key-1"), "{message}");
    }

    #[test]
    fn what_is_not_kvitt_is_not_taken_for_it() {
        let (exit, message, document) = failure(404, "<html>hunter2</html>", None);
        assert_eq!((exit, document), (Exit::NotFound, None));
        assert!(message.contains("--server") && !message.contains("hunter2"), "{message}");
    }
}
