//! A checkout.

use serde::Deserialize;

use super::line::{self, Line};
use super::money::amount;
use super::time::to_the_second;
use crate::output;

/// A checkout as the merchant API shows it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Checkout {
    id: String,
    status: String,
    account: String,
    placement: String,
    purchase_country: String,
    purchase_currency: String,
    locale: String,
    order_amount: i64,
    order_tax_amount: i64,
    order_lines: Vec<Line>,
    session: Option<Session>,
    checkout_url: Option<String>,
    order_id: Option<String>,
    merchant_reference1: Option<String>,
    merchant_reference2: Option<String>,
    attention: Option<String>,
    created_at: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Session {
    session_id: String,
    payment_method_categories: Vec<Category>,
    expires_at: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Category {
    name: String,
}

impl Checkout {
    /// The checkout with its lines.
    pub(crate) fn show(&self) -> String {
        let currency = &self.purchase_currency;
        let methods = |session: &Session| {
            let names: Vec<_> =
                session.payment_method_categories.iter().map(|it| it.name.clone()).collect();
            names.join(", ")
        };
        let session = self.session.as_ref();
        let head = output::list([
            ("checkout", Some(self.id.clone())),
            ("status", Some(self.status.clone())),
            ("order", self.order_id.clone()),
            ("account", Some(self.account.clone())),
            ("market", Some(format!("{} {}", self.purchase_country, self.locale))),
            ("amount", Some(amount(self.order_amount, currency))),
            ("tax in it", Some(amount(self.order_tax_amount, currency))),
            ("placement", Some(self.placement.clone())),
            ("reference 1", self.merchant_reference1.clone()),
            ("reference 2", self.merchant_reference2.clone()),
            ("session", session.map(|it| it.session_id.clone())),
            ("ways to pay", session.map(methods)),
            ("session until", session.map(|it| to_the_second(&it.expires_at))),
            ("shopper's link", self.checkout_url.clone()),
            ("created", Some(to_the_second(&self.created_at))),
            ("attention", self.attention.clone()),
        ]);
        format!("{head}\n\n{}", line::lines(&self.order_lines, currency))
    }
}
