//! What is refused while it is read, so that no wrong amount gets past the door.

use kvitt_money::{Cart, Currency, Money, OrderLine};
use serde_json::{Value, json};

use crate::support::shirts;

fn line() -> Value {
    json!({
        "type": "physical",
        "name": "Shirt",
        "quantity": 2,
        "unit_price": 24_900,
        "tax_rate": 2500,
        "total_amount": 49_800,
        "total_tax_amount": 9_960,
    })
}

fn cart() -> Value {
    json!({
        "purchase_country": "SE",
        "order_amount": 49_800,
        "order_tax_amount": 9_960,
        "order_lines": [line()],
    })
}

fn with(mut object: Value, member: &str, value: Value) -> Value {
    object[member] = value;
    object
}

fn without(mut object: Value, member: &str) -> Value {
    object.as_object_mut().unwrap().remove(member).unwrap();
    object
}

/// Through text, as it comes over the wire.
fn line_refused(value: &Value) -> String {
    serde_json::from_str::<OrderLine>(&value.to_string()).unwrap_err().to_string()
}

fn cart_refused(value: &Value) -> String {
    serde_json::from_str::<Cart>(&value.to_string()).unwrap_err().to_string()
}

#[test]
fn a_line_is_read_and_written_alike() {
    let read: OrderLine = serde_json::from_value(line()).unwrap();
    assert_eq!(read.clone().into_fields(), shirts());
    assert_eq!(serde_json::to_value(&read).unwrap(), line());

    let full = json!({
        "type": "digital",
        "reference": "D-1",
        "name": "Magazine",
        "quantity": 1,
        "quantity_unit": "pcs",
        "unit_price": 10_000,
        "tax_rate": 600,
        "total_amount": 9_000,
        "total_discount_amount": 1_000,
        "total_tax_amount": 509,
        "product_url": "https://shop.example/d-1",
        "image_url": "https://shop.example/d-1.png",
        "merchant_data": "shelf 4",
        "product_identifiers": {
            "brand": "B",
            "category_path": "Print > Magazines",
            "global_trade_item_number": "735858293167",
            "manufacturer_part_number": "BOE-1",
            "color": "white",
            "size": "small",
        },
        "subscription": {"name": "Monthly", "interval": "MONTH", "interval_count": 3},
    });
    let read: OrderLine = serde_json::from_value(full.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), full);
}

#[test]
fn type_tax_and_discount_may_be_left_out_and_then_are_none() {
    let short = json!({"name": "Pen", "quantity": 1, "unit_price": 100, "total_amount": 100});
    let read: OrderLine = serde_json::from_value(short).unwrap();
    assert_eq!(read, OrderLine::untaxed("Pen", 100, 1).unwrap());
}

#[test]
fn a_forgotten_member_is_not_taken_for_nothing() {
    for member in ["name", "quantity", "unit_price", "total_amount"] {
        let refused = line_refused(&without(line(), member));
        assert!(refused.starts_with(&format!("missing field `{member}`")), "{refused}");
    }
    for member in ["purchase_country", "order_amount", "order_tax_amount", "order_lines"] {
        let refused = cart_refused(&without(cart(), member));
        assert!(refused.starts_with(&format!("missing field `{member}`")), "{refused}");
    }
}

#[test]
fn unknown_members_are_refused_by_name() {
    let refused = line_refused(&with(line(), "total_ammount", json!(1)));
    assert!(
        refused.starts_with("unknown field `total_ammount`, expected one of `type`"),
        "{refused}"
    );
    let nested = with(line(), "product_identifiers", json!({"colour": "red"}));
    assert!(line_refused(&nested).starts_with("unknown field `colour`"));
    let repeats = json!({"name": "M", "interval": "DAY", "interval_count": 1, "until": "x"});
    assert!(
        line_refused(&with(line(), "subscription", repeats)).starts_with("unknown field `until`")
    );
    let refused = cart_refused(&with(cart(), "order_total", json!(1)));
    assert!(refused.starts_with("unknown field `order_total`"), "{refused}");
}

#[test]
fn floats_texts_and_nulls_are_not_amounts() {
    for member in [
        "quantity",
        "unit_price",
        "tax_rate",
        "total_amount",
        "total_discount_amount",
        "total_tax_amount",
    ] {
        for wrong in [json!(1.5), json!(1.0), json!("1"), json!(null), json!(true), json!(u64::MAX)]
        {
            let refused = line_refused(&with(line(), member, wrong.clone()));
            assert!(refused.starts_with("invalid "), "{member} {wrong}: {refused}");
            assert!(refused.contains("expected i64"), "{member} {wrong}: {refused}");
        }
    }
    for member in ["order_amount", "order_tax_amount"] {
        for wrong in [json!(1.5), json!(49_800.0), json!("49800"), json!(null), json!(u64::MAX)] {
            let refused = cart_refused(&with(cart(), member, wrong.clone()));
            assert!(refused.starts_with("invalid "), "{member} {wrong}: {refused}");
        }
    }
}

#[test]
fn a_wrong_amount_is_refused_with_its_rule() {
    let refused = line_refused(&with(line(), "total_amount", json!(49_801)));
    assert!(
        refused.starts_with(
            "total_amount is 49801, expected 49800: total_amount must be quantity * unit_price - \
             total_discount_amount"
        ),
        "{refused}"
    );
    let refused = line_refused(&with(line(), "tax_rate", json!(250_000)));
    assert!(
        refused.starts_with("tax_rate is 250000, expected 0 to 10000 (2500 is 25 %)"),
        "{refused}"
    );
    let refused = line_refused(&with(line(), "type", json!("physic")));
    assert!(
        refused.starts_with("unknown variant `physic`, expected one of `physical`"),
        "{refused}"
    );

    let lines = json!([line(), with(line(), "total_tax_amount", json!(9_962))]);
    let refused = cart_refused(&with(cart(), "order_lines", lines));
    assert!(
        refused.starts_with("order_lines[1].total_tax_amount is 9962, expected 9959 to 9961: "),
        "{refused}"
    );
    let refused = cart_refused(&with(cart(), "order_amount", json!(49_799)));
    assert!(refused.starts_with("order_amount is 49799, expected 49800: "), "{refused}");
    let refused = cart_refused(&with(cart(), "purchase_country", json!("XX")));
    assert!(refused.starts_with("unknown variant `XX`, expected one of `AU`"), "{refused}");
}

#[test]
fn a_cart_is_read_and_written_alike() {
    let read: Cart = serde_json::from_value(cart()).unwrap();
    assert_eq!(read.order_amount(), Money::new(49_800, Currency::SEK));
    assert_eq!(serde_json::to_value(&read).unwrap(), cart());
}

#[test]
fn every_type_of_line_has_klarnas_name() {
    for (name, amount) in [
        ("physical", 1),
        ("discount", -1),
        ("shipping_fee", 1),
        ("sales_tax", 1),
        ("digital", 1),
        ("gift_card", -1),
        ("store_credit", -1),
        ("surcharge", 1),
        ("return_fee", -1),
    ] {
        let json = json!({
            "type": name, "name": "L", "quantity": 1, "unit_price": amount, "total_amount": amount,
        });
        let read: OrderLine = serde_json::from_value(json).unwrap();
        assert_eq!(read.line_type.as_str(), name);
        assert_eq!(serde_json::to_value(&read).unwrap()["type"], name);
    }
    for (name, count) in [("DAY", 1), ("WEEK", 2), ("MONTH", 3), ("YEAR", 4)] {
        let repeats = json!({"name": "R", "interval": name, "interval_count": count});
        let read: OrderLine =
            serde_json::from_value(with(line(), "subscription", repeats.clone())).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap()["subscription"], repeats);
    }
}

#[test]
fn money_is_minor_units_and_a_currency() {
    let json = r#"{"minor":14990,"currency":"SEK"}"#;
    let money: Money = serde_json::from_str(json).unwrap();
    assert_eq!(money, Money::new(14_990, Currency::SEK));
    assert_eq!(serde_json::to_string(&money).unwrap(), json);
    for wrong in
        [r#"{"minor":149.9,"currency":"SEK"}"#, r#"{"minor":1,"currency":"XXZ"}"#, r#"{"minor":1}"#]
    {
        assert!(serde_json::from_str::<Money>(wrong).is_err(), "{wrong} was accepted");
    }
}
