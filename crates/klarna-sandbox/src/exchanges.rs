//! The last requests and answers, for tests and for people who look.

use std::{collections::VecDeque, sync::Arc};

use axum::{
    body::Bytes,
    http::{HeaderMap, Method},
};
use jiff::Timestamp;

use crate::answer::Answer;

/// What an exchange, and a header, takes besides its texts, roughly: for the limit in bytes.
const FIXED_BYTES: usize = 512;
const HEADER_BYTES: usize = 112;

/// One request and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// Counted from 1. A reset does not begin anew, so that a number never means two exchanges.
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) duration_milliseconds: f64,
    pub(crate) method: Method,
    /// With the query, as it was asked for.
    pub(crate) path: String,
    /// The address under which the sandbox was called.
    pub(crate) base_url: String,
    /// `Authorization` and `Cookie` are hidden.
    pub(crate) request_headers: HeaderMap,
    /// None: larger than the limit.
    pub(crate) request_body: Option<Bytes>,
    /// None: the connection was dropped by a fault.
    pub(crate) answer: Option<Answer>,
    /// The injected fault, if one struck.
    pub(crate) fault: Option<&'static str>,
}

impl Exchange {
    /// About how much memory it takes.
    fn bytes(&self) -> usize {
        let answer = self.answer.as_ref();
        let bodies = self.request_body.as_ref().map_or(0, Bytes::len)
            + answer.map_or(0, |answer| answer.body.len());
        let header = |name: &str, value: &[u8]| HEADER_BYTES + name.len() + value.len();
        let sent = self.request_headers.iter();
        let sent: usize = sent.map(|(name, value)| header(name.as_str(), value.as_bytes())).sum();
        let given = answer.into_iter().flat_map(Answer::headers);
        let given: usize = given.map(|(name, value)| header(name, value.as_bytes())).sum();
        FIXED_BYTES + self.path.len() + self.base_url.len() + bodies + sent + given
    }
}

/// How much is kept.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) exchanges: usize,
    pub(crate) bytes: usize,
}

/// The newest exchanges, up to a number and a size.
#[derive(Default)]
pub(crate) struct Exchanges {
    /// Lent to readers, so that nobody reads under the lock. Each with its bytes: counting them again
    /// when it goes would fetch all of it from memory.
    kept: VecDeque<(Arc<Exchange>, usize)>,
    bytes: usize,
    /// How many there have been, also those that were forgotten.
    total: u64,
}

impl Exchanges {
    /// Keeps one, with the next number. Gives those that had to go, to be dropped when the lock is
    /// no longer held.
    #[must_use]
    pub(crate) fn remember(
        &mut self,
        mut exchange: Exchange,
        limits: Limits,
    ) -> Vec<Arc<Exchange>> {
        let mut gone = Vec::new();
        self.total += 1;
        exchange.number = self.total;
        let bytes = exchange.bytes();
        self.bytes += bytes;
        self.kept.push_back((Arc::new(exchange), bytes));
        while self.kept.len() > limits.exchanges || self.bytes > limits.bytes {
            let Some((oldest, bytes)) = self.kept.pop_front() else { break };
            self.bytes -= bytes;
            gone.push(oldest);
        }
        gone
    }

    /// Forgets all of them, and goes on counting. Gives them, to be dropped when the lock is no
    /// longer held.
    #[must_use]
    pub(crate) fn clear(&mut self) -> Self {
        let empty = Self { total: self.total, ..Self::default() };
        std::mem::replace(self, empty)
    }

    /// The one of this number, if it is kept.
    pub(crate) fn get(&self, number: u64) -> Option<Arc<Exchange>> {
        self.above(number.checked_sub(1)?, 1).pop().filter(|it| it.number == number)
    }

    /// The first so many above a number, the oldest first.
    pub(crate) fn above(&self, number: u64, count: usize) -> Vec<Arc<Exchange>> {
        let passed = self.place(number.saturating_add(1));
        self.kept.range(passed..).take(count).map(|(it, _)| Arc::clone(it)).collect()
    }

    /// The last so many below a number, the newest first.
    pub(crate) fn below(&self, number: u64, count: usize) -> Vec<Arc<Exchange>> {
        let below = self.kept.range(..self.place(number));
        below.rev().take(count).map(|(it, _)| Arc::clone(it)).collect()
    }

    /// How many of those that are kept are below a number.
    fn place(&self, number: u64) -> usize {
        let oldest = self.kept.front().map_or(number, |(it, _)| it.number);
        let below = usize::try_from(number.saturating_sub(oldest)).unwrap_or(usize::MAX);
        below.min(self.kept.len())
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    /// How many there have been: the newest's number.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(path: String) -> Exchange {
        Exchange {
            number: 0,
            at: Timestamp::UNIX_EPOCH,
            duration_milliseconds: 0.0,
            method: Method::GET,
            path,
            base_url: String::new(),
            request_headers: HeaderMap::new(),
            request_body: Some(Bytes::new()),
            answer: Some(Answer::empty(200)),
            fault: None,
        }
    }

    fn paths(exchanges: &Exchanges) -> Vec<&str> {
        exchanges.kept.iter().map(|(it, _)| it.path.as_str()).collect()
    }

    #[test]
    fn the_ring_keeps_the_newest() {
        let mut exchanges = Exchanges::default();
        let limits = Limits { exchanges: 2, bytes: usize::MAX };
        for n in 0..5 {
            drop(exchanges.remember(exchange(format!("/{n}")), limits));
        }
        assert_eq!(paths(&exchanges), ["/3", "/4"]);
        assert_eq!(exchanges.get(4).unwrap().path, "/3");
        assert_eq!(exchanges.get(5).unwrap().path, "/4");
        assert!(exchanges.get(3).is_none());
        assert!(exchanges.get(6).is_none());
        assert!(exchanges.get(0).is_none());
        assert_eq!((exchanges.len(), exchanges.total()), (2, 5));
    }

    #[test]
    fn it_is_read_from_any_number_in_either_direction() {
        let mut exchanges = Exchanges::default();
        let limits = Limits { exchanges: 4, bytes: usize::MAX };
        for n in 1..=6 {
            drop(exchanges.remember(exchange(format!("/{n}")), limits));
        }
        let numbers =
            |lent: Vec<Arc<Exchange>>| lent.iter().map(|it| it.number).collect::<Vec<_>>();
        assert_eq!(numbers(exchanges.above(0, 3)), [3, 4, 5]);
        assert_eq!(numbers(exchanges.above(3, 2)), [4, 5]);
        assert_eq!(numbers(exchanges.above(5, 9)), [6]);
        assert_eq!(numbers(exchanges.above(u64::MAX, 9)), [0; 0]);
        assert_eq!(numbers(exchanges.below(u64::MAX, 3)), [6, 5, 4]);
        assert_eq!(numbers(exchanges.below(5, 9)), [4, 3]);
        assert_eq!(numbers(exchanges.below(3, 9)), [0; 0]);
    }

    #[test]
    fn what_is_forgotten_leaves_its_number() {
        let mut exchanges = Exchanges::default();
        let limits = Limits { exchanges: 4, bytes: usize::MAX };
        assert!(exchanges.above(0, 1).is_empty() && exchanges.below(1, 1).is_empty());
        drop(exchanges.remember(exchange("/1".into()), limits));
        drop(exchanges.clear());
        assert_eq!((exchanges.len(), exchanges.bytes, exchanges.total()), (0, 0, 1));
        assert!(exchanges.get(1).is_none());
        drop(exchanges.remember(exchange("/2".into()), limits));
        assert_eq!(exchanges.get(2).unwrap().path, "/2");
    }

    #[test]
    fn the_ring_is_bounded_in_bytes_too() {
        let mut exchanges = Exchanges::default();
        let limits = Limits { exchanges: 100, bytes: 3000 };
        for n in 0..5 {
            let mut large = exchange(format!("/{n}"));
            large.request_body = Some(Bytes::from(vec![b'x'; 800]));
            drop(exchanges.remember(large, limits));
        }
        assert_eq!(paths(&exchanges), ["/3", "/4"]);
        let mut larger = exchange("/5".into());
        larger.request_body = Some(Bytes::from(vec![b'x'; 4000]));
        drop(exchanges.remember(larger, limits));
        assert!(paths(&exchanges).is_empty());
        assert_eq!(exchanges.bytes, 0);
        assert_eq!(exchanges.total(), 6);
    }
}
