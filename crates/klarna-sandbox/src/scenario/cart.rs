//! What a purchase of a scenario is made of: Klarna's own members, with what is left out filled in.

use serde_json::{Value, json};

use crate::rules::{market, read::Members, test_persons};

/// What is sold where a scenario does not say.
const LINES: [&str; 2] = ["Shirt, 2, 249.00", "Postage, 1, 49.00"];
/// Where it is sold then.
const COUNTRY: &str = "SE";

/// Something that is wrong with a purchase: the member, and what is wrong.
pub(super) type Wrong = (String, String);

/// The body of a session. `email_part` makes the buyer one of Klarna's test persons, unless the
/// scenario says who buys.
pub(super) fn session_body(mut members: Members, email_part: &str) -> Result<Members, Wrong> {
    let country = match members.get("purchase_country") {
        Some(Value::String(country)) => country.to_ascii_uppercase(),
        _ => COUNTRY.to_owned(),
    };
    let Some(market) = market::of(&country) else {
        let known: Vec<&str> = market::MARKETS.iter().map(|market| market.country).collect();
        let text = format!("{country:?} is no country that Klarna sells in: {}", known.join(", "));
        return Err(("purchase_country".to_owned(), text));
    };
    let default = |members: &mut Members, name: &str, value: Value| {
        members.entry(name).or_insert(value);
    };
    default(&mut members, "purchase_country", json!(country));
    default(&mut members, "purchase_currency", json!(market.currency));
    default(&mut members, "locale", json!(market.locale()));
    members.insert("billing_address".to_owned(), buyer(&members, &country, email_part));
    let lines = lines(members.remove("order_lines"))?;
    let sum = |name: &str| -> i64 {
        let amounts = lines.iter().filter_map(|line| line.get(name)?.as_i64());
        amounts.fold(0, i64::saturating_add)
    };
    let tax_of = |line: &&Value| line["type"] != json!("sales_tax");
    let tax = lines.iter().filter(tax_of).filter_map(|line| line["total_tax_amount"].as_i64());
    let of_tax_lines = lines.iter().filter(|line| !tax_of(line));
    let tax_lines = of_tax_lines.filter_map(|line| line["total_amount"].as_i64());
    let order_tax_amount = tax.chain(tax_lines).fold(0, i64::saturating_add);
    default(&mut members, "order_amount", json!(sum("total_amount")));
    default(&mut members, "order_tax_amount", json!(order_tax_amount));
    members.insert("order_lines".to_owned(), Value::Array(lines));
    Ok(members)
}

/// The test person of the country, with what the scenario says of them.
fn buyer(members: &Members, country: &str, email_part: &str) -> Value {
    let persons = test_persons::of(country);
    let mut address = persons.map(|persons| persons.address(email_part)).unwrap_or_default();
    match members.get("billing_address") {
        Some(Value::Object(given)) => {
            address.extend(given.clone());
            Value::Object(address)
        }
        // What is no object is for Klarna's rules to refuse.
        Some(other) => other.clone(),
        None => Value::Object(address),
    }
}

/// The lines as Klarna takes them.
fn lines(given: Option<Value>) -> Result<Vec<Value>, Wrong> {
    let given = given.unwrap_or_else(|| json!(LINES));
    let Value::Array(given) = given else {
        return Err(("order_lines".to_owned(), "write a list of lines".to_owned()));
    };
    let whole = |(place, line): (usize, Value)| {
        let line = match line {
            Value::String(text) => short(&text),
            Value::Object(line) => Ok(Value::Object(filled(line))),
            _ => Err("a line is a text like \"Shirt, 2, 249.00\" or Klarna's members".to_owned()),
        };
        line.map_err(|problem| (format!("order_lines[{place}]"), problem))
    };
    given.into_iter().enumerate().map(whole).collect()
}

/// A line in its short form: name, quantity, price of one with tax, and perhaps the tax rate.
fn short(text: &str) -> Result<Value, String> {
    let mut parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let rate = parts.pop_if(|part| part.ends_with('%'));
    let rate = rate.map(|rate| percent(rate).ok_or(rate)).transpose();
    let rate =
        rate.map_err(|rate| format!("the tax rate {rate:?} is no number like 25% or 7.7%"))?;
    // Only the name may hold a comma.
    let (Some(price), Some(quantity)) = (parts.pop(), parts.pop()) else {
        return Err(format!(
            "{text:?} is no line: write name, quantity, price, such as \"Shirt, 2, 249.00\", and a \
             tax rate behind them if you like, such as \"Shirt, 2, 249.00, 25%\""
        ));
    };
    let name = parts.join(", ");
    if name.is_empty() {
        return Err(format!("{text:?} has no name before the quantity"));
    }
    let quantity: i64 = quantity
        .parse()
        .ok()
        .filter(|it| *it > 0)
        .ok_or_else(|| format!("the quantity {quantity:?} is no whole number above 0"))?;
    let unit_price = minor_units(price).ok_or_else(|| {
        format!("the price {price:?} is no amount with two decimals, such as 249.00")
    })?;
    let mut line = Members::new();
    line.insert("name".to_owned(), json!(name));
    line.insert("quantity".to_owned(), json!(quantity));
    line.insert("unit_price".to_owned(), json!(unit_price));
    if let Some(rate) = rate {
        line.insert("tax_rate".to_owned(), json!(rate));
    }
    if unit_price < 0 {
        line.insert("type".to_owned(), json!("discount"));
    }
    Ok(Value::Object(filled(line)))
}

/// A line of Klarna's members, with what follows from others filled in.
fn filled(mut line: Members) -> Members {
    let number = |line: &Members, name: &str| line.get(name).and_then(Value::as_i64);
    line.entry("quantity").or_insert(json!(1));
    if let (Some(quantity), Some(price)) = (number(&line, "quantity"), number(&line, "unit_price"))
    {
        let discount = number(&line, "total_discount_amount").unwrap_or(0);
        let total = quantity.saturating_mul(price).saturating_sub(discount);
        line.entry("total_amount").or_insert(json!(total));
    }
    if let (Some(total), Some(rate)) = (number(&line, "total_amount"), number(&line, "tax_rate")) {
        line.entry("total_tax_amount").or_insert(json!(tax_within(total, rate)));
    }
    if let Some(name) = line.get("name").and_then(Value::as_str).map(reference_of) {
        line.entry("reference").or_insert(json!(name));
    }
    line
}

/// The tax that is contained in a total, in minor units, to the nearest one.
fn tax_within(total: i64, rate: i64) -> i64 {
    let (total, rate) = (i128::from(total), i128::from(rate));
    let whole = 10_000 + rate;
    if whole <= 0 {
        return 0;
    }
    let doubled = 2 * total * rate + if total < 0 { -whole } else { whole };
    i64::try_from(doubled / (2 * whole)).unwrap_or(0)
}

/// `Blue Shirt` is `blue-shirt`.
fn reference_of(name: &str) -> String {
    let letters = name.split(|it: char| !it.is_alphanumeric()).filter(|part| !part.is_empty());
    letters.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// An amount with exactly two decimals in minor units: every currency that Klarna sells in has two.
/// Without them it would not be clear what is meant.
fn minor_units(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    if decimals.len() != 2 || !is_number(decimals) || !is_number(whole.trim_start_matches('-')) {
        return None;
    }
    format!("{whole}{decimals}").parse().ok()
}

/// A rate in hundredths of a percent: `25%` is 2500.
fn percent(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('%').trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 2 || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(members: Value) -> Result<Value, Wrong> {
        let Value::Object(members) = members else { panic!("no object") };
        session_body(members, "").map(Value::Object)
    }

    #[test]
    fn what_is_left_out_is_filled_in() {
        let whole = body(json!({})).unwrap();
        assert_eq!(
            whole,
            json!({
                "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
                "billing_address": {"given_name": "Alice", "family_name": "Test",
                    "street_address": "Södra Blasieholmshamnen 2", "postal_code": "11148",
                    "city": "Stockholm", "country": "SE", "email": "customer@email.se",
                    "phone": "+46701740615"},
                "order_amount": 54_700, "order_tax_amount": 0,
                "order_lines": [
                    {"name": "Shirt", "reference": "shirt", "quantity": 2, "unit_price": 24_900,
                        "total_amount": 49_800},
                    {"name": "Postage", "reference": "postage", "quantity": 1,
                        "unit_price": 4900, "total_amount": 4900},
                ],
            })
        );
        let german = body(json!({"purchase_country": "de", "locale": "en-DE",
            "billing_address": {"email": "a@b.de"}}))
        .unwrap();
        assert_eq!(
            (&german["purchase_currency"], &german["locale"]),
            (&json!("EUR"), &json!("en-DE"))
        );
        assert_eq!(german["billing_address"]["email"], "a@b.de");
        assert_eq!(german["billing_address"]["phone"], "+49017614284340");
    }

    #[test]
    fn taxes_and_totals_follow_from_the_lines() {
        let whole = body(json!({"order_lines": [
            "Shirt, blue, 3, 99.90, 25%",
            "Rebate, 1, -10.01, 12.5 %",
            {"name": "Book", "unit_price": 1000, "quantity": 2, "total_discount_amount": 1,
                "tax_rate": 600},
        ]}))
        .unwrap();
        // 299.70 at 25 % holds 59.94; -10.01 at 12.5 % holds -1.1122; 19.99 at 6 % holds 1.1315.
        assert_eq!(
            whole["order_lines"],
            json!([
                {"name": "Shirt, blue", "reference": "shirt-blue", "quantity": 3,
                    "unit_price": 9990, "total_amount": 29_970, "tax_rate": 2500,
                    "total_tax_amount": 5994},
                {"name": "Rebate", "reference": "rebate", "type": "discount", "quantity": 1,
                    "unit_price": -1001, "total_amount": -1001, "tax_rate": 1250,
                    "total_tax_amount": -111},
                {"name": "Book", "reference": "book", "quantity": 2, "unit_price": 1000,
                    "total_discount_amount": 1, "total_amount": 1999, "tax_rate": 600,
                    "total_tax_amount": 113},
            ])
        );
        assert_eq!(
            (&whole["order_amount"], &whole["order_tax_amount"]),
            (&json!(30_968), &json!(5996))
        );
        let american = body(json!({"purchase_country": "US", "order_lines": ["Mug, 1, 12.00",
            {"name": "Tax", "type": "sales_tax", "unit_price": 99}]}))
        .unwrap();
        assert_eq!(
            (&american["order_amount"], &american["order_tax_amount"]),
            (&json!(1299), &json!(99))
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (members, path, part) in [
            (json!({"purchase_country": "JP"}), "purchase_country", "AU, AT"),
            (json!({"order_lines": "Shirt, 1, 2.00"}), "order_lines", "a list"),
            (json!({"order_lines": [7]}), "order_lines[0]", "\"Shirt, 2, 249.00\""),
            (json!({"order_lines": ["Shirt, 1, 2.00", "Shirt"]}), "order_lines[1]", "is no line"),
            (json!({"order_lines": [", 1, 2.00"]}), "order_lines[0]", "no name"),
            (json!({"order_lines": ["Shirt, 0, 2.00"]}), "order_lines[0]", "quantity \"0\""),
            (json!({"order_lines": ["Shirt, 1.5, 2.00"]}), "order_lines[0]", "quantity \"1.5\""),
            (json!({"order_lines": ["Shirt, 1, 249"]}), "order_lines[0]", "two decimals"),
            (json!({"order_lines": ["Shirt, 1, 249.0"]}), "order_lines[0]", "two decimals"),
            (json!({"order_lines": ["Shirt, 1, 2,00"]}), "order_lines[0]", "two decimals"),
            (json!({"order_lines": ["Shirt, 1, .00"]}), "order_lines[0]", "two decimals"),
            (json!({"order_lines": ["Shirt, 1, 2.00, much%"]}), "order_lines[0]", "tax rate"),
            (json!({"order_lines": ["Shirt, 1, 2.00, 1.234%"]}), "order_lines[0]", "tax rate"),
            (json!({"order_lines": ["Shirt, 1, 2.00, %"]}), "order_lines[0]", "tax rate"),
        ] {
            let (at, problem) = body(members).unwrap_err();
            assert_eq!(at, path, "{problem}");
            assert!(problem.contains(part), "{problem}");
        }
    }
}
