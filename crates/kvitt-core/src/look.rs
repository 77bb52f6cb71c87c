//! When kvitt looks at a sale by itself, by business time, and what for.
//!
//! Callbacks are lost, shoppers close their browsers, and people act in Klarna's portal. What
//! nobody tells is found by looking: seldom, and only at sales that can still change.

use jiff::{SignedDuration, Timestamp};

use crate::act::{Act, ActKind};
use crate::expiry::ExpiryPolicy;
use crate::order::{FraudStatus, Order, OrderStatus};
use crate::sale::{Authorization, Sale};

/// So long before a token dies an authorization that placed no order is given back: afterwards
/// Klarna no longer takes it, and the shopper's credit stays blocked for as long as Klarna likes.
pub const RELEASE_BEFORE_EXPIRY: SignedDuration = SignedDuration::from_mins(2);

/// The shortest time between two reads of an order. Klarna asks for few (its documentation on
/// rate limits), and a callback usually comes first.
const READ_AFTER_MIN: SignedDuration = SignedDuration::from_mins(10);

/// The longest time between two reads of an order whose review by Klarna goes on: it promises a
/// decision within a day (Klarna documentation: pending orders).
const REVIEW_READ_AFTER_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The longest time between two reads of any other order that is open or in doubt.
const READ_AFTER_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long after a session was opened it is read the first time, where nobody told of an
/// authorization, and how long after that the second time. A token lives for an hour, so the two find
/// whatever was authorized in the first hour and a half, early enough to place it.
const SESSION_READ_AFTER: [SignedDuration; 2] =
    [SignedDuration::from_mins(30), SignedDuration::from_mins(85)];

/// What a look is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Look {
    /// Read the order from Klarna.
    ReadOrder,
    /// Read the session: callback and browser may both have been lost.
    ReadSession,
    /// Give back authorizations that will place no order.
    ReleaseAuthorizations,
    /// See what the end of the time to capture asks for.
    Expiry,
}

impl Sale {
    /// When this sale must be looked at next, if nothing else happens to it.
    pub fn next_look(&self, policy: &ExpiryPolicy) -> Option<Timestamp> {
        self.looks(policy).map(|(at, _)| at).min()
    }

    /// What has to be looked after at a moment.
    pub fn due_looks(&self, policy: &ExpiryPolicy, at: Timestamp) -> impl Iterator<Item = Look> {
        self.looks(policy).filter(move |(due_at, _)| *due_at <= at).map(|(_, look)| look)
    }

    fn looks(&self, policy: &ExpiryPolicy) -> impl Iterator<Item = (Timestamp, Look)> + use<> {
        let read = self.read_due_at().map(|at| (at, Look::ReadOrder));
        let session = self.session_read_due_at().map(|at| (at, Look::ReadSession));
        let release = self.release_due_at().map(|at| (at, Look::ReleaseAuthorizations));
        let expiry = self.expiry_due_at(policy).map(|at| (at, Look::Expiry));
        read.into_iter().chain(session).chain(release).chain(expiry)
    }

    /// Reads grow rarer as the order grows older, and do not all fall on one moment.
    fn read_due_at(&self) -> Option<Timestamp> {
        let order = self.order.as_ref()?;
        let in_doubt = self.open_intent(|act| act.kind().moves_money()).is_some();
        let last_read_at = order.last_read.as_ref().map_or(order.placed_at, |(_, at)| *at);
        if !in_doubt && !can_change_by_itself(order, last_read_at) {
            return None;
        }
        let longest = if order.fraud_status == FraudStatus::Accepted {
            READ_AFTER_MAX
        } else {
            REVIEW_READ_AFTER_MAX
        };
        let age = last_read_at.duration_since(order.placed_at);
        let pause = (age / 2).clamp(READ_AFTER_MIN, longest);
        Some(last_read_at + pause + self.spread(pause))
    }

    fn session_read_due_at(&self) -> Option<Timestamp> {
        let session = self.session.as_ref()?;
        let waits = self.order.is_none() && !self.abandoned && !self.is_placing();
        if !waits || self.usable_authorization().is_some() {
            return None;
        }
        let after = SESSION_READ_AFTER.get(usize::try_from(session.reads).ok()?)?;
        // Both are moved alike, so that no more than an hour lies between them.
        let at = session.opened_at + *after + self.spread(SESSION_READ_AFTER[0]);
        Some(at).filter(|at| *at < session.expires_at)
    }

    /// Up to a tenth of a pause, by the sale's id: the same for each replica.
    fn spread(&self, pause: SignedDuration) -> SignedDuration {
        let tenths = i32::from(*self.id.0.as_bytes().last().unwrap_or(&0));
        pause / 10 / 255 * tenths
    }

    /// None dies unreleased but the one that an order is being placed with. Its placing may be in
    /// doubt for longer than the others live.
    fn release_due_at(&self) -> Option<Timestamp> {
        // A token that an order was placed with, as it may be here, holds nothing any more.
        if self.order.is_some() || self.abandoned || self.has_unknown_order() {
            return None;
        }
        let placing = self.open_intent(|act| act.kind() == ActKind::Place);
        let is_placing = |it: &Authorization| {
            placing.is_some_and(|intent| {
                matches!(&intent.act, Act::Place { authorization, .. } if *authorization == it.digest)
            })
        };
        let held = self.authorizations.iter().filter(|it| !it.released && !is_placing(it));
        held.map(Authorization::release_at).min()
    }
}

/// Whether Klarna may bring news of an order that nobody here asked for: of its review, of its
/// end, or of what people do in Klarna's portal. Refunds in the portal of an order that is wholly
/// captured are left to reconciling.
fn can_change_by_itself(order: &Order, at: Timestamp) -> bool {
    match order.status(at) {
        OrderStatus::Authorized | OrderStatus::PartCaptured => true,
        OrderStatus::Captured => order.fraud_status == FraudStatus::Pending,
        OrderStatus::Cancelled | OrderStatus::Expired => false,
    }
}
