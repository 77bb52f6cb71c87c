//! One line of an order.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::{AmountError, Error, Rule, TaxRate, tax_within};

/// Largest `order_amount`, `unit_price`, `total_amount` and discount, in minor units (Klarna's API
/// description).
pub(crate) const AMOUNT_MAX: i64 = 200_000_000;
/// Largest quantity (Order Management's API description of 2020).
const QUANTITY_MAX: i64 = 100_000;

/// What a line stands for. The names are Klarna's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineType {
    /// Goods that are shipped.
    #[default]
    Physical,
    /// A reduction of the order as a line of its own; zero or negative.
    Discount,
    /// Freight.
    ShippingFee,
    /// Tax as a line of its own, where prices exclude it (United States).
    SalesTax,
    /// Goods that are not shipped.
    Digital,
    /// Paid with a gift card; zero or negative.
    GiftCard,
    /// Paid with credit at the shop; zero or negative.
    StoreCredit,
    /// An extra charge; zero or positive.
    Surcharge,
    /// Kept from a refund for the return; zero or negative, in refunds only.
    ReturnFee,
}

impl LineType {
    /// Klarna's name of the type, such as `shipping_fee`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Physical => "physical",
            Self::Discount => "discount",
            Self::ShippingFee => "shipping_fee",
            Self::SalesTax => "sales_tax",
            Self::Digital => "digital",
            Self::GiftCard => "gift_card",
            Self::StoreCredit => "store_credit",
            Self::Surcharge => "surcharge",
            Self::ReturnFee => "return_fee",
        }
    }

    fn allows_sign_of(self, total_amount: i64) -> bool {
        match self {
            Self::Discount | Self::GiftCard | Self::StoreCredit | Self::ReturnFee => {
                total_amount <= 0
            }
            Self::SalesTax | Self::Surcharge => total_amount >= 0,
            Self::Physical | Self::Digital | Self::ShippingFee => true,
        }
    }
}

/// Numbers by which a product is known beyond the shop. Lengths are Klarna's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProductIdentifiers {
    /// Brand, at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// Path in the shop's categories, at most 750 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_path: Option<String>,
    /// GTIN (EAN, UPC, ISBN), at most 50 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_trade_item_number: Option<String>,
    /// The maker's part number, at most 70 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer_part_number: Option<String>,
    /// Colour, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    /// Size, at most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
}

/// The unit in which a subscription repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SubscriptionInterval {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// Says that a line repeats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Name shown to the customer, 1 to 255 characters.
    pub name: String,
    /// Unit of `interval_count`.
    pub interval: SubscriptionInterval,
    /// How many units lie between two payments; at least 1.
    pub interval_count: u32,
}

/// The members of an [`OrderLine`], not yet checked. Amounts are minor units. Where it is read,
/// `name`, `quantity`, `unit_price` and `total_amount` must be there (Klarna's API description): a
/// forgotten price is refused, not taken for 0.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLineFields {
    /// What the line stands for.
    #[serde(rename = "type", default)]
    pub line_type: LineType,
    /// The shop's number of the product, at most 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Name shown to the customer, 1 to 255 characters.
    pub name: String,
    /// How many; whole numbers only, 0 to 100,000.
    pub quantity: i64,
    /// Unit of `quantity`, 1 to 8 characters, such as `pcs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity_unit: Option<String>,
    /// Price of one, tax included (except where tax is a line of its own), discount excluded.
    pub unit_price: i64,
    /// Tax rate in basis points.
    #[serde(default)]
    pub tax_rate: TaxRate,
    /// `quantity * unit_price - total_discount_amount`.
    pub total_amount: i64,
    /// Discount on the whole line, tax included; zero or positive.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_discount_amount: i64,
    /// Tax contained in `total_amount`.
    #[serde(default)]
    pub total_tax_amount: i64,
    /// Page of the product, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_url: Option<String>,
    /// Picture of the product, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Passed through to the order, at most 1,024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_data: Option<String>,
    /// Numbers by which the product is known beyond the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_identifiers: Option<ProductIdentifiers>,
    /// Says that the line repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Subscription>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// An order line whose amounts agree. Its members are read through [`OrderLineFields`]; it is
/// built from them with `try_from`, from a price with [`OrderLine::tax_inclusive`] and its
/// siblings, and changed with [`OrderLine::with`], each of which checks the rules again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "OrderLineFields", into = "OrderLineFields")]
pub struct OrderLine(OrderLineFields);

impl OrderLine {
    /// A line from the price of one with tax, a rate and a quantity. The tax is computed.
    pub fn tax_inclusive(
        name: impl Into<String>,
        unit_price: i64,
        tax_rate: TaxRate,
        quantity: i64,
    ) -> Result<Self, Error> {
        let total_amount = quantity
            .checked_mul(unit_price)
            .ok_or_else(|| Error::Overflow { calculation: format!("{quantity} * {unit_price}") })?;
        let fields = OrderLineFields {
            name: name.into(),
            quantity,
            unit_price,
            tax_rate,
            total_amount,
            total_tax_amount: tax_rate.tax_in(total_amount),
            ..OrderLineFields::default()
        };
        Ok(Self::try_from(fields)?)
    }

    /// A line from the price of one without tax, a rate and a quantity. The price with tax is
    /// rounded once, for one piece, half away from zero: that is the price the customer sees, and
    /// the line's total is a multiple of it.
    pub fn tax_exclusive(
        name: impl Into<String>,
        unit_price_without_tax: i64,
        tax_rate: TaxRate,
        quantity: i64,
    ) -> Result<Self, Error> {
        let unit_price =
            tax_rate.add_to(unit_price_without_tax).ok_or_else(|| Error::Overflow {
                calculation: format!("{unit_price_without_tax} with {tax_rate} basis points"),
            })?;
        Self::tax_inclusive(name, unit_price, tax_rate, quantity)
    }

    /// A line that carries no tax of its own, for countries where tax is a line of its own.
    pub fn untaxed(name: impl Into<String>, unit_price: i64, quantity: i64) -> Result<Self, Error> {
        Self::tax_inclusive(name, unit_price, TaxRate::ZERO, quantity)
    }

    /// The tax of the whole order as a line of its own (United States).
    pub fn sales_tax(name: impl Into<String>, amount: i64) -> Result<Self, Error> {
        Self::untaxed(name, amount, 1)?.with(|line| line.line_type = LineType::SalesTax)
    }

    /// The same line with a discount on it, tax included, in minor units; total and tax follow.
    pub fn discounted(self, total_discount_amount: i64) -> Result<Self, Error> {
        let overflow = || Error::Overflow { calculation: "of the discounted line".to_owned() };
        let full =
            self.total_amount.checked_add(self.total_discount_amount).ok_or_else(overflow)?;
        let total_amount = full.checked_sub(total_discount_amount).ok_or_else(overflow)?;
        self.with(|line| {
            line.total_discount_amount = total_discount_amount;
            line.total_amount = total_amount;
            line.total_tax_amount = line.tax_rate.tax_in(total_amount);
        })
    }

    /// The same line with members changed, checked again.
    pub fn with(self, change: impl FnOnce(&mut OrderLineFields)) -> Result<Self, Error> {
        let mut fields = self.0;
        change(&mut fields);
        Ok(Self::try_from(fields)?)
    }

    /// The members, free to be changed and checked again.
    pub fn into_fields(self) -> OrderLineFields {
        self.0
    }
}

impl Deref for OrderLine {
    type Target = OrderLineFields;

    fn deref(&self) -> &OrderLineFields {
        &self.0
    }
}

impl From<OrderLine> for OrderLineFields {
    fn from(line: OrderLine) -> Self {
        line.0
    }
}

impl TryFrom<OrderLineFields> for OrderLine {
    type Error = AmountError;

    fn try_from(fields: OrderLineFields) -> Result<Self, AmountError> {
        fields.check_texts()?;
        fields.check_ranges()?;
        fields.check_total()?;
        fields.check_tax()?;
        if !fields.line_type.allows_sign_of(fields.total_amount) {
            let expected = if fields.total_amount > 0 { "0 or less" } else { "0 or more" };
            return Err(AmountError::new(
                "total_amount",
                fields.total_amount,
                format_args!("{expected} for type {}", fields.line_type.as_str()),
                Rule::Sign,
            ));
        }
        Ok(Self(fields))
    }
}

impl OrderLineFields {
    fn check_total(&self) -> Result<(), AmountError> {
        let expected = i128::from(self.quantity) * i128::from(self.unit_price)
            - i128::from(self.total_discount_amount);
        if i128::from(self.total_amount) == expected {
            Ok(())
        } else {
            Err(AmountError::new("total_amount", self.total_amount, expected, Rule::LineTotal))
        }
    }

    fn check_tax(&self) -> Result<(), AmountError> {
        let accepted = tax_within(self.total_amount, self.tax_rate);
        if accepted.contains(&self.total_tax_amount) {
            Ok(())
        } else {
            Err(AmountError::new(
                "total_tax_amount",
                self.total_tax_amount,
                format_args!("{} to {}", accepted.start(), accepted.end()),
                Rule::LineTax,
            ))
        }
    }

    fn check_ranges(&self) -> Result<(), AmountError> {
        // Klarna states no lower bound for a negative line; the mirrored upper one is a guess.
        let ranges = [
            ("quantity", self.quantity, 0..=QUANTITY_MAX),
            ("unit_price", self.unit_price, -AMOUNT_MAX..=AMOUNT_MAX),
            ("total_amount", self.total_amount, -AMOUNT_MAX..=AMOUNT_MAX),
            ("total_discount_amount", self.total_discount_amount, 0..=AMOUNT_MAX),
            ("total_tax_amount", self.total_tax_amount, -AMOUNT_MAX..=AMOUNT_MAX),
        ];
        for (field, value, range) in ranges {
            if !range.contains(&value) {
                let expected = format!("{} to {}", range.start(), range.end());
                return Err(AmountError::new(field, value, expected, Rule::Range));
            }
        }
        if let Some(Subscription { interval_count: 0, .. }) = self.subscription {
            return Err(AmountError::new(
                "subscription.interval_count",
                0,
                "1 or more",
                Rule::Range,
            ));
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), AmountError> {
        let identifiers = self.product_identifiers.clone().unwrap_or_default();
        let texts = [
            ("name", Some(&self.name), 1..=255),
            ("reference", self.reference.as_ref(), 0..=255),
            ("quantity_unit", self.quantity_unit.as_ref(), 1..=8),
            ("product_url", self.product_url.as_ref(), 0..=1024),
            ("image_url", self.image_url.as_ref(), 0..=1024),
            ("merchant_data", self.merchant_data.as_ref(), 0..=1024),
            ("product_identifiers.brand", identifiers.brand.as_ref(), 0..=70),
            ("product_identifiers.category_path", identifiers.category_path.as_ref(), 0..=750),
            (
                "product_identifiers.global_trade_item_number",
                identifiers.global_trade_item_number.as_ref(),
                0..=50,
            ),
            (
                "product_identifiers.manufacturer_part_number",
                identifiers.manufacturer_part_number.as_ref(),
                0..=70,
            ),
            ("product_identifiers.color", identifiers.color.as_ref(), 0..=64),
            ("product_identifiers.size", identifiers.size.as_ref(), 0..=64),
            ("subscription.name", self.subscription.as_ref().map(|it| &it.name), 1..=255),
        ];
        for (field, text, range) in texts {
            let Some(text) = text else { continue };
            let length = text.chars().count();
            if !range.contains(&length) {
                return Err(AmountError::new(
                    field,
                    format_args!("{length} characters long"),
                    format_args!("{} to {} characters", range.start(), range.end()),
                    Rule::Length,
                ));
            }
        }
        Ok(())
    }
}
