//! The answers that are repeated for a `Klarna-Idempotency-Key`.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{answer::Answer, rules::lifetime};

/// A key belongs to one credential, method and path (guess: Klarna does not tell the scope).
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) credential: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) key: String,
}

/// First answers, with when they were given.
#[derive(Default)]
pub(crate) struct Idempotency(HashMap<Key, (Timestamp, Answer)>);

impl Idempotency {
    /// The answer to the first request with this key, whatever its body was.
    pub(crate) fn recall(&self, key: &Key, now: Timestamp) -> Option<Answer> {
        let (at, answer) = self.0.get(key)?;
        is_young(*at, now).then(|| answer.clone())
    }

    /// Keeps a first answer, be it a success or a refusal (the latter a guess).
    pub(crate) fn remember(&mut self, key: Key, now: Timestamp, answer: Answer) {
        self.0.insert(key, (now, answer));
    }

    /// Forgets what is older than the lifetime of a key.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        self.0.retain(|_, (at, _)| is_young(*at, now));
    }
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < lifetime::IDEMPOTENCY_KEY
}
