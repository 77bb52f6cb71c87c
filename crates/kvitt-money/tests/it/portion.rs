//! Parts of a line, for partial captures and refunds.

use kvitt_money::{OrderLine, OrderLineFields};

use crate::support::{rate, shirts};

/// Three cups at 1.00 with 25 % tax, 0.50 off the line.
fn cups() -> OrderLine {
    OrderLine::tax_inclusive("Cup", 100, rate(2500), 3).unwrap().discounted(50).unwrap()
}

fn shown(part: &OrderLineFields) -> (i64, i64, i64, i64) {
    (part.quantity, part.total_amount, part.total_discount_amount, part.total_tax_amount)
}

#[test]
fn parts_follow_the_position_in_the_line() {
    let cups = cups();
    assert_eq!(shown(&cups), (3, 250, 50, 50));
    // 50 in thirds: 17, 33, 50 after one, two and three pieces; so for the tax.
    assert_eq!(shown(&cups.portion(0, 1).unwrap()), (1, 83, 17, 17));
    assert_eq!(shown(&cups.portion(1, 1).unwrap()), (1, 84, 16, 16));
    assert_eq!(shown(&cups.portion(2, 1).unwrap()), (1, 83, 17, 17));
    assert_eq!(shown(&cups.portion(1, 2).unwrap()), (2, 167, 33, 33));
}

#[test]
fn the_whole_is_the_line_itself() {
    let line = OrderLine::try_from(OrderLineFields {
        reference: Some("S-1".to_owned()),
        quantity_unit: Some("pcs".to_owned()),
        ..shirts()
    })
    .unwrap();
    assert_eq!(line.portion(0, 2).unwrap(), line.clone().into_fields());
    let one = line.portion(1, 1).unwrap();
    assert_eq!(
        (one.reference.as_deref(), one.quantity_unit.as_deref()),
        (Some("S-1"), Some("pcs"))
    );
    assert_eq!((one.unit_price, one.total_amount), (24_900, 24_900));
}

#[test]
fn a_line_of_no_pieces_has_one_part_the_whole() {
    let voucher = OrderLine::try_from(OrderLineFields {
        quantity: 0,
        total_discount_amount: 500,
        total_amount: -500,
        total_tax_amount: -100,
        ..shirts()
    })
    .unwrap();
    assert_eq!(shown(&voucher.portion(0, 0).unwrap()), (0, -500, 500, -100));
    assert!(voucher.portion(0, 1).is_err());
}

#[test]
fn taking_a_part_away_and_adding_it_again_is_the_line() {
    let cups = cups().into_fields();
    let part = cups.portion(0, 1).unwrap();
    let rest = cups.minus(&part);
    assert_eq!(shown(&rest), (2, 167, 33, 33));
    assert_eq!((rest.unit_price, rest.name.as_str()), (100, "Cup"));
    assert_eq!(rest.plus(&part), cups);
    assert_eq!(shown(&cups.minus(&cups)), (0, 0, 0, 0));
}

#[test]
fn an_unchecked_line_with_a_negative_quantity_has_no_parts() {
    let wrong = OrderLineFields { quantity: -1, ..shirts() };
    for (taken, quantity) in [(0, -1), (-1, 1), (0, 1), (0, 0)] {
        assert!(wrong.portion(taken, quantity).is_err());
    }
}

#[test]
fn more_than_is_left_is_refused_with_what_is_left() {
    let rule = "a part of a line cannot be larger than the line";
    for (taken, quantity, text) in [
        (0, 4, "quantity is 4, expected 1 to 3"),
        (0, 0, "quantity is 0, expected 1 to 3"),
        (1, -1, "quantity is -1, expected 1 to 2"),
        (2, 2, "quantity is 2, expected 1 to 1"),
        (3, 1, "quantity is 1, expected nothing"),
        (0, i64::MAX, "quantity is 9223372036854775807, expected 1 to 3"),
        (4, 1, "taken is 4, expected 0 to 3"),
        (-1, 1, "taken is -1, expected 0 to 3"),
        (i64::MIN, i64::MIN, "taken is -9223372036854775808, expected 0 to 3"),
        (i64::MAX, 1, "taken is 9223372036854775807, expected 0 to 3"),
    ] {
        let refused = cups().portion(taken, quantity).unwrap_err().to_string();
        assert_eq!(refused, format!("{text}: {rule}"));
    }
}
