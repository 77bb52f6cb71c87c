//! One order line, read with the limits of each API.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{
    read::{Fault, Reader},
    texts::{PRODUCT_IDENTIFIERS, Side, Texts},
};

/// The most minor units of one price or total (Klarna documentation).
pub(crate) const AMOUNT_MAX: i64 = 200_000_000;

/// The most lines of an order, capture or refund (Klarna documentation).
pub(crate) const LINES_MAX: usize = 1000;

/// Customer Token's types, then what Order Management has besides.
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

/// What differs between the APIs' lines (Klarna's OpenAPI files).
struct Limits {
    name_min: usize,
    reference_max: usize,
    unit: RangeInclusive<usize>,
    rate_max: i64,
    price_max: i64,
    sum_max: i64,
    merchant_data_max: usize,
    /// Empty: any type passes.
    types: &'static [&'static str],
}

impl Limits {
    const PAYMENTS: Self = Self {
        name_min: 1,
        reference_max: 255,
        unit: 1..=8,
        rate_max: 10_000,
        price_max: AMOUNT_MAX,
        sum_max: i64::MAX,
        merchant_data_max: 1024,
        types: &[],
    };

    /// The file's text has the limits of a unit, its schema has none; of a rate it has none at all,
    /// so that Payments' stays (guess).
    const CUSTOMER_TOKEN: Self = Self {
        reference_max: 256,
        price_max: 100_000_000,
        merchant_data_max: 255,
        types: TYPES.split_at(8).0,
        ..Self::PAYMENTS
    };

    const ORDERS: Self = Self {
        name_min: 0,
        unit: 0..=10,
        rate_max: i32::MAX as i64,
        sum_max: AMOUNT_MAX,
        types: &TYPES,
        ..Self::PAYMENTS
    };

    fn of(side: Side) -> &'static Self {
        match side {
            Side::Payments => &Self::PAYMENTS,
            Side::CustomerToken => &Self::CUSTOMER_TOKEN,
            Side::Orders => &Self::ORDERS,
        }
    }
}

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
    /// Reads a line and notes what exceeds this API's limits.
    pub(crate) fn read(reader: &mut Reader<'_>, side: Side) -> Self {
        let limits = Limits::of(side);
        let is_type = |kind: &str| limits.types.is_empty() || limits.types.contains(&kind);
        let kind = reader.text("type", 0, 255);
        if kind.as_deref().is_some_and(|kind| !is_type(kind)) {
            reader.fault("type", Fault::Pattern);
        }
        Self {
            reference: reader.text("reference", 0, limits.reference_max),
            kind,
            quantity: reader.required_integer("quantity", 0, i64::MAX),
            quantity_unit: reader.text("quantity_unit", *limits.unit.start(), *limits.unit.end()),
            name: reader.required_text("name", limits.name_min, 255),
            total_amount: reader.required_integer("total_amount", i64::MIN, limits.price_max),
            unit_price: reader.required_integer("unit_price", i64::MIN, limits.price_max),
            total_discount_amount: reader.integer("total_discount_amount", 0, limits.sum_max),
            tax_rate: reader.integer("tax_rate", 0, limits.rate_max),
            total_tax_amount: reader.integer("total_tax_amount", i64::MIN, limits.sum_max),
            merchant_data: reader.text("merchant_data", 0, limits.merchant_data_max),
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
