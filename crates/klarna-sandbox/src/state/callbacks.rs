//! What is to be delivered to the merchant, when, and what became of it.

pub(crate) mod attempts;
mod held;
pub(crate) mod repeats;

use std::{borrow::Cow, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::{
    attempts::{Attempt, Attempts, Outcome},
    held::{AllHeld, Held},
    repeats::{Repeat, Repeats},
};
use super::{
    State,
    faults::{
        Strike,
        callback::{CallbackEffect, Late, Shuffled},
    },
};
use crate::{
    rules::{
        order::{Order, Status},
        span::later_by,
    },
    source::{self, IdSource},
};

/// Which of Klarna's callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// To `merchant_urls.authorization`: at most three attempts.
    Authorization,
    /// To `merchant_urls.notification`: one attempt, repeated every ten minutes.
    Notification,
    /// To `merchant_urls.push`: one attempt, repeated until the order is acknowledged.
    Push,
    /// To a hosted payment page's `merchant_urls.status_update`: at most four attempts.
    StatusUpdate,
}

/// One POST to be sent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) callback_id: String,
    pub(crate) kind: Kind,
    pub(crate) url: String,
    /// JSON, or nothing.
    pub(crate) body: String,
    /// The session and the order that it is about.
    pub(crate) session_id: Option<String>,
    pub(crate) order_id: Option<String>,
    /// The injected fault that struck it.
    pub(crate) fault: Option<Cow<'static, str>>,
}

impl Delivery {
    /// The notification of an order's fraud decision; none if the order has no URL for it.
    pub(crate) fn notification(
        order: &Order,
        event_type: &str,
        ids: &dyn IdSource,
    ) -> Option<Self> {
        let order_id = &order.order_id;
        Some(Self {
            callback_id: source::uuid(ids),
            kind: Kind::Notification,
            url: order.notification_url.clone()?,
            body: format!(r#"{{"order_id":"{order_id}","event_type":"{event_type}"}}"#),
            session_id: None,
            order_id: Some(order_id.clone()),
            fault: None,
        })
    }

    /// The push of a new order; none if the order has no URL for it. It says nothing: what it is
    /// about stands in the URL (Klarna documentation, for Checkout).
    pub(crate) fn push(order: &Order, ids: &dyn IdSource) -> Option<Self> {
        Some(Self {
            callback_id: source::uuid(ids),
            kind: Kind::Push,
            url: order.push_url.clone()?,
            body: String::new(),
            session_id: None,
            order_id: Some(order.order_id.clone()),
            fault: None,
        })
    }
}

/// Deliveries that are sent one after the other, some time from now, and so often.
pub(crate) struct Sending {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) after: Duration,
    pub(crate) copies: u32,
}

impl Sending {
    fn now(deliveries: Vec<Delivery>) -> Self {
        Self { deliveries, after: Duration::ZERO, copies: 1 }
    }
}

impl State {
    /// What is to be sent of a delivery now, after the injected faults: nothing if it is lost or
    /// held back.
    pub(crate) fn plan(&mut self, delivery: Delivery, now: Timestamp) -> Option<Sending> {
        let Self { callback_faults, sessions, orders, .. } = self;
        let strike = callback_faults.strike(|it| it.fits(&delivery, sessions, orders), now);
        let Some(strike) = strike else { return Some(Sending::now(vec![delivery])) };
        let Strike { rule, effect, mut chance } = strike;
        let delivery = Delivery { fault: Some(effect.name().into()), ..delivery };
        match effect {
            CallbackEffect::Dropped => {
                self.attempts.remember(Attempt::of(&delivery, now));
                None
            }
            CallbackEffect::Doubled(doubled) => {
                Some(Sending { copies: doubled.times, ..Sending::now(vec![delivery]) })
            }
            CallbackEffect::Delayed(delayed) => {
                let jitter = chance.up_to(delayed.jitter_milliseconds);
                let after = Duration::from_millis(delayed.milliseconds.saturating_add(jitter));
                Some(Sending { after, ..Sending::now(vec![delivery]) })
            }
            CallbackEffect::Late(Late { by }) => {
                let until = later_by(now, &by).unwrap_or(Timestamp::MAX);
                self.hold(Held { delivery, until, group: None, place: 0 }, now)
            }
            CallbackEffect::Shuffled(Shuffled { of, within }) => {
                let until = later_by(now, &within).unwrap_or(Timestamp::MAX);
                let place = chance.next();
                let sent = self.hold(Held { delivery, until, group: Some(rule), place }, now);
                if sent.is_none() && self.held.of_group(rule) >= of {
                    return Some(Sending::now(self.held.release_group(rule)));
                }
                sent
            }
        }
    }

    /// Holds a delivery back; where there is no room left, it is sent at once.
    fn hold(&mut self, held: Held, now: Timestamp) -> Option<Sending> {
        if !self.held.has_room() {
            return Some(Sending::now(vec![held.delivery]));
        }
        let until = Some(held.until);
        let entry = Attempt { outcome: Outcome::Held, until, ..Attempt::of(&held.delivery, now) };
        self.attempts.remember(entry);
        self.held.add(held);
        None
    }

    /// Takes up what comes again until the merchant has heard.
    pub(crate) fn repeat(&mut self, delivery: Option<Delivery>, now: Timestamp) {
        let Some(delivery) = delivery else { return };
        if self.repeats.has_room() {
            self.repeats.add(Repeat::new(delivery, now));
        } else {
            let error = Some("too many callbacks are waiting for their next turn");
            self.attempts.remember(Attempt { error, ..Attempt::of(&delivery, now) });
        }
    }

    /// Puts into the outbox what is due by now.
    pub(super) fn notify(&mut self, now: Timestamp) {
        let orders = &self.orders;
        // A cancelled order can no longer be acknowledged; that it is not pushed is a guess.
        let is_wanted = |delivery: &Delivery| match (delivery.kind, &delivery.order_id) {
            (Kind::Push, Some(order_id)) => orders
                .get(order_id)
                .is_some_and(|it| !it.acknowledged && it.status != Status::Cancelled),
            _ => true,
        };
        for delivery in self.repeats.due(now, is_wanted) {
            let sending = self.plan(delivery, now);
            self.outbox.extend(sending);
        }
        self.outbox.extend(self.held.release(now).into_iter().map(Sending::now));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{held::HELD_MAX, repeats::REPEATS_MAX, *};
    use crate::{
        rules::order::tests::{at, order},
        source::tests::Counting,
    };

    fn with_rule(effect: &serde_json::Value) -> State {
        let mut state = State::default();
        let rule = serde_json::from_value(json!({ "effect": effect })).unwrap();
        state.callback_faults.add(rule, at("2026-01-01T00:00:00Z")).unwrap();
        state
    }

    fn notification() -> Delivery {
        let mut order = order();
        order.notification_url = Some("http://shop.example/n".into());
        Delivery::notification(&order, "FRAUD_RISK_ACCEPTED", &Counting::default()).unwrap()
    }

    #[test]
    fn without_a_url_there_is_nothing_to_deliver() {
        let order = order();
        let ids = Counting::default();
        assert!(Delivery::notification(&order, "FRAUD_RISK_ACCEPTED", &ids).is_none());
        assert!(Delivery::push(&order, &ids).is_none());
        let body = r#"{"order_id":"o","event_type":"FRAUD_RISK_ACCEPTED"}"#;
        assert_eq!(notification().body, body);
    }

    #[test]
    fn what_cannot_be_held_is_sent_at_once() {
        let now = at("2026-01-01T00:00:00Z");
        let mut state = with_rule(&json!({"kind": "late", "by": "PT1S"}));
        for _ in 0..HELD_MAX {
            assert!(state.plan(notification(), now).is_none());
        }
        let sending = state.plan(notification(), now).unwrap();
        assert_eq!((sending.deliveries.len(), sending.copies), (1, 1));
        assert_eq!(sending.deliveries[0].fault.as_deref(), Some("late"));
        state.notify(at("2026-01-01T00:00:01Z"));
        assert_eq!(state.outbox.len(), HELD_MAX);
    }

    #[test]
    fn what_cannot_be_repeated_is_noted() {
        let now = at("2026-01-01T00:00:00Z");
        let mut state = State::default();
        for number in 0..=REPEATS_MAX {
            let delivery = Delivery { callback_id: number.to_string(), ..notification() };
            state.repeat(Some(delivery), now);
        }
        let noted: Vec<_> = state.attempts.iter().map(|it| (it.outcome, it.error)).collect();
        let why = "too many callbacks are waiting for their next turn";
        assert_eq!(noted, [(Outcome::Dropped, Some(why))]);
    }

    #[test]
    fn a_delay_has_jitter_by_the_seed() {
        let effect = json!({"kind": "delayed", "milliseconds": 100, "jitter_milliseconds": 1000});
        let mut state = with_rule(&effect);
        let now = at("2026-01-01T00:00:00Z");
        let after: Vec<u128> =
            (0..3).map(|_| state.plan(notification(), now).unwrap().after.as_millis()).collect();
        assert_eq!(after, WAITS);
    }

    /// Computed apart, from the published generator with seed 0.
    const WAITS: [u128; 3] = [907, 554, 258];
}
