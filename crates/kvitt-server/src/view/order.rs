//! An order as it is shown.

use jiff::Timestamp;
use kvitt_core::{ActKind, LinePart, Recorded, Sale};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Intent, OrderLine, Preview, Shopper};
use crate::input::ShippingInfo;

/// What Klarna accepted for a checkout. Amounts are minor units of `purchase_currency`.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Order {
    /// The order's id, `ord_…`.
    id: String,
    /// The checkout that it was placed for.
    checkout_id: String,
    /// The Klarna account that it belongs to for good.
    account: String,
    /// Klarna's id of the order.
    klarna_order_id: String,
    /// Klarna's short reference, which the customer sees.
    klarna_reference: Option<String>,
    /// `AUTHORIZED`, `PART_CAPTURED`, `CAPTURED`, `CANCELLED` or `EXPIRED`.
    status: &'static str,
    /// Klarna's last word on fraud: `ACCEPTED`, `PENDING`, `REJECTED`, or what Klarna wrote.
    fraud_status: String,
    /// Country, ISO 3166.
    purchase_country: &'static str,
    /// Currency, ISO 4217.
    purchase_currency: &'static str,
    /// Language.
    locale: String,
    /// Current total of the authorization.
    order_amount: i64,
    /// Tax in it.
    order_tax_amount: i64,
    /// Total at placement.
    original_order_amount: i64,
    /// Sum of all captures.
    captured_amount: i64,
    /// Sum of all refunds.
    refunded_amount: i64,
    /// What can still be refunded.
    refundable_amount: i64,
    /// What can still be captured.
    remaining_authorized_amount: i64,
    /// The lines, each with what became of it.
    order_lines: Vec<OrderLine>,
    /// Every capture, oldest first.
    captures: Vec<Capture>,
    /// Every refund, oldest first.
    refunds: Vec<Refund>,
    /// Whether goods may leave now.
    may_ship: MayShip,
    /// The acts that the order's state allows now.
    allowed_acts: Vec<&'static str>,
    /// The act that is not over yet, if any.
    open_intent: Option<Intent>,
    /// Why a person has to look, if one has to.
    attention: Option<String>,
    /// Where Klarna's figures differed from these when the order was last read, if they did.
    difference: Option<String>,
    /// Until when can be captured.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// Where Klarna wants the shopper's browser to pass through after the purchase.
    redirect_url: Option<String>,
    /// How the customer pays, in Klarna's words.
    payment_method: Option<String>,
    /// The shop's order number, shown to the customer.
    merchant_reference1: Option<String>,
    /// The shop's second reference.
    merchant_reference2: Option<String>,
    /// As the shop passed it through.
    merchant_data: Option<String>,
    /// Tracking that belongs to no single capture.
    shipping_info: Vec<ShippingInfo>,
    /// When the checkout was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the order was placed.
    #[schema(value_type = String, format = DateTime)]
    placed_at: Timestamp,
    /// When something last happened to it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Personal data; only where one order is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    shopper: Option<Shopper>,
}

/// Whether goods may leave, and why.
#[derive(Clone, Copy, Serialize, ToSchema)]
pub(crate) struct MayShip {
    /// Whether they may.
    allowed: bool,
    /// Why, or why not, for programs: such as `authorized`, `captured`, `fraud_pending`.
    #[schema(value_type = String)]
    reason: kvitt_core::MayShipReason,
    /// The same for people.
    sentence: &'static str,
}

/// A capture that was made.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Capture {
    /// Klarna's id of the capture.
    capture_id: String,
    /// The act that it came from; null where somebody else made it, as in Klarna's portal.
    intent_id: Option<String>,
    /// How much, in minor units.
    captured_amount: i64,
    /// Of which lines; empty where only an amount was captured.
    order_lines: Vec<OrderLine>,
    /// The shop's reference.
    reference: Option<String>,
    /// Shown to the customer.
    description: Option<String>,
    /// Tracking.
    shipping_info: Vec<ShippingInfo>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    captured_at: Timestamp,
}

/// A refund that was made.
#[derive(Clone, Serialize, ToSchema)]
pub(crate) struct Refund {
    /// Klarna's id of the refund.
    refund_id: String,
    /// The act that it came from; null where somebody else made it, as in Klarna's portal.
    intent_id: Option<String>,
    /// How much, in minor units.
    refunded_amount: i64,
    /// Of which lines; empty where only an amount was refunded.
    order_lines: Vec<OrderLine>,
    /// The shop's reference.
    reference: Option<String>,
    /// Shown to the customer.
    description: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    refunded_at: Timestamp,
}

/// All captures of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct CapturePage {
    /// The captures, oldest first.
    pub items: Vec<Capture>,
}

/// All refunds of an order.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefundPage {
    /// The refunds, oldest first.
    pub items: Vec<Refund>,
}

/// What came of an act, or what it would do.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "written to the answer where it is made")]
pub(crate) enum ActReply {
    /// It was carried out, or is under way.
    Act(ActAnswer),
    /// With `preview=true`: nothing was done.
    Preview(Preview),
}

/// What came of an act.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActAnswer {
    /// The act and how far it has come.
    pub intent: Intent,
    /// The capture that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
    /// The refund that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund: Option<Refund>,
    /// The order as it stands.
    pub order: Order,
}

impl Order {
    /// The order of a sale at a moment, if it has one.
    pub(crate) fn of(sale: &Sale, events: &[Recorded], at: Timestamp) -> Option<Self> {
        let order = sale.order.as_ref()?;
        let amounts = order.amounts(at);
        let market = sale.terms.market;
        let may_ship = kvitt_core::may_ship(sale, at);
        let open = sale.open_intent(|_| true).and_then(|it| Intent::of(sale, events, it.id));
        Some(Self {
            id: sale.id.order_id().to_string(),
            checkout_id: sale.id.checkout_id().to_string(),
            account: sale.terms.account.clone(),
            klarna_order_id: order.klarna_order_id.clone(),
            klarna_reference: order.klarna_reference.clone(),
            status: order.status(at).as_str(),
            fraud_status: order.fraud_status.as_str().to_owned(),
            purchase_country: market.purchase_country().code(),
            purchase_currency: market.purchase_currency().code(),
            locale: market.locale().to_string(),
            order_amount: amounts.order_amount,
            order_tax_amount: order.cart.cart().totals().order_tax_amount,
            original_order_amount: amounts.original_order_amount,
            captured_amount: amounts.captured_amount,
            refunded_amount: amounts.refunded_amount,
            refundable_amount: amounts.refundable_amount(),
            remaining_authorized_amount: amounts.remaining_authorized_amount,
            order_lines: OrderLine::of_order(order, amounts.remaining_authorized_amount > 0),
            captures: Capture::all(order),
            refunds: Refund::all(order),
            may_ship: MayShip {
                allowed: may_ship.allowed,
                reason: may_ship.reason,
                sentence: may_ship.reason.sentence(),
            },
            allowed_acts: allowed_acts(sale, at),
            open_intent: open,
            attention: sale.attention(),
            difference: sale.difference(),
            expires_at: order.expires_at,
            redirect_url: order.redirect_url.clone(),
            payment_method: order.payment_method.clone(),
            merchant_reference1: sale.terms.merchant_reference1.clone(),
            merchant_reference2: sale.terms.merchant_reference2.clone(),
            merchant_data: sale.terms.merchant_data.clone(),
            shipping_info: order.shipping_info.iter().map(Into::into).collect(),
            created_at: sale.created_at,
            placed_at: order.placed_at,
            updated_at: sale.updated_at,
            shopper: None,
        })
    }

    /// The same order with the shopper's personal data.
    pub(crate) fn with_shopper(self, shopper: Shopper) -> Self {
        Self { shopper: Some(shopper), ..self }
    }
}

/// The acts that an order's state allows now.
pub(crate) fn allowed_acts(sale: &Sale, at: Timestamp) -> Vec<&'static str> {
    sale.allowed_acts(at).into_iter().map(ActKind::as_str).collect()
}

impl Capture {
    /// Every capture of an order.
    pub(crate) fn all(order: &kvitt_core::Order) -> Vec<Self> {
        order.captures.iter().map(Self::of).collect()
    }

    /// One capture.
    pub(crate) fn of(capture: &kvitt_core::Capture) -> Self {
        Self {
            capture_id: capture.capture_id.clone(),
            intent_id: capture.intent.map(|intent| intent.to_string()),
            captured_amount: capture.captured_amount,
            order_lines: lines(&capture.lines),
            reference: capture.reference.clone(),
            description: capture.description.clone(),
            shipping_info: capture.shipping_info.iter().map(Into::into).collect(),
            captured_at: capture.captured_at,
        }
    }
}

impl Refund {
    /// Every refund of an order.
    pub(crate) fn all(order: &kvitt_core::Order) -> Vec<Self> {
        order.refunds.iter().map(Self::of).collect()
    }

    /// One refund.
    pub(crate) fn of(refund: &kvitt_core::Refund) -> Self {
        Self {
            refund_id: refund.refund_id.clone(),
            intent_id: refund.intent.map(|intent| intent.to_string()),
            refunded_amount: refund.refunded_amount,
            order_lines: lines(&refund.lines),
            reference: refund.reference.clone(),
            description: refund.description.clone(),
            refunded_at: refund.refunded_at,
        }
    }
}

fn lines(parts: &[LinePart]) -> Vec<OrderLine> {
    OrderLine::of_parts(parts)
}
