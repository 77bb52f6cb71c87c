//! The answers that are repeated for a `Klarna-Idempotency-Key`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::table::{Rows, Table};
use crate::{answer::Answer, rules::lifetime};

/// A key belongs to one credential, method and path (guess: Klarna does not tell the scope).
pub(crate) struct Key {
    pub(crate) credential: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) key: String,
}

impl Key {
    /// All of it as one text. A line feed stands in none of its parts.
    fn text(&self) -> String {
        let Self { credential, method, path, key } = self;
        [credential.as_str(), method, path, key].join("\n")
    }
}

/// First answers, with when they were given.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Idempotency(Table<(Timestamp, Answer)>);

impl Idempotency {
    /// The answer to the first request with this key, whatever its body was.
    pub(crate) fn recall(&self, key: &Key, now: Timestamp) -> Option<Answer> {
        let (at, answer) = self.0.get(&key.text())?;
        is_young(*at, now).then(|| answer.clone())
    }

    /// Keeps a first answer, be it a success or a refusal (the latter a guess).
    pub(crate) fn remember(&mut self, key: &Key, now: Timestamp, answer: Answer) {
        self.0.insert(&key.text(), (now, answer));
    }

    /// The answers as rows that can be kept.
    pub(crate) fn rows(&mut self) -> &mut dyn Rows {
        &mut self.0
    }

    /// Forgets what is older than the lifetime of a key.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        for key in self.0.ids_of(|(at, _)| !is_young(*at, now)) {
            self.0.remove(&key);
        }
    }
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < lifetime::IDEMPOTENCY_KEY
}
