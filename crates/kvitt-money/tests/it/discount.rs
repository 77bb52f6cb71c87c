//! An order-level discount over several tax rates.

use kvitt_money::{Cart, Country, LineType, OrderLine, split_discount};

use crate::support::one;

/// Rate, amount and tax of each line.
fn shown(lines: &[OrderLine]) -> Vec<(i64, i64, i64)> {
    lines
        .iter()
        .map(|line| (line.tax_rate.basis_points(), line.total_amount, line.total_tax_amount))
        .collect()
}

#[test]
fn is_shared_in_proportion_with_its_tax() {
    // 300.00 at 25 % and 100.00 at 12 %: a discount of 40.00 is 30.00 and 10.00.
    let lines = [one(20_000, 2500), one(10_000, 1200), one(10_000, 2500)];
    let discount = split_discount(&lines, 4_000, "Spring").unwrap();
    assert_eq!(shown(&discount), [(1200, -1_000, -107), (2500, -3_000, -600)]);
    for line in &discount {
        assert_eq!((line.line_type, line.name.as_str()), (LineType::Discount, "Spring"));
        assert_eq!((line.quantity, line.unit_price), (1, line.total_amount));
    }
    let cart = Cart::sum(Country::SE, [lines.as_slice(), &discount].concat()).unwrap();
    assert_eq!(cart.totals().order_amount, 36_000);
    // 40.00 + 10.71 + 20.00 less 1.07 and 6.00.
    assert_eq!(cart.totals().order_tax_amount, 6_364);
}

#[test]
fn the_odd_unit_goes_to_the_largest_remainder_then_to_the_lowest_rate() {
    // Thirds of 1.00: each gets 33, the unit left goes to the lowest rate.
    let thirds = [one(1_000, 2500), one(1_000, 1200), one(1_000, 600)];
    let discount = split_discount(&thirds, 100, "Off").unwrap();
    assert_eq!(shown(&discount), [(600, -34, -2), (1200, -33, -4), (2500, -33, -7)]);
    // 0.10 over 1 : 2 is 3.33 and 6.67.
    let uneven = [one(1_000, 600), one(2_000, 2500)];
    assert_eq!(shown(&split_discount(&uneven, 10, "Off").unwrap()), [(600, -3, 0), (2500, -7, -1)]);
}

#[test]
fn a_rate_without_a_share_gets_no_line() {
    let lines = [one(10_000, 2500), one(1, 600)];
    assert_eq!(shown(&split_discount(&lines, 100, "Off").unwrap()), [(2500, -100, -20)]);
    assert_eq!(split_discount(&lines, 0, "Off").unwrap(), []);
    assert_eq!(split_discount(&[], 0, "Off").unwrap(), []);
}

#[test]
fn everything_can_be_given_away_and_no_more() {
    let lines = [one(10_000, 2500), one(1, 600)];
    let all = split_discount(&lines, 10_001, "Gift").unwrap();
    assert_eq!(shown(&all), [(600, -1, 0), (2500, -10_000, -2_000)]);
    let cart = Cart::sum(Country::SE, [lines.as_slice(), &all].concat()).unwrap();
    assert_eq!((cart.totals().order_amount, cart.totals().order_tax_amount), (0, 0));

    for bad in [10_002, -1, i64::MAX, i64::MIN] {
        assert_eq!(
            split_discount(&lines, bad, "Gift").unwrap_err().to_string(),
            format!(
                "discount_amount is {bad}, expected 0 to 10001: the value is outside its range"
            )
        );
    }
}

#[test]
fn what_is_already_reduced_is_not_reduced_again() {
    // 12 % is worth 10.00 less 10.00: the whole discount falls on 25 %.
    let lines = [one(10_000, 2500), one(1_000, 1200), one(-1_000, 1200)];
    assert_eq!(shown(&split_discount(&lines, 500, "Off").unwrap()), [(2500, -500, -100)]);
}

#[test]
fn sales_tax_is_not_reduced() {
    let lines = [
        OrderLine::untaxed("Red T-Shirt", 10_000, 1).unwrap(),
        OrderLine::sales_tax("Tax", 1_000).unwrap(),
    ];
    assert_eq!(shown(&split_discount(&lines, 10_000, "Off").unwrap()), [(0, -10_000, 0)]);
    assert!(split_discount(&lines, 10_001, "Off").is_err());
}

#[test]
fn its_name_obeys_the_rule_of_names() {
    assert_eq!(
        split_discount(&[one(100, 0)], 1, "").unwrap_err().to_string(),
        "name is 0 characters long, expected 1 to 255 characters: the length is outside its range"
    );
}

#[test]
fn a_share_too_large_for_a_line_is_refused() {
    let lines = [one(200_000_000, 2500), one(200_000_000, 2500)];
    assert_eq!(
        split_discount(&lines, 200_000_001, "Off").unwrap_err().to_string(),
        "unit_price is -200000001, expected -200000000 to 200000000: the value is outside its range"
    );
}
