//! Carts that Klarna takes, carts with a flaw that it names, and recorded bodies completed.

use serde_json::{Map, Value, json};

/// Country, its currency and its first locale (Klarna documentation).
const MARKETS: [(&str, &str, &str); 26] = [
    ("AT", "EUR", "de-AT"),
    ("AU", "AUD", "en-AU"),
    ("BE", "EUR", "nl-BE"),
    ("CA", "CAD", "en-CA"),
    ("CH", "CHF", "de-CH"),
    ("CZ", "CZK", "cs-CZ"),
    ("DE", "EUR", "de-DE"),
    ("DK", "DKK", "da-DK"),
    ("ES", "EUR", "es-ES"),
    ("FI", "EUR", "fi-FI"),
    ("FR", "EUR", "fr-FR"),
    ("GB", "GBP", "en-GB"),
    ("GR", "EUR", "el-GR"),
    ("HU", "HUF", "hu-HU"),
    ("IE", "EUR", "en-IE"),
    ("IT", "EUR", "it-IT"),
    ("MX", "MXN", "es-MX"),
    ("NL", "EUR", "nl-NL"),
    ("NO", "NOK", "nb-NO"),
    ("NZ", "NZD", "en-NZ"),
    ("PL", "PLN", "pl-PL"),
    ("PT", "EUR", "pt-PT"),
    ("RO", "RON", "ro-RO"),
    ("SE", "SEK", "sv-SE"),
    ("SK", "EUR", "sk-SK"),
    ("US", "USD", "en-US"),
];

/// The country that a body, or its currency, is about; Sweden if neither tells.
pub(super) fn country_of(body: &Value) -> &'static str {
    let text = |member: &str| body[member].as_str().unwrap_or_default();
    let country = text("purchase_country");
    let by_country = MARKETS.iter().find(|market| market.0.eq_ignore_ascii_case(country));
    let currency = text("purchase_currency");
    let by_currency = || MARKETS.iter().find(|market| market.1.eq_ignore_ascii_case(currency));
    by_country.or_else(by_currency).map_or("SE", |market| market.0)
}

/// A line of the given total, all taxes 0.
pub(super) fn line(number: usize, total: i64) -> Value {
    json!({"type": "physical", "reference": format!("sku-{number}"),
        "name": format!("Thing {number}"), "quantity": 1, "unit_price": total,
        "tax_rate": 0, "total_amount": total, "total_tax_amount": 0})
}

/// A cart of lines at 1000 each.
pub(super) fn cart(country: &str, lines: usize) -> Value {
    let lines: Vec<Value> = (1..=lines).map(|number| line(number, 1000)).collect();
    of_lines(country, &lines)
}

/// A cart of these lines, with totals that agree with them.
pub(super) fn of_lines(country: &str, lines: &[Value]) -> Value {
    let (country, currency, locale) = MARKETS
        .iter()
        .find(|market| market.0 == country)
        .copied()
        .unwrap_or(("SE", "SEK", "sv-SE"));
    json!({"purchase_country": country, "purchase_currency": currency, "locale": locale,
        "order_amount": sum(lines, "total_amount"), "order_tax_amount": tax(lines),
        "order_lines": lines})
}

fn sum(lines: &[Value], member: &str) -> i64 {
    lines.iter().filter_map(|line| line[member].as_i64()).sum()
}

/// In the United States a line is the tax.
fn tax(lines: &[Value]) -> i64 {
    let total = |line: &Value| {
        let member = if line["type"] == "sales_tax" { "total_amount" } else { "total_tax_amount" };
        line[member].as_i64().unwrap_or(0)
    };
    lines.iter().map(total).sum()
}

/// A recorded body with what was left out where it was published: lines that are null, totals,
/// country and currency. `true`: something had to be added.
pub(super) fn completed(body: &Value) -> (Value, bool) {
    let recorded = body["order_lines"].as_array().cloned().unwrap_or_default();
    let lines: Vec<Value> = recorded
        .into_iter()
        .enumerate()
        .map(|(index, it)| if it.is_object() { it } else { line(index + 1, 1000) })
        .collect();
    let lines = if lines.is_empty() { vec![line(1, 1000)] } else { lines };
    let mut whole = of_lines(country_of(body), &lines);
    // Of the rest, what was recorded wins.
    for (name, value) in body.as_object().cloned().unwrap_or_default() {
        if name != "order_lines" && !value.is_null() {
            whole[name.as_str()] = value;
        }
    }
    let added = whole != *body;
    (whole, added)
}

/// The same purchase with sums that agree.
pub(super) fn repaired(body: &Value) -> Value {
    let mut body = body.clone();
    let mut lines = body["order_lines"].as_array().cloned().unwrap_or_default();
    for line in &mut lines {
        let number = |member: &str| line[member].as_i64().unwrap_or(0);
        let total = number("quantity") * number("unit_price") - number("total_discount_amount");
        let rate = number("tax_rate");
        line["total_amount"] = json!(total);
        if line.get("tax_rate").is_some() {
            line["total_tax_amount"] = json!(total - total * 10_000 / (10_000 + rate));
        }
        if line["name"].as_str().is_none_or(str::is_empty) {
            line["name"] = json!("Thing");
        }
    }
    body["order_amount"] = json!(sum(&lines, "total_amount"));
    body["order_tax_amount"] = json!(tax(&lines));
    body["order_lines"] = Value::Array(lines);
    body
}

/// The fields that `Bad value: a, b[0].c` names.
pub(super) fn fields(text: &str) -> Option<Vec<&str>> {
    Some(text.strip_prefix("Bad value: ")?.split(", ").collect())
}

/// A cart with exactly these fields wrong; `None`: no way is known to make one wrong.
pub(super) fn flawed(country: &str, fields: &[&str]) -> Option<Value> {
    let lines = fields.iter().filter_map(|field| index_of(field)).max().map_or(1, |last| last + 1);
    let mut cart = cart(country, lines);
    for field in fields {
        spoil(&mut cart, field)?;
    }
    Some(cart)
}

fn index_of(field: &str) -> Option<usize> {
    field.strip_prefix("order_lines[")?.split_once(']')?.0.parse().ok()
}

fn spoil(cart: &mut Value, field: &str) -> Option<()> {
    if let Some(index) = index_of(field) {
        let member = field.split_once("].")?.1;
        let line = cart["order_lines"].get_mut(index)?;
        let total = line["total_amount"].as_i64()?;
        line[member] = match member {
            "total_amount" => json!(total + 1),
            "total_tax_amount" => json!(1000),
            "name" => json!(""),
            _ => json!([]),
        };
        // The lines are looked at before the totals: these need no repair.
        return Some(());
    }
    let (parent, member) = field.rsplit_once('.').unwrap_or(("", field));
    let wrong = match member {
        "order_amount" => json!(cart["order_amount"].as_i64()? + 1),
        "order_tax_amount" => json!(cart["order_tax_amount"].as_i64()? + 1000),
        "purchase_country" | "purchase_currency" => Value::Null,
        _ => json!([]),
    };
    if parent.is_empty() {
        cart[member] = wrong;
    } else {
        cart[parent] = Value::Object(Map::from_iter([(member.to_owned(), wrong)]));
    }
    Some(())
}

/// Another value for a member of a purchase (`billing_address.postal_code`), valid in itself.
pub(super) fn changed(cart: &mut Value, path: &str) -> Option<()> {
    let place = match index_of(path) {
        Some(index) => cart["order_lines"].get_mut(index)?.get_mut(path.split_once("].")?.1)?,
        None => cart.pointer_mut(&format!("/{}", path.replace('.', "/")))?,
    };
    *place = match place.take() {
        Value::String(text) if path.ends_with("postal_code") => {
            json!(text.chars().rev().collect::<String>())
        }
        Value::String(text) => json!(format!("{text}x")),
        Value::Number(number) => json!(number.as_i64()? + 1),
        _ => return None,
    };
    Some(())
}

/// A buyer's address in Sweden; not a real one.
pub(super) fn address() -> Value {
    json!({"given_name": "Alice", "family_name": "Test", "email": "customer@email.se",
        "street_address": "Storgatan 1", "postal_code": "12345", "city": "Ankeborg",
        "country": "SE", "phone": "+46701740615"})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_has_sums_that_agree() {
        let cart = cart("US", 3);
        assert_eq!(
            (&cart["order_amount"], &cart["purchase_currency"]),
            (&json!(3000), &json!("USD"))
        );
    }

    #[test]
    fn flaws_are_where_they_are_named() {
        let fields = ["order_lines[1].total_tax_amount", "locale", "options.color_text"];
        let cart = flawed("SE", &fields).unwrap();
        assert_eq!(cart["order_lines"][1]["total_tax_amount"], 1000);
        assert_eq!(cart["order_lines"].as_array().unwrap().len(), 2);
        assert_eq!((&cart["locale"], &cart["options"]), (&json!([]), &json!({"color_text": []})));
        assert_eq!(super::fields("Bad value: a, b").unwrap(), ["a", "b"]);
    }

    #[test]
    fn what_was_not_published_is_added() {
        let body = json!({"order_lines": [null, {"name": "Post", "quantity": 1, "unit_price": 500,
            "total_amount": 500, "tax_rate": 700, "total_tax_amount": 41}]});
        let (whole, added) = completed(&body);
        assert!(added);
        assert_eq!(
            (&whole["order_amount"], &whole["order_tax_amount"]),
            (&json!(1500), &json!(41))
        );
        let good = repaired(&whole);
        assert_eq!(good["order_lines"][1]["total_tax_amount"], 33);
        assert_eq!(good["order_tax_amount"], 33);
        assert_eq!(completed(&whole), (whole.clone(), false));
    }

    #[test]
    fn a_member_is_changed_and_stays_valid() {
        let mut cart = cart("SE", 1);
        cart["billing_address"] = address();
        changed(&mut cart, "billing_address.postal_code").unwrap();
        assert_eq!(cart["billing_address"]["postal_code"], "54321");
        changed(&mut cart, "order_lines[0].name").unwrap();
        assert_eq!(cart["order_lines"][0]["name"], "Thing 1x");
        assert_eq!(changed(&mut cart, "billing_address.moon"), None);
    }
}
