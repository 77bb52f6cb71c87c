//! Faults that a developer injects: what goes wrong, for which requests, how often.

use serde::{Deserialize, Serialize};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// This status and body instead of an answer; nothing takes effect.
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// The connection is dropped; nothing takes effect.
    ResetBefore,
    /// The request takes effect, then the connection is dropped without an answer.
    ResetAfter,
    /// A proxy's HTML page with status 502; nothing takes effect.
    #[serde(rename = "html_502")]
    Html502,
    /// 429 as recorded: no body, no `Retry-After`; nothing takes effect.
    TooManyRequests,
    /// The request takes effect; the answer comes so much later.
    Delay { milliseconds: u64 },
}

impl Effect {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::Html502 => "html_502",
            Self::TooManyRequests => "too_many_requests",
            Self::Delay { .. } => "delay",
        }
    }
}

/// Which requests are struck.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_contains: Option<String>,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    #[serde(default, rename = "match")]
    matches: Match,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    skip: u64,
    /// How many are then struck; without it, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    pub(crate) effect: Effect,
}

/// The faults that are set, in the order in which they are tried.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes back the one at this place, counted from 1; whether there was one.
    pub(crate) fn remove(&mut self, place: usize) -> bool {
        let is_there = (1..=self.0.len()).contains(&place);
        is_there.then(|| self.0.remove(place - 1)).is_some()
    }

    pub(crate) fn all(&self) -> &[Fault] {
        &self.0
    }

    /// The fault that strikes this request; counted down.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Option<Effect> {
        for fault in &mut self.0 {
            let wanted = &fault.matches;
            let fits = wanted.method.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(method))
                && wanted.path_contains.as_ref().is_none_or(|it| path.contains(it.as_str()));
            if !fits || fault.times == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times - 1);
            return Some(fault.effect.clone());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn skip_and_times_are_counted_down() {
        let fault = json!({"match": {"method": "post", "path_contains": "/captures"}, "skip": 1,
            "times": 2, "effect": {"kind": "reset_after"}});
        let mut faults = Faults::default();
        faults.add(serde_json::from_value(fault).unwrap());
        let mut strike = |method, path| faults.strike(method, path).is_some();
        assert!(!strike("GET", "/o/captures"));
        assert!(!strike("POST", "/o/refunds"));
        assert!(!strike("POST", "/o/captures"));
        assert!(strike("POST", "/o/captures"));
        assert!(strike("POST", "/o/captures"));
        assert!(!strike("POST", "/o/captures"));
    }

    #[test]
    fn one_is_taken_back_by_its_place() {
        let mut faults = Faults::default();
        for milliseconds in [1, 2, 3] {
            let fault = json!({"effect": {"kind": "delay", "milliseconds": milliseconds}});
            faults.add(serde_json::from_value(fault).unwrap());
        }
        assert!(!faults.remove(0) && !faults.remove(4));
        assert!(faults.remove(2));
        let left: Vec<&Effect> = faults.all().iter().map(|it| &it.effect).collect();
        assert_eq!(left, [&Effect::Delay { milliseconds: 1 }, &Effect::Delay { milliseconds: 3 }]);
    }

    #[test]
    fn unknown_effects_and_members_are_refused() {
        for bad in [
            json!({"effect": {"kind": "explode"}}),
            json!({"effect": {"kind": "delay"}}),
            json!({"effect": {"kind": "html_502"}, "tims": 1}),
            json!({}),
        ] {
            assert!(serde_json::from_value::<Fault>(bad).is_err());
        }
    }
}
