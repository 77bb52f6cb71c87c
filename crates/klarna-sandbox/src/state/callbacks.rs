//! What is to be delivered to the merchant, when, and what became of it.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    rules::{lifetime, order::Order},
    source::{self, IdSource},
};

/// How many attempts are remembered.
const ATTEMPTS_MAX: usize = 10_000;

/// Which of Klarna's callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// To `merchant_urls.authorization`: at most three attempts.
    Authorization,
    /// To `merchant_urls.notification`: one attempt; the store repeats it.
    Notification,
    /// To `merchant_urls.status_update` of a hosted payment page: at most four attempts.
    StatusUpdate,
}

/// One POST to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) callback_id: String,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) body: serde_json::Value,
}

/// One POST that was sent.
#[derive(Clone, Serialize)]
pub(crate) struct Attempt {
    /// The same for all attempts of one callback.
    pub(crate) callback_id: String,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    pub(crate) body: serde_json::Value,
    /// Counted from 1 within one delivery.
    pub(crate) attempt: u32,
    pub(crate) at: Timestamp,
    /// The receiver's answer; null if there was none.
    pub(crate) status: Option<u16>,
    /// Why there was no answer.
    pub(crate) error: Option<&'static str>,
}

/// Remembers an attempt, and forgets the oldest beyond the limit.
pub(crate) fn remember(attempts: &mut VecDeque<Attempt>, attempt: Attempt) {
    if attempts.len() >= ATTEMPTS_MAX {
        attempts.pop_front();
    }
    attempts.push_back(attempt);
}

/// A fraud notification, repeated every ten minutes for 24 hours until it is answered with 200.
#[derive(Serialize, Deserialize)]
pub(crate) struct Notification {
    pub(crate) delivery: Delivery,
    next_at: Timestamp,
    last_at: Timestamp,
    pub(crate) answered: bool,
}

impl Notification {
    /// The notification of an order's decision; none if the order has no URL for it.
    pub(crate) fn of(
        order: &Order,
        event_type: &str,
        now: Timestamp,
        ids: &dyn IdSource,
    ) -> Option<Self> {
        let url = order.notification_url.clone()?;
        let body = serde_json::json!({"order_id": order.order_id, "event_type": event_type});
        let callback_id = source::uuid(ids);
        Some(Self {
            delivery: Delivery { callback_id, kind: Kind::Notification, url, body },
            next_at: now,
            last_at: lifetime::later(now, lifetime::NOTIFICATION_FOR),
            answered: false,
        })
    }

    /// The delivery, if one is due. A clock that leaps over several gives one of them.
    pub(crate) fn due(&mut self, now: Timestamp) -> Option<Delivery> {
        if self.answered || self.next_at > now || self.next_at > self.last_at {
            return None;
        }
        self.next_at = lifetime::later(now, lifetime::NOTIFICATION_EVERY);
        Some(self.delivery.clone())
    }

    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.answered || now > self.last_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rules::order::tests::{at, order},
        source::tests::Counting,
    };

    #[test]
    fn a_notification_is_repeated_every_ten_minutes_for_a_day() {
        let mut order = order();
        let ids = Counting::default();
        let start = at("2026-01-01T00:00:00Z");
        assert!(Notification::of(&order, "X", start, &ids).is_none());
        order.notification_url = Some("http://shop.example/n".into());
        let mut one = Notification::of(&order, "FRAUD_RISK_ACCEPTED", start, &ids).unwrap();
        assert!(one.due(start).is_some());
        assert!(one.due(at("2026-01-01T00:09:59Z")).is_none());
        assert!(one.due(at("2026-01-01T00:10:00Z")).is_some());
        assert!(one.due(at("2026-01-01T23:55:00Z")).is_some());
        assert!(!one.is_over(at("2026-01-02T00:00:00Z")));
        assert!(one.due(at("2026-01-02T00:06:00Z")).is_none());
        assert!(one.is_over(at("2026-01-02T00:06:00Z")));
    }
}
