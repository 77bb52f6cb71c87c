//! The arithmetic of lines and totals (Klarna documentation, checked against recorded exchanges).

use super::line::Line;

/// The paths of the lines' members that do not add up.
pub(crate) fn bad_lines(lines: &[Line]) -> Vec<String> {
    let mut bad = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if !total_fits(line) {
            bad.push(format!("order_lines[{index}].total_amount"));
        }
        if !tax_fits(line) {
            bad.push(format!("order_lines[{index}].total_tax_amount"));
        }
    }
    bad
}

/// The names of the totals that do not follow from the lines.
pub(crate) fn bad_totals(
    lines: &[Line],
    order_amount: i64,
    order_tax_amount: Option<i64>,
) -> Vec<String> {
    let mut bad = Vec::new();
    if let Some(told) = order_tax_amount {
        let tax: i128 = lines.iter().map(|line| i128::from(tax_of(line))).sum();
        let tolerance = i128::try_from(lines.len()).unwrap_or(i128::MAX);
        if (i128::from(told) - tax).abs() > tolerance {
            bad.push("order_tax_amount".to_owned());
        }
    }
    let sum: i128 = lines.iter().map(|line| i128::from(line.total_amount)).sum();
    if sum != i128::from(order_amount) {
        bad.push("order_amount".to_owned());
    }
    bad
}

fn total_fits(line: &Line) -> bool {
    let discount = i128::from(line.total_discount_amount.unwrap_or(0));
    let total = i128::from(line.quantity) * i128::from(line.unit_price) - discount;
    total == i128::from(line.total_amount)
}

/// Within one minor unit of the tax that is contained in the total. A line without a rate or
/// without a tax is not checked: lines for the United States have neither.
fn tax_fits(line: &Line) -> bool {
    let (Some(rate), Some(tax)) = (line.tax_rate, line.total_tax_amount) else {
        return true;
    };
    let gross = 10_000 + i128::from(rate);
    (i128::from(tax) * gross - i128::from(line.total_amount) * i128::from(rate)).abs() <= gross
}

fn tax_of(line: &Line) -> i64 {
    if line.is_sales_tax() { line.total_amount } else { line.total_tax_amount.unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(total_amount: i64, tax_rate: i64, total_tax_amount: i64) -> Line {
        Line {
            quantity: 1,
            unit_price: total_amount,
            total_amount,
            tax_rate: Some(tax_rate),
            total_tax_amount: Some(total_tax_amount),
            ..Line::default()
        }
    }

    #[test]
    fn taxes_that_klarna_took_are_taken() {
        for (total, rate, tax) in [
            (9999, 2300, 1870),
            (12_300, 2300, 2300),
            (9900, 2500, 1980),
            (1800, 2100, 312),
            (1000, 1900, 160),
            (9900, 1900, 1581),
            (10, 10, 1),
            (-1000, 2500, -200),
        ] {
            assert!(bad_lines(&[line(total, rate, tax)]).is_empty(), "{total} at {rate}: {tax}");
        }
    }

    #[test]
    fn taxes_that_klarna_refused_are_refused() {
        let lines = [line(10_000, 2500, 2000), line(495, 700, 41)];
        assert_eq!(bad_lines(&lines), ["order_lines[1].total_tax_amount"]);
        assert_eq!(bad_lines(&[line(10_000, 2500, 2002)]), ["order_lines[0].total_tax_amount"]);
        assert!(bad_lines(&[line(10_000, 2500, 2001)]).is_empty());
    }

    #[test]
    fn a_line_total_is_exact() {
        let mut one = line(2000, 0, 0);
        one.unit_price = 1100;
        one.quantity = 2;
        one.total_discount_amount = Some(200);
        assert!(bad_lines(&[one.clone()]).is_empty());
        one.total_amount = 2001;
        assert_eq!(bad_lines(&[one]), ["order_lines[0].total_amount"]);
    }

    #[test]
    fn huge_numbers_do_not_overflow() {
        let mut one = line(1, 0, 0);
        one.quantity = i64::MAX;
        one.unit_price = i64::MIN;
        assert_eq!(bad_lines(&[one.clone()]), ["order_lines[0].total_amount"]);
        assert_eq!(bad_totals(&[one.clone(), one], 2, Some(i64::MIN)), ["order_tax_amount"]);
    }

    #[test]
    fn totals_follow_from_the_lines() {
        let lines = [line(2000, 2300, 374), line(1000, 2300, 187)];
        assert!(bad_totals(&lines, 3000, Some(561)).is_empty());
        assert!(bad_totals(&lines, 3000, Some(563)).is_empty());
        assert_eq!(bad_totals(&lines, 3000, Some(564)), ["order_tax_amount"]);
        assert_eq!(bad_totals(&lines, 2000, Some(561)), ["order_amount"]);
    }

    #[test]
    fn a_sales_tax_line_is_the_tax() {
        let goods =
            Line { quantity: 2, unit_price: 10_000, total_amount: 20_000, ..Line::default() };
        let tax = Line {
            kind: Some("sales_tax".into()),
            quantity: 1,
            unit_price: 1000,
            total_amount: 1000,
            ..Line::default()
        };
        let lines = [goods, tax];
        assert!(bad_lines(&lines).is_empty());
        assert!(bad_totals(&lines, 21_000, Some(1000)).is_empty());
        assert_eq!(bad_totals(&lines, 21_000, Some(0)), ["order_tax_amount"]);
    }
}
