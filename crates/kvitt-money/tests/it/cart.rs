//! All lines of a purchase: sums, tolerance, tax styles, limits.

use kvitt_money::{Cart, Country, Error, LineType, Money, OrderLine, Rule, Totals};

use crate::support::{one, rate, shirts};

fn totals(order_amount: i64, order_tax_amount: i64) -> Totals {
    Totals { order_amount, order_tax_amount }
}

fn said(result: Result<Cart, Error>) -> String {
    result.map(|cart| cart.totals()).unwrap_err().to_string()
}

/// Goods at 200.00 without tax and a sales tax line of 10.00.
fn american() -> Vec<OrderLine> {
    vec![
        OrderLine::untaxed("Red T-Shirt", 10_000, 2).unwrap(),
        OrderLine::sales_tax("Tax", 1_000).unwrap(),
    ]
}

#[test]
fn sums_cover_every_line() {
    let shipping = one(4_900, 2500).with(|line| line.line_type = LineType::ShippingFee).unwrap();
    let voucher = OrderLine::untaxed("Gift card", -10_000, 1)
        .unwrap()
        .with(|line| line.line_type = LineType::GiftCard)
        .unwrap();
    let lines = vec![OrderLine::try_from(shirts()).unwrap(), shipping, voucher];
    let cart = Cart::sum(Country::SE, lines.clone()).unwrap();
    // 498.00 + 49.00 - 100.00, and 99.60 + 9.80 + 0 of tax.
    assert_eq!(cart.totals(), totals(44_700, 10_940));
    assert_eq!(cart.order_amount(), Money::new(44_700, kvitt_money::Currency::SEK));
    assert_eq!(cart.order_tax_amount().to_string(), "109.40 SEK");
    assert_eq!((cart.purchase_country(), cart.order_lines()), (Country::SE, lines.as_slice()));
}

#[test]
fn the_order_amount_is_exact() {
    let lines = || vec![one(10_000, 2500), one(5_000, 1200)];
    // 20.00 and 5.357 of tax.
    assert!(Cart::with_totals(Country::SE, lines(), totals(15_000, 2_536)).is_ok());
    for claimed in [14_999, 15_001] {
        assert_eq!(
            said(Cart::with_totals(Country::SE, lines(), totals(claimed, 2_536))),
            format!(
                "order_amount is {claimed}, expected 15000: order_amount must be the sum of all \
                 lines' total_amount"
            )
        );
    }
}

#[test]
fn the_order_tax_may_be_one_minor_unit_a_line_away() {
    let lines = || vec![one(10_000, 2500), one(5_000, 1200)];
    for claimed in 2_534..=2_538 {
        let cart = Cart::with_totals(Country::SE, lines(), totals(15_000, claimed)).unwrap();
        assert_eq!(cart.totals().order_tax_amount, claimed);
    }
    for claimed in [2_533, 2_539] {
        assert_eq!(
            said(Cart::with_totals(Country::SE, lines(), totals(15_000, claimed))),
            format!(
                "order_tax_amount is {claimed}, expected 2534 to 2538: order_tax_amount may differ \
                 from the sum of the lines' tax by at most 1 minor unit per line"
            )
        );
    }
    // The tolerance does not grow with the pieces on a line.
    let screws = vec![OrderLine::tax_inclusive("Screw", 10, rate(2500), 1_000).unwrap()];
    assert!(Cart::with_totals(Country::SE, screws, totals(10_000, 2_002)).is_err());
}

#[test]
fn an_order_tax_that_klarna_was_seen_to_refuse_is_refused() {
    let line = OrderLine::try_from(kvitt_money::OrderLineFields {
        quantity: 1,
        unit_price: 4_171,
        total_amount: 4_171,
        tax_rate: rate(1900),
        total_tax_amount: 666,
        ..shirts()
    })
    .unwrap();
    assert_eq!(
        said(Cart::with_totals(Country::DE, vec![line], totals(4_171, 700))),
        "order_tax_amount is 700, expected 665 to 667: order_tax_amount may differ from the sum \
         of the lines' tax by at most 1 minor unit per line"
    );
}

#[test]
fn what_is_said_to_be_allowed_is_allowed() {
    // The tolerance would reach below zero; an order's tax does not.
    let lines = || vec![one(100, 0)];
    assert_eq!(
        said(Cart::with_totals(Country::SE, lines(), totals(100, 7))),
        "order_tax_amount is 7, expected 0 to 1: order_tax_amount may differ from the sum of the \
         lines' tax by at most 1 minor unit per line"
    );
    assert!(Cart::with_totals(Country::SE, lines(), totals(100, 0)).is_ok());
    assert!(Cart::with_totals(Country::SE, lines(), totals(100, 1)).is_ok());
    assert_eq!(
        said(Cart::with_totals(Country::SE, lines(), totals(100, -1))),
        "order_tax_amount is -1, expected 0 or more: the value is outside its range"
    );
}

#[test]
fn sales_tax_is_a_line_of_its_own_in_the_united_states() {
    let cart = Cart::sum(Country::US, american()).unwrap();
    assert_eq!(cart.totals(), totals(21_000, 1_000));
    assert_eq!(cart.order_amount().to_string(), "210.00 USD");

    let two_taxes = vec![
        OrderLine::untaxed("Red T-Shirt", 10_000, 1).unwrap(),
        OrderLine::sales_tax("State tax", 625).unwrap(),
        OrderLine::sales_tax("City tax", 150).unwrap(),
    ];
    assert_eq!(Cart::sum(Country::US, two_taxes).unwrap().totals(), totals(10_775, 775));

    // Claiming the tax on top of the lines, or leaving it out, is wrong.
    let on_top = Cart::with_totals(Country::US, american(), totals(22_000, 1_000));
    assert!(said(on_top).starts_with("order_amount is 22000, expected 21000: "));
    let left_out = Cart::with_totals(Country::US, american(), totals(21_000, 0));
    assert!(said(left_out).starts_with("order_tax_amount is 0, expected 998 to 1002: "));
}

#[test]
fn goods_carry_no_tax_in_the_united_states() {
    let rated = vec![one(10_000, 0), one(10_000, 825)];
    assert_eq!(
        said(Cart::sum(Country::US, rated)),
        "order_lines[1].tax_rate is 825, expected 0: in this country tax is a line of type \
         sales_tax, and the other lines carry none"
    );
    let taxed = vec![one(10_000, 0).with(|line| line.total_tax_amount = 1).unwrap()];
    assert_eq!(
        said(Cart::sum(Country::US, taxed)),
        "order_lines[0].total_tax_amount is 1, expected 0: in this country tax is a line of type \
         sales_tax, and the other lines carry none"
    );
}

#[test]
fn a_sales_tax_line_belongs_to_the_united_states_alone() {
    for market in kvitt_money::markets().iter().filter(|market| market.country != Country::US) {
        assert_eq!(
            said(Cart::sum(market.country, american())),
            "order_lines[1].type is sales_tax, expected another type: in this country prices \
             include tax: give tax_rate and total_tax_amount on each line instead of a sales_tax \
             line"
        );
    }
}

#[test]
fn a_return_fee_waits_for_the_refund() {
    let fee = one(-500, 2500).with(|line| line.line_type = LineType::ReturnFee).unwrap();
    assert_eq!(
        said(Cart::sum(Country::SE, vec![one(10_000, 2500), fee])),
        "order_lines[1].type is return_fee, expected any other type; a return fee belongs into a \
         refund: the value is outside its range"
    );
}

#[test]
fn an_order_has_one_to_a_thousand_lines() {
    assert_eq!(
        said(Cart::sum(Country::SE, vec![])),
        "order_lines is 0 lines, expected 1 to 1000 lines: the length is outside its range"
    );
    assert!(Cart::sum(Country::SE, vec![one(100, 2500); 1_000]).is_ok());
    assert_eq!(
        said(Cart::sum(Country::SE, vec![one(100, 2500); 1_001])),
        "order_lines is 1001 lines, expected 1 to 1000 lines: the length is outside its range"
    );
}

#[test]
fn an_order_is_worth_nothing_up_to_two_million() {
    assert!(Cart::sum(Country::SE, vec![one(0, 2500)]).is_ok());
    assert!(Cart::sum(Country::SE, vec![one(200_000_000, 0)]).is_ok());
    assert_eq!(
        said(Cart::sum(Country::SE, vec![one(200_000_000, 0), one(1, 0)])),
        "order_amount is 200000001, expected 200000000 or less: the value is outside its range"
    );
    assert_eq!(
        said(Cart::sum(Country::SE, vec![one(100, 0), one(-101, 0)])),
        "order_amount is -1, expected 0 or more: the value is outside its range"
    );
    // Worth something, but with less than no tax, by more than rounding.
    assert_eq!(
        said(Cart::sum(Country::SE, vec![one(10_000, 0), one(-500, 2500)])),
        "order_tax_amount is -100, expected 0 or more: the value is outside its range"
    );
}

#[test]
fn tax_lost_to_rounding_alone_is_no_tax() {
    // Three times 0.02 carries 0.004 of tax each, rounded to nothing; -0.06 carries -0.012.
    let lines = vec![one(2, 2500), one(2, 2500), one(2, 2500), one(-6, 2500)];
    assert_eq!(Cart::sum(Country::SE, lines).unwrap().totals(), totals(0, 0));
}

#[test]
fn unchecked_lines_are_refused_by_their_index() {
    let mut wrong = shirts();
    wrong.total_amount += 1;
    let error =
        Cart::check(Country::SE, vec![shirts(), shirts(), wrong], totals(0, 0)).unwrap_err();
    let Error::Amount(error) = error else { panic!("{error}") };
    assert_eq!(
        (error.line, error.field, error.value.as_str(), error.expected.as_str(), error.rule),
        (Some(2), "total_amount", "49801", "49800", Rule::LineTotal)
    );
    assert_eq!(error.path(), "order_lines[2].total_amount");
    assert_eq!(
        error.to_string(),
        "order_lines[2].total_amount is 49801, expected 49800: total_amount must be quantity * \
         unit_price - total_discount_amount"
    );
    let cart = Cart::check(Country::SE, vec![shirts(), shirts()], totals(99_600, 19_920)).unwrap();
    assert_eq!(cart.order_lines().len(), 2);
}
