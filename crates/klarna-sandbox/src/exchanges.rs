//! The last requests and answers, for tests and for people who look.

use std::collections::VecDeque;

use axum::{
    body::Bytes,
    http::{HeaderMap, Method},
};
use jiff::Timestamp;

use crate::answer::Answer;

/// What an exchange takes besides its texts, roughly: for the limit in bytes.
const FIXED_BYTES: usize = 512;
const HEADER_BYTES: usize = 64;

/// One request and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    /// Counted from 1, since the start or the last reset.
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
        let headers =
            self.request_headers.len() + answer.map_or(0, |answer| answer.headers().count());
        FIXED_BYTES + self.path.len() + self.base_url.len() + bodies + headers * HEADER_BYTES
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
    kept: VecDeque<Exchange>,
    bytes: usize,
    /// How many there have been, also those that were forgotten.
    total: u64,
}

impl Exchanges {
    /// Keeps one, with the next number. Gives those that had to go, to be dropped when the lock is
    /// no longer held.
    #[must_use]
    pub(crate) fn remember(&mut self, mut exchange: Exchange, limits: Limits) -> Vec<Exchange> {
        let mut gone = Vec::new();
        self.total += 1;
        exchange.number = self.total;
        self.bytes += exchange.bytes();
        self.kept.push_back(exchange);
        while self.kept.len() > limits.exchanges || self.bytes > limits.bytes {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.bytes();
            gone.push(oldest);
        }
        gone
    }

    /// All that are kept, the newest last.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Exchange> {
        self.kept.iter()
    }

    /// The one of this number, if it is kept.
    pub(crate) fn get(&self, number: u64) -> Option<&Exchange> {
        let first = self.kept.front()?.number;
        self.kept.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

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
        exchanges.iter().map(|it| it.path.as_str()).collect()
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
        assert_eq!(exchanges.total(), 5);
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
