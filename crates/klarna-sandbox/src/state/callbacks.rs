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
        let until = Some(held.until);
        let entry = Attempt { outcome: Outcome::Held, until, ..Attempt::of(&held.delivery, now) };
        match self.held.add(held) {
            Ok(()) => {
                self.attempts.remember(entry);
                None
            }
            Err(held) => Some(Sending::now(vec![held.delivery])),
        }
    }

    /// Takes up what comes again until the merchant has heard.
    pub(crate) fn repeat(&mut self, delivery: Delivery, now: Timestamp) {
        let error = Some("too many callbacks are waiting for their next turn");
        let entry = Attempt { error, ..Attempt::of(&delivery, now) };
        if !self.repeats.add(Repeat::new(delivery, now)) {
            self.attempts.remember(entry);
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
