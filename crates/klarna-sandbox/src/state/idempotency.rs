//! The answers that are repeated for a `Klarna-Idempotency-Key`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    limits::oldest,
    table::{Rows, Table},
};
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

/// How many first answers are kept, and how many bytes they may take about.
const ANSWERS_MAX: usize = 100_000;
const BYTES_MAX: usize = 128 * 1024 * 1024;
/// What an answer takes besides its texts, about.
const FIXED_BYTES: usize = 1024;

/// First answers, with when they were given, and about how many bytes they take, as far as they
/// came since it was restored.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Idempotency(Table<(Timestamp, Answer)>, #[serde(skip)] usize);

fn bytes(key: &str, answer: &Answer) -> usize {
    FIXED_BYTES + 2 * key.len() + answer.body.len()
}

impl Idempotency {
    /// The answer to the first request with this key, whatever its body was.
    pub(crate) fn recall(&self, key: &Key, now: Timestamp) -> Option<Answer> {
        let (at, answer) = self.0.get(&key.text())?;
        is_young(*at, now).then(|| answer.clone())
    }

    /// Keeps a first answer, be it a success or a refusal (the latter a guess), and forgets the
    /// oldest where there are too many.
    pub(crate) fn remember(&mut self, key: &Key, now: Timestamp, answer: Answer) {
        let text = key.text();
        self.forget(&text);
        self.1 += bytes(&text, &answer);
        self.0.insert(&text, (now, answer));
        while self.0.len() > ANSWERS_MAX || self.1 > BYTES_MAX {
            let Some(oldest) = oldest(&self.0) else { break };
            self.forget(&oldest);
        }
    }

    /// The answers as rows that can be kept.
    pub(crate) fn rows(&mut self) -> &mut dyn Rows {
        &mut self.0
    }

    /// Forgets what is older than the lifetime of a key.
    pub(crate) fn forget_old(&mut self, now: Timestamp) {
        let is_old = |(_, (at, _)): &(&str, &(Timestamp, Answer))| !is_young(*at, now);
        let old = self.0.iter().take_while(is_old).map(|(key, _)| key.to_owned());
        for key in old.collect::<Vec<_>>() {
            self.forget(&key);
        }
    }

    fn forget(&mut self, key: &str) {
        if let Some((_, answer)) = self.0.remove(key) {
            self.1 = self.1.saturating_sub(bytes(key, &answer));
        }
    }
}

fn is_young(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at) < lifetime::IDEMPOTENCY_KEY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn key(name: &str) -> Key {
        let part = || String::new();
        Key { credential: part(), method: part(), path: part(), key: name.to_owned() }
    }

    #[test]
    fn a_key_lives_for_a_day_and_an_old_one_begins_anew() {
        let mut all = Idempotency::default();
        all.remember(&key("a"), at(0), Answer::empty(201));
        all.remember(&key("b"), at(10), Answer::empty(204));
        assert_eq!(all.recall(&key("a"), at(86_399)).unwrap().status, 201);
        assert!(all.recall(&key("a"), at(86_400)).is_none());
        all.remember(&key("a"), at(86_400), Answer::empty(403));
        assert_eq!(all.recall(&key("a"), at(86_401)).unwrap().status, 403);
        all.forget_old(at(86_410));
        assert_eq!((all.0.len(), all.1), (1, bytes("\n\n\na", &Answer::empty(403))));
    }

    #[test]
    fn the_oldest_go_where_there_are_too_many_or_too_large() {
        let mut all = Idempotency::default();
        for number in 0..=ANSWERS_MAX {
            all.remember(&key(&number.to_string()), at(0), Answer::empty(204));
        }
        assert!(all.recall(&key("0"), at(0)).is_none());
        assert!(all.recall(&key("1"), at(0)).is_some());
        let long = "k".repeat(BYTES_MAX / 4);
        all.remember(&key(&long), at(0), Answer::empty(204));
        assert!(all.0.len() < ANSWERS_MAX);
        assert!(all.1 <= BYTES_MAX);
        assert!(all.recall(&key(&long), at(0)).is_some());
        all.remember(&key(&"k".repeat(BYTES_MAX)), at(0), Answer::empty(204));
        assert_eq!((all.0.len(), all.1), (0, 0));
    }
}
