//! What a fault does to a request or to its answer.

use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::codes;
use crate::rules::read::Members;

/// The longest that a fault holds an answer back, in milliseconds: a day.
const WAIT_MILLISECONDS_MAX: u64 = 86_400_000;
/// How long a fault that never answers keeps the connection unless told otherwise, in
/// milliseconds: longer than any client waits.
const HANG_MILLISECONDS: u64 = 600_000;
const BODY_BYTES_MAX: usize = 65_536;
const MESSAGES_MAX: usize = 16;
const TEXT_CHARACTERS_MAX: usize = 1000;

/// Whether a fault strikes before the request takes effect, which it then never does, or after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    Before,
    After,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "Members")]
pub(crate) enum Effect {
    /// This status and body in the place of Klarna's answer.
    Status(Status),
    /// Klarna's own error, in the style of the back end that was called.
    Error(KlarnaError),
    /// Klarna's page for strangers, status 401. Nothing takes effect.
    Unauthorized,
    /// 429 as recorded: no body, no `Retry-After`. Nothing takes effect.
    TooManyRequests,
    /// A proxy's HTML page with status 502.
    #[serde(rename = "html_502")]
    Html502(Turn),
    /// The connection is reset; nothing takes effect.
    ResetBefore,
    /// The request takes effect, then the connection is reset without an answer.
    ResetAfter,
    /// The answer comes late.
    Delay(Delay),
    /// No answer comes at all.
    Hang(Hang),
    /// The request takes effect; the head of the answer promises a body of which only the
    /// beginning comes before the connection is reset.
    Truncated(Truncated),
    /// The request takes effect; the body of the answer ends half way, as if that were all.
    Malformed,
}

/// A status of the developer's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    pub(crate) status: u16,
    #[serde(default, deserialize_with = "text_or_json", skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<String>,
    #[serde(default = "before")]
    pub(crate) when: When,
}

/// A body as it is sent: a text as it stands, other JSON written out.
fn text_or_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        json => Some(json.to_string()),
    })
}

/// One of Klarna's errors. Status and messages are known for Klarna's own codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KlarnaError {
    pub(crate) error_code: String,
    /// 0 as long as the code's own has not been filled in.
    #[serde(default)]
    pub(crate) status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error_messages: Option<Vec<String>>,
    #[serde(default = "before")]
    pub(crate) when: When,
}

/// When a proxy's page comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Turn {
    #[serde(default = "before")]
    pub(crate) when: When,
}

/// How late an answer comes, in milliseconds of real time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delay {
    pub(crate) milliseconds: u64,
    /// Up to so much more, by the rule's seed.
    #[serde(default)]
    pub(crate) jitter_milliseconds: u64,
    /// Whether the request takes effect after the wait (`before`) or at once (`after`).
    #[serde(default = "after")]
    pub(crate) when: When,
}

/// How long a connection is kept without an answer, unless the client leaves before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hang {
    #[serde(default = "hang_milliseconds")]
    pub(crate) milliseconds: u64,
    #[serde(default = "before")]
    pub(crate) when: When,
}

/// How much of a body comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Truncated {
    /// So many bytes, fewer than there are; without it half of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<usize>,
}

/// Nothing to be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn before() -> When {
    When::Before
}

fn after() -> When {
    When::After
}

fn hang_milliseconds() -> u64 {
    HANG_MILLISECONDS
}

impl Effect {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Error(_) => "error",
            Self::Unauthorized => "unauthorized",
            Self::TooManyRequests => "too_many_requests",
            Self::Html502(_) => "html_502",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::Delay(_) => "delay",
            Self::Hang(_) => "hang",
            Self::Truncated(_) => "truncated",
            Self::Malformed => "malformed",
        }
    }
}

/// Reads the members of one kind; an error names the member.
pub(super) fn read<T: DeserializeOwned>(members: Members) -> Result<T, String> {
    serde_path_to_error::deserialize(Value::Object(members)).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        if path == "." { inner.to_string() } else { format!("{path}: {inner}") }
    })
}

/// The kind that is asked for, and the other members.
pub(super) fn kind_of(mut members: Members) -> Result<(String, Members), String> {
    match members.remove("kind") {
        Some(Value::String(kind)) => Ok((kind, members)),
        Some(other) => Err(format!("kind: {other} is no text")),
        None => Err("kind: is missing".to_owned()),
    }
}

/// Refuses a wait that is longer than the longest.
pub(super) fn is_wait(name: &str, milliseconds: u64) -> Result<(), String> {
    if milliseconds <= WAIT_MILLISECONDS_MAX {
        return Ok(());
    }
    Err(format!("{name}: {milliseconds} is more than {WAIT_MILLISECONDS_MAX}, which is a day"))
}

fn is_status(status: u16) -> Result<(), String> {
    if (200..=599).contains(&status) {
        return Ok(());
    }
    Err(format!("status: {status} is no status of an answer; send 200 to 599"))
}

impl TryFrom<Members> for Effect {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let (kind, members) = kind_of(members)?;
        let nothing = |effect: Self, members| read::<Nothing>(members).map(|Nothing {}| effect);
        match kind.as_str() {
            "status" => Status::checked(read(members)?).map(Self::Status),
            "error" => KlarnaError::completed(read(members)?).map(Self::Error),
            "unauthorized" => nothing(Self::Unauthorized, members),
            "too_many_requests" => nothing(Self::TooManyRequests, members),
            "html_502" => read(members).map(Self::Html502),
            "reset_before" => nothing(Self::ResetBefore, members),
            "reset_after" => nothing(Self::ResetAfter, members),
            "delay" => {
                let delay: Delay = read(members)?;
                is_wait("milliseconds", delay.milliseconds)?;
                is_wait("jitter_milliseconds", delay.jitter_milliseconds)?;
                Ok(Self::Delay(delay))
            }
            "hang" => {
                let hang: Hang = read(members)?;
                is_wait("milliseconds", hang.milliseconds)?;
                Ok(Self::Hang(hang))
            }
            "truncated" => read(members).map(Self::Truncated),
            "malformed" => nothing(Self::Malformed, members),
            other => Err(format!(
                "kind: {other:?} is unknown; there are delay, error, hang, html_502, malformed, \
                 reset_after, reset_before, status, too_many_requests, truncated, unauthorized"
            )),
        }
    }
}

impl Status {
    fn checked(self) -> Result<Self, String> {
        is_status(self.status)?;
        let bytes = self.body.as_deref().unwrap_or_default().len();
        if bytes > BODY_BYTES_MAX {
            return Err(format!("body: {bytes} bytes are too many; send {BODY_BYTES_MAX} at most"));
        }
        if bytes > 0 && matches!(self.status, 204 | 304) {
            return Err(format!("body: an answer with status {} has none", self.status));
        }
        Ok(self)
    }
}

impl KlarnaError {
    /// Fills in what is known of the code.
    fn completed(self) -> Result<Self, String> {
        let code = &self.error_code;
        if code.is_empty() || code.chars().count() > TEXT_CHARACTERS_MAX {
            return Err(format!("error_code: send 1 to {TEXT_CHARACTERS_MAX} characters"));
        }
        let known = codes::known(code);
        let status = match (self.status, known) {
            (0, None) => {
                return Err(format!(
                    "status: is missing, and {code:?} is none of Klarna's codes, which bring \
                     theirs: {}",
                    codes::names()
                ));
            }
            (0, Some((status, _))) | (status, _) => status,
        };
        is_status(status)?;
        let messages = match (self.error_messages, known) {
            (Some(messages), _) => messages,
            (None, Some((_, text))) => vec![text.to_owned()],
            (None, None) => vec![String::new()],
        };
        let is_long = |text: &String| text.chars().count() > TEXT_CHARACTERS_MAX;
        if messages.len() > MESSAGES_MAX || messages.iter().any(is_long) {
            return Err(format!(
                "error_messages: send {MESSAGES_MAX} at most, each of {TEXT_CHARACTERS_MAX} \
                 characters at most"
            ));
        }
        Ok(Self { status, error_messages: Some(messages), ..self })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn effect(json: Value) -> Result<Effect, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_known_code_brings_its_status_and_text() {
        let shown = |it: Value| serde_json::to_value(effect(it).unwrap()).unwrap();
        assert_eq!(
            shown(json!({"kind": "error", "error_code": "INTERNAL_SERVER_ERROR"})),
            json!({"kind": "error", "error_code": "INTERNAL_SERVER_ERROR", "status": 500,
                "error_messages": ["Internal error"], "when": "before"})
        );
        assert_eq!(
            shown(json!({"kind": "error", "error_code": "REJECTED", "status": 409,
                "error_messages": ["No.", ""], "when": "after"})),
            json!({"kind": "error", "error_code": "REJECTED", "status": 409,
                "error_messages": ["No.", ""], "when": "after"})
        );
        assert_eq!(
            shown(json!({"kind": "error", "error_code": "NEW", "status": 418}))["error_messages"],
            json!([""])
        );
    }

    #[test]
    fn every_effect_is_read_as_it_is_written() {
        for (short, long) in [
            (json!({"kind": "status", "status": 503}), json!({"when": "before"})),
            (json!({"kind": "unauthorized"}), json!({})),
            (json!({"kind": "too_many_requests"}), json!({})),
            (json!({"kind": "html_502"}), json!({"when": "before"})),
            (json!({"kind": "reset_before"}), json!({})),
            (json!({"kind": "reset_after"}), json!({})),
            (
                json!({"kind": "delay", "milliseconds": 5}),
                json!({"jitter_milliseconds": 0, "when": "after"}),
            ),
            (json!({"kind": "hang"}), json!({"milliseconds": 600_000, "when": "before"})),
            (json!({"kind": "truncated", "bytes": 7}), json!({})),
            (json!({"kind": "malformed"}), json!({})),
        ] {
            let read = effect(short.clone()).unwrap();
            assert_eq!(json!(read.name()), short["kind"]);
            let mut expected = short;
            expected.as_object_mut().unwrap().extend(long.as_object().unwrap().clone());
            assert_eq!(serde_json::to_value(&read).unwrap(), expected);
            assert_eq!(effect(expected), Ok(read));
        }
    }

    #[test]
    fn a_body_is_a_text_or_json() {
        for (body, sent) in [
            (json!("{ }"), Some("{ }")),
            (json!({"a": [1, null]}), Some(r#"{"a":[1,null]}"#)),
            (Value::Null, None),
        ] {
            let read = effect(json!({"kind": "status", "status": 500, "body": body})).unwrap();
            let Effect::Status(status) = read else { panic!("{read:?}") };
            assert_eq!(status.body.as_deref(), sent);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_member() {
        let many = vec!["x"; 17];
        for (bad, part) in [
            (json!({}), "kind: is missing"),
            (json!({"kind": 7}), "kind: 7 is no text"),
            (json!({"kind": "explode"}), "kind: \"explode\" is unknown; there are delay, error"),
            (json!({"kind": "delay"}), "milliseconds"),
            (json!({"kind": "delay", "milliseconds": -1}), "milliseconds: invalid value"),
            (json!({"kind": "delay", "milliseconds": 86_400_001}), "milliseconds: 86400001"),
            (
                json!({"kind": "delay", "milliseconds": 0, "jitter_milliseconds": 86_400_001}),
                "jitter_milliseconds: 86400001",
            ),
            (json!({"kind": "delay", "milliseconds": 0, "when": "now"}), "when: unknown variant"),
            (json!({"kind": "hang", "milliseconds": 86_400_001}), "milliseconds: 86400001"),
            (json!({"kind": "status"}), "status"),
            (json!({"kind": "status", "status": 199}), "status: 199"),
            (json!({"kind": "status", "status": 600}), "status: 600"),
            (json!({"kind": "status", "status": 204, "body": "x"}), "body: an answer"),
            (json!({"kind": "status", "status": 500, "body": "x".repeat(65_537)}), "body: 65537"),
            (json!({"kind": "error"}), "error_code"),
            (json!({"kind": "error", "error_code": ""}), "error_code: send"),
            (json!({"kind": "error", "error_code": "ODD"}), "status: is missing, and \"ODD\""),
            (json!({"kind": "error", "error_code": "CONFLICT", "status": 99}), "status: 99"),
            (
                json!({"kind": "error", "error_code": "CONFLICT", "error_messages": many}),
                "error_messages: send 16",
            ),
            (
                json!({"kind": "error", "error_code": "CONFLICT",
                    "error_messages": ["x".repeat(1001)]}),
                "error_messages: send 16",
            ),
            (json!({"kind": "reset_after", "times": 2}), "times: unknown field"),
            (json!({"kind": "truncated", "bytes": -1}), "bytes: invalid value"),
        ] {
            let error = effect(bad.clone()).unwrap_err();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }
}
