//! Builds an order in a recorded state, through the sandbox's own API: session, approval, placing,
//! then captures, refunds, release, cancellation or time, as the recorded answer tells.

use serde_json::{Value, json};

use super::{
    cart,
    shop::{Shop, Stop},
};

/// An order, and what was made of it.
#[derive(Default)]
pub(super) struct Built {
    pub(super) order_id: String,
    pub(super) captures: Vec<String>,
    pub(super) refunds: Vec<String>,
    /// What of the state is not as recorded.
    pub(super) notes: Vec<String>,
}

/// An authorized order.
pub(super) async fn placed(shop: &Shop, cart: &Value) -> Result<Built, Stop> {
    Ok(Built { order_id: shop.order(cart, json!({})).await?, ..Built::default() })
}

/// An order that is captured as a whole.
pub(super) async fn captured(shop: &Shop, cart: &Value) -> Result<Built, Stop> {
    let mut built = placed(shop, cart).await?;
    let amount = cart["order_amount"].as_i64().unwrap_or(0);
    built.captures.push(shop.capture(&built.order_id, amount).await?);
    Ok(built)
}

/// An order with these captures and no more to capture.
pub(super) async fn with_captures(shop: &Shop, captures: &Value) -> Result<Built, Stop> {
    let all = captures.as_array().cloned().unwrap_or_default();
    let first = all.first().cloned().unwrap_or_default();
    let total: i64 = all.iter().map(|capture| amount(capture, "captured_amount")).sum();
    let address = &first["billing_address"];
    let country = json!({"purchase_country": address["country"]});
    let mut cart = cart::of_lines(cart::country_of(&country), &[cart::line(1, total.max(1000))]);
    copy(&mut cart, &first, &["billing_address", "shipping_address"]);
    let mut built = placed(shop, &cart).await?;
    for recorded in &all {
        built.captures.push(capture(shop, &built.order_id, recorded).await?);
    }
    Ok(built)
}

/// A captured order of which this was refunded.
pub(super) async fn with_refund(shop: &Shop, recorded: &Value) -> Result<Built, Stop> {
    let total = amount(recorded, "refunded_amount");
    let mut built = captured(shop, &cart::of_lines("SE", &[cart::line(1, total)])).await?;
    built.refunds.push(refund(shop, &built.order_id, recorded).await?);
    Ok(built)
}

/// An order that reads like the recorded one.
pub(super) async fn build(shop: &Shop, order: &Value) -> Result<Built, Stop> {
    let mut cart = cart_of(order);
    let at_once = is_automatic(order);
    if at_once {
        cart["auto_capture"] = json!(true);
    }
    let fraud = order["fraud_status"].as_str().unwrap_or_default();
    let mut built = Built::default();
    if fraud == "PENDING" {
        cart["billing_address"]["email"] = json!("user+pend-accept-05@email.us");
        built.notes.push("the buyer is a test person whose purchase waits".to_owned());
    }
    let how = json!({"payment_method": method(&order["initial_payment_method"]["type"])});
    built.order_id = shop.order(&cart, how).await?;
    let order_id = built.order_id.clone();
    if fraud == "REJECTED" {
        let path = format!("/sandbox/v1/orders/{order_id}/fraud");
        shop.step("POST", &path, Some(&json!({"decision": "REJECTED"}))).await?;
    }
    adjust(shop, order, &cart, &order_id).await?;
    if let Some(parcels) = order["shipping_info"].as_array().filter(|it| !it.is_empty()) {
        let body = json!({"shipping_info": parcels});
        shop.act("POST", &order_id, "shipping-info", Some(&body)).await?;
    }
    for recorded in order["captures"].as_array().into_iter().flatten().filter(|_| !at_once) {
        built.captures.push(capture(shop, &order_id, recorded).await?);
    }
    let allocated = order["captures"]
        .as_array()
        .is_some_and(|all| all.iter().any(|it| it["refunded_amount"].as_i64() > Some(0)));
    for recorded in order["refunds"].as_array().into_iter().flatten() {
        built.refunds.push(refund(shop, &order_id, recorded).await?);
    }
    if allocated {
        // A refund shows on its capture only some time later.
        shop.wait("PT10M").await?;
    }
    finish(shop, order, &order_id).await?;
    Ok(built)
}

/// The purchase of which an order came.
fn cart_of(order: &Value) -> Value {
    let original = order["original_order_amount"].as_i64().or(order["order_amount"].as_i64());
    let lines = order["order_lines"].as_array().cloned().unwrap_or_default();
    let lines: Vec<Value> = lines.into_iter().map(sent_line).collect();
    let country = cart::country_of(order);
    let own = cart::of_lines(country, &[cart::line(1, original.unwrap_or(1000))]);
    let recorded = cart::of_lines(country, &lines);
    // Lines that do not add up were put in later, or are a sample's; see `adjust`.
    let fits = recorded["order_lines"] != json!([])
        && Some(&recorded["order_amount"]) == original.map(|it| json!(it)).as_ref()
        && cart::repaired(&recorded) == recorded;
    let mut cart = if fits { recorded } else { own };
    copy(
        &mut cart,
        order,
        &[
            "locale",
            "merchant_reference1",
            "merchant_reference2",
            "merchant_data",
            "customer",
            "billing_address",
            "shipping_address",
        ],
    );
    cart
}

/// A read line as a merchant sends it: without the member that Klarna filled in and takes back
/// from nobody, and with those that a sample leaves out.
fn sent_line(mut line: Value) -> Value {
    if let Some(members) = line.as_object_mut() {
        members.retain(|name, value| !(name == "quantity_unit" && *value == json!("")));
        for (name, value) in [("name", json!("Thing")), ("quantity", json!(1))] {
            members.entry(name).or_insert(value);
        }
        for name in ["unit_price", "total_amount"] {
            members.entry(name).or_insert(json!(0));
        }
    }
    line
}

/// Brings amount and lines to where they were when the order was read.
async fn adjust(shop: &Shop, order: &Value, cart: &Value, order_id: &str) -> Result<(), Stop> {
    let (amount, lines) = (&order["order_amount"], &order["order_lines"]);
    let sent: Vec<Value> =
        lines.as_array().cloned().unwrap_or_default().into_iter().map(sent_line).collect();
    let same_lines = cart["order_lines"].as_array().is_some_and(|placed| *placed == sent);
    if amount.is_null() || (*amount == cart["order_amount"] && same_lines) {
        return Ok(());
    }
    let mut update = json!({"order_amount": amount});
    if !sent.is_empty() {
        update["order_lines"] = json!(sent);
    }
    shop.act("PATCH", order_id, "authorization", Some(&update)).await.map(drop)
}

/// Whether the order was captured as it was placed: as a whole, within three seconds.
fn is_automatic(order: &Value) -> bool {
    let [capture] = order["captures"].as_array().map_or(&[][..], Vec::as_slice) else {
        return false;
    };
    let time = |value: &Value| seconds(value.as_str()?);
    let soon = time(&capture["captured_at"])
        .zip(time(&order["created_at"]))
        .is_some_and(|(captured, created)| (0..3).contains(&(captured - created)));
    let lines = [&capture["order_lines"], &order["order_lines"]];
    soon && capture["captured_amount"] == order["original_order_amount"] && lines[0] == lines[1]
}

/// Seconds of the day; two times of one purchase at midnight are told apart wrongly, and then
/// captured by a request of their own.
fn seconds(time: &str) -> Option<i64> {
    let clock = time.split_once('T')?.1.get(..8)?;
    clock.split(':').try_fold(0, |sum, part| Some(sum * 60 + part.parse::<i64>().ok()?))
}

async fn finish(shop: &Shop, order: &Value, order_id: &str) -> Result<(), Stop> {
    let number = |member: &str| order[member].as_i64().unwrap_or(0);
    let kept_back = number("order_amount") > number("captured_amount");
    match order["status"].as_str() {
        Some("CANCELLED") => shop.act("POST", order_id, "cancel", None).await.map(drop),
        Some("EXPIRED") => shop.wait("P40D").await,
        Some("CAPTURED") if kept_back && number("captured_amount") > 0 => {
            let act = "release-remaining-authorization";
            shop.act("POST", order_id, act, None).await.map(drop)
        }
        _ => Ok(()),
    }
}

async fn capture(shop: &Shop, order_id: &str, recorded: &Value) -> Result<String, Stop> {
    let mut body = json!({"captured_amount": amount(recorded, "captured_amount")});
    copy_sent(&mut body, recorded, &["description", "reference", "order_lines", "shipping_info"]);
    shop.act("POST", order_id, "captures", Some(&body)).await
}

async fn refund(shop: &Shop, order_id: &str, recorded: &Value) -> Result<String, Stop> {
    let mut body = json!({"refunded_amount": amount(recorded, "refunded_amount")});
    copy_sent(&mut body, recorded, &["description", "reference", "order_lines"]);
    shop.act("POST", order_id, "refunds", Some(&body)).await
}

/// Samples show 0, which cannot be captured or refunded.
fn amount(of: &Value, member: &str) -> i64 {
    of[member].as_i64().unwrap_or(1).max(1)
}

/// What stands in a schema's example where it has none.
const STRING: &str = r#""string""#;

fn copy(to: &mut Value, from: &Value, members: &[&str]) {
    for member in members.iter().filter(|member| !from[**member].is_null()) {
        let value = &from[*member];
        match *member {
            "billing_address" | "shipping_address" if value.to_string().contains(STRING) => {
                to[*member] = cart::address();
            }
            // What a schema's example does not tell is left to the sandbox.
            _ if value.as_str() == Some("string") => {}
            _ => to[*member] = value.clone(),
        }
    }
}

/// Copies what a merchant must have sent: Klarna shows `""` and `[]` where nothing was.
fn copy_sent(to: &mut Value, from: &Value, members: &[&str]) {
    let empty = |value: &Value| *value == json!("") || *value == json!([]);
    let sent: Vec<&str> = members.iter().copied().filter(|it| !empty(&from[*it])).collect();
    copy(to, from, &sent);
}

/// A payment method's name in Payments, by its name in Order Management.
fn method(name: &Value) -> &'static str {
    match name.as_str().unwrap_or_default() {
        "CARD" => "card",
        "PAY_BY_CARD" => "pay_by_card",
        "FIXED_AMOUNT" | "PAY_IN_X" | "PAY_LATER_IN_PARTS" => "fixed_amount",
        "ACCOUNT" => "base_account",
        "DIRECT_DEBIT" => "direct_debit",
        "BANK_TRANSFER" => "direct_bank_transfer",
        "INVOICE_BUSINESS" => "b2b_invoice",
        "FIXED_AMOUNT_BY_CARD" => "slice_it_by_card",
        "PAY_LATER_BY_CARD" => "pay_later_by_card",
        "FIXED_SUM_CREDIT" => "fixed_sum_credit",
        "ALTERNATIVE_PAYMENT_METHOD" => "alternative_payment_method",
        _ => "invoice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn automatic(created: &str, captured: &str, lines: &Value) -> bool {
        is_automatic(&json!({"created_at": created, "original_order_amount": 5,
            "order_lines": [{"name": "a"}],
            "captures": [{"captured_at": captured, "captured_amount": 5, "order_lines": lines}]}))
    }

    #[test]
    fn an_automatic_capture_is_told_by_its_time_and_lines() {
        let (created, lines) = ("2021-04-26T07:59:59.439Z", json!([{"name": "a"}]));
        assert!(automatic(created, "2021-04-26T08:00:01.159Z", &lines));
        assert!(!automatic(created, "2021-04-26T08:00:03.159Z", &lines));
        assert!(!automatic(created, "2021-04-26T08:00:01.159Z", &json!([])));
    }

    #[test]
    fn lines_that_do_not_add_up_are_not_placed() {
        let line = json!({"name": "a", "quantity": 1, "unit_price": 19, "total_amount": 20,
            "quantity_unit": ""});
        let order = json!({"original_order_amount": 19, "order_lines": [line],
            "purchase_country": "SE", "merchant_reference1": "m"});
        let cart = cart_of(&order);
        assert_eq!(cart["order_lines"][0]["total_amount"], 19);
        assert_eq!(cart["merchant_reference1"], "m");
        assert_eq!(sent_line(line).get("quantity_unit"), None);
    }

    #[test]
    fn nothing_sent_shows_as_nothing() {
        let mut body = json!({});
        let shown = json!({"description": "", "order_lines": [], "reference": "r"});
        copy_sent(&mut body, &shown, &["description", "order_lines", "reference", "x"]);
        assert_eq!(body, json!({"reference": "r"}));
    }
}
