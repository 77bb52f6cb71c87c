//! Order lines as they are read.

use crate::tolerant::tolerant;

tolerant! {
    /// An order line that Klarna answered. Amounts are minor units. Nothing is checked: orders
    /// exist whose lines do not add up (recorded exchange).
    #[derive(Debug)]
    pub struct OrderLine {
        optional {
            /// What the line stands for, such as `shipping_fee`.
            r#type: String,
            /// The shop's number of the product.
            reference: String,
            /// Name shown to the customer.
            name: String,
            /// How many.
            quantity: i64,
            /// Unit of `quantity`.
            quantity_unit: String,
            /// Price of one.
            unit_price: i64,
            /// Tax rate in basis points.
            tax_rate: i64,
            /// Total of the line.
            total_amount: i64,
            /// Discount on the line.
            total_discount_amount: i64,
            /// Tax contained in `total_amount`.
            total_tax_amount: i64,
            /// Page of the product.
            product_url: String,
            /// Picture of the product.
            image_url: String,
            /// What the shop passed through.
            merchant_data: crate::Private,
            /// Numbers by which the product is known beyond the shop.
            product_identifiers: ProductIdentifiers,
            /// Says that the line repeats.
            subscription: Subscription,
        }
    }
}

tolerant! {
    /// Numbers by which a product is known beyond the shop.
    #[derive(Debug)]
    pub struct ProductIdentifiers {
        optional {
            /// Brand.
            brand: String,
            /// Path in the shop's categories.
            category_path: String,
            /// GTIN.
            global_trade_item_number: String,
            /// The maker's part number.
            manufacturer_part_number: String,
            /// Colour.
            color: String,
            /// Size.
            size: String,
        }
    }
}

tolerant! {
    /// Says that a line repeats.
    #[derive(Debug)]
    pub struct Subscription {
        optional {
            /// Name shown to the customer.
            name: String,
            /// `DAY`, `WEEK`, `MONTH` or `YEAR`.
            interval: String,
            /// How many intervals lie between two payments.
            interval_count: u32,
        }
    }
}
