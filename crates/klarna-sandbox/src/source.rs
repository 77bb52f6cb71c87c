//! Time and ids as arguments: what the sandbox asks for, and the real ones.

use jiff::Timestamp;
use uuid::Uuid;

/// Tells the time on which the sandbox's own clock is based (it adds its offset to it).
pub trait Clock: Send + Sync {
    /// The base time now.
    fn now(&self) -> Timestamp;
}

/// Gives the bytes from which ids, tokens and references are made.
pub trait IdSource: Send + Sync {
    /// Sixteen bytes that this source has not given before.
    fn bytes(&self) -> [u8; 16];
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the edge: the one place that reads real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The machine's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "the edge: the one place that makes real ids")]
    fn bytes(&self) -> [u8; 16] {
        *Uuid::new_v4().as_bytes()
    }
}

/// A version 4 UUID, as captures, refunds, tokens and correlation ids are (recorded exchange).
pub(crate) fn uuid(ids: &dyn IdSource) -> String {
    uuid::Builder::from_random_bytes(ids.bytes()).into_uuid().to_string()
}

/// An order's or session's id: it looks like a UUID, but its version digit is anything from 1 to
/// 6 (recorded exchange), so that a client which insists on version 4 finds out here.
pub(crate) fn loose_uuid(ids: &dyn IdSource) -> String {
    let mut bytes = *uuid::Builder::from_random_bytes(ids.bytes()).as_uuid().as_bytes();
    bytes[6] = (bytes[6] & 0x0f) | ((1 + bytes[7] % 6) << 4);
    Uuid::from_bytes(bytes).to_string()
}

/// An order's short reference: eight of `0-9A-Z` (recorded exchange).
pub(crate) fn klarna_reference(ids: &dyn IdSource) -> String {
    const ALPHABET: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    ids.bytes()
        .iter()
        .rev()
        .take(8)
        .map(|byte| char::from(ALPHABET[usize::from(byte % 36)]))
        .collect()
}

/// The short name of a hosted payment page: seven letters and digits (Klarna's sample).
pub(crate) fn page_id(ids: &dyn IdSource) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    ids.bytes()
        .iter()
        .rev()
        .take(7)
        .map(|byte| char::from(ALPHABET[usize::from(byte % 62)]))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Counts up: every id of a test is known.
    #[derive(Default)]
    pub(crate) struct Counting(AtomicU64);

    impl IdSource for Counting {
        fn bytes(&self) -> [u8; 16] {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            let mut bytes = [0; 16];
            bytes[8..].copy_from_slice(&n.to_be_bytes());
            bytes
        }
    }

    #[test]
    fn order_ids_carry_other_versions_than_four() {
        let versions: std::collections::BTreeSet<usize> = (0..200)
            .map(|_| Uuid::parse_str(&loose_uuid(&RandomIds)).unwrap().get_version_num())
            .collect();
        assert_eq!(versions.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn references_have_eight_capitals_or_digits() {
        let reference = klarna_reference(&RandomIds);
        assert_eq!(reference.len(), 8);
        assert!(reference.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()));
        let page_id = page_id(&RandomIds);
        assert_eq!(page_id.len(), 7);
        assert!(page_id.bytes().all(|b| b.is_ascii_alphanumeric()));
    }
}
