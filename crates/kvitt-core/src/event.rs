//! What happened to a sale. Events are only ever appended; everything else is a fold over them.

use jiff::Timestamp;
use kvitt_money::PurchaseMarket;
use serde::{Deserialize, Serialize};

use crate::act::{Act, ActKind, Outcome, Refused, ShippingInfo};
use crate::cart::SaleCart;
use crate::ids::{ApiKeyId, EventId, IntentId, UserId, WebhookEndpointId};
use crate::order::{FraudStatus, OrderSnapshot};

/// An event as it stands in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recorded {
    /// The event's own id.
    pub id: EventId,
    /// Position in the sale's stream, from 1.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who or what brought it about.
    pub cause: Cause,
    /// The fact.
    pub event: Event,
}

/// Who or what brought an event about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Cause {
    /// The shop, over the merchant API.
    Merchant {
        /// The API key it came with.
        api_key: ApiKeyId,
    },
    /// Somebody in the dashboard.
    Operator {
        /// Who.
        user: UserId,
    },
    /// The shopper's browser.
    Shopper,
    /// A callback from Klarna. It is a reason to read, not a fact.
    Callback,
    /// kvitt itself: an answer to its own call, a retry, a clock.
    Kvitt,
}

/// Where a fact about Klarna was learnt.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// The operation whose answer this is, by the client's name for it, such as `capture`.
    pub operation: String,
    /// HTTP status of the answer; none where no answer came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Klarna's correlation id of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// When the order is placed once an authorization is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// At once, whichever door the authorization comes through first.
    #[default]
    Automatic,
    /// When the shop says so: it has the last word on stock and price.
    Manual,
}

/// Through which door an authorization came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// The shopper's browser, by way of the shop or the checkout page.
    Browser,
    /// Klarna's authorization callback.
    Callback,
    /// Neither: Klarna's session was read, and showed it.
    Session,
}

/// One of the two addresses of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// Who pays.
    BillingAddress,
    /// Where the goods go.
    ShippingAddress,
}

/// One of Klarna's payment method categories, as offered for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentMethodCategory {
    /// Klarna's identifier, such as `klarna` or `pay_later`.
    pub identifier: String,
    /// Klarna's name of it, in the session's language.
    pub name: String,
}

/// What the shop wants of a checkout, but for the shopper's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckoutTerms {
    /// Name of the Klarna account that this sale belongs to. For good once an order is placed: until
    /// then another country may lead to another account ([`Event::MarketChanged`]).
    pub account: String,
    /// Country, currency and locale.
    pub market: PurchaseMarket,
    /// When the order is placed.
    pub placement: Placement,
    /// The shop's order number, shown to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_reference1: Option<String>,
    /// The shop's second reference, shown in settlements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_reference2: Option<String>,
    /// Passed through to the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_data: Option<String>,
    /// Where the shopper's browser goes after the purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_url: Option<String>,
}

/// One fact about a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A shop opened a checkout.
    CheckoutCreated {
        /// What it wants.
        terms: CheckoutTerms,
        /// What it sells.
        cart: SaleCart,
    },
    /// The shop changed the cart before the shopper authorized it.
    CartChanged {
        /// The new cart.
        cart: SaleCart,
    },
    /// The shop moved the checkout to another country, currency or locale. Klarna keeps those of a
    /// session for good, so the next use of the checkout opens another one.
    MarketChanged {
        /// Name of the Klarna account that the sale belongs to from now on.
        account: String,
        /// Country, currency and locale.
        market: PurchaseMarket,
        /// The cart, whose lines fit the country.
        cart: SaleCart,
    },
    /// The shop gave the checkout up.
    CheckoutAbandoned,
    /// Klarna opened a session for the cart.
    SessionOpened {
        /// Klarna's id of the session.
        session_id: String,
        /// When Klarna forgets it: 48 hours after it was opened.
        expires_at: Timestamp,
        /// Version of the cart that Klarna holds.
        cart_version: u32,
        /// The payment methods offered.
        payment_method_categories: Vec<PaymentMethodCategory>,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// Klarna took a changed cart into the session.
    SessionUpdated {
        /// Klarna's id of the session.
        session_id: String,
        /// Version of the cart that Klarna holds now.
        cart_version: u32,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// Klarna does not know the session any more. The next use opens another.
    SessionLost {
        /// Klarna's id of the session.
        session_id: String,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// The session was read, and nobody has authorized the purchase in it so far.
    SessionRead {
        /// Klarna's id of the session.
        session_id: String,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// The session was read, and is complete: there is an order at Klarna that is not known here.
    /// Nothing is placed for the checkout any more until it is.
    SessionCompleted {
        /// Klarna's id of the session.
        session_id: String,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// Klarna refused to open or change a session.
    SessionRefused {
        /// What Klarna said.
        refused: Refused,
    },
    /// The shopper authorized the purchase.
    AuthorizationReceived {
        /// Digest of Klarna's authorization token; the token itself stands apart.
        authorization: String,
        /// The session it belongs to.
        session_id: String,
        /// Version of the cart that was authorized.
        cart_version: u32,
        /// Where it came from.
        door: Door,
        /// When the token dies: 60 minutes after it was given.
        expires_at: Timestamp,
    },
    /// An authorization that placed no order was given back, so that the shopper's credit is free.
    AuthorizationReleased {
        /// Digest of the token.
        authorization: String,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// An act is wanted. Its body and key are stored; the call may leave now.
    Requested {
        /// The intent.
        intent: IntentId,
        /// What is wanted.
        act: Act,
        /// The key that goes with the call, every time it is made.
        idempotency_key: String,
        /// The undo that it is a part of, if it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part_of: Option<IntentId>,
    },
    /// The act is not asked for yet: Klarna still reviews the order.
    Held {
        /// The intent.
        intent: IntentId,
    },
    /// Klarna accepted the order: a held act is asked for now.
    Resumed {
        /// The intent.
        intent: IntentId,
    },
    /// Klarna did it.
    Done {
        /// The intent.
        intent: IntentId,
        /// What came of it.
        outcome: Outcome,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// Klarna refused it. The intent is over; another try is another intent with another key.
    Refused {
        /// The intent.
        intent: IntentId,
        /// What Klarna said.
        refused: Refused,
    },
    /// Nobody knows whether Klarna did it. The same call is repeated with the same key.
    OutcomeUnknown {
        /// The intent.
        intent: IntentId,
        /// How often the call has been made, from 1.
        attempt: u32,
        /// What went wrong, in words without personal data.
        problem: String,
        /// Whether the call may have reached Klarna; where it surely did not, it is merely late.
        may_have_taken_effect: bool,
        /// What was seen of an answer.
        evidence: Evidence,
    },
    /// Whether Klarna did it cannot be told by asking again: a person has to look.
    NeedsHuman {
        /// The intent.
        intent: IntentId,
        /// What happened and what to do.
        reason: String,
        /// The answer that could not be told apart.
        evidence: Evidence,
    },
    /// Klarna has a capture that nobody asked for here: it was made in its portal, or by another
    /// program. It counts like one of ours; of which lines it is, is not known.
    ExternalCapture {
        /// Klarna's id.
        capture_id: String,
        /// How much, in minor units.
        captured_amount: i64,
        /// The reference that it was made with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Shown to the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was made, by Klarna's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        captured_at: Option<Timestamp>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// Klarna has a refund that nobody asked for here.
    ExternalRefund {
        /// Klarna's id.
        refund_id: String,
        /// How much, in minor units.
        refunded_amount: i64,
        /// The reference that it was made with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Shown to the customer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// When it was made, by Klarna's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refunded_at: Option<Timestamp>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// What was left to capture was released, and not by us.
    ExternalRelease {
        /// The read that showed it.
        evidence: Evidence,
    },
    /// Lines and amount were changed, and not by us. What Klarna has is what it accepted.
    ExternalUpdate {
        /// The lines and sums as Klarna has them.
        cart: SaleCart,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// The shop's references were changed, and not by us; an absent one is as it was.
    ExternalReferences {
        /// The shop's order number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant_reference1: Option<String>,
        /// The shop's second reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant_reference2: Option<String>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// Klarna has tracking that nobody gave it here.
    ExternalShippingInfo {
        /// The capture that it belongs to; none where it belongs to the order.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        capture_id: Option<String>,
        /// The parcels.
        shipping_info: Vec<ShippingInfo>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// Klarna has another address than the one that was known here. Addresses are personal data and
    /// stand apart: the event only says of what.
    ExternalAddress {
        /// Which address.
        address: AddressKind,
        /// Names of the members that differ, such as `street_address`; never what they say.
        members: Vec<String>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// Klarna has an order for this checkout that nobody here knows to have placed.
    ExternalOrder {
        /// Klarna's id of the order.
        klarna_order_id: String,
        /// Klarna's word on fraud.
        fraud_status: FraudStatus,
        /// The lines and sums.
        cart: SaleCart,
        /// When it was placed, by Klarna's clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        placed_at: Option<Timestamp>,
        /// How the customer pays, in Klarna's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        payment_method: Option<String>,
        /// The read that showed it.
        evidence: Evidence,
    },
    /// All of the order is to be undone. Each act that it takes follows as one of its own.
    UndoRequested {
        /// The undo. It is named like an act's intent, and found like one.
        intent: IntentId,
        /// The shop's reference for a refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Shown to the customer with a refund.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// Nothing is left to undo.
    UndoDone {
        /// The undo.
        intent: IntentId,
    },
    /// Klarna refused one of its acts, and again after the order was read. What was done before
    /// stays done.
    UndoRefused {
        /// The undo.
        intent: IntentId,
        /// What Klarna said.
        refused: Refused,
    },
    /// The order was read from Klarna.
    OrderRead {
        /// What Klarna says.
        snapshot: OrderSnapshot,
        /// Klarna's answer.
        evidence: Evidence,
    },
    /// The time to capture runs out, and kvitt does not extend it by itself.
    AuthorizationExpiring {
        /// Until when can be captured.
        expires_at: Timestamp,
        /// When this had to be told: before an end there may be several alarms.
        due_at: Timestamp,
        /// What can still be captured, in minor units.
        remaining_authorized_amount: i64,
    },
    /// The time to capture ran out with something not captured.
    AuthorizationExpired {
        /// When it ran out.
        expires_at: Timestamp,
        /// What was not captured, in minor units.
        uncaptured_amount: i64,
    },
    /// A callback asked to stop the shipment of an accepted order. The order cannot tell, so the
    /// safe side is taken: nothing ships.
    ShipmentStopped,
    /// An endpoint took no message for so long that nothing is sent to it any more. It stands in
    /// the sale whose message showed it. What was not taken waits until it is enabled again.
    WebhookEndpointDisabled {
        /// The endpoint.
        endpoint: WebhookEndpointId,
        /// What it answered, or did not.
        reason: String,
    },
    /// An endpoint that takes other messages did not take this one for so long that it is not sent
    /// again by itself.
    WebhookGivenUp {
        /// The endpoint.
        endpoint: WebhookEndpointId,
        /// The event that the message is about.
        event: EventId,
        /// What it answered the last time, or did not.
        reason: String,
    },
}

impl Event {
    /// The event's name, such as `capture.requested`. For the events of an intent it names the
    /// act, which only the intent knows: give it.
    pub fn name(&self, act: Option<ActKind>) -> String {
        let of_act = |what: &str| format!("{}.{what}", act.map_or("act", ActKind::as_str));
        match self {
            Self::CheckoutCreated { .. } => "checkout.created".to_owned(),
            Self::CartChanged { .. } => "checkout.cart_changed".to_owned(),
            Self::MarketChanged { .. } => "checkout.market_changed".to_owned(),
            Self::CheckoutAbandoned => "checkout.abandoned".to_owned(),
            Self::SessionOpened { .. } => "session.opened".to_owned(),
            Self::SessionUpdated { .. } => "session.updated".to_owned(),
            Self::SessionLost { .. } => "session.lost".to_owned(),
            Self::SessionRead { .. } => "session.read".to_owned(),
            Self::SessionCompleted { .. } => "session.completed".to_owned(),
            Self::SessionRefused { .. } => "session.refused".to_owned(),
            Self::AuthorizationReceived { .. } => "authorization.received".to_owned(),
            Self::AuthorizationReleased { .. } => "authorization.released".to_owned(),
            Self::Requested { act, .. } => format!("{}.requested", act.kind().as_str()),
            Self::Held { .. } => of_act("held"),
            Self::Resumed { .. } => of_act("resumed"),
            Self::Done { .. } => of_act("done"),
            Self::Refused { .. } => of_act("refused"),
            Self::OutcomeUnknown { .. } => of_act("unknown"),
            Self::NeedsHuman { .. } => of_act("needs_human"),
            Self::ExternalCapture { .. } => "capture.external".to_owned(),
            Self::ExternalRefund { .. } => "refund.external".to_owned(),
            Self::ExternalRelease { .. } => "release.external".to_owned(),
            Self::ExternalUpdate { .. } => "update_authorization.external".to_owned(),
            Self::ExternalReferences { .. } => "update_references.external".to_owned(),
            Self::ExternalShippingInfo { .. } => "add_shipping_info.external".to_owned(),
            Self::ExternalAddress { address: AddressKind::BillingAddress, .. } => {
                "update_billing_address.external".to_owned()
            }
            Self::ExternalAddress { address: AddressKind::ShippingAddress, .. } => {
                "update_shipping_address.external".to_owned()
            }
            Self::ExternalOrder { .. } => "place.external".to_owned(),
            Self::UndoRequested { .. } => "undo.requested".to_owned(),
            Self::UndoDone { .. } => "undo.done".to_owned(),
            Self::UndoRefused { .. } => "undo.refused".to_owned(),
            Self::OrderRead { .. } => "order.read".to_owned(),
            Self::AuthorizationExpiring { .. } => "authorization.expiring".to_owned(),
            Self::AuthorizationExpired { .. } => "authorization.expired".to_owned(),
            Self::ShipmentStopped => "order.shipment_stopped".to_owned(),
            Self::WebhookEndpointDisabled { .. } => "webhook_endpoint.disabled".to_owned(),
            Self::WebhookGivenUp { .. } => "webhook.given_up".to_owned(),
        }
    }

    /// Whether it is about telling others of events, rather than about the sale.
    pub fn is_about_webhooks(&self) -> bool {
        matches!(self, Self::WebhookEndpointDisabled { .. } | Self::WebhookGivenUp { .. })
    }

    /// The intent or the undo that the event is about, if any.
    pub fn intent(&self) -> Option<IntentId> {
        match self {
            Self::Requested { intent, .. }
            | Self::Held { intent }
            | Self::Resumed { intent }
            | Self::Done { intent, .. }
            | Self::Refused { intent, .. }
            | Self::OutcomeUnknown { intent, .. }
            | Self::NeedsHuman { intent, .. }
            | Self::UndoRequested { intent, .. }
            | Self::UndoDone { intent }
            | Self::UndoRefused { intent, .. } => Some(*intent),
            _ => None,
        }
    }
}
