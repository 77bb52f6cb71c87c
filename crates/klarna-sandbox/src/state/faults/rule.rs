//! A rule: which of the things that match are struck, and how often that has happened.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::random::{SplitMix64, happens};
use crate::rules::span::later_by;

/// The most places that `nth` may name.
const PLACES_MAX: usize = 1000;

/// A rule as a developer sends it.
#[derive(Deserialize)]
#[serde(
    deny_unknown_fields,
    bound(deserialize = "M: Deserialize<'de> + Default, E: Deserialize<'de>")
)]
pub(crate) struct NewRule<M, E> {
    #[serde(default, rename = "match")]
    matches: M,
    #[serde(default)]
    skip: u64,
    times: Option<u64>,
    #[serde(default, deserialize_with = "places")]
    nth: Vec<u64>,
    probability: Option<f64>,
    seed: Option<u64>,
    during: Option<NewPeriod>,
    effect: E,
}

/// A part of the sandbox's time, as a developer sends it: each end as an instant, or as a duration
/// from when the rule is set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPeriod {
    from: Option<String>,
    until: Option<String>,
}

/// A part of the sandbox's time: from the first instant on, until before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Period {
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
}

/// A rule that is set.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule<M, E> {
    pub(crate) id: u64,
    #[serde(rename = "match")]
    matches: M,
    /// How many of what matches are still to pass unharmed first.
    skip: u64,
    /// How many are still to be struck; without it, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u64>,
    /// Only these are struck, counted from 1 over all that match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    nth: Vec<u64>,
    /// Each is struck with this probability; without it, for certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probability: Option<f64>,
    /// What chance follows from, together with the count.
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    during: Option<Period>,
    effect: E,
    /// How many have matched, while the rule was not used up.
    pub(crate) matched: u64,
    /// How many were struck.
    pub(crate) struck: u64,
}

/// That something was struck, by which rule, and what the effect may leave to chance.
pub(crate) struct Strike<E> {
    pub(crate) rule: u64,
    pub(crate) effect: E,
    pub(crate) chance: SplitMix64,
}

/// One place or several, counted from 1.
fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let wrong = || {
        let text = format!("send a whole number from 1, or an array of 1 to {PLACES_MAX} of them");
        D::Error::custom(text)
    };
    let given = match Value::deserialize(deserializer)? {
        Value::Array(places) => places,
        place => vec![place],
    };
    if given.is_empty() || given.len() > PLACES_MAX {
        return Err(wrong());
    }
    let place = |it: &Value| it.as_u64().filter(|place| *place > 0).ok_or_else(wrong);
    given.iter().map(place).collect()
}

/// An instant that is written as one, or as a duration from now.
fn instant(name: &str, text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(instant) = text.parse() {
        return Ok(instant);
    }
    later_by(now, text).map_err(|why| {
        format!(
            "during.{name}: {text:?} is no instant and {why}; send one like 2026-03-01T12:00:00Z \
             or PT30S"
        )
    })
}

impl NewPeriod {
    fn at(&self, now: Timestamp) -> Result<Period, String> {
        let end = |name, text: &Option<String>| {
            text.as_deref().map(|text| instant(name, text, now)).transpose()
        };
        let period = Period { from: end("from", &self.from)?, until: end("until", &self.until)? };
        match (period.from, period.until) {
            (None, None) => Err("during: send from, until or both".to_owned()),
            (Some(from), Some(until)) if from >= until => {
                Err(format!("during.until: {until} is not after from, {from}"))
            }
            _ => Ok(period),
        }
    }
}

impl<M, E> NewRule<M, E> {
    /// The rule, or which member cannot be and why.
    pub(super) fn set(self, id: u64, now: Timestamp) -> Result<Rule<M, E>, String> {
        if let Some(probability) = self.probability
            && !(0.0..=1.0).contains(&probability)
        {
            return Err(format!("probability: {probability} is not between 0 and 1"));
        }
        if self.times == Some(0) {
            return Err("times: 0 strikes nothing; send 1 or more, or leave it out".to_owned());
        }
        if self.skip > 0 && !self.nth.is_empty() {
            return Err("nth: counts everything that matches; leave out skip".to_owned());
        }
        Ok(Rule {
            id,
            matches: self.matches,
            skip: self.skip,
            times: self.times,
            nth: self.nth,
            probability: self.probability,
            seed: self.seed.unwrap_or(0),
            during: self.during.map(|it| it.at(now)).transpose()?,
            effect: self.effect,
            matched: 0,
            struck: 0,
        })
    }
}

impl<M, E: Clone> Rule<M, E> {
    /// Whether it strikes nothing more.
    pub(super) fn is_used_up(&self, now: Timestamp) -> bool {
        self.times == Some(0)
            || self.nth.iter().max().is_some_and(|last| *last <= self.matched)
            || self.during.is_some_and(|it| it.until.is_some_and(|until| until <= now))
    }

    /// Counts something that may match, and strikes it if it is its turn.
    pub(super) fn strike(
        &mut self,
        fits: impl FnOnce(&M) -> bool,
        now: Timestamp,
    ) -> Option<Strike<E>> {
        let has_begun = self.during.is_none_or(|it| it.from.is_none_or(|from| from <= now));
        if !has_begun || self.is_used_up(now) || !fits(&self.matches) {
            return None;
        }
        self.matched += 1;
        if self.skip > 0 {
            self.skip -= 1;
            return None;
        }
        let drawn = SplitMix64::nth(self.seed, self.matched);
        let is_chosen = self.nth.is_empty() || self.nth.contains(&self.matched);
        if !is_chosen || !self.probability.is_none_or(|it| happens(drawn, it)) {
            return None;
        }
        self.times = self.times.map(|times| times - 1);
        self.struck += 1;
        let chance = SplitMix64::new(drawn);
        Some(Strike { rule: self.id, effect: self.effect.clone(), chance })
    }
}
