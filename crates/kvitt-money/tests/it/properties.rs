//! What holds for all amounts.

use std::collections::BTreeMap;

use kvitt_money::{
    Cart, Country, Currency, Error, LineType, Money, OrderLine, OrderLineFields, PurchaseMarket,
    Rule, TaxRate, Totals, split_discount, tax_within,
};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Any integer, with the ends and the small ones more often than chance would have it.
fn any_amount() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        Just(i64::MIN),
        Just(i64::MIN + 1),
        Just(i64::MAX),
        Just(i64::MAX - 1),
        -200_000_001_i64..=200_000_001,
        -3_i64..=3,
    ]
}

prop_compose! {
    fn any_rate()(
        basis_points in prop_oneof![
            Just(0_i64), Just(600), Just(1200), Just(2500), Just(10_000), 0_i64..=10_000,
        ],
    ) -> TaxRate {
        TaxRate::new(basis_points).unwrap_or(TaxRate::ZERO)
    }
}

/// Prices of goods, with the tiny ones, where rounding shows most, as often as the large.
fn price() -> impl Strategy<Value = i64> {
    prop_oneof![1_i64..=9, 1_i64..=200_000]
}

prop_compose! {
    /// A line of 1 to 100 pieces, worth at most 20,000,000, possibly with a discount on it.
    fn goods()(
        unit_price in price(),
        rate in any_rate(),
        quantity in 1_i64..=100,
        off in prop_oneof![Just(0_i64), 0_i64..=100],
    ) -> OrderLine {
        let discount = unit_price * quantity * off / 100;
        OrderLine::tax_inclusive("Goods", unit_price, rate, quantity)
            .and_then(|line| line.discounted(discount))
            .unwrap_or_else(|error| panic!("a correct line was refused: {error}"))
    }
}

/// The line rules, stated a second time without division.
fn obeys_the_rules(line: &OrderLineFields) -> TestCaseResult {
    prop_assert_eq!(
        i128::from(line.total_amount),
        i128::from(line.quantity) * i128::from(line.unit_price)
            - i128::from(line.total_discount_amount)
    );
    prop_assert!(is_contained(line.total_tax_amount, line.total_amount, line.tax_rate, 1));
    Ok(())
}

/// Whether the tax is within `1 / fraction` minor units of the exact one.
fn is_contained(tax: i64, total_amount: i64, rate: TaxRate, fraction: i128) -> bool {
    let divisor = i128::from(10_000 + rate.basis_points());
    let exact = i128::from(total_amount) * i128::from(rate.basis_points());
    (i128::from(tax) * divisor - exact).abs() * fraction <= divisor
}

fn sum(lines: &[OrderLine], of: impl Fn(&OrderLine) -> i64) -> i64 {
    lines.iter().map(of).sum()
}

/// Picks one member of a line.
type Member = fn(&mut OrderLineFields) -> &mut i64;

proptest! {
    #[test]
    fn a_price_with_tax_gives_a_line_that_obeys(
        unit_price in any_amount(), rate in any_rate(), quantity in any_amount(),
    ) {
        let line = OrderLine::tax_inclusive("Line", unit_price, rate, quantity);
        let limit = 200_000_000;
        let fits = (0..=100_000).contains(&quantity)
            && (-limit..=limit).contains(&unit_price)
            && (-limit..=limit).contains(&unit_price.saturating_mul(quantity));
        prop_assert_eq!(line.is_ok(), fits, "{:?}", line);
        if let Ok(line) = line {
            obeys_the_rules(&line)?;
            prop_assert!(is_contained(line.total_tax_amount, line.total_amount, rate, 2));
        }
    }

    #[test]
    fn a_price_without_tax_gives_a_line_that_obeys(
        net in -100_000_i64..=100_000, rate in any_rate(), quantity in 0_i64..=1_000,
    ) {
        let line = OrderLine::tax_exclusive("Line", net, rate, quantity);
        let line = line.map_err(|error| TestCaseError::fail(error.to_string()))?;
        obeys_the_rules(&line)?;
        let exact = net * (10_000 + rate.basis_points());
        prop_assert!((line.unit_price * 10_000 - exact).abs() * 2 <= 10_000);
    }

    #[test]
    fn the_accepted_tax_is_all_that_is_within_one_unit(total in any_amount(), rate in any_rate()) {
        let accepted = tax_within(total, rate);
        prop_assert!(accepted.contains(&rate.tax_in(total)));
        prop_assert!(is_contained(rate.tax_in(total), total, rate, 2));
        for (inside, outside) in [
            (*accepted.start(), accepted.start().saturating_sub(1)),
            (*accepted.end(), accepted.end().saturating_add(1)),
        ] {
            prop_assert!(is_contained(inside, total, rate, 1));
            prop_assert!(inside == outside || !is_contained(outside, total, rate, 1));
        }
    }

    #[test]
    fn a_discount_loses_no_unit(
        lines in prop::collection::vec(goods(), 1..8), part in 0_i64..=1_000, odd in -3_i64..=3,
    ) {
        let available = sum(&lines, |line| line.total_amount);
        let amount = (available * part / 1_000 + odd).clamp(0, available);
        let discount = split_discount(&lines, amount, "Off")
            .map_err(|error| TestCaseError::fail(error.to_string()))?;

        prop_assert_eq!(sum(&discount, |line| line.total_amount), -amount);
        let mut gross: BTreeMap<TaxRate, i64> = BTreeMap::new();
        for line in &lines {
            *gross.entry(line.tax_rate).or_default() += line.total_amount;
        }
        for line in &discount {
            obeys_the_rules(line)?;
            prop_assert_eq!(line.line_type, LineType::Discount);
            // Each rate once, and never more than its own.
            let own = gross.remove(&line.tax_rate).unwrap_or_default();
            prop_assert!((1..=own).contains(&-line.total_amount));
            // In proportion: less than one unit from the exact share.
            let off = i128::from(-line.total_amount) * i128::from(available)
                - i128::from(amount) * i128::from(own);
            prop_assert!(off.abs() < i128::from(available));
        }

        let cart = Cart::sum(Country::SE, [lines, discount].concat())
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(cart.totals().order_amount, available - amount);
        prop_assert!(cart.totals().order_tax_amount <= cart.totals().order_amount);
    }

    #[test]
    fn too_large_a_discount_is_refused(
        lines in prop::collection::vec(goods(), 0..5), over in 1_i64..=1_000,
    ) {
        let available = sum(&lines, |line| line.total_amount);
        for amount in [available + over, -over] {
            let refused = split_discount(&lines, amount, "Off");
            let Err(Error::Amount(error)) = refused else {
                return Err(TestCaseError::fail("a discount larger than the lines was accepted"));
            };
            prop_assert_eq!(error.value, amount.to_string());
            prop_assert_eq!(error.expected, format!("0 to {available}"));
        }
    }

    #[test]
    fn parts_add_up_to_the_line_in_any_partition(
        line in goods(), tax_off in -1_i64..=1, cuts in prop::collection::vec(1_i64..=100, 0..10),
    ) {
        let changed = line.clone().with(|line| line.total_tax_amount += tax_off);
        let line = changed.unwrap_or(line);
        let mut ends: Vec<i64> = cuts.into_iter().filter(|cut| *cut < line.quantity).collect();
        ends.push(line.quantity);
        ends.sort_unstable();
        ends.dedup();

        let (mut taken, mut total, mut discount, mut tax) = (0, 0, 0, 0);
        for end in ends {
            let part = line
                .portion(taken, end - taken)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(part.quantity, end - taken);
            prop_assert_eq!(
                part.total_amount,
                part.quantity * line.unit_price - part.total_discount_amount
            );
            prop_assert!((0..=line.total_discount_amount).contains(&part.total_discount_amount));
            taken = end;
            total += part.total_amount;
            discount += part.total_discount_amount;
            tax += part.total_tax_amount;
        }
        prop_assert_eq!(
            (taken, total, discount, tax),
            (line.quantity, line.total_amount, line.total_discount_amount, line.total_tax_amount)
        );
    }

    #[test]
    fn parts_taken_off_the_rest_leave_nothing_over(
        line in goods(), cuts in prop::collection::vec(1_i64..=100, 0..10),
    ) {
        let whole = line.into_fields();
        let nothing = whole.minus(&whole);
        let (mut left, mut taken) = (whole.clone(), nothing.clone());
        for cut in cuts.into_iter().chain([100]) {
            let quantity = cut.min(left.quantity);
            if quantity > 0 {
                let part = left
                    .portion(0, quantity)
                    .map_err(|error| TestCaseError::fail(error.to_string()))?;
                left = left.minus(&part);
                taken = taken.plus(&part);
            }
        }
        prop_assert_eq!(left, nothing);
        prop_assert_eq!(taken, whole);
    }

    #[test]
    fn a_cart_wrong_by_one_is_refused(
        lines in prop::collection::vec(goods(), 1..6),
        victim in any::<prop::sample::Index>(),
        sign in prop_oneof![Just(-1_i64), Just(1)],
    ) {
        let totals = Totals {
            order_amount: sum(&lines, |line| line.total_amount),
            order_tax_amount: sum(&lines, |line| line.total_tax_amount),
        };
        let fields: Vec<OrderLineFields> = lines.iter().cloned().map(Into::into).collect();
        prop_assert!(Cart::check(Country::SE, fields.clone(), totals).is_ok());

        let victim = victim.index(fields.len());
        let changes: [(Member, i64, Rule); 5] = [
            (|line| &mut line.quantity, sign, Rule::LineTotal),
            (|line| &mut line.unit_price, sign, Rule::LineTotal),
            (|line| &mut line.total_amount, sign, Rule::LineTotal),
            (|line| &mut line.total_discount_amount, sign, Rule::LineTotal),
            (|line| &mut line.total_tax_amount, 2 * sign, Rule::LineTax),
        ];
        for (member, by, rule) in changes {
            let mut wrong = fields.clone();
            if let Some(line) = wrong.get_mut(victim) {
                *member(line) += by;
            }
            let Err(Error::Amount(error)) = Cart::check(Country::SE, wrong, totals) else {
                return Err(TestCaseError::fail(format!("accepted, off by {by}: {rule:?}")));
            };
            prop_assert_eq!(error.line, Some(victim));
            // Below zero the discount meets its range first.
            prop_assert!(error.rule == rule || error.field == "total_discount_amount", "{}", error);
        }

        let beyond = i64::try_from(fields.len()).unwrap_or_default() + 1;
        for (order_amount, order_tax_amount, field) in
            [(sign, 0, "order_amount"), (0, sign * beyond, "order_tax_amount")]
        {
            let wrong = Totals {
                order_amount: totals.order_amount + order_amount,
                order_tax_amount: totals.order_tax_amount + order_tax_amount,
            };
            let Err(Error::Amount(error)) = Cart::check(Country::SE, fields.clone(), wrong) else {
                return Err(TestCaseError::fail(format!("accepted a wrong {field}")));
            };
            prop_assert_eq!((error.line, error.field), (None, field));
        }
    }

    #[test]
    fn money_is_read_as_it_is_shown(minor in any_amount()) {
        for (currency, decimals) in [
            (Currency::JPY, 0), (Currency::SEK, 2), (Currency::KWD, 3), (Currency::CLF, 4),
            (Currency::XAU, 0),
        ] {
            let money = Money::new(minor, currency);
            let shown = money.to_string();
            let Some((digits, code)) = shown.split_once(' ') else {
                return Err(TestCaseError::fail(shown));
            };
            prop_assert_eq!(code, currency.code());
            let point = digits.split_once('.').map_or(0, |(_, after)| after.len());
            prop_assert_eq!(point, decimals);
            prop_assert_eq!(Money::parse(digits, currency), Ok(money));
        }
    }

    #[test]
    fn sums_of_money_are_exact_or_refused(left in any_amount(), right in any_amount()) {
        let (a, b) = (Money::new(left, Currency::SEK), Money::new(right, Currency::SEK));
        prop_assert_eq!(a.checked_add(b).ok().map(|it| it.minor), left.checked_add(right));
        prop_assert_eq!(a.checked_sub(b).ok().map(|it| it.minor), left.checked_sub(right));
        prop_assert_eq!(
            a.checked_add(Money::new(right, Currency::EUR)),
            Err(Error::CurrencyMismatch { left: "SEK", right: "EUR" })
        );
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,40}", digits in "-?[0-9]{0,25}\\.?[0-9]{0,6}") {
        for text in [&text, &digits] {
            for currency in [Currency::JPY, Currency::SEK, Currency::KWD, Currency::XAU] {
                if let Ok(money) = Money::parse(text, currency) {
                    prop_assert_eq!(Money::parse(text, currency), Ok(money));
                }
            }
            prop_assert!(PurchaseMarket::new(text, text, text).is_err());
            prop_assert!(PurchaseMarket::new("SE", "SEK", text).is_err());
        }
    }

    #[test]
    fn no_amount_makes_it_panic(
        amounts in prop::array::uniform6(any_amount()), rate in any_rate(),
        more in prop::array::uniform4(any_amount()),
    ) {
        let [quantity, unit_price, total_amount, total_discount_amount, total_tax_amount, other] =
            amounts;
        let fields = OrderLineFields {
            name: "Line".to_owned(),
            quantity,
            unit_price,
            tax_rate: rate,
            total_amount,
            total_discount_amount,
            total_tax_amount,
            ..OrderLineFields::default()
        };
        let [order_amount, order_tax_amount, taken, count] = more;
        let totals = Totals { order_amount, order_tax_amount };
        if let Ok(part) = fields.portion(taken, count) {
            prop_assert_eq!(part.quantity, count);
            prop_assert!(count <= quantity);
        }
        let _ = fields.plus(&fields).minus(&fields);
        if let Ok(line) = OrderLine::try_from(fields.clone()) {
            obeys_the_rules(&line)?;
        }
        // A wrong line never becomes part of a cart; a right one meets wrong sums.
        if Cart::check(Country::SE, vec![fields], totals).is_ok() {
            prop_assert_eq!(order_amount, total_amount);
        }
        prop_assert_eq!(TaxRate::new(other).is_ok(), (0..=10_000).contains(&other));
        if let Some(gross) = rate.add_to(other) {
            prop_assert!(gross.unsigned_abs() >= other.unsigned_abs());
        }
        let built = [
            OrderLine::tax_inclusive("Line", unit_price, rate, quantity),
            OrderLine::tax_exclusive("Line", unit_price, rate, quantity),
            OrderLine::untaxed("Line", unit_price, quantity),
            OrderLine::sales_tax("Line", unit_price),
        ];
        let lines: Vec<OrderLine> = built.into_iter().flatten().collect();
        for line in &lines {
            obeys_the_rules(line)?;
            if let Ok(line) = line.clone().discounted(other) {
                obeys_the_rules(&line)?;
            }
            if let Ok(part) = line.portion(taken, count) {
                prop_assert!(taken >= 0 && count >= 0 && taken + count <= line.quantity);
                prop_assert!(part.quantity == count);
            }
        }
        if let Ok(split) = split_discount(&lines, other, "Off") {
            prop_assert_eq!(sum(&split, |line| line.total_amount), -other);
        }
        for country in [Country::SE, Country::US] {
            if let Ok(cart) = Cart::sum(country, lines.clone()) {
                prop_assert!((0..=200_000_000).contains(&cart.totals().order_amount));
                prop_assert!(cart.totals().order_tax_amount >= 0);
            }
        }
    }
}
