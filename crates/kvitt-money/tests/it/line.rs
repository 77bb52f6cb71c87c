//! One line: every rule, with the exact words of its refusal.

use kvitt_money::{
    Error, LineType, OrderLine, OrderLineFields, ProductIdentifiers, Rule, Subscription,
    SubscriptionInterval, TaxRate,
};

use crate::support::{one, rate, refusal, shirts};

#[test]
fn total_is_quantity_times_price_less_discount() {
    let line = OrderLine::try_from(OrderLineFields {
        total_discount_amount: 9_800,
        total_amount: 40_000,
        total_tax_amount: 8_000,
        ..shirts()
    })
    .unwrap();
    assert_eq!((line.quantity, line.unit_price, line.total_amount), (2, 24_900, 40_000));

    let explained = "total_amount must be quantity * unit_price - total_discount_amount";
    for (change, text) in [
        (change(|line| line.total_amount = 49_801), "total_amount is 49801, expected 49800"),
        (change(|line| line.total_amount = 49_799), "total_amount is 49799, expected 49800"),
        (change(|line| line.quantity = 3), "total_amount is 49800, expected 74700"),
        (change(|line| line.unit_price = 24_901), "total_amount is 49800, expected 49802"),
        (change(|line| line.total_discount_amount = 1), "total_amount is 49800, expected 49799"),
    ] {
        assert_eq!(refusal(change), format!("{text}: {explained}"));
    }
}

#[test]
fn tax_may_be_one_minor_unit_away_from_the_contained_tax() {
    for tax in [9_959, 9_960, 9_961] {
        let fields = OrderLineFields { total_tax_amount: tax, ..shirts() };
        assert_eq!(OrderLine::try_from(fields).unwrap().total_tax_amount, tax);
    }
    for tax in [9_958, 9_962] {
        assert_eq!(
            refusal(|line| line.total_tax_amount = tax),
            format!(
                "total_tax_amount is {tax}, expected 9959 to 9961: total_tax_amount must be within \
                 1 minor unit of total_amount * tax_rate / (10000 + tax_rate)"
            )
        );
    }
}

#[test]
fn tax_that_klarna_was_seen_to_accept_is_accepted_and_what_it_refused_refused() {
    let check = |total_amount, basis_points, total_tax_amount| {
        OrderLine::try_from(OrderLineFields {
            quantity: 1,
            unit_price: total_amount,
            tax_rate: rate(basis_points),
            total_amount,
            total_tax_amount,
            ..shirts()
        })
        .map_err(|error| (error.rule, error.value, error.expected))
        .map(|line| line.total_tax_amount)
    };
    assert_eq!(check(1_000, 1900, 160), Ok(160));
    assert_eq!(check(9_900, 1900, 1_581), Ok(1_581));
    assert_eq!(check(9_999, 2300, 1_870), Ok(1_870));
    assert_eq!(check(10, 10, 1), Ok(1));
    let refused = (Rule::LineTax, "41".to_owned(), "32 to 33".to_owned());
    assert_eq!(check(495, 700, 41), Err(refused));
}

#[test]
fn tax_computed_from_the_price_without_tax_is_refused() {
    // The common mistake: 25 % of the gross price instead of the tax contained in it.
    assert_eq!(
        refusal(|line| line.total_tax_amount = 12_450),
        "total_tax_amount is 12450, expected 9959 to 9961: total_tax_amount must be within 1 minor \
         unit of total_amount * tax_rate / (10000 + tax_rate)"
    );
}

#[test]
fn numbers_have_limits() {
    for (change, text) in [
        (change(|line| line.quantity = -1), "quantity is -1, expected 0 to 100000"),
        (change(|line| line.quantity = 100_001), "quantity is 100001, expected 0 to 100000"),
        (
            change(|line| line.unit_price = 200_000_001),
            "unit_price is 200000001, expected -200000000 to 200000000",
        ),
        (
            change(|line| line.unit_price = -200_000_001),
            "unit_price is -200000001, expected -200000000 to 200000000",
        ),
        (
            change(|line| line.total_amount = 200_000_001),
            "total_amount is 200000001, expected -200000000 to 200000000",
        ),
        (
            change(|line| line.total_amount = -200_000_001),
            "total_amount is -200000001, expected -200000000 to 200000000",
        ),
        (
            change(|line| line.total_discount_amount = -1),
            "total_discount_amount is -1, expected 0 to 200000000",
        ),
        (
            change(|line| line.total_discount_amount = 200_000_001),
            "total_discount_amount is 200000001, expected 0 to 200000000",
        ),
        (
            change(|line| line.total_tax_amount = i64::MIN),
            "total_tax_amount is -9223372036854775808, expected -200000000 to 200000000",
        ),
        (
            change(|line| line.subscription = Some(subscription("Weekly", 0))),
            "subscription.interval_count is 0, expected 1 or more",
        ),
    ] {
        assert_eq!(refusal(change), format!("{text}: the value is outside its range"));
    }
    assert!(OrderLine::untaxed("House", 200_000_000, 1).is_ok());
    assert!(OrderLine::untaxed("Refund of the house", -200_000_000, 1).is_ok());
    assert!(OrderLine::untaxed("Screw", 2_000, 100_000).is_ok());
    assert!(OrderLine::untaxed("Nothing", 500, 0).is_ok());
}

#[test]
fn rates_reach_from_nothing_to_all() {
    assert_eq!(rate(0), TaxRate::ZERO);
    assert_eq!(rate(10_000), TaxRate::MAX);
    assert_eq!(one(1_000, 10_000).total_tax_amount, 500);
    for (bad, shown) in [(-1, "-1"), (10_001, "10001"), (i64::MIN, "-9223372036854775808")] {
        let error = TaxRate::new(bad).unwrap_err();
        assert_eq!((error.field, error.value.as_str()), ("tax_rate", shown));
    }
}

#[test]
fn texts_have_lengths_counted_in_characters() {
    let long = |length: usize| Some("å".repeat(length));
    let identified = |change: fn(&mut ProductIdentifiers, String), length: usize| {
        let mut identifiers = ProductIdentifiers::default();
        change(&mut identifiers, "å".repeat(length));
        move |line: &mut OrderLineFields| line.product_identifiers = Some(identifiers)
    };
    let cases: Vec<(&str, usize, usize, ChangeTo)> = vec![
        ("name", 1, 255, Box::new(move |line, n| line.name = "å".repeat(n))),
        ("reference", 0, 255, Box::new(move |line, n| line.reference = long(n))),
        ("quantity_unit", 1, 8, Box::new(move |line, n| line.quantity_unit = long(n))),
        ("product_url", 0, 1024, Box::new(move |line, n| line.product_url = long(n))),
        ("image_url", 0, 1024, Box::new(move |line, n| line.image_url = long(n))),
        ("merchant_data", 0, 1024, Box::new(move |line, n| line.merchant_data = long(n))),
        (
            "subscription.name",
            1,
            255,
            Box::new(|line, n| line.subscription = Some(subscription(&"å".repeat(n), 1))),
        ),
        (
            "product_identifiers.brand",
            0,
            70,
            Box::new(move |line, n| identified(|it, text| it.brand = Some(text), n)(line)),
        ),
        (
            "product_identifiers.category_path",
            0,
            750,
            Box::new(move |line, n| identified(|it, text| it.category_path = Some(text), n)(line)),
        ),
        (
            "product_identifiers.global_trade_item_number",
            0,
            50,
            Box::new(move |line, n| {
                identified(|it, text| it.global_trade_item_number = Some(text), n)(line);
            }),
        ),
        (
            "product_identifiers.manufacturer_part_number",
            0,
            70,
            Box::new(move |line, n| {
                identified(|it, text| it.manufacturer_part_number = Some(text), n)(line);
            }),
        ),
        (
            "product_identifiers.color",
            0,
            64,
            Box::new(move |line, n| identified(|it, text| it.color = Some(text), n)(line)),
        ),
        (
            "product_identifiers.size",
            0,
            64,
            Box::new(move |line, n| identified(|it, text| it.size = Some(text), n)(line)),
        ),
    ];
    for (field, shortest, longest, set) in cases {
        for length in [shortest, longest] {
            let mut fields = shirts();
            set(&mut fields, length);
            assert!(OrderLine::try_from(fields).is_ok(), "{field} of {length} was refused");
        }
        let outside = [Some(longest + 1), shortest.checked_sub(1)];
        for length in outside.into_iter().flatten() {
            assert_eq!(
                refusal(|line| set(line, length)),
                format!(
                    "{field} is {length} characters long, expected {shortest} to {longest} \
                     characters: the length is outside its range"
                )
            );
        }
    }
}

#[test]
fn a_discount_never_raises_and_a_surcharge_never_lowers() {
    use LineType::{
        Digital, Discount, GiftCard, Physical, ReturnFee, SalesTax, ShippingFee, StoreCredit,
        Surcharge,
    };
    let of = |line_type: LineType, amount: i64| {
        OrderLine::untaxed("Line", amount, 1)
            .unwrap()
            .with(|line| line.line_type = line_type)
            .map(|line| line.total_amount)
            .map_err(|error| error.to_string())
    };
    for line_type in [Discount, GiftCard, StoreCredit, ReturnFee] {
        assert_eq!(of(line_type, -1), Ok(-1));
        assert_eq!(of(line_type, 0), Ok(0));
        assert_eq!(
            of(line_type, 1),
            Err(format!(
                "total_amount is 1, expected 0 or less for type {}: discount, gift_card and \
                 store_credit lines are zero or negative, surcharge and sales_tax lines zero or \
                 positive",
                line_type.as_str()
            ))
        );
    }
    for line_type in [SalesTax, Surcharge] {
        assert_eq!(of(line_type, 1), Ok(1));
        assert_eq!(of(line_type, 0), Ok(0));
        let refused = of(line_type, -1).unwrap_err();
        assert!(
            refused.starts_with(&format!(
                "total_amount is -1, expected 0 or more for type {}: ",
                line_type.as_str()
            )),
            "{refused}"
        );
    }
    for line_type in [Physical, Digital, ShippingFee] {
        assert_eq!(of(line_type, 1), Ok(1));
        assert_eq!(of(line_type, -1), Ok(-1));
    }
}

#[test]
fn a_negative_line_carries_negative_tax() {
    let line = one(-5_000, 2500);
    assert_eq!((line.total_amount, line.total_tax_amount), (-5_000, -1_000));
    let positive = line.with(|line| line.total_tax_amount = 1_000).unwrap_err();
    assert!(positive.to_string().starts_with("total_tax_amount is 1000, expected -1001 to -999"));
}

#[test]
fn a_price_without_tax_is_rounded_once_for_one_piece() {
    // 3.33 without tax is 4.1625 with 25 %, sold at 4.16; three pieces cost 12.48.
    let line = OrderLine::tax_exclusive("Cup", 333, rate(2500), 3).unwrap();
    assert_eq!((line.unit_price, line.total_amount, line.total_tax_amount), (416, 1_248, 250));
    // 0.10 without tax is 0.125 with 25 %: half goes away from zero.
    assert_eq!(OrderLine::tax_exclusive("Bag", 10, rate(2500), 1).unwrap().unit_price, 13);
    assert_eq!(OrderLine::tax_exclusive("Back", -10, rate(2500), 1).unwrap().unit_price, -13);
}

#[test]
fn a_discount_on_a_line_lowers_total_and_tax_and_replaces_the_one_before() {
    let line = OrderLine::try_from(shirts()).unwrap().discounted(9_800).unwrap();
    assert_eq!(
        (line.total_discount_amount, line.total_amount, line.total_tax_amount),
        (9_800, 40_000, 8_000)
    );
    let line = line.discounted(4_800).unwrap();
    assert_eq!(
        (line.total_discount_amount, line.total_amount, line.total_tax_amount),
        (4_800, 45_000, 9_000)
    );
    assert_eq!(
        line.discounted(-1).unwrap_err().to_string(),
        "total_discount_amount is -1, expected 0 to 200000000: the value is outside its range"
    );
}

#[test]
fn sums_that_leave_64_bits_are_refused_with_the_calculation() {
    let wide = OrderLine::tax_inclusive("Much", i64::MAX, rate(0), 2).unwrap_err();
    assert_eq!(
        wide.to_string(),
        "the amount 2 * 9223372036854775807 does not fit into 64 bits: check the amounts that go in"
    );
    let taxed = OrderLine::tax_exclusive("Much", i64::MAX, rate(1), 1).unwrap_err();
    assert_eq!(
        taxed,
        Error::Overflow { calculation: "9223372036854775807 with 1 basis points".to_owned() }
    );
    assert!(matches!(one(100, 0).discounted(i64::MIN), Err(Error::Overflow { .. })));
}

#[test]
fn a_line_is_changed_only_into_a_line_that_holds() {
    let line = OrderLine::try_from(shirts()).unwrap();
    let renamed = line.clone().with(|line| line.reference = Some("S-1".to_owned())).unwrap();
    assert_eq!(renamed.reference.as_deref(), Some("S-1"));
    assert!(line.clone().with(|line| line.total_amount += 1).is_err());
    assert_eq!(line.into_fields(), shirts());
}

type Change = fn(&mut OrderLineFields);
type ChangeTo = Box<dyn Fn(&mut OrderLineFields, usize)>;

/// Gives the closures of a table one type.
fn change(change: Change) -> Change {
    change
}

fn subscription(name: &str, interval_count: u32) -> Subscription {
    Subscription { name: name.to_owned(), interval: SubscriptionInterval::Week, interval_count }
}
