//! What became of each callback.

use std::{borrow::Cow, collections::VecDeque};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Delivery, Kind};

/// How many entries are kept, and how many bytes they may take about.
const ATTEMPTS_MAX: usize = 10_000;
const BYTES_MAX: usize = 16 * 1024 * 1024;
/// What an entry takes besides its texts, roughly.
const FIXED_BYTES: usize = 256;

/// How it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The answer was the one that is waited for.
    Arrived,
    /// There was an answer, but another.
    Refused,
    /// There was no answer.
    Failed,
    /// It was never sent.
    Dropped,
    /// It is sent later.
    Held,
}

/// One POST that was sent, or was not.
#[derive(Clone, Serialize)]
pub(crate) struct Attempt {
    /// Counted from 1, since the start or the last reset.
    pub(crate) number: u64,
    /// The same for all attempts of one callback.
    pub(crate) callback_id: String,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    #[serde(serialize_with = "as_json")]
    pub(crate) body: String,
    pub(crate) session_id: Option<String>,
    pub(crate) order_id: Option<String>,
    /// Counted from 1 within one delivery; null if it was not sent.
    pub(crate) attempt: Option<u32>,
    pub(crate) at: Timestamp,
    pub(crate) duration_milliseconds: f64,
    pub(crate) outcome: Outcome,
    /// The receiver's answer; null if there was none.
    pub(crate) status: Option<u16>,
    /// Why there was no answer, or why it was not sent.
    pub(crate) error: Option<&'static str>,
    /// The injected fault, if one struck.
    pub(crate) fault: Option<Cow<'static, str>>,
    /// When what is held is sent at the latest, by the sandbox's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Timestamp>,
}

/// A body is JSON or nothing.
fn as_json<S: Serializer>(body: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serde_json::from_str::<&RawValue>(body).ok().serialize(serializer)
}

impl Attempt {
    /// About a delivery at a time, as if it had been dropped: the rest is for the caller to say.
    pub(crate) fn of(delivery: &Delivery, at: Timestamp) -> Self {
        let Delivery { callback_id, kind, url, body, session_id, order_id, fault } =
            delivery.clone();
        Self {
            number: 0,
            callback_id,
            kind,
            url,
            body,
            session_id,
            order_id,
            attempt: None,
            at,
            duration_milliseconds: 0.0,
            outcome: Outcome::Dropped,
            status: None,
            error: None,
            fault,
            until: None,
        }
    }

    /// Whether it tells of the session or the order of this id.
    pub(crate) fn is_about(&self, id: &str) -> bool {
        [&self.session_id, &self.order_id].into_iter().any(|it| it.as_deref() == Some(id))
    }

    /// What was delivered, or would have been. It is sent again whatever a fault had done to it.
    pub(crate) fn delivery(&self) -> Delivery {
        let Self { callback_id, kind, url, body, session_id, order_id, .. } = self.clone();
        Delivery { callback_id, kind, url, body, session_id, order_id, fault: None }
    }

    fn bytes(&self) -> usize {
        FIXED_BYTES + self.url.len() + self.body.len()
    }
}

/// The newest entries, up to a number and a size.
#[derive(Default)]
pub(crate) struct Attempts {
    kept: VecDeque<Attempt>,
    bytes: usize,
    total: u64,
}

impl Attempts {
    /// Keeps one, with the next number, and forgets the oldest beyond the limits. Gives it as it is
    /// kept.
    pub(crate) fn remember(&mut self, mut attempt: Attempt) -> Attempt {
        self.total += 1;
        attempt.number = self.total;
        self.bytes += attempt.bytes();
        self.kept.push_back(attempt.clone());
        while self.kept.len() > ATTEMPTS_MAX || self.bytes > BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.bytes();
        }
        attempt
    }

    /// All that are kept, the newest last.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.kept.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(url: String) -> Attempt {
        let delivery = Delivery {
            callback_id: "c".into(),
            kind: Kind::Push,
            url,
            body: String::new(),
            session_id: None,
            order_id: None,
            fault: None,
        };
        Attempt::of(&delivery, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_newest_are_kept_up_to_a_number_and_a_size() {
        let mut attempts = Attempts::default();
        for _ in 0..ATTEMPTS_MAX + 5 {
            attempts.remember(attempt("u".into()));
        }
        assert_eq!(attempts.len(), ATTEMPTS_MAX);
        assert_eq!(attempts.iter().next().unwrap().number, 6);
        attempts.remember(attempt("u".repeat(BYTES_MAX / 2)));
        attempts.remember(attempt("u".repeat(BYTES_MAX / 2 - 2 * FIXED_BYTES - 1)));
        assert_eq!(attempts.len(), 2);
        attempts.remember(attempt("u".repeat(BYTES_MAX)));
        assert_eq!((attempts.len(), attempts.bytes), (0, 0));
        attempts.remember(attempt("u".into()));
        assert_eq!(
            attempts.iter().next().unwrap().number,
            u64::try_from(ATTEMPTS_MAX).unwrap() + 9
        );
    }

    #[test]
    fn a_body_is_shown_as_json() {
        let mut one = attempt("u".into());
        let shown = |one: &Attempt| serde_json::to_value(one).unwrap()["body"].clone();
        assert_eq!(shown(&one), serde_json::Value::Null);
        one.body = r#"{"b":1}"#.into();
        assert_eq!(shown(&one), serde_json::json!({"b": 1}));
    }
}
