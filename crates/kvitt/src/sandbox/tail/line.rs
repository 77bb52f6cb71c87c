//! One exchange, as people read it.

use klarna_sandbox::indented_json;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::output::plain;

/// What of an exchange is shown.
#[derive(Deserialize)]
pub(super) struct Exchange<'a> {
    at: &'a str,
    duration_milliseconds: f64,
    method: &'a str,
    path: String,
    pub(super) status: Option<u16>,
    fault: Option<String>,
    /// As they were sent, with their members in that order.
    #[serde(borrow)]
    request_body: Option<&'a RawValue>,
    #[serde(borrow)]
    response_body: Option<&'a RawValue>,
}

const RESET: &str = "\x1b[0m";

/// The colour of a status.
fn colour(status: Option<u16>) -> &'static str {
    match status {
        Some(200..300) => "\x1b[32m",
        Some(300..400) => "\x1b[36m",
        Some(400..500) => "\x1b[33m",
        _ => "\x1b[31m",
    }
}

impl Exchange<'_> {
    /// The exchange in one line.
    pub(super) fn line(&self, colours: bool) -> String {
        let status = self.status.map_or("---".to_owned(), |status| status.to_string());
        let status =
            if colours { format!("{}{status}{RESET}", colour(self.status)) } else { status };
        let fault = self.fault.as_ref().map(|fault| format!("  fault {}", plain(fault)));
        format!(
            "{}  {:6} {status}  {:>4.0} ms  {}{}",
            to_the_millisecond(self.at),
            plain(self.method),
            self.duration_milliseconds,
            plain(&self.path),
            fault.unwrap_or_default()
        )
    }

    /// What was sent and what was answered, each line marked by its direction.
    pub(super) fn bodies(&self) -> Vec<String> {
        let marked = |mark: &str, body: &RawValue| {
            // What is no JSON is told as a text.
            let text: Option<String> = serde_json::from_str(body.get()).ok();
            let text = text.or_else(|| indented_json(body.get())).unwrap_or_default();
            let lines = text.lines().map(|line| format!("    {mark} {}", plain(line)));
            lines.collect::<Vec<_>>().join("\n")
        };
        let bodies = [(">", self.request_body), ("<", self.response_body)];
        bodies.into_iter().filter_map(|(mark, body)| Some(marked(mark, body?))).collect()
    }
}

/// A moment with three decimals, so that lines stand under one another.
fn to_the_millisecond(at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        Err(_) => plain(at),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exchange(status: &Value) -> Value {
        json!({"number": 1, "at": "2026-03-01T12:00:00.25Z", "duration_milliseconds": 1.7,
            "method": "POST", "path": "/payments/v1/sessions", "status": status, "fault": null,
            "request_body": {"order_amount": 5}, "response_body": "no\u{1b}[2J JSON"})
    }

    fn shown(exchange: &Value, colours: bool) -> (String, Vec<String>) {
        let text = exchange.to_string();
        let exchange: Exchange<'_> = serde_json::from_str(&text).unwrap();
        (exchange.line(colours), exchange.bodies())
    }

    #[test]
    fn an_exchange_is_one_line_and_its_bodies_stand_below() {
        let (line, bodies) = shown(&exchange(&json!(200)), false);
        assert_eq!(line, "2026-03-01 12:00:00.250  POST   200     2 ms  /payments/v1/sessions");
        assert_eq!(
            bodies,
            ["    > {\n    >   \"order_amount\": 5\n    > }", "    < no\u{fffd}[2J JSON"]
        );
        let mut dropped = exchange(&Value::Null);
        dropped["fault"] = json!("reset_after");
        dropped["response_body"] = Value::Null;
        let (line, bodies) = shown(&dropped, false);
        assert!(line.contains(" ---     2 ms") && line.ends_with("  fault reset_after"), "{line}");
        assert_eq!(bodies.len(), 1);
    }

    #[test]
    fn a_body_has_its_members_as_they_were_sent() {
        let text = r#"{"number": 1, "at": "", "duration_milliseconds": 1, "method": "POST",
            "path": "/", "status": 200, "fault": null, "response_body": [ ],
            "request_body": {"z": 1.50, "a": {"y": "\u00e9", "b": [2, 1]}}}"#;
        let exchange: Exchange<'_> = serde_json::from_str(text).unwrap();
        let sent = [
            "{",
            "  \"z\": 1.50,",
            "  \"a\": {",
            "    \"y\": \"\\u00e9\",",
            "    \"b\": [",
            "      2,",
            "      1",
            "    ]",
            "  }",
            "}",
        ];
        let sent = sent.map(|line| format!("    > {line}")).join("\n");
        assert_eq!(exchange.bodies(), [sent, "    < []".to_owned()]);
    }

    #[test]
    fn colours_tell_how_it_went() {
        for (status, code) in [(200, "32"), (302, "36"), (404, "33"), (502, "31")] {
            let (line, _) = shown(&exchange(&json!(status)), true);
            assert!(line.contains(&format!("\x1b[{code}m{status}\x1b[0m")), "{line:?}");
        }
        assert!(shown(&exchange(&Value::Null), true).0.contains("\x1b[31m---\x1b[0m"));
    }
}
