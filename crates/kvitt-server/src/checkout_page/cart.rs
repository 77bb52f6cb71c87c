//! The cart as the shopper reads it.

use kvitt_core::Sale;
use kvitt_engine::Shopper;
use kvitt_money::{LineType, Money, TaxStyle};

/// One row of the cart.
pub(super) struct Row {
    pub(super) name: String,
    /// `2 × 89.00 SEK`; empty where there is nothing to multiply.
    pub(super) detail: String,
    pub(super) amount: String,
}

/// What the cart shows. Amounts are texts by the currency's own exponent.
pub(super) struct CartView {
    /// Counts the changes of the cart: what is shown is compared with what is paid.
    pub(super) version: u32,
    pub(super) rows: Vec<Row>,
    pub(super) total: String,
    pub(super) total_minor: i64,
    /// `Including 139.93 SEK tax`; empty where tax is a line of its own, or there is none.
    pub(super) tax: String,
    pub(super) reference: Option<String>,
}

impl CartView {
    pub(super) fn of(sale: &Sale) -> Self {
        let cart = sale.cart.cart();
        let currency = sale.terms.market.purchase_currency();
        let money = |minor| Money::new(minor, currency).to_string();
        let rows = cart.order_lines().iter().map(|line| {
            let discount = line.total_discount_amount;
            let mut detail = match line.line_type {
                LineType::SalesTax | LineType::Discount | LineType::ShippingFee => String::new(),
                _ => format!("{} × {}", line.quantity, money(line.unit_price)),
            };
            if discount > 0 {
                let joint = if detail.is_empty() { "" } else { ", " };
                detail = format!("{detail}{joint}{} off", money(discount));
            }
            Row { name: line.name.clone(), detail, amount: money(line.total_amount) }
        });
        let totals = cart.totals();
        let style = sale.terms.market.purchase_country().market().tax_style;
        let tax = match style {
            TaxStyle::Inclusive if totals.order_tax_amount != 0 => {
                format!("Including {} tax", money(totals.order_tax_amount))
            }
            _ => String::new(),
        };
        Self {
            version: sale.cart_version,
            rows: rows.collect(),
            total: money(totals.order_amount),
            total_minor: totals.order_amount,
            tax,
            reference: sale.terms.merchant_reference1.clone(),
        }
    }
}

/// One input of the contact form.
pub(super) struct Field {
    /// The member of Klarna's address.
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) autocomplete: &'static str,
    pub(super) kind: &'static str,
    pub(super) value: String,
}

/// The contact form, filled with what is known. Klarna asks the shopper for what is missing.
pub(super) fn fields(sale: &Sale, shopper: &Shopper) -> Vec<Field> {
    let known = shopper.billing_address.clone().unwrap_or_default();
    let country = sale.terms.market.purchase_country().code();
    let has_region = matches!(country, "US" | "CA" | "AU" | "MX");
    let all = [
        ("email", "E-mail", "email", "email", known.email),
        ("phone", "Phone", "tel", "tel", known.phone),
        ("given_name", "First name", "given-name", "text", known.given_name),
        ("family_name", "Last name", "family-name", "text", known.family_name),
        ("street_address", "Street and number", "address-line1", "text", known.street_address),
        ("postal_code", "Postal code", "postal-code", "text", known.postal_code),
        ("city", "City", "address-level2", "text", known.city),
        ("region", "State or region", "address-level1", "text", known.region),
    ];
    all.into_iter()
        .filter(|(name, ..)| *name != "region" || has_region)
        .map(|(name, label, autocomplete, kind, value)| Field {
            name,
            label,
            autocomplete,
            kind,
            value: value.unwrap_or_default(),
        })
        .collect()
}
