//! Which callbacks a fault strikes, and what it does to them.

use serde::{Deserialize, Serialize};

use super::{
    effect::{is_wait, kind_of, read},
    request::{is_order, is_text},
};
use crate::{
    rules::{order::Order, read::Members, span::later_by},
    state::{
        callbacks::{Delivery, Kind},
        sessions::Session,
        table::Table,
    },
};

const COPIES_MAX: u32 = 20;
const SHUFFLED_MAX: usize = 100;
/// How long a callback waits for others to be shuffled with, by the sandbox's clock.
const WITHIN: &str = "PT10S";

/// What a callback has to be; nothing is asked for where a member is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members")]
pub(crate) struct CallbackMatch {
    #[serde(rename = "kind", skip_serializing_if = "Option::is_none")]
    of: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_contains: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<String>,
}

/// The same as it is sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    kind: Option<Kind>,
    url_contains: Option<String>,
    order_id: Option<String>,
    session_id: Option<String>,
}

impl TryFrom<Members> for CallbackMatch {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let sent: Sent = read(members)?;
        for (name, text) in [
            ("url_contains", &sent.url_contains),
            ("order_id", &sent.order_id),
            ("session_id", &sent.session_id),
        ] {
            is_text(name, text.as_ref())?;
        }
        let Sent { kind: of, url_contains, order_id, session_id } = sent;
        Ok(Self { of, url_contains, order_id, session_id })
    }
}

impl CallbackMatch {
    /// Whether a callback is what is asked for. One about an order is also about its session.
    pub(crate) fn fits(
        &self,
        delivery: &Delivery,
        sessions: &Table<Session>,
        all: &Table<Order>,
    ) -> bool {
        let Delivery { kind, url, session_id, order_id, .. } = delivery;
        self.of.is_none_or(|it| it == *kind)
            && self.url_contains.as_ref().is_none_or(|it| url.contains(it.as_str()))
            && self.session_id.as_ref().is_none_or(|it| {
                let of = || sessions.get(it).and_then(|session| session.order_id.as_ref());
                session_id.as_ref() == Some(it) || (order_id.is_some() && order_id.as_ref() == of())
            })
            && self
                .order_id
                .as_ref()
                .is_none_or(|it| order_id.as_ref().is_some_and(|id| is_order(it, id, all)))
    }
}

/// What becomes of a callback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "Members")]
pub(crate) enum CallbackEffect {
    /// It is lost on the way, with all of its attempts.
    Dropped,
    /// It is sent several times at once.
    Doubled(Doubled),
    /// It is sent so much later, in real time.
    Delayed(Delayed),
    /// It is sent so much later, by the sandbox's clock.
    Late(Late),
    /// It waits for others, and is sent with them one after the other, in an order that follows
    /// from the seed.
    Shuffled(Shuffled),
}

/// How often it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Doubled {
    #[serde(default = "two")]
    pub(crate) times: u32,
}

/// How much later it is sent, in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Delayed {
    pub(crate) milliseconds: u64,
    /// Up to so much more, by the rule's seed.
    #[serde(default)]
    pub(crate) jitter_milliseconds: u64,
}

/// How much later it is sent, as an ISO 8601 duration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Late {
    pub(crate) by: String,
}

/// With how many others it is shuffled, and how long it waits for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shuffled {
    /// So many at once.
    pub(crate) of: usize,
    #[serde(default = "within")]
    pub(crate) within: String,
}

/// Nothing to be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

fn two() -> u32 {
    2
}

fn within() -> String {
    WITHIN.to_owned()
}

fn is_duration(name: &str, text: &str) -> Result<(), String> {
    later_by(jiff::Timestamp::UNIX_EPOCH, text).map(drop).map_err(|why| {
        format!("{name}: {text:?} {why}; send an ISO 8601 duration like PT2H or PT10S")
    })
}

impl TryFrom<Members> for CallbackEffect {
    type Error = String;

    fn try_from(members: Members) -> Result<Self, String> {
        let (kind, members) = kind_of(members)?;
        match kind.as_str() {
            "dropped" => read::<Nothing>(members).map(|Nothing {}| Self::Dropped),
            "doubled" => {
                let doubled: Doubled = read(members)?;
                if !(2..=COPIES_MAX).contains(&doubled.times) {
                    return Err(format!("times: send 2 to {COPIES_MAX}"));
                }
                Ok(Self::Doubled(doubled))
            }
            "delayed" => {
                let delayed: Delayed = read(members)?;
                is_wait("milliseconds", delayed.milliseconds)?;
                is_wait("jitter_milliseconds", delayed.jitter_milliseconds)?;
                Ok(Self::Delayed(delayed))
            }
            "late" => {
                let late: Late = read(members)?;
                is_duration("by", &late.by)?;
                Ok(Self::Late(late))
            }
            "shuffled" => {
                let shuffled: Shuffled = read(members)?;
                if !(2..=SHUFFLED_MAX).contains(&shuffled.of) {
                    return Err(format!("of: send 2 to {SHUFFLED_MAX}"));
                }
                is_duration("within", &shuffled.within)?;
                Ok(Self::Shuffled(shuffled))
            }
            other => Err(format!(
                "kind: {other:?} is unknown; there are delayed, doubled, dropped, late, shuffled"
            )),
        }
    }
}

impl CallbackEffect {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Doubled(_) => "doubled",
            Self::Delayed(_) => "delayed",
            Self::Late(_) => "late",
            Self::Shuffled(_) => "shuffled",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn every_effect_is_read_as_it_is_written() {
        for (short, long) in [
            (json!({"kind": "dropped"}), json!({})),
            (json!({"kind": "doubled"}), json!({"times": 2})),
            (json!({"kind": "delayed", "milliseconds": 5}), json!({"jitter_milliseconds": 0})),
            (json!({"kind": "late", "by": "PT2H"}), json!({})),
            (json!({"kind": "shuffled", "of": 3}), json!({"within": "PT10S"})),
        ] {
            let read: CallbackEffect = serde_json::from_value(short.clone()).unwrap();
            assert_eq!(json!(read.name()), short["kind"]);
            let mut expected = short;
            expected.as_object_mut().unwrap().extend(long.as_object().unwrap().clone());
            assert_eq!(serde_json::to_value(&read).unwrap(), expected);
            assert_eq!(serde_json::from_value::<CallbackEffect>(expected).unwrap(), read);
        }
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_member() {
        let refused = |bad: Value| {
            serde_json::from_value::<CallbackEffect>(bad).map(|_| ()).unwrap_err().to_string()
        };
        for (bad, part) in [
            (json!({"kind": "lost"}), "kind: \"lost\" is unknown; there are delayed"),
            (json!({"kind": "dropped", "times": 1}), "times: unknown field"),
            (json!({"kind": "doubled", "times": 1}), "times: send 2"),
            (json!({"kind": "doubled", "times": 21}), "times: send 2"),
            (json!({"kind": "delayed"}), "milliseconds"),
            (json!({"kind": "delayed", "milliseconds": 86_400_001}), "milliseconds: 86400001"),
            (json!({"kind": "late", "by": "soon"}), "by: \"soon\" is no duration"),
            (json!({"kind": "late", "by": "-PT1H"}), "by: \"-PT1H\" leads back"),
            (json!({"kind": "shuffled", "of": 1}), "of: send 2"),
            (json!({"kind": "shuffled", "of": 101}), "of: send 2"),
            (json!({"kind": "shuffled", "of": 2, "within": ""}), "within: \"\" is no duration"),
        ] {
            let error = refused(bad.clone());
            assert!(error.contains(part), "{bad}: {error}");
        }
        let bad = json!({"kind": "letter"});
        let error = serde_json::from_value::<CallbackMatch>(bad).unwrap_err().to_string();
        assert!(error.contains("kind: unknown variant `letter`"), "{error}");
        let bad = json!({"url_contains": ""});
        let error = serde_json::from_value::<CallbackMatch>(bad).unwrap_err().to_string();
        assert!(error.contains("url_contains: send"), "{error}");
    }
}
