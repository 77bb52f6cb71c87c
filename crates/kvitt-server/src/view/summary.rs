//! Sales as rows of a list.

use jiff::Timestamp;
use kvitt_ledger::SaleSummary;
use serde::Serialize;
use utoipa::ToSchema;

/// An order in a list. Amounts are minor units of `purchase_currency`.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderSummary {
    /// The order's id, `ord_…`.
    id: String,
    /// The checkout that it was placed for.
    checkout_id: String,
    /// The Klarna account.
    account: String,
    /// Klarna's id of the order.
    klarna_order_id: Option<String>,
    /// Klarna's short reference.
    klarna_reference: Option<String>,
    /// `AUTHORIZED`, `PART_CAPTURED`, `CAPTURED`, `CANCELLED` or `EXPIRED`.
    status: Option<String>,
    /// Klarna's last word on fraud.
    fraud_status: Option<String>,
    /// Country, ISO 3166.
    purchase_country: String,
    /// Currency, ISO 4217.
    purchase_currency: String,
    /// Current total of the authorization.
    order_amount: i64,
    /// Sum of all captures.
    captured_amount: i64,
    /// Sum of all refunds.
    refunded_amount: i64,
    /// What can still be captured.
    remaining_authorized_amount: i64,
    /// The shop's order number.
    merchant_reference1: Option<String>,
    /// The shop's second reference.
    merchant_reference2: Option<String>,
    /// Why a person has to look, if one has to.
    attention: Option<String>,
    /// When the checkout was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the order was placed.
    #[schema(value_type = Option<String>, format = DateTime)]
    placed_at: Option<Timestamp>,
    /// Until when can be captured.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// When something last happened to it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A part of the list of orders.
#[derive(Serialize, ToSchema)]
pub(crate) struct OrderPage {
    /// The orders, newest checkout first.
    pub items: Vec<OrderSummary>,
    /// Give it as `cursor` for what follows; null at the end.
    pub next_cursor: Option<String>,
}

/// A checkout in a list. Amounts are minor units of `purchase_currency`.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutSummary {
    /// The checkout's id, `chk_…`.
    id: String,
    /// `open`, `authorized`, `placing`, `completed` or `abandoned`.
    status: String,
    /// The order, once it is placed.
    order_id: Option<String>,
    /// The Klarna account.
    account: String,
    /// Country, ISO 3166.
    purchase_country: String,
    /// Currency, ISO 4217.
    purchase_currency: String,
    /// What the customer pays.
    order_amount: i64,
    /// The shop's order number.
    merchant_reference1: Option<String>,
    /// The shop's second reference.
    merchant_reference2: Option<String>,
    /// Why a person has to look, if one has to.
    attention: Option<String>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When something last happened to it.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// A part of the list of checkouts.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckoutPage {
    /// The checkouts, newest first. With a filter a page can be shorter than `limit`, or empty,
    /// although more follow: `next_cursor` tells.
    pub items: Vec<CheckoutSummary>,
    /// Give it as `cursor` for what follows; null at the end.
    pub next_cursor: Option<String>,
}

impl OrderSummary {
    /// A row at a moment.
    pub(crate) fn of(row: SaleSummary, at: Timestamp) -> Self {
        Self {
            id: row.sale.order_id().to_string(),
            checkout_id: row.sale.checkout_id().to_string(),
            status: row.order_status_at(at).map(str::to_owned),
            remaining_authorized_amount: row.remaining_authorized_amount_at(at),
            account: row.account,
            klarna_order_id: row.klarna_order_id,
            klarna_reference: row.klarna_reference,
            fraud_status: row.fraud_status,
            purchase_country: row.purchase_country,
            purchase_currency: row.purchase_currency,
            order_amount: row.order_amount,
            captured_amount: row.captured_amount,
            refunded_amount: row.refunded_amount,
            merchant_reference1: row.merchant_reference1,
            merchant_reference2: row.merchant_reference2,
            attention: row.attention,
            created_at: row.created_at,
            placed_at: row.placed_at,
            expires_at: row.expires_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<SaleSummary> for CheckoutSummary {
    fn from(row: SaleSummary) -> Self {
        Self {
            id: row.sale.checkout_id().to_string(),
            order_id: row.order_status.as_ref().map(|_| row.sale.order_id().to_string()),
            status: row.checkout_status,
            account: row.account,
            purchase_country: row.purchase_country,
            purchase_currency: row.purchase_currency,
            order_amount: row.order_amount,
            merchant_reference1: row.merchant_reference1,
            merchant_reference2: row.merchant_reference2,
            attention: row.attention,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}
