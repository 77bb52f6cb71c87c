//! The store: everything that the sandbox remembers, changed by synchronous transitions only.

pub(crate) mod callbacks;
pub(crate) mod exchanges;
pub(crate) mod faults;
pub(crate) mod flows;
pub(crate) mod idempotency;
pub(crate) mod orders;
pub(crate) mod placing;
pub(crate) mod sessions;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use self::{
    callbacks::{Attempt, Delivery, Notification},
    exchanges::Exchanges,
    faults::Faults,
    flows::Flow,
    idempotency::Idempotency,
    placing::Authorization,
    sessions::Session,
};
use crate::{
    config::{AuthorizationCallback, Config},
    rules::{
        aging,
        order::{FraudStatus, Order},
    },
    source::{self, IdSource},
};

/// What a transition needs to know of the world: the time, ids, the switches, and under which
/// address the sandbox was called.
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    pub(crate) ids: &'a dyn IdSource,
    pub(crate) config: &'a Config,
    /// Like `http://127.0.0.1:4010`.
    pub(crate) base_url: &'a str,
}

impl Moment<'_> {
    pub(crate) fn uuid(&self) -> String {
        source::uuid(self.ids)
    }

    pub(crate) fn loose_uuid(&self) -> String {
        source::loose_uuid(self.ids)
    }
}

/// Everything that is remembered.
#[derive(Default)]
pub(crate) struct State {
    /// How far the sandbox's clock is ahead of its base.
    pub(crate) offset: SignedDuration,
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) authorizations: HashMap<String, Authorization>,
    /// What buyers are led through, by flow id.
    pub(crate) flows: HashMap<String, Flow>,
    /// Set while running; else the configuration's.
    pub(crate) authorization_callback: Option<AuthorizationCallback>,
    /// By order id in its full, lower-case form.
    pub(crate) orders: BTreeMap<String, Order>,
    pub(crate) idempotency: Idempotency,
    pub(crate) exchanges: Exchanges,
    pub(crate) faults: Faults,
    /// Fraud notifications that were not yet answered with 200.
    pub(crate) notifications: Vec<Notification>,
    /// Deliveries that the caller of a transition has to send.
    pub(crate) outbox: Vec<Delivery>,
    /// What was delivered, and how it went.
    pub(crate) attempts: Vec<Attempt>,
}

impl State {
    /// Lets everything happen that is due by now. Looks at every order: for the clock, not for
    /// each request.
    pub(crate) fn settle(&mut self, now: Timestamp, ids: &dyn IdSource, config: &Config) {
        for order in self.orders.values_mut() {
            self.notifications.extend(aged(order, now, ids, config));
        }
        self.notify(now);
        self.idempotency.forget_old(now);
    }

    /// Lets happen to one order what is due by now, before anyone looks at it.
    pub(crate) fn settle_order(&mut self, order_id: &str, moment: &Moment<'_>) {
        if let Some(order) = orders::find(&mut self.orders, order_id) {
            self.notifications.extend(aged(order, moment.now, moment.ids, moment.config));
        }
        self.notify(moment.now);
    }

    /// Puts the notifications that are due into the outbox.
    fn notify(&mut self, now: Timestamp) {
        for notification in &mut self.notifications {
            self.outbox.extend(notification.due(now));
        }
        self.notifications.retain(|notification| !notification.is_over(now));
    }

    /// Makes fraud control decide now. `None`: the order is not known.
    pub(crate) fn decide(
        &mut self,
        order_id: &str,
        decision: Decision,
        moment: &Moment<'_>,
    ) -> Option<()> {
        let order = orders::find(&mut self.orders, order_id)?;
        let decided = match decision {
            Decision::Accepted => Some(FraudStatus::Accepted),
            Decision::Rejected => Some(FraudStatus::Rejected),
            // Klarna's documentation: the shipment is to be stopped; the order keeps its status.
            Decision::Stopped => None,
        };
        if let Some(decided) = decided {
            aging::decide(order, decided, moment.now, moment.uuid());
        }
        let event = decided.map_or("FRAUD_RISK_STOPPED", event_type);
        self.notifications.extend(Notification::of(order, event, moment.now, moment.ids));
        self.notify(moment.now);
        Some(())
    }
}

/// Lets an order age; gives the notification of a fraud decision that fell meanwhile.
fn aged(
    order: &mut Order,
    now: Timestamp,
    ids: &dyn IdSource,
    config: &Config,
) -> Option<Notification> {
    let switch = config.part_captured_becomes_expired;
    let decision = aging::age(order, now, switch, || source::uuid(ids))?;
    Notification::of(order, event_type(decision), now, ids)
}

/// What a developer makes fraud control say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Accepted,
    Rejected,
    Stopped,
}

fn event_type(decision: FraudStatus) -> &'static str {
    match decision {
        FraudStatus::Rejected => "FRAUD_RISK_REJECTED",
        FraudStatus::Accepted | FraudStatus::Pending => "FRAUD_RISK_ACCEPTED",
    }
}
