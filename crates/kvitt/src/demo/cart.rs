//! What the demo sells: three products with different tax rates, and shipping, in Sweden.

use serde_json::{Value, json};

/// What the whole cart costs, in öre, tax included. Written by hand.
pub(super) const ORDER_AMOUNT: i64 = 92_500;
/// The tax in it. Written by hand.
pub(super) const ORDER_TAX_AMOUNT: i64 = 13_993;

/// A checkout as a shop would ask for it.
pub(super) fn checkout(reference: &str) -> Value {
    json!({
        "purchase_country": "SE",
        "purchase_currency": "SEK",
        "locale": "sv-SE",
        "order_amount": ORDER_AMOUNT,
        "order_tax_amount": ORDER_TAX_AMOUNT,
        "merchant_reference1": reference,
        "order_lines": [
            {
                "line_id": "coffee", "type": "physical", "reference": "1001", "name": "Coffee",
                "quantity": 2, "unit_price": 8_900, "tax_rate": 1_200,
                "total_amount": 17_800, "total_tax_amount": 1_907
            },
            {
                "line_id": "book", "type": "physical", "reference": "1002", "name": "Book",
                "quantity": 1, "unit_price": 19_900, "tax_rate": 600,
                "total_amount": 19_900, "total_tax_amount": 1_126
            },
            {
                "line_id": "lamp", "type": "physical", "reference": "1003", "name": "Lamp",
                "quantity": 1, "unit_price": 49_900, "tax_rate": 2_500,
                "total_amount": 49_900, "total_tax_amount": 9_980
            },
            {
                "line_id": "shipping", "type": "shipping_fee", "name": "Shipping",
                "quantity": 1, "unit_price": 4_900, "tax_rate": 2_500,
                "total_amount": 4_900, "total_tax_amount": 980
            }
        ]
    })
}

/// The smallest checkout, on one line.
pub(super) fn small_checkout() -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 19_900,
        "order_lines": [{
            "name": "Book", "quantity": 1, "unit_price": 19_900, "tax_rate": 600,
            "total_amount": 19_900, "total_tax_amount": 1_126
        }]
    })
}
