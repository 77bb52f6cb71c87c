//! Faults that a developer injects: what goes wrong, where, how often. One kind of rule for
//! requests, and one for callbacks.

pub(crate) mod callback;
pub(crate) mod codes;
pub(crate) mod effect;
mod operations;
mod pattern;
pub(crate) mod random;
pub(crate) mod request;
mod rule;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::rule::{NewRule, Rule, Strike};
use self::{
    callback::{CallbackEffect, CallbackMatch},
    effect::Effect,
    request::{Request, RequestMatch},
};
use super::State;

/// How many rules there may be of either kind.
pub(crate) const RULES_MAX: usize = 1000;

/// More than anybody counts to.
const COUNT_MAX: u64 = 1 << 53;

/// Faults of requests, and of callbacks.
pub(crate) type Faults = Rules<RequestMatch, Effect>;
pub(crate) type CallbackFaults = Rules<CallbackMatch, CallbackEffect>;

/// The rules that are set, in the order in which they are tried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rules<M, E> {
    rules: Vec<Rule<M, E>>,
    /// How many have been set.
    total: u64,
}

impl<M, E> Default for Rules<M, E> {
    fn default() -> Self {
        Self { rules: Vec::new(), total: 0 }
    }
}

impl<M, E: Clone> Rules<M, E> {
    /// Sets one more. The oldest that is used up makes room where there is none left.
    ///
    /// # Errors
    /// Which member cannot be and why, or that there are too many rules.
    pub(crate) fn add(
        &mut self,
        rule: NewRule<M, E>,
        now: Timestamp,
    ) -> Result<&Rule<M, E>, String> {
        let rule = rule.set(self.total + 1, now)?;
        if self.rules.len() >= RULES_MAX {
            let used_up = self.rules.iter().position(|rule| rule.is_used_up(now));
            let place = used_up.ok_or_else(|| {
                format!("there are {RULES_MAX} rules already, none of them used up; delete some")
            })?;
            self.rules.remove(place);
        }
        self.total += 1;
        Ok(self.rules.push_mut(rule))
    }

    /// Whether its counts can be gone on with: those that were read may be anything.
    pub(crate) fn is_sound(&self) -> bool {
        let counts = self.rules.iter().flat_map(|rule| [rule.matched, rule.struck, rule.id]);
        counts.chain([self.total]).all(|count| count < COUNT_MAX)
    }

    pub(crate) fn all(&self) -> &[Rule<M, E>] {
        &self.rules
    }

    pub(crate) fn get(&self, id: u64) -> Option<&Rule<M, E>> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Whether there was a rule of this id.
    pub(crate) fn remove(&mut self, id: u64) -> bool {
        let before = self.rules.len();
        self.rules.retain(|rule| rule.id != id);
        self.rules.len() < before
    }

    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// What the first rule does whose turn it is. What one rule strikes is not seen, nor counted,
    /// by those after it.
    pub(crate) fn strike(
        &mut self,
        fits: impl Fn(&M) -> bool,
        now: Timestamp,
    ) -> Option<Strike<E>> {
        self.rules.iter_mut().find_map(|rule| rule.strike(&fits, now))
    }
}

impl State {
    /// The fault that strikes a request; counted.
    pub(crate) fn strike(
        &mut self,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Option<Strike<Effect>> {
        let Self { faults, orders, authorizations, .. } = self;
        faults.strike(|it| it.fits(request, orders, authorizations), now)
    }
}

#[cfg(test)]
mod tests;
