//! The answers that are repeated for a `Klarna-Idempotency-Key`.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::answer::Answer;

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
    pub(crate) fn recall(&self, key: &Key) -> Option<Answer> {
        self.0.get(key).map(|(_, answer)| answer.clone())
    }

    /// Keeps a first answer, be it a success or a refusal (the latter a guess).
    pub(crate) fn remember(&mut self, key: Key, now: Timestamp, answer: Answer) {
        self.0.entry(key).or_insert((now, answer));
    }

    /// Forgets what is older than the lifetime of a key.
    pub(crate) fn forget_before(&mut self, now: Timestamp, lifetime: SignedDuration) {
        self.0.retain(|_, (at, _)| now.duration_since(*at) < lifetime);
    }
}
