//! The store: everything that the sandbox remembers, changed by synchronous transitions only.

pub(crate) mod callbacks;
pub(crate) mod clock;
pub(crate) mod customer_tokens;
mod decided;
pub(crate) mod distributions;
pub(crate) mod faults;
pub(crate) mod flows;
pub(crate) mod held;
pub(crate) mod hpp;
pub(crate) mod hpp_buyers;
pub(crate) mod idempotency;
pub(crate) mod limits;
pub(crate) mod named;
pub(crate) mod orders;
pub(crate) mod parts;
pub(crate) mod placing;
pub(crate) mod sessions;
pub(crate) mod table;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::{
    callbacks::{AllHeld, Attempts, Delivery, Repeats, Sending},
    clock::SandboxClock,
    customer_tokens::CustomerToken,
    distributions::Distribution,
    faults::{CallbackFaults, Faults},
    flows::Flow,
    hpp::HppSession,
    idempotency::Idempotency,
    limits::{StoreLimits, Weights},
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
#[serde(default, deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) clock: SandboxClock,
    pub(crate) settings: Arc<Settings>,
    /// By session id.
    pub(crate) sessions: Table<Session>,
    /// By authorization token.
    pub(crate) authorizations: Table<Authorization>,
    /// The session ids of tokens that are superseded, void or given back.
    pub(crate) given_up: Table<String>,
    /// What buyers are led through, by flow id.
    #[serde(skip)]
    pub(crate) flows: Table<Flow>,
    /// By order id in its full, lower-case form.
    pub(crate) orders: Table<Order>,
    /// By token id.
    pub(crate) customer_tokens: Table<CustomerToken>,
    /// By session id.
    pub(crate) hpp_sessions: Table<HppSession>,
    /// The hosted payment pages' session ids, by what their addresses end with.
    pub(crate) hpp_pages: Table<String>,
    /// By distribution id.
    pub(crate) distributions: Table<Distribution>,
    pub(crate) idempotency: Idempotency,
    pub(crate) faults: Faults,
    pub(crate) callback_faults: CallbackFaults,
    /// Callbacks that come again until the merchant has heard.
    pub(crate) repeats: Repeats,
    /// Callbacks that a fault holds back.
    pub(crate) held: AllHeld,
    #[serde(skip)]
    pub(crate) weights: Weights,
    #[serde(skip)]
    pub(crate) rate_limits: RateLimits,
    /// What the caller of a transition has to send.
    #[serde(skip)]
    pub(crate) outbox: Vec<Sending>,
    /// What was delivered, and how it went.
    #[serde(skip)]
    pub(crate) attempts: Attempts,
    /// How often all of it was replaced by something else.
    #[serde(skip)]
    pub(crate) epoch: u64,
    /// Whether the tables note what changes.
    #[serde(skip)]
    pub(crate) is_tracked: bool,
}

impl State {
    /// An empty store.
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), ..Self::default() }
    }

    /// Puts another store in the place of this one, which it gives back.
    pub(crate) fn replace(&mut self, newer: Self) -> Self {
        let older = std::mem::replace(self, newer);
        self.epoch = older.epoch + 1;
        if older.is_tracked {
            self.track();
        }
        older
    }

    /// Lets everything happen that is due by now. Looks at every row: for the clock, not for
    /// each request.
    pub(crate) fn settle(&mut self, now: Timestamp, ids: &dyn IdSource, limits: StoreLimits) {
        let settings = Arc::clone(&self.settings);
        for id in self.orders.ids_of(|order| aging::is_due(order, now)) {
            let decision = self.orders.get_mut(&id).and_then(|it| aged(it, now, ids, &settings));
            self.repeat(decision, now);
        }
        self.notify(now);
        self.idempotency.forget_old(now);
        // Before their payment sessions are forgotten: what became of those decides.
        self.settle_hpp_sessions(&Moment { now, ids, settings, base_url: "" });
        self.forget_expired_sessions(now);
        self.keep_within(limits);
    }

    /// Lets happen to one order what is due by now, before anyone looks at it.
    pub(crate) fn settle_order(&mut self, order_id: &str, moment: &Moment<'_>) {
        let is_due = |order: &Order| aging::is_due(order, moment.now);
        if orders::find(&self.orders, order_id).is_some_and(is_due)
            && let Some(order) = orders::find_mut(&mut self.orders, order_id)
        {
            let decision = aged(order, moment.now, moment.ids, &moment.settings);
            self.repeat(decision, moment.now);
        }
        self.notify(moment.now);
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
        let delivery = Delivery::notification(order, event, moment.ids);
        self.repeat(delivery, moment.now);
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
) -> Option<Delivery> {
    let switch = settings.part_captured_becomes_expired;
    let decision = aging::age(order, now, switch, || source::uuid(ids))?;
    Delivery::notification(order, event_type(decision), ids)
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
