//! A sale as it stands: what its events add up to.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::act::{Act, ActKind};
use crate::cart::SaleCart;
use crate::event::{CheckoutTerms, PaymentMethodCategory, Placement};
use crate::ids::{IntentId, SaleId};
use crate::intent::{Intent, IntentState};
use crate::look::RELEASE_BEFORE_EXPIRY;
use crate::order::{FraudStatus, Order};
use crate::undo::Undo;

/// How long an authorization token lives (Klarna documentation: create an order).
pub const AUTHORIZATION_LIFETIME: SignedDuration = SignedDuration::from_mins(60);

/// How long a session lives (Klarna documentation: initiate a payment).
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(48);

/// A Klarna session of a checkout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Klarna's id.
    pub session_id: String,
    /// When Klarna forgets it.
    pub expires_at: Timestamp,
    /// Version of the cart that Klarna holds.
    pub cart_version: u32,
    /// The payment methods offered.
    pub payment_method_categories: Vec<PaymentMethodCategory>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How often it was read without finding anything.
    pub reads: u32,
    /// Klarna has an order for it.
    pub is_complete: bool,
}

/// An authorization by the shopper. The token itself stands apart, under its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Digest of the token.
    pub digest: String,
    /// The session that it belongs to.
    pub session_id: String,
    /// Name of the Klarna account that gave it.
    pub account: String,
    /// Version of the cart that was authorized.
    pub cart_version: u32,
    /// When the token dies.
    pub expires_at: Timestamp,
    /// Given back.
    pub released: bool,
}

impl Authorization {
    /// From when on it is given back where it placed no order.
    pub fn release_at(&self) -> Timestamp {
        self.expires_at - RELEASE_BEFORE_EXPIRY
    }
}

/// State of a checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckoutStatus {
    /// Waits for the shopper.
    Open,
    /// The shopper authorized; the order is not placed yet.
    Authorized,
    /// The order is being placed, or nobody knows yet whether it is.
    Placing,
    /// The order is placed.
    Completed,
    /// The shop gave it up.
    Abandoned,
}

impl CheckoutStatus {
    /// The name in the API, such as `open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Authorized => "authorized",
            Self::Placing => "placing",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A checkout and the order that it may have become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sale {
    /// The sale.
    pub id: SaleId,
    /// How many events it has.
    pub version: u64,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
    /// What the shop wants, with the references as they are now.
    pub terms: CheckoutTerms,
    /// What is sold: the checkout's cart. An order has its own.
    pub cart: SaleCart,
    /// Counts the changes of the cart, from 1.
    pub cart_version: u32,
    /// The Klarna session in use.
    pub session: Option<Session>,
    /// Sessions of another account than the sale has now, each with the name of its own.
    pub(crate) former_accounts: BTreeMap<String, String>,
    /// Every authorization, oldest first.
    pub authorizations: Vec<Authorization>,
    /// The shop gave the checkout up.
    pub abandoned: bool,
    /// A callback asked not to ship, perhaps before the answer that placed the order was recorded.
    pub stopped: bool,
    /// What Klarna accepted.
    pub order: Option<Order>,
    /// Every intent, oldest first (ids are ordered by time).
    pub intents: BTreeMap<IntentId, Intent>,
    /// Every undo, oldest first.
    pub undos: BTreeMap<IntentId, Undo>,
}

impl Sale {
    /// The checkout's state.
    pub fn checkout_status(&self) -> CheckoutStatus {
        if self.order.is_some() {
            CheckoutStatus::Completed
        } else if self.is_placing() {
            CheckoutStatus::Placing
        } else if self.abandoned {
            CheckoutStatus::Abandoned
        } else if self.usable_authorization().is_some() {
            CheckoutStatus::Authorized
        } else {
            CheckoutStatus::Open
        }
    }

    /// Whether the order is being placed, or nobody knows yet whether or as which it is.
    pub(crate) fn is_placing(&self) -> bool {
        self.has_unknown_order() || self.open_intent(|act| act.kind() == ActKind::Place).is_some()
    }

    /// Whether an order is being placed here, or is about to be.
    pub fn is_placed_soon(&self) -> bool {
        self.open_intent(|act| act.kind() == ActKind::Place).is_some()
            || (self.places_automatically() && self.usable_authorization().is_some())
    }

    /// Whether Klarna's session says that there is an order, and nobody here knows which: it was
    /// placed by a kvitt whose ledger was lost, or by another program.
    pub fn has_unknown_order(&self) -> bool {
        self.order.is_none() && self.session.as_ref().is_some_and(|session| session.is_complete)
    }

    /// The first intent of a kind that is not over yet, nor held.
    pub fn open_intent(&self, wanted: impl Fn(&Act) -> bool) -> Option<&Intent> {
        let is_open =
            |state: &IntentState| !state.is_settled() && !matches!(state, IntentState::Held);
        self.intents.values().find(|intent| is_open(&intent.state) && wanted(&intent.act))
    }

    /// The newest authorization of the cart as it is, if an order can still be placed with it: it
    /// was not given back, and no placing with it failed (a failure sticks to the token). A late
    /// one of an earlier cart does not stand in its way.
    pub fn usable_authorization(&self) -> Option<&Authorization> {
        let newest = self.authorizations.iter().rfind(|it| it.cart_version == self.cart_version);
        newest.filter(|it| !it.released && !self.was_used(&it.digest))
    }

    /// Whether placing an order was tried with this authorization.
    pub fn was_used(&self, authorization: &str) -> bool {
        self.intents.values().any(|intent| {
            matches!(&intent.act, Act::Place { authorization: used, .. } if used == authorization)
        })
    }

    /// Authorizations that placed no order and were not given back: at this moment, the shopper's
    /// credit is blocked by them for nothing.
    pub fn losing_authorizations(&self, at: Timestamp) -> impl Iterator<Item = &Authorization> {
        let winner = self.intents.values().find_map(|intent| match (&intent.act, &intent.state) {
            (Act::Place { authorization, .. }, IntentState::Done(_)) => Some(authorization),
            _ => None,
        });
        let placing = self.intents.values().find_map(|intent| match &intent.act {
            Act::Place { authorization, .. } if !intent.state.is_settled() => Some(authorization),
            _ => None,
        });
        let over = self.order.is_some() || self.abandoned;
        let usable = self
            .usable_authorization()
            .filter(|usable| !over && at < usable.release_at())
            .map(|usable| &usable.digest);
        self.authorizations.iter().filter(move |authorization| {
            let digest = Some(&authorization.digest);
            !authorization.released && digest != winner && digest != placing && digest != usable
        })
    }

    /// Whether placing happens by itself once an authorization is there.
    pub fn places_automatically(&self) -> bool {
        self.terms.placement == Placement::Automatic
    }

    /// What Klarna said when the order was last read that differs from the sums here, if anything.
    /// A read is compared until the next act that moves money is wanted; one that was made while
    /// such an act was open is not compared at all.
    pub fn difference(&self) -> Option<String> {
        self.sums_that_differ().into_iter().next().map(|it| it.to_string())
    }
}

/// Whether Klarna takes the risk, and nobody asked to stop.
pub(crate) fn fraud_problem(order: &Order) -> Option<crate::MayShipReason> {
    use crate::MayShipReason;
    if order.stopped {
        return Some(MayShipReason::Stopped);
    }
    match &order.fraud_status {
        FraudStatus::Accepted => None,
        FraudStatus::Pending => Some(MayShipReason::FraudPending),
        FraudStatus::Rejected => Some(MayShipReason::FraudRejected),
        FraudStatus::Other(_) => Some(MayShipReason::FraudUnknown),
    }
}
