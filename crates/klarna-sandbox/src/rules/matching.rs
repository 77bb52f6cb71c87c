//! The match rule: what a placing brings must not contradict what was authorized. Addresses and
//! lines are documented; country, currency and totals are compared by guess. References, locale,
//! URLs and `merchant_data` may change.

use super::{
    line::Line,
    purchase::Purchase,
    texts::{ADDRESS, Texts},
};

/// The fields in which the placing contradicts what is held, in Klarna's words.
pub(crate) fn contradictions(held: &Purchase, sent: &Purchase) -> Vec<String> {
    let mut fields = Vec::new();
    let texts = [
        ("purchase_country", &held.purchase_country, &sent.purchase_country),
        ("purchase_currency", &held.purchase_currency, &sent.purchase_currency),
    ];
    for (name, held, sent) in texts {
        if let (Some(held), Some(sent)) = (held, sent)
            && !held.eq_ignore_ascii_case(sent)
        {
            fields.push(name.to_owned());
        }
    }
    // The published texts for another number of lines name no total, though a line more or less
    // changes the totals as well.
    if held.lines().len() == sent.lines().len() {
        let amounts = [
            ("order_amount", held.order_amount, sent.order_amount),
            ("order_tax_amount", held.order_tax_amount, sent.order_tax_amount),
        ];
        for (name, held, sent) in amounts {
            if held.is_some() && sent.is_some() && held != sent {
                fields.push(name.to_owned());
            }
        }
    }
    address(
        "billing_address",
        held.billing_address.as_ref(),
        sent.billing_address.as_ref(),
        &mut fields,
    );
    address(
        "shipping_address",
        held.shipping_address.as_ref(),
        sent.shipping_address.as_ref(),
        &mut fields,
    );
    if held.lines().len() == sent.lines().len() {
        for (index, (held, sent)) in held.lines().iter().zip(sent.lines()).enumerate() {
            line(index, held, sent, &mut fields);
        }
    } else {
        fields.push(format!(
            "Incorrect number of items in the cart. Expected: {}, Actual: {}",
            held.lines().len(),
            sent.lines().len()
        ));
    }
    fields
}

/// An address that was never sent, then or now, contradicts nothing.
fn address(name: &str, held: Option<&Texts>, sent: Option<&Texts>, fields: &mut Vec<String>) {
    let (Some(held), Some(sent)) = (held, sent) else { return };
    for member in &ADDRESS {
        let [held, sent] = [held, sent].map(|it| it.get(member.name).unwrap_or_default());
        let same =
            if member.name == "country" { held.eq_ignore_ascii_case(sent) } else { held == sent };
        if !same {
            fields.push(format!("{name}.{}", member.name));
        }
    }
}

fn line(index: usize, held: &Line, sent: &Line, fields: &mut Vec<String>) {
    let reference = |line: &Line| line.reference.clone().unwrap_or_default();
    let differs = [
        ("name", held.name != sent.name),
        ("quantity", held.quantity != sent.quantity),
        ("unit_price", held.unit_price != sent.unit_price),
        ("total_amount", held.total_amount != sent.total_amount),
        ("tax_rate", held.tax_rate.unwrap_or(0) != sent.tax_rate.unwrap_or(0)),
        (
            "total_tax_amount",
            held.total_tax_amount.unwrap_or(0) != sent.total_tax_amount.unwrap_or(0),
        ),
        (
            "total_discount_amount",
            held.total_discount_amount.unwrap_or(0) != sent.total_discount_amount.unwrap_or(0),
        ),
        ("type", held.kind_or_default() != sent.kind_or_default()),
        ("reference", reference(held) != reference(sent)),
    ];
    for (name, differs) in differs {
        if differs {
            fields.push(format!("order_lines[{index}].{name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::read::Body;

    fn purchase(body: &Value) -> Purchase {
        Purchase::read(&Body::of(body)).0
    }

    fn held() -> Value {
        json!({
            "purchase_country": "SE", "purchase_currency": "SEK", "order_amount": 300,
            "order_lines": [
                {"name": "A", "quantity": 1, "unit_price": 100, "total_amount": 100},
                {"name": "B", "quantity": 1, "unit_price": 200, "total_amount": 200},
            ],
            "billing_address": {"postal_code": "11148", "country": "SE"},
        })
    }

    fn against(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut sent = held();
        change(&mut sent);
        contradictions(&purchase(&held()), &purchase(&sent))
    }

    #[test]
    fn equal_purchases_match_even_with_defaults_spelled_out() {
        assert!(against(|_| ()).is_empty());
        assert!(
            against(|sent| {
                sent["purchase_country"] = json!("se");
                sent["order_lines"][0]["type"] = json!("physical");
                sent["order_lines"][0]["total_discount_amount"] = json!(0);
                sent["billing_address"]["street_address2"] = json!("");
                sent["merchant_reference1"] = json!("new");
            })
            .is_empty()
        );
    }

    #[test]
    fn differences_are_named() {
        assert_eq!(
            against(|sent| sent["billing_address"]["postal_code"] = json!("11149")),
            ["billing_address.postal_code"]
        );
        assert_eq!(
            against(|sent| sent["order_lines"][1]["unit_price"] = json!(201)),
            ["order_lines[1].unit_price"]
        );
        assert_eq!(
            against(|sent| {
                sent["order_lines"].as_array_mut().unwrap().pop();
                sent["order_amount"] = json!(100);
                sent["order_tax_amount"] = json!(0);
            }),
            ["Incorrect number of items in the cart. Expected: 2, Actual: 1"]
        );
        assert_eq!(against(|sent| sent["order_amount"] = json!(301)), ["order_amount"]);
    }

    #[test]
    fn what_was_never_sent_contradicts_nothing() {
        assert!(
            against(|sent| {
                sent.as_object_mut().unwrap().remove("billing_address");
                sent["shipping_address"] = json!({"city": "Lund"});
            })
            .is_empty()
        );
    }
}
