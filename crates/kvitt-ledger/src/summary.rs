//! A sale at a glance, and how sales are looked for.

use jiff::Timestamp;
use kvitt_core::{OrderStatus, SaleId};

use crate::cursor::Cursor;

/// A sale at a glance: what lists and searches show. A projection of the sale's events, which its
/// writer makes. Amounts are minor units of `purchase_currency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleSummary {
    /// The sale.
    pub sale: SaleId,
    /// How many events it has.
    pub version: u64,
    /// When the checkout was created, kept to the microsecond like every time here.
    pub created_at: Timestamp,
    /// When the last event was recorded.
    pub updated_at: Timestamp,
    /// Name of the Klarna account that it belongs to.
    pub account: String,
    /// ISO 3166 alpha-2 country.
    pub purchase_country: String,
    /// ISO 4217 currency.
    pub purchase_currency: String,
    /// State of the checkout.
    pub checkout_status: String,
    /// State of the order as it follows from the events alone, blind to time; none before there
    /// is an order. [`order_status_at`](Self::order_status_at) is what to show.
    pub order_status: Option<String>,
    /// Klarna's last word on fraud.
    pub fraud_status: Option<String>,
    /// Klarna's id of the order.
    pub klarna_order_id: Option<String>,
    /// Klarna's short reference.
    pub klarna_reference: Option<String>,
    /// The shop's order number.
    pub merchant_reference1: Option<String>,
    /// The shop's second reference.
    pub merchant_reference2: Option<String>,
    /// Current total.
    pub order_amount: i64,
    /// Sum of all captures.
    pub captured_amount: i64,
    /// Sum of all refunds.
    pub refunded_amount: i64,
    /// What can still be captured, blind to time.
    /// [`remaining_authorized_amount_at`](Self::remaining_authorized_amount_at) is what to show.
    pub remaining_authorized_amount: i64,
    /// When the order was placed.
    pub placed_at: Option<Timestamp>,
    /// Until when can be captured.
    pub expires_at: Option<Timestamp>,
    /// Why a person must look, if one must.
    pub attention: Option<String>,
    /// Business time at which kvitt itself must look at the sale next, whatever happens until then.
    pub look_at: Option<Timestamp>,
}

impl SaleSummary {
    /// Whether the time to capture has run out.
    pub fn is_expired(&self, at: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= at)
    }

    /// The order's state at a moment, by the same rule as [`SaleQuery::status`].
    pub fn order_status_at(&self, at: Timestamp) -> Option<&str> {
        let stored = self.order_status.as_deref()?;
        Some(match expiring(stored) {
            Some(becomes) if self.is_expired(at) => becomes.as_str(),
            _ => stored,
        })
    }

    /// What can still be captured at a moment, in minor units: nothing once the time ran out.
    pub fn remaining_authorized_amount_at(&self, at: Timestamp) -> i64 {
        if self.is_expired(at) { 0 } else { self.remaining_authorized_amount }
    }
}

/// What a stored state becomes when the time to capture has run out, where it becomes something
/// else: the rule of [`kvitt_core::Order::status`].
pub(crate) fn expiring(stored: &str) -> Option<OrderStatus> {
    [OrderStatus::Authorized, OrderStatus::PartCaptured]
        .into_iter()
        .find(|status| status.as_str() == stored)
        .and_then(expires_to)
}

/// See [`expiring`].
pub(crate) fn expires_to(status: OrderStatus) -> Option<OrderStatus> {
    match status {
        OrderStatus::Authorized => Some(OrderStatus::Expired),
        OrderStatus::PartCaptured => Some(OrderStatus::Captured),
        OrderStatus::Captured | OrderStatus::Cancelled | OrderStatus::Expired => None,
    }
}

/// Which sales to list. An absent filter lets everything through; all that are there must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleQuery {
    /// The business time at which `status` is judged.
    pub at: Timestamp,
    /// Only sales that became an order.
    pub orders_only: bool,
    /// The order's state at `at`. What is stored is blind to time, so a stored `AUTHORIZED` whose
    /// `expires_at` is `at` or earlier counts as `EXPIRED`, and a stored `PART_CAPTURED` counts
    /// as `CAPTURED` then.
    pub status: Option<String>,
    /// Klarna's last word on fraud.
    pub fraud_status: Option<String>,
    /// Name of the Klarna account.
    pub account: Option<String>,
    /// ISO 3166 alpha-2 country.
    pub purchase_country: Option<String>,
    /// The beginning, or all, of a shop's reference, of Klarna's order id or short reference, or
    /// of the sale's `chk_` or `ord_` id. Upper and lower case of ASCII letters are alike, and
    /// blanks around it do not count.
    pub search: Option<String>,
    /// Created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Created before this time.
    pub created_before: Option<Timestamp>,
    /// Only sales that a person must look at.
    pub attention_only: bool,
    /// Where the page before this one ended, from its [`Page::next_cursor`].
    pub cursor: Option<String>,
    /// How many at most, moved into 1 to [`SaleQuery::LIMIT_MAX`].
    pub limit: u32,
}

impl SaleQuery {
    /// No page is longer than this.
    pub const LIMIT_MAX: u32 = 500;

    /// Every sale, newest first, 50 to a page.
    pub fn all(at: Timestamp) -> Self {
        Self {
            at,
            orders_only: false,
            status: None,
            fraud_status: None,
            account: None,
            purchase_country: None,
            search: None,
            created_from: None,
            created_before: None,
            attention_only: false,
            cursor: None,
            limit: 50,
        }
    }
}

/// A part of a list of sales, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The sales.
    pub items: Vec<SaleSummary>,
    /// Hand it in as [`SaleQuery::cursor`] for what follows; none at the end.
    pub next_cursor: Option<String>,
}

impl Page {
    /// A page of at most `limit` sales, made of one more where anything follows.
    pub(crate) fn of(mut items: Vec<SaleSummary>, limit: u32) -> Self {
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > full;
        items.truncate(full);
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| Cursor::after(last.created_at, last.sale).to_text());
        Self { items, next_cursor }
    }
}
