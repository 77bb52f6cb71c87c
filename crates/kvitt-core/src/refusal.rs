//! Why kvitt itself refuses an act, before anything is stored or sent.

use jiff::Timestamp;
use kvitt_money::Currency;

use crate::act::ActKind;
use crate::cart::LineId;
use crate::ids::IntentId;
use crate::order::OrderStatus;

/// A refusal by kvitt's own rules. Amounts are minor units. The codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The checkout was given up.
    #[error("the checkout was abandoned: open a new one")]
    Abandoned,
    /// The checkout already has, or may already have, its order.
    #[error("the checkout already has its order: a checkout places at most one")]
    AlreadyPlaced,
    /// Klarna has an order for the checkout, and nobody here knows which.
    #[error(
        "Klarna has an order for this checkout that is not known here: look its id up at Klarna, and \
         tell it, before anything else is done"
    )]
    OrderUnknown,
    /// Klarna has no such order, or one that is not this checkout's.
    #[error("Klarna has no such order of this checkout: look at the purchase at Klarna again")]
    NotThisOrder,
    /// The cart is frozen: the order is being placed.
    #[error("the order is being placed: its cart cannot change any more")]
    CartFrozen,
    /// The cart is for another country.
    #[error(
        "the cart is for {given}, and is sold in {expected}: give purchase_country with it while \
         there is no order; an order stays in its country"
    )]
    CountryChanged {
        /// The country of the cart.
        given: &'static str,
        /// The country in which it is to be sold.
        expected: &'static str,
    },
    /// There is nothing to place an order with.
    #[error("the shopper has not authorized this cart: authorize it first")]
    NotAuthorized,
    /// The authorization is too old to place an order with.
    #[error("the authorization expired at {expired_at}: the shopper has to authorize again")]
    AuthorizationExpired {
        /// When its 60 minutes were over.
        expired_at: Timestamp,
    },
    /// There is no order yet.
    #[error("the checkout has no order yet: place it first")]
    NoOrder,
    /// Another act on the same order is under way.
    #[error("{kind} {intent} is under way: wait for its outcome", kind = kind.as_str())]
    ActInProgress {
        /// The act under way.
        kind: ActKind,
        /// Its intent.
        intent: IntentId,
    },
    /// The order is being undone.
    #[error("undo {intent} is under way: wait for its end")]
    UndoInProgress {
        /// The undo.
        intent: IntentId,
    },
    /// Nothing can be captured any more, and nothing captured is left to refund.
    #[error(
        "nothing is left to undo on an order that is {status}: nothing of it can be captured, and \
         everything captured is refunded",
        status = status.as_str()
    )]
    NothingToUndo {
        /// The order's state.
        status: OrderStatus,
    },
    /// Nobody knows yet whether the last act took effect.
    #[error(
        "the outcome of {kind} {intent} is not known yet: no money moves until it is",
        kind = kind.as_str()
    )]
    OutcomeUnknown {
        /// The act in doubt.
        kind: ActKind,
        /// Its intent.
        intent: IntentId,
    },
    /// The order's state does not allow the act.
    #[error("{kind} is not possible on an order that is {status}: {hint}", kind = kind.as_str(), status = status.as_str())]
    WrongStatus {
        /// What was wanted.
        kind: ActKind,
        /// The order's state.
        status: OrderStatus,
        /// The way out.
        hint: &'static str,
    },
    /// A callback asked not to ship.
    #[error("Klarna asked to stop the shipment: talk to Klarna before capturing")]
    ShipmentStopped,
    /// More than is left to capture.
    #[error("captured_amount is {asked}, but {left} {currency} is left to capture", currency = currency.code())]
    OverCapture {
        /// What was wanted.
        asked: i64,
        /// What is left.
        left: i64,
        /// The sale's currency.
        currency: Currency,
    },
    /// More than is left to refund.
    #[error("refunded_amount is {asked}, but {left} {currency} is left to refund", currency = currency.code())]
    OverRefund {
        /// What was wanted.
        asked: i64,
        /// What is left.
        left: i64,
        /// The sale's currency.
        currency: Currency,
    },
    /// An amount that must be positive is not.
    #[error("{field} is {value}: it must be 1 or more")]
    NotPositive {
        /// Klarna's name of the field.
        field: &'static str,
        /// The amount.
        value: i64,
    },
    /// The claimed amount is not the sum of the picked lines.
    #[error("{field} is {given}, but the picked lines add up to {expected}")]
    AmountMismatch {
        /// Klarna's name of the field.
        field: &'static str,
        /// The claimed amount.
        given: i64,
        /// The sum of the lines.
        expected: i64,
    },
    /// An amount without lines, not marked as such.
    #[error(
        "{field} without lines leaves the customer's invoice without them: pick lines, or set \
         amount_only to true"
    )]
    LinesMissing {
        /// Klarna's name of the field.
        field: &'static str,
    },
    /// A line that the order does not have.
    #[error("line_id {line_id} is not a line of this order; its lines are {known}")]
    UnknownLine {
        /// The id as given.
        line_id: LineId,
        /// The ids there are.
        known: String,
    },
    /// More pieces of a line than are left, or none.
    #[error("quantity is {asked} for line_id {line_id}, but {left} is left")]
    LineQuantity {
        /// The line.
        line_id: LineId,
        /// How many were wanted.
        asked: i64,
        /// How many are left.
        left: i64,
    },
    /// A line picked twice.
    #[error("line_id {line_id} is picked twice: add the quantities up")]
    LineTwice {
        /// The line.
        line_id: LineId,
    },
    /// The new total is below what was captured.
    #[error("order_amount is {asked}, but {captured} is captured already")]
    BelowCaptured {
        /// The new total.
        asked: i64,
        /// What was captured.
        captured: i64,
    },
    /// A line of which something was captured is gone or changed.
    #[error(
        "line_id {line_id} was captured in part: keep it, with its price, and at least {captured} of it"
    )]
    CapturedLineChanged {
        /// The line.
        line_id: LineId,
        /// How many pieces were captured.
        captured: i64,
    },
    /// A capture that the order does not have.
    #[error("capture {capture_id} is not one of this order")]
    UnknownCapture {
        /// The id as given.
        capture_id: String,
    },
    /// A text longer than Klarna takes, or an empty list.
    #[error("{field} has {length}, allowed are {allowed}")]
    Length {
        /// Name of the field.
        field: &'static str,
        /// How long it is.
        length: usize,
        /// What would be accepted.
        allowed: &'static str,
    },
    /// A carrier's method that Klarna does not know.
    #[error("shipping_method {given:?} is not one of Klarna's: {allowed}")]
    ShippingMethod {
        /// The value as given.
        given: String,
        /// The values allowed.
        allowed: &'static str,
    },
    /// There is nothing to settle.
    #[error("{kind} is {state}: only what is unknown, or needs a person, is settled, and only what is held is dropped", kind = kind.as_str())]
    NotInDoubt {
        /// The act.
        kind: ActKind,
        /// How far it has come.
        state: &'static str,
    },
    /// Klarna has nothing that the act can have become.
    #[error(
        "Klarna has nothing under that id that {kind} can have become and that is not known here: \
         check the id and its amount, or settle it as not done",
        kind = kind.as_str()
    )]
    NotAtKlarna {
        /// The act.
        kind: ActKind,
    },
    /// A change that changes nothing.
    #[error("nothing to change: give {expected}")]
    NothingToChange {
        /// What could have been given.
        expected: &'static str,
    },
}

impl Refusal {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Abandoned => "checkout_abandoned",
            Self::AlreadyPlaced => "already_placed",
            Self::OrderUnknown => "order_unknown",
            Self::NotThisOrder => "not_this_order",
            Self::CartFrozen => "cart_frozen",
            Self::CountryChanged { .. } => "country_changed",
            Self::NotAuthorized => "not_authorized",
            Self::AuthorizationExpired { .. } => "authorization_expired",
            Self::NoOrder => "no_order",
            Self::ActInProgress { .. } | Self::UndoInProgress { .. } => "act_in_progress",
            Self::NothingToUndo { .. } => "nothing_to_undo",
            Self::OutcomeUnknown { .. } => "outcome_unknown",
            Self::WrongStatus { .. } => "wrong_status",
            Self::ShipmentStopped => "shipment_stopped",
            Self::OverCapture { .. } => "over_capture",
            Self::OverRefund { .. } => "over_refund",
            Self::NotPositive { .. } => "not_positive",
            Self::AmountMismatch { .. } => "amount_mismatch",
            Self::LinesMissing { .. } => "lines_missing",
            Self::UnknownLine { .. } => "unknown_line",
            Self::LineQuantity { .. } => "line_quantity",
            Self::LineTwice { .. } => "line_twice",
            Self::BelowCaptured { .. } => "below_captured",
            Self::CapturedLineChanged { .. } => "captured_line_changed",
            Self::UnknownCapture { .. } => "unknown_capture",
            Self::Length { .. } => "length",
            Self::ShippingMethod { .. } => "shipping_method",
            Self::NothingToChange { .. } => "nothing_to_change",
            Self::NotInDoubt { .. } => "not_in_doubt",
            Self::NotAtKlarna { .. } => "not_at_klarna",
        }
    }

    /// Whether the request itself is wrong, whatever the state of the sale.
    pub fn is_bad_request(&self) -> bool {
        matches!(
            self,
            Self::NotPositive { .. }
                | Self::AmountMismatch { .. }
                | Self::LinesMissing { .. }
                | Self::UnknownLine { .. }
                | Self::LineTwice { .. }
                | Self::UnknownCapture { .. }
                | Self::Length { .. }
                | Self::ShippingMethod { .. }
                | Self::NothingToChange { .. }
                | Self::CountryChanged { .. }
        )
    }
}
