//! An order as Order Management keeps it, and how Klarna makes one from a placing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    capture, lifetime,
    line::Line,
    market,
    method::Method,
    person::{self, Reaction},
    purchase::Purchase,
    texts::Texts,
};

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    Authorized,
    PartCaptured,
    Captured,
    Cancelled,
    Expired,
}

impl Status {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "AUTHORIZED",
            Self::PartCaptured => "PART_CAPTURED",
            Self::Captured => "CAPTURED",
            Self::Cancelled => "CANCELLED",
            Self::Expired => "EXPIRED",
        }
    }

    /// Whether money may still be captured, as far as the status tells.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Authorized | Self::PartCaptured)
    }

    /// How a refusal describes an order that is no longer open.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::PartCaptured => "partly captured",
            Self::Captured => "fully captured",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

/// Whether Klarna takes the fraud risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FraudStatus {
    Accepted,
    Pending,
    Rejected,
}

impl FraudStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Pending => "PENDING",
            Self::Rejected => "REJECTED",
        }
    }
}

/// An order. Deliberately without `Debug`: it holds personal data. Amounts in minor units.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) order_id: String,
    /// The session that it was placed from; empty where there was none.
    #[serde(default)]
    pub(crate) session_id: String,
    pub(crate) status: Status,
    pub(crate) fraud_status: FraudStatus,
    pub(crate) order_amount: i64,
    pub(crate) original_order_amount: i64,
    pub(crate) captured_amount: i64,
    pub(crate) refunded_amount: i64,
    pub(crate) remaining_authorized_amount: i64,
    pub(crate) purchase_country: String,
    pub(crate) purchase_currency: String,
    pub(crate) locale: String,
    pub(crate) order_lines: Vec<Line>,
    pub(crate) merchant_reference1: Option<String>,
    pub(crate) merchant_reference2: Option<String>,
    pub(crate) klarna_reference: String,
    pub(crate) customer: Option<Texts>,
    pub(crate) billing_address: Option<Texts>,
    pub(crate) shipping_address: Option<Texts>,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) captures: Vec<Capture>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) merchant_data: Option<String>,
    pub(crate) method: Method,
    pub(crate) shipping_info: Vec<Texts>,
    pub(crate) notification_url: Option<String>,
    pub(crate) push_url: Option<String>,
    /// The merchant has said that they know of the order, or has captured it.
    pub(crate) acknowledged: bool,
    /// When the fraud decision falls by itself, and which one.
    pub(crate) decision_due: Option<(Timestamp, FraudStatus)>,
    /// When a rejected order is cancelled by Klarna.
    pub(crate) cancelled_due: Option<Timestamp>,
    /// Capture everything once the fraud decision is favourable.
    pub(crate) auto_capture_due: bool,
    /// What the test person disputes, by reason; for every capture, or for the order at once.
    pub(crate) dispute_reason: Option<String>,
    pub(crate) disputes: Vec<Dispute>,
    /// Some refund could not be allocated to a capture; no later one will be.
    pub(crate) allocation_failed: bool,
    /// How much memory it takes, as it was last weighed.
    #[serde(skip)]
    pub(crate) memory: usize,
}

/// Money taken. Amounts in minor units.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Capture {
    pub(crate) capture_id: String,
    pub(crate) klarna_reference: String,
    pub(crate) captured_amount: i64,
    pub(crate) captured_at: Timestamp,
    pub(crate) description: String,
    pub(crate) reference: Option<String>,
    pub(crate) order_lines: Vec<Line>,
    /// The refunds that were allocated to this capture.
    pub(crate) refunded_amount: i64,
    /// Refunds of this capture that do not show yet: when each will, and its amount.
    pub(crate) allocating: Vec<(Timestamp, i64)>,
    pub(crate) billing_address: Option<Texts>,
    pub(crate) shipping_address: Option<Texts>,
    pub(crate) shipping_info: Vec<Texts>,
    /// How many days the customer's invoice was put off.
    pub(crate) due_date_extended_by: Option<i64>,
    /// How often the customer's message was sent once more. No answer of Klarna's shows it.
    #[serde(default)]
    pub(crate) send_outs: u32,
}

/// Money given back. Amounts in minor units.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Refund {
    pub(crate) refund_id: String,
    pub(crate) refunded_amount: i64,
    pub(crate) refunded_at: Timestamp,
    pub(crate) description: String,
    pub(crate) reference: Option<String>,
    pub(crate) order_lines: Vec<Line>,
}

/// A test person's dispute, as the sandbox records it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Dispute {
    pub(crate) reason: String,
    /// Absent: it is about the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) capture_id: Option<String>,
    pub(crate) opened_at: Timestamp,
}

/// The ids that a new order gets.
pub(crate) struct NewIds {
    pub(crate) order_id: String,
    pub(crate) klarna_reference: String,
    pub(crate) capture_id: String,
}

impl Order {
    /// Makes the order of a placing. `purchase` is what was authorized, completed by what the
    /// placing brought.
    pub(crate) fn place(
        purchase: Purchase,
        session_id: &str,
        ids: NewIds,
        method: Method,
        reaction: Reaction,
        now: Timestamp,
        authorization_days: u16,
    ) -> Self {
        let amount = purchase.amount();
        let country = purchase.country();
        let dispute = person::dispute(purchase.email());
        let url =
            |name| purchase.url(name).map(|url| fill_placeholders(url, session_id, &ids.order_id));
        let (notification_url, push_url) = (url("notification"), url("push"));
        let (fraud_status, decision_due) = match reaction {
            Reaction::Pending { accepted, minutes } => {
                let decision = if accepted { FraudStatus::Accepted } else { FraudStatus::Rejected };
                let due = lifetime::later(now, jiff::SignedDuration::from_mins(minutes));
                (FraudStatus::Pending, Some((due, decision)))
            }
            Reaction::Approved | Reaction::Denied => (FraudStatus::Accepted, None),
        };
        let mut order = Self {
            session_id: session_id.to_owned(),
            status: Status::Authorized,
            fraud_status,
            order_amount: amount,
            original_order_amount: amount,
            captured_amount: 0,
            refunded_amount: 0,
            remaining_authorized_amount: amount,
            purchase_currency: purchase
                .purchase_currency
                .as_deref()
                .unwrap_or_default()
                .to_ascii_uppercase(),
            locale: market::locale(&country, purchase.locale.as_deref()),
            purchase_country: country,
            order_lines: purchase.order_lines.unwrap_or_default(),
            merchant_reference1: purchase.merchant_reference1,
            merchant_reference2: purchase.merchant_reference2,
            klarna_reference: ids.klarna_reference,
            customer: purchase.customer,
            shipping_address: purchase
                .shipping_address
                .or_else(|| purchase.billing_address.clone()),
            billing_address: purchase.billing_address,
            created_at: now,
            expires_at: lifetime::midnight_after(now, i64::from(authorization_days)),
            captures: Vec::new(),
            refunds: Vec::new(),
            merchant_data: purchase.merchant_data,
            method,
            shipping_info: Vec::new(),
            notification_url,
            push_url,
            acknowledged: false,
            decision_due,
            cancelled_due: None,
            auto_capture_due: purchase.auto_capture == Some(true),
            dispute_reason: dispute.map(str::to_owned),
            disputes: Vec::new(),
            allocation_failed: false,
            memory: 0,
            order_id: ids.order_id,
        };
        if dispute == Some(person::HIGH_RISK_ORDER) {
            order.dispute(None, now);
        }
        capture::automatically(&mut order, ids.capture_id, now);
        order
    }

    /// Records that the customer disputes a capture, or the order as a whole.
    pub(crate) fn dispute(&mut self, capture_id: Option<&str>, now: Timestamp) {
        if let Some(reason) = &self.dispute_reason {
            let capture_id = capture_id.map(str::to_owned);
            self.disputes.push(Dispute { reason: reason.clone(), capture_id, opened_at: now });
        }
    }

    /// The capture of this id.
    pub(crate) fn capture_mut(&mut self, capture_id: &str) -> Option<&mut Capture> {
        self.captures.iter_mut().find(|it| it.capture_id.eq_ignore_ascii_case(capture_id))
    }

    /// The place of the capture of this id.
    pub(crate) fn find_capture(&self, capture_id: &str) -> Option<usize> {
        self.captures.iter().position(|it| it.capture_id.eq_ignore_ascii_case(capture_id))
    }

    /// How much of the refunds that belong to no capture falls on each, if they are laid on the
    /// oldest first.
    pub(crate) fn unallocated_refunds(&self) -> impl Iterator<Item = i64> {
        let allocated = |capture: &Capture| {
            capture.refunded_amount + capture.allocating.iter().map(|(_, it)| it).sum::<i64>()
        };
        let all: i64 = self.captures.iter().map(allocated).sum();
        let mut rest = self.refunded_amount - all;
        self.captures.iter().map(move |capture| {
            let share = rest.min(capture.captured_amount - allocated(capture));
            rest -= share;
            share
        })
    }
}

/// Klarna's placeholders in a merchant's URL.
pub(crate) fn fill_placeholders(url: &str, session_id: &str, order_id: &str) -> String {
    url.replace("{session.id}", session_id).replace("{order.id}", order_id)
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;
    use crate::rules::read::Body;

    pub(crate) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// An order over 10,000 of two lines, placed on the first of January.
    pub(crate) fn order() -> Order {
        with_reaction(Reaction::Approved, false)
    }

    pub(crate) fn with_reaction(reaction: Reaction, auto_capture: bool) -> Order {
        let body = json!({
            "purchase_country": "se", "purchase_currency": "sek", "order_amount": 10_000,
            "auto_capture": auto_capture,
            "order_lines": [
                {"reference": "a", "name": "A", "quantity": 1, "unit_price": 6000,
                    "total_amount": 6000},
                {"reference": "b", "name": "B", "quantity": 1, "unit_price": 4000,
                    "total_amount": 4000},
            ],
        });
        let (purchase, problems) = Purchase::read(&Body::of(&body));
        assert!(purchase.check(&problems).is_ok());
        let ids = NewIds {
            order_id: "o".into(),
            klarna_reference: "ABCDEFGH".into(),
            capture_id: "auto".into(),
        };
        Order::place(
            purchase,
            "s",
            ids,
            Method::default(),
            reaction,
            at("2026-01-01T10:00:00Z"),
            28,
        )
    }

    #[test]
    fn a_new_order_is_authorized_in_full() {
        let order = order();
        assert_eq!(order.status, Status::Authorized);
        assert_eq!(order.remaining_authorized_amount, 10_000);
        assert_eq!(order.purchase_country, "SE");
        assert_eq!(order.purchase_currency, "SEK");
        assert_eq!(order.expires_at, at("2026-01-29T00:00:00Z"));
    }

    #[test]
    fn auto_capture_takes_everything_at_once() {
        let order = with_reaction(Reaction::Approved, true);
        assert_eq!(order.status, Status::Captured);
        assert_eq!(order.captured_amount, 10_000);
        assert_eq!(order.captures[0].order_lines.len(), 2);
    }

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(
            fill_placeholders("https://shop.example/{session.id}?o={order.id}", "s1", "o1"),
            "https://shop.example/s1?o=o1"
        );
    }
}
