//! One order line, read with the limits of either back end.

use serde::{Deserialize, Serialize};

use super::{
    read::{Fault, Reader},
    texts::{PRODUCT_IDENTIFIERS, Side, Texts},
};

/// The most minor units of one price or total (Klarna documentation).
pub(crate) const AMOUNT_MAX: i64 = 200_000_000;

/// The most lines of an order, capture or refund (Klarna documentation).
pub(crate) const LINES_MAX: usize = 1000;

const TYPES: [&str; 9] = [
    "physical",
    "discount",
    "shipping_fee",
    "sales_tax",
    "store_credit",
    "gift_card",
    "digital",
    "surcharge",
    "return_fee",
];

/// How often a subscription is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) name: String,
    pub(crate) interval: String,
    pub(crate) interval_count: i64,
}

/// An order line. Amounts are in minor units, `tax_rate` in hundredths of a percent.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) reference: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) quantity: i64,
    pub(crate) quantity_unit: Option<String>,
    pub(crate) name: String,
    pub(crate) total_amount: i64,
    pub(crate) unit_price: i64,
    pub(crate) total_discount_amount: Option<i64>,
    pub(crate) tax_rate: Option<i64>,
    pub(crate) total_tax_amount: Option<i64>,
    pub(crate) merchant_data: Option<String>,
    pub(crate) product_url: Option<String>,
    pub(crate) image_url: Option<String>,
    pub(crate) product_identifiers: Option<Texts>,
    pub(crate) subscription: Option<Subscription>,
}

impl Line {
    /// Reads a line and notes what exceeds the limits of this back end.
    pub(crate) fn read(reader: &mut Reader<'_>, side: Side) -> Self {
        let payments = side == Side::Payments;
        let (name_min, unit_min, unit_max) = if payments { (1, 1, 8) } else { (0, 0, 10) };
        let rate_max = if payments { 10_000 } else { i64::from(i32::MAX) };
        let sum_max = if payments { i64::MAX } else { AMOUNT_MAX };
        let kind = reader.text("type", 0, 255);
        if !payments && kind.as_deref().is_some_and(|kind| !TYPES.contains(&kind)) {
            reader.fault("type", Fault::Pattern);
        }
        Self {
            reference: reader.text("reference", 0, 255),
            kind,
            quantity: reader.required_integer("quantity", 0, i64::MAX),
            quantity_unit: reader.text("quantity_unit", unit_min, unit_max),
            name: reader.required_text("name", name_min, 255),
            total_amount: reader.required_integer("total_amount", i64::MIN, AMOUNT_MAX),
            unit_price: reader.required_integer("unit_price", i64::MIN, AMOUNT_MAX),
            total_discount_amount: reader.integer("total_discount_amount", 0, sum_max),
            tax_rate: reader.integer("tax_rate", 0, rate_max),
            total_tax_amount: reader.integer("total_tax_amount", i64::MIN, sum_max),
            merchant_data: reader.text("merchant_data", 0, 1024),
            product_url: reader.text("product_url", 0, 1024),
            image_url: reader.text("image_url", 0, 1024),
            product_identifiers: reader.object("product_identifiers", |object| {
                Texts::read(object, &PRODUCT_IDENTIFIERS, side)
            }),
            subscription: reader.object("subscription", |object| Subscription {
                name: object.required_text("name", 1, 255),
                interval: {
                    object.required("interval");
                    let intervals = ["DAY", "WEEK", "MONTH", "YEAR"];
                    object.form("interval", |text| intervals.contains(&text)).unwrap_or_default()
                },
                interval_count: object.required_integer("interval_count", 1, i64::from(i32::MAX)),
            }),
        }
    }

    /// Whether this line is a tax of its own, as in the United States.
    pub(crate) fn is_sales_tax(&self) -> bool {
        self.kind.as_deref() == Some("sales_tax")
    }

    /// The line's type, with Klarna's default.
    pub(crate) fn kind_or_default(&self) -> &str {
        self.kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("physical")
    }
}
