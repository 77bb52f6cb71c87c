//! The ledger beside Klarna: what differs, and what becomes of it.

use std::fmt;

use jiff::Timestamp;

use crate::act::{ActKind, Outcome, ShippingInfo};
use crate::event::{AddressKind, Event, Evidence};
use crate::ids::IntentId;
use crate::intent::{Intent, IntentState};
use crate::klarna_side::{
    MoveAtKlarna, OrderAtKlarna, Recognised, is_since, unknown_captures, unknown_refunds,
};
use crate::order::{Order, OrderStatus};
use crate::parcels::missing_parcels;
use crate::sale::Sale;

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Klarna does not know the order.
    OrderMissing,
    /// Klarna has an order for the checkout that is not known here.
    OrderUnknown,
    /// The same, and it is known now which.
    OrderExternal,
    /// Whether the order was placed is not known.
    PlacingInDoubt,
    /// The shopper authorized, and nobody told.
    AuthorizationUntold,
    /// Klarna holds another cart for the checkout.
    CartAtKlarna,
    /// Klarna does not know the session any more.
    SessionLost,
    /// An act whose outcome was not known here was done.
    ActDone,
    /// An act whose outcome is not known here was not done so far.
    ActNotDone,
    /// Klarna has several that an act can have become, or one that may stand in its place.
    ActAmbiguous,
    /// A capture that nobody asked for here.
    CaptureExternal,
    /// A refund that nobody asked for here.
    RefundExternal,
    /// What was left was released, and not from here.
    ReleaseExternal,
    /// Lines or amount were changed, and not from here.
    LinesExternal,
    /// The shop's references were changed, and not from here.
    ReferencesExternal,
    /// Tracking that nobody gave Klarna here.
    ShippingInfoExternal,
    /// Klarna has another billing address.
    BillingAddressExternal,
    /// Klarna has another shipping address.
    ShippingAddressExternal,
    /// Klarna does not have a capture that stands here.
    CaptureMissing,
    /// Klarna does not have a refund that stands here.
    RefundMissing,
    /// Klarna does not have tracking that stands here.
    ShippingInfoMissing,
    /// The order is cancelled or expired on one side only, or in a state that is not known.
    Status,
    /// Klarna's word on fraud.
    FraudStatus,
    /// Until when can be captured.
    ExpiresAt,
    /// The order's total.
    OrderAmount,
    /// The sum of all captures.
    CapturedAmount,
    /// The sum of all refunds.
    RefundedAmount,
    /// What can still be captured.
    RemainingAuthorizedAmount,
}

impl DifferenceKind {
    /// The name in the API, such as `capture_external`. It does not change.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderMissing => "order_missing",
            Self::OrderUnknown => "order_unknown",
            Self::OrderExternal => "order_external",
            Self::PlacingInDoubt => "placing_in_doubt",
            Self::AuthorizationUntold => "authorization_untold",
            Self::CartAtKlarna => "cart_at_klarna",
            Self::SessionLost => "session_lost",
            Self::ActDone => "act_done",
            Self::ActNotDone => "act_not_done",
            Self::ActAmbiguous => "act_ambiguous",
            Self::CaptureExternal => "capture_external",
            Self::RefundExternal => "refund_external",
            Self::ReleaseExternal => "release_external",
            Self::LinesExternal => "lines_external",
            Self::ReferencesExternal => "references_external",
            Self::ShippingInfoExternal => "shipping_info_external",
            Self::BillingAddressExternal => "billing_address_external",
            Self::ShippingAddressExternal => "shipping_address_external",
            Self::CaptureMissing => "capture_missing",
            Self::RefundMissing => "refund_missing",
            Self::ShippingInfoMissing => "shipping_info_missing",
            Self::Status => "status",
            Self::FraudStatus => "fraud_status",
            Self::ExpiresAt => "expires_at",
            Self::OrderAmount => "order_amount",
            Self::CapturedAmount => "captured_amount",
            Self::RefundedAmount => "refunded_amount",
            Self::RemainingAuthorizedAmount => "remaining_authorized_amount",
        }
    }
}

/// One side of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// There is no such thing on this side.
    Nothing,
    /// An amount in minor units of the sale's currency.
    Amount(i64),
    /// Anything else.
    Text(String),
}

impl From<&str> for Side {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Amount(amount) => amount.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

/// What becomes of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// It is taken over, by the step that stores what was read.
    TakenOver,
    /// kvitt goes on with it by itself, as this says.
    ByItself(String),
    /// A person has to do this.
    Person(String),
}

/// One thing in which the ledger and Klarna differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs.
    pub kind: DifferenceKind,
    /// The act that it is about, if it is about one of ours.
    pub intent: Option<(IntentId, ActKind)>,
    /// Klarna's id of the capture, refund or order that it is about.
    pub id: Option<String>,
    /// What stands here.
    pub ours: Side,
    /// What Klarna says.
    pub klarna: Side,
    /// What becomes of it.
    pub repair: Repair,
}

impl Difference {
    /// A difference that is about no single act, capture or refund.
    pub fn new(kind: DifferenceKind, ours: Side, klarna: Side, repair: Repair) -> Self {
        Self { kind, intent: None, id: None, ours, klarna, repair }
    }

    fn about(mut self, intent: &Intent) -> Self {
        self.intent = Some((intent.id, intent.act.kind()));
        self
    }

    /// The same, about something with an id of Klarna's.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Whether a person has to do something about it.
    pub fn needs_person(&self) -> bool {
        matches!(self.repair, Repair::Person(_))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {} here and {} at Klarna", self.kind.as_str(), self.ours, self.klarna)
    }
}

/// What comes of holding an order beside what Klarna has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// What is to be recorded once the acts judged to be done are: what others did, and the read.
    pub events: Vec<Event>,
    /// Everything in which the two differed before.
    pub differences: Vec<Difference>,
}

impl Sale {
    /// Holds the order beside what was read of it. `judged` says what the read tells of acts in
    /// doubt.
    pub fn reconcile(
        &self,
        found: &OrderAtKlarna,
        evidence: &Evidence,
        judged: &[(IntentId, Recognised)],
        at: Timestamp,
    ) -> Reconciliation {
        let mut differences = Vec::new();
        let mut done = Vec::new();
        for (id, recognised) in judged {
            let Some(intent) = self.intents.get(id) else { continue };
            differences.push(judged_difference(intent, recognised));
            if let Recognised::Done(outcome) = recognised {
                done.push(Event::Done {
                    intent: *id,
                    outcome: outcome.clone(),
                    evidence: evidence.clone(),
                });
            }
        }
        let known = self.with_at(&done, at).unwrap_or_else(|_| self.clone());
        let mut events = known.external(found, evidence);
        differences.extend(events.iter().filter_map(|event| known.taken_over(event)));
        let read =
            Event::OrderRead { snapshot: found.snapshot.clone(), evidence: evidence.clone() };
        events.push(read);
        let after = known.with_at(&events, at);
        if let (Some(order), Ok(after)) = (&self.order, &after) {
            differences.extend(read_differences(order, found, at));
            differences.extend(after.sums_that_differ());
            if let Some(after) = &after.order {
                differences.extend(missing(after, found));
                differences.extend(missing_parcels(after, found));
            }
        }
        Reconciliation { events, differences }
    }

    /// What an event of somebody else's takes over, as a difference from what was known before.
    pub fn taken_over(&self, event: &Event) -> Option<Difference> {
        use DifferenceKind as Kind;
        let new = |kind, ours, klarna| Difference::new(kind, ours, klarna, Repair::TakenOver);
        Some(match event {
            Event::ExternalCapture { capture_id, captured_amount, .. } => {
                new(Kind::CaptureExternal, Side::Nothing, Side::Amount(*captured_amount))
                    .with_id(capture_id.as_str())
            }
            Event::ExternalRefund { refund_id, refunded_amount, .. } => {
                new(Kind::RefundExternal, Side::Nothing, Side::Amount(*refunded_amount))
                    .with_id(refund_id.as_str())
            }
            Event::ExternalRelease { .. } => {
                new(Kind::ReleaseExternal, "not released".into(), "released".into())
            }
            Event::ExternalUpdate { cart, .. } => {
                let ours = self.order.as_ref()?.cart.cart().totals().order_amount;
                let theirs = cart.cart().totals().order_amount;
                new(Kind::LinesExternal, Side::Amount(ours), Side::Amount(theirs))
            }
            Event::ExternalReferences { merchant_reference1, merchant_reference2, .. } => {
                let terms = &self.terms;
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for (here, there) in [
                    (&terms.merchant_reference1, merchant_reference1),
                    (&terms.merchant_reference2, merchant_reference2),
                ] {
                    if let Some(there) = there {
                        ours.push(here.as_deref().unwrap_or("none"));
                        theirs.push(there.as_str());
                    }
                }
                new(
                    Kind::ReferencesExternal,
                    Side::Text(ours.join(", ")),
                    Side::Text(theirs.join(", ")),
                )
            }
            Event::ExternalShippingInfo { capture_id, shipping_info, .. } => {
                let names: Vec<_> = shipping_info.iter().map(ShippingInfo::name).collect();
                let klarna = Side::Text(names.join(", "));
                let difference = new(Kind::ShippingInfoExternal, Side::Nothing, klarna);
                Difference { id: capture_id.clone(), ..difference }
            }
            Event::ExternalAddress { address, members, .. } => {
                let kind = match address {
                    AddressKind::BillingAddress => Kind::BillingAddressExternal,
                    AddressKind::ShippingAddress => Kind::ShippingAddressExternal,
                };
                new(kind, Side::Text(members.join(", ")), "other".into())
            }
            _ => return None,
        })
    }

    /// Whether Klarna has a capture or refund, as this act wants one, that was made since it was
    /// wanted and that nobody here knows of. In a ledger that lost its last hour, it may have been
    /// made in this act's place.
    pub fn may_be_replaced(&self, intent: &Intent, found: &OrderAtKlarna) -> bool {
        let Some(order) = &self.order else { return false };
        let is_since = |it: &MoveAtKlarna| is_since(it, intent);
        match intent.act.kind() {
            ActKind::Capture => unknown_captures(order, found).any(is_since),
            ActKind::Refund => unknown_refunds(order, found).any(is_since),
            _ => false,
        }
    }

    /// The sums that differ from what Klarna said when the order was last read; see
    /// [`difference`](Self::difference).
    pub(crate) fn sums_that_differ(&self) -> Vec<Difference> {
        use DifferenceKind as Kind;
        let Some(order) = &self.order else { return Vec::new() };
        let (Some(at), Some((read, _))) = (order.comparable_at, &order.last_read) else {
            return Vec::new();
        };
        let ours = order.amounts(at);
        // Cancelled is final, whatever a review says afterwards.
        if order.cancelled && !OrderStatus::Cancelled.is(&read.status) {
            return vec![Difference::new(
                DifferenceKind::Status,
                OrderStatus::Cancelled.as_str().into(),
                read.status.as_str().into(),
                person("ask Klarna how the order stands: it said before that it was cancelled"),
            )];
        }
        // Whether releasing lowers Klarna's `order_amount` is not documented, and what is left of
        // an order that is cancelled (recorded) or expired (a guess) says nothing.
        let is_over = order.cancelled || order.is_expired(at);
        let rows = [
            (!order.released, Kind::OrderAmount, ours.order_amount, read.order_amount),
            (true, Kind::CapturedAmount, ours.captured_amount, read.captured_amount),
            (true, Kind::RefundedAmount, ours.refunded_amount, read.refunded_amount),
            (
                !is_over,
                Kind::RemainingAuthorizedAmount,
                ours.remaining_authorized_amount,
                read.remaining_authorized_amount,
            ),
        ];
        rows.into_iter()
            .filter(|(counts, _, ours, theirs)| *counts && ours != theirs)
            .map(|(_, kind, ours, theirs)| {
                let what = match kind {
                    Kind::OrderAmount => {
                        "give the order the lines that it is to have (`kvitt order update`, \
                         PATCH /v1/orders/{id}): those that Klarna has cannot be taken over"
                    }
                    _ => {
                        "hold the order's timeline beside the order at Klarna, and ask Klarna for \
                         what neither explains"
                    }
                };
                let (ours, theirs) = (Side::Amount(ours), Side::Amount(theirs));
                Difference::new(kind, ours, theirs, person(what))
            })
            .collect()
    }
}

pub(crate) fn person(what: &str) -> Repair {
    Repair::Person(what.to_owned())
}

fn judged_difference(intent: &Intent, recognised: &Recognised) -> Difference {
    let waits_for_person = matches!(intent.state, IntentState::NeedsHuman { .. });
    let settle = || {
        Repair::Person(format!(
            "look at the order at Klarna, and settle it: `kvitt attention settle {id} --done --id \
             …` or `--not-done`, POST /v1/intents/{id}/settle",
            id = intent.id
        ))
    };
    let state = || Side::from(intent.state.as_str());
    let difference = match recognised {
        Recognised::Done(outcome) => {
            let made = match outcome {
                Outcome::Captured { capture_id: id }
                | Outcome::Refunded { refund_id: id }
                | Outcome::Placed { klarna_order_id: id, .. } => Some(id.clone()),
                Outcome::Changed => None,
            };
            let difference =
                Difference::new(DifferenceKind::ActDone, state(), "done".into(), Repair::TakenOver);
            Difference { id: made, ..difference }
        }
        Recognised::NotDone => {
            let repair = if waits_for_person {
                settle()
            } else {
                let again = "it is asked for again by itself, with the same key";
                Repair::ByItself(again.to_owned())
            };
            Difference::new(DifferenceKind::ActNotDone, state(), Side::Nothing, repair)
        }
        Recognised::Ambiguous(reason) => Difference::new(
            DifferenceKind::ActAmbiguous,
            state(),
            Side::Text(reason.clone()),
            settle(),
        ),
    };
    difference.about(intent)
}

/// What the read itself changes: Klarna's word counts.
fn read_differences(order: &Order, found: &OrderAtKlarna, at: Timestamp) -> Vec<Difference> {
    use DifferenceKind as Kind;
    let (read, mut differences) = (&found.snapshot, Vec::new());
    let mut add = |kind, ours: &str, klarna: &str, repair| {
        differences.push(Difference::new(kind, ours.into(), klarna.into(), repair));
    };
    let ours = order.status(at);
    if !OrderStatus::is_known(&read.status) {
        let what = "ask Klarna what became of the order: its word for the state is not described";
        add(Kind::Status, ours.as_str(), &read.status, person(what));
    } else if (OrderStatus::Cancelled.is(&read.status) && !order.cancelled)
        || (OrderStatus::Expired.is(&read.status) && !order.is_expired(at))
    {
        add(Kind::Status, ours.as_str(), &read.status, Repair::TakenOver);
    }
    if order.fraud_status != read.fraud_status {
        let (here, there) = (order.fraud_status.as_str(), read.fraud_status.as_str());
        add(Kind::FraudStatus, here, there, Repair::TakenOver);
    }
    // Before the first read nothing is known that could differ.
    if let (Some(here), Some(there)) = (order.expires_at, read.expires_at)
        && here != there
        && !order.is_expired(at)
    {
        add(Kind::ExpiresAt, &here.to_string(), &there.to_string(), Repair::TakenOver);
    }
    differences
}

/// Captures and refunds that stand here and that Klarna does not have, or has otherwise.
fn missing(order: &Order, found: &OrderAtKlarna) -> Vec<Difference> {
    use DifferenceKind as Kind;
    let what = "show Klarna the id and ask: it answered with it once, and does not have it now";
    let differs = |kind, id: &str, ours: i64, there: &[MoveAtKlarna]| {
        let theirs = there.iter().find(|it| it.id == id).map(|it| it.amount);
        let klarna = theirs.map_or(Side::Nothing, Side::Amount);
        (theirs != Some(ours))
            .then(|| Difference::new(kind, Side::Amount(ours), klarna, person(what)).with_id(id))
    };
    let captures = order.captures.iter().filter_map(|it| {
        differs(Kind::CaptureMissing, &it.capture_id, it.captured_amount, &found.captures)
    });
    // A refund need not have an id when it is read (Klarna's API description): where the sums
    // agree, it is there.
    let refunds = order
        .refunds
        .iter()
        .filter_map(|it| {
            differs(Kind::RefundMissing, &it.refund_id, it.refunded_amount, &found.refunds)
        })
        .filter(|_| {
            let ours = crate::order::sum(order.refunds.iter().map(|it| it.refunded_amount));
            ours != found.snapshot.refunded_amount
        });
    captures.chain(refunds).collect()
}
