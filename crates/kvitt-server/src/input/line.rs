//! Order lines as they are sent.

use kvitt_core::LineId;
use kvitt_money::{OrderLineFields, TaxRate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Whole;

/// What a line stands for. The names are Klarna's.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LineType {
    #[default]
    Physical,
    Discount,
    ShippingFee,
    SalesTax,
    Digital,
    GiftCard,
    StoreCredit,
    Surcharge,
    ReturnFee,
}

/// Numbers by which a product is known beyond the shop.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductIdentifiers {
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
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum SubscriptionInterval {
    Day,
    Week,
    Month,
    Year,
}

/// Says that a line repeats.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Subscription {
    /// Name shown to the customer, 1 to 255 characters.
    pub name: String,
    /// Unit of `interval_count`.
    pub interval: SubscriptionInterval,
    /// How many units lie between two payments; at least 1.
    pub interval_count: u32,
}

/// One line of an order. Amounts are minor units: 149.90 kr is 14990.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderLineInput {
    /// The line's own id, by which captures and refunds pick it; 1 to 64 characters, each line
    /// its own. The first free of `l1`, `l2`, … where absent.
    line_id: Option<String>,
    /// What the line stands for.
    #[serde(rename = "type", default)]
    line_type: LineType,
    /// The shop's number of the product, at most 255 characters.
    reference: Option<String>,
    /// Name shown to the customer, 1 to 255 characters.
    name: String,
    /// How many; whole numbers only, 0 to 100,000.
    #[schema(value_type = i64)]
    quantity: Whole,
    /// Unit of `quantity`, 1 to 8 characters, such as `pcs`.
    quantity_unit: Option<String>,
    /// Price of one, tax included (except where tax is a line of its own), discount excluded.
    #[schema(value_type = i64)]
    unit_price: Whole,
    /// Tax rate in basis points: 25 % is 2500. 0 where absent.
    #[schema(value_type = Option<i64>)]
    tax_rate: Option<Whole>,
    /// `quantity * unit_price - total_discount_amount`.
    #[schema(value_type = i64)]
    total_amount: Whole,
    /// Discount on the whole line, tax included; zero or positive.
    #[schema(value_type = Option<i64>)]
    total_discount_amount: Option<Whole>,
    /// Tax contained in `total_amount`. Computed where absent; where given it must be right to
    /// one minor unit.
    #[schema(value_type = Option<i64>)]
    total_tax_amount: Option<Whole>,
    /// Page of the product, at most 1,024 characters.
    product_url: Option<String>,
    /// Picture of the product, at most 1,024 characters.
    image_url: Option<String>,
    /// Passed through to the order, at most 1,024 characters.
    merchant_data: Option<String>,
    product_identifiers: Option<ProductIdentifiers>,
    subscription: Option<Subscription>,
}

impl OrderLineInput {
    pub(super) fn wanted_id(&self) -> Option<LineId> {
        self.line_id.clone().map(LineId)
    }

    /// The line as the money crate checks it.
    pub(super) fn into_fields(self, index: usize) -> Result<OrderLineFields, kvitt_money::Error> {
        let basis_points = self.tax_rate.map_or(0, |rate| rate.0);
        let tax_rate = TaxRate::new(basis_points).map_err(|error| error.at(index))?;
        let total_amount = self.total_amount.0;
        Ok(OrderLineFields {
            line_type: self.line_type.into(),
            reference: self.reference,
            name: self.name,
            quantity: self.quantity.0,
            quantity_unit: self.quantity_unit,
            unit_price: self.unit_price.0,
            tax_rate,
            total_amount,
            total_discount_amount: self.total_discount_amount.map_or(0, |amount| amount.0),
            total_tax_amount: match self.total_tax_amount {
                Some(amount) => amount.0,
                None => tax_rate.tax_in(total_amount),
            },
            product_url: self.product_url,
            image_url: self.image_url,
            merchant_data: self.merchant_data,
            product_identifiers: self.product_identifiers.map(Into::into),
            subscription: self.subscription.map(Into::into),
        })
    }
}

macro_rules! same_names {
    ($ours:ident = $theirs:path { $($name:ident)* }) => {
        impl From<$ours> for $theirs {
            fn from(ours: $ours) -> Self {
                match ours { $($ours::$name => Self::$name),* }
            }
        }

        impl From<$theirs> for $ours {
            fn from(theirs: $theirs) -> Self {
                match theirs { $(<$theirs>::$name => Self::$name),* }
            }
        }
    };
}

same_names! {
    LineType = kvitt_money::LineType {
        Physical Discount ShippingFee SalesTax Digital GiftCard StoreCredit Surcharge ReturnFee
    }
}
same_names! { SubscriptionInterval = kvitt_money::SubscriptionInterval { Day Week Month Year } }

impl From<ProductIdentifiers> for kvitt_money::ProductIdentifiers {
    fn from(given: ProductIdentifiers) -> Self {
        Self {
            brand: given.brand,
            category_path: given.category_path,
            global_trade_item_number: given.global_trade_item_number,
            manufacturer_part_number: given.manufacturer_part_number,
            color: given.color,
            size: given.size,
        }
    }
}

impl From<kvitt_money::ProductIdentifiers> for ProductIdentifiers {
    fn from(known: kvitt_money::ProductIdentifiers) -> Self {
        Self {
            brand: known.brand,
            category_path: known.category_path,
            global_trade_item_number: known.global_trade_item_number,
            manufacturer_part_number: known.manufacturer_part_number,
            color: known.color,
            size: known.size,
        }
    }
}

impl From<Subscription> for kvitt_money::Subscription {
    fn from(given: Subscription) -> Self {
        Self {
            name: given.name,
            interval: given.interval.into(),
            interval_count: given.interval_count,
        }
    }
}

impl From<kvitt_money::Subscription> for Subscription {
    fn from(known: kvitt_money::Subscription) -> Self {
        Self {
            name: known.name,
            interval: known.interval.into(),
            interval_count: known.interval_count,
        }
    }
}
