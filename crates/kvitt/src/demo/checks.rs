//! Checks of the walk: what was expected, what was seen, and whether they agree.

use std::fmt;

use serde_json::Value;

/// The order's sums, as Klarna and the merchant API both name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the names are Klarna's")]
pub(super) struct Sums {
    pub(super) order_amount: i64,
    pub(super) captured_amount: i64,
    pub(super) refunded_amount: i64,
    pub(super) remaining_authorized_amount: i64,
}

impl Sums {
    /// Reads the sums of an order. A sum that is missing is no sum.
    pub(super) fn of(order: &Value) -> Option<Self> {
        let amount = |name: &str| order.get(name)?.as_i64();
        Some(Self {
            order_amount: amount("order_amount")?,
            captured_amount: amount("captured_amount")?,
            refunded_amount: amount("refunded_amount")?,
            remaining_authorized_amount: amount("remaining_authorized_amount")?,
        })
    }
}

/// What did not hold.
#[derive(Debug, Default)]
pub(super) struct Checks {
    held: usize,
    broken: Vec<String>,
}

impl Checks {
    /// Checks that something is as expected.
    pub(super) fn equal<T: PartialEq + fmt::Debug>(&mut self, what: &str, seen: &T, expected: &T) {
        if seen == expected {
            self.held += 1;
        } else {
            self.broken.push(format!("{what}: expected {expected:?}, saw {seen:?}"));
        }
    }

    /// How many held so far.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// What did not hold so far.
    pub(super) fn broken(&self) -> &[String] {
        &self.broken
    }
}
