//! The store: everything that the sandbox remembers, changed by synchronous transitions only.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod distributions;
pub(crate) mod faults;
pub(crate) mod flows;
pub(crate) mod hpp;
pub(crate) mod hpp_buyers;
pub(crate) mod idempotency;
pub(crate) mod orders;
pub(crate) mod placing;
pub(crate) mod sessions;
pub(crate) mod table;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::{
    callbacks::{Attempt, Delivery, Notification},
    clock::SandboxClock,
    distributions::Distribution,
    faults::Faults,
    flows::Flow,
    hpp::HppSession,
    idempotency::Idempotency,
    placing::Authorization,
    sessions::Session,
    table::Table,
};
use crate::{
    rate_limit::RateLimits,
    rules::{
        aging,
        order::{FraudStatus, Order},
    },
    settings::Settings,
    source::{self, IdSource},
};

/// What a transition needs to know of the world: the time, ids, the switches, and under which
/// address the sandbox was called.
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    pub(crate) ids: &'a dyn IdSource,
    pub(crate) settings: Arc<Settings>,
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

/// Everything that is remembered. All but flows and what is about to be sent can be saved and
/// restored.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) clock: SandboxClock,
    pub(crate) settings: Arc<Settings>,
    /// By session id.
    pub(crate) sessions: Table<Session>,
    /// By authorization token.
    pub(crate) authorizations: Table<Authorization>,
    /// What buyers are led through, by flow id.
    #[serde(skip)]
    pub(crate) flows: HashMap<String, Flow>,
    /// By order id in its full, lower-case form.
    pub(crate) orders: Table<Order>,
    /// By session id.
    pub(crate) hpp_sessions: Table<HppSession>,
    /// The hosted payment pages' session ids, by what their addresses end with.
    pub(crate) hpp_pages: Table<String>,
    /// By distribution id.
    pub(crate) distributions: Table<Distribution>,
    pub(crate) idempotency: Idempotency,
    pub(crate) faults: Faults,
    /// Callbacks that are repeated until they are answered.
    pub(crate) notifications: Vec<Notification>,
    #[serde(skip)]
    pub(crate) rate_limits: RateLimits,
    /// Deliveries that the caller of a transition has to send.
    #[serde(skip)]
    pub(crate) outbox: Vec<Delivery>,
    /// What was delivered, and how it went.
    #[serde(skip)]
    pub(crate) attempts: VecDeque<Attempt>,
}

impl State {
    /// An empty store.
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), ..Self::default() }
    }

    /// Lets everything happen that is due by now. Looks at every row: for the clock, not for
    /// each request.
    pub(crate) fn settle(&mut self, now: Timestamp, ids: &dyn IdSource, sessions_max: usize) {
        let settings = Arc::clone(&self.settings);
        for id in self.orders.ids_of(|order| aging::is_due(order, now)) {
            if let Some(order) = self.orders.get_mut(&id) {
                self.notifications.extend(aged(order, now, ids, &settings));
            }
        }
        self.notify(now);
        self.idempotency.forget_old(now);
        self.forget_sessions(now, sessions_max);
        self.settle_hpp_sessions(&Moment { now, ids, settings, base_url: "" }, sessions_max);
    }

    /// Lets happen to one order what is due by now, before anyone looks at it.
    pub(crate) fn settle_order(&mut self, order_id: &str, moment: &Moment<'_>) {
        let is_due = |order: &Order| aging::is_due(order, moment.now);
        if orders::find(&self.orders, order_id).is_some_and(is_due)
            && let Some(order) = orders::find_mut(&mut self.orders, order_id)
        {
            self.notifications.extend(aged(order, moment.now, moment.ids, &moment.settings));
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
        let order = orders::find_mut(&mut self.orders, order_id)?;
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
    settings: &Settings,
) -> Option<Notification> {
    let switch = settings.part_captured_becomes_expired;
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
