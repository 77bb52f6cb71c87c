//! What several test files share.
#![expect(dead_code, unreachable_pub, reason = "no test file uses all of it")]
#![expect(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

use klarna::payments::Purchase;
use klarna::{Answer, FromAnswer, Headers, IdempotencyKey, Operation, OrderId, RawAnswer};
use kvitt_money::{Cart, OrderLine, PurchaseMarket, TaxRate};

pub const ORDER: &str = "7c1f0d52-9a3e-6b41-8d07-2f4e5a6b7c8d";
pub const CORRELATION: &str = "e1a7c0de-0000-4000-8000-000000000017";

pub fn order_id() -> OrderId {
    OrderId::new(ORDER).unwrap()
}

pub fn key() -> IdempotencyKey {
    IdempotencyKey::new("0d6c7a52-2b51-4d49-9d0e-3f3a64c1a3f7").unwrap()
}

/// One jumper of 249.00 SEK and freight of 49.00 SEK.
pub fn swedish() -> Purchase {
    let market = PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap();
    let rate = TaxRate::new(2500).unwrap();
    let lines = vec![
        OrderLine::tax_inclusive("Jumper", 24_900, rate, 1).unwrap(),
        OrderLine::tax_inclusive("Freight", 4_900, rate, 1)
            .unwrap()
            .with(|line| line.line_type = kvitt_money::LineType::ShippingFee)
            .unwrap(),
    ];
    Purchase::new(market, Cart::sum(market.purchase_country(), lines).unwrap()).unwrap()
}

/// Two mugs of 10.00 USD and a tax of 1.65 USD.
pub fn american() -> Purchase {
    let market = PurchaseMarket::new("US", "USD", "en-US").unwrap();
    let lines = vec![
        OrderLine::untaxed("Mug", 1_000, 2).unwrap(),
        OrderLine::sales_tax("Tax", 165).unwrap(),
    ];
    Purchase::new(market, Cart::sum(market.purchase_country(), lines).unwrap()).unwrap()
}

pub fn raw(status: u16, headers: &[(&str, &str)], body: &str) -> RawAnswer {
    let headers: Headers = headers.iter().copied().collect();
    RawAnswer { status, headers, body: body.as_bytes().to_vec() }
}

pub fn read<T: FromAnswer>(operation: Operation, body: &str) -> Answer<T> {
    raw(200, &[("klarna-correlation-id", CORRELATION)], body).read(operation).unwrap()
}
