//! Exchanges with Order Management: reads of an order in a recorded state, and acts on one.

use serde_json::{Value, json};

use super::{
    asked::{NOT_RECORDED, Replayed},
    building::{self, Built},
    cart,
    recorded::Exchange,
    refusals,
    shop::{Shop, Stop, not_replayable},
};
use crate::api::Operation;

/// Repeats an exchange with Order Management.
pub(super) async fn replay(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Replayed, Stop> {
    if exchange.error_code().is_some() {
        return refusals::replay(shop, exchange, operation).await;
    }
    match operation {
        Operation::GetOrder => {
            let built = building::build(shop, &exchange.response.body.value()).await?;
            read(shop, exchange, &built, None).await
        }
        Operation::GetCaptures => {
            let captures = exchange.response.body.value();
            let built = building::with_captures(shop, &captures).await?;
            read(shop, exchange, &built, None).await
        }
        Operation::GetCapture => {
            let captures = json!([exchange.response.body.value()]);
            let built = building::with_captures(shop, &captures).await?;
            read(shop, exchange, &built, built.captures.first()).await
        }
        Operation::GetRefund => {
            let refund = exchange.response.body.value();
            let built = building::with_refund(shop, &refund).await?;
            read(shop, exchange, &built, built.refunds.first()).await
        }
        Operation::GetDueDateOptions => {
            let built = building::captured(shop, &cart::cart("SE", 1)).await?;
            read(shop, exchange, &built, built.captures.first()).await
        }
        _ if exchange.is_success() => act(shop, exchange, operation).await,
        _ => not_replayable("an answer that is neither a success nor an error"),
    }
}

async fn read(
    shop: &Shop,
    exchange: &Exchange,
    built: &Built,
    part: Option<&String>,
) -> Result<Replayed, Stop> {
    let ids = [built.order_id.as_str(), part.map_or("", String::as_str)];
    let answer = exchange.send(shop, &exchange.path(&ids)).await?;
    Ok(Replayed { answer, notes: built.notes.clone() })
}

/// An act that succeeds, on an order for which it does.
async fn act(shop: &Shop, exchange: &Exchange, operation: Operation) -> Result<Replayed, Stop> {
    let body = exchange.body();
    let asked = body.clone().unwrap_or_default();
    let amount = |member: &str| asked[member].as_i64().unwrap_or(1000).max(1);
    let built = match operation {
        Operation::Capture => {
            // Part of the order, if the answer is about the first of several captures.
            let cart = cart::of_lines("SE", &[cart::line(1, amount("captured_amount"))]);
            building::placed(shop, &cart).await?
        }
        Operation::Refund => {
            let mut lines = asked["order_lines"].as_array().cloned().unwrap_or_default();
            lines.retain(|line| line["type"] != "return_fee");
            let sum: i64 = lines.iter().filter_map(|line| line["total_amount"].as_i64()).sum();
            let total = amount("refunded_amount").max(sum);
            building::captured(shop, &cart::of_lines("SE", &[cart::line(1, total)])).await?
        }
        Operation::UpdateAuthorization => {
            let cart = cart::of_lines("SE", &[cart::line(1, amount("order_amount"))]);
            building::placed(shop, &cart).await?
        }
        Operation::ReleaseRemainingAuthorization => {
            let mut built = building::placed(shop, &cart::cart("SE", 2)).await?;
            built.captures.push(shop.capture(&built.order_id, 500).await?);
            built
        }
        Operation::AddCaptureShippingInfo
        | Operation::TriggerSendOut
        | Operation::ExtendDueDate => building::captured(shop, &cart::cart("SE", 1)).await?,
        _ => building::placed(shop, &cart::cart("SE", 1)).await?,
    };
    let capture = built.captures.first().map_or("", String::as_str);
    let path = exchange.path(&[&built.order_id, capture]);
    let usual = usual_body(operation);
    if body.is_some() || usual.is_null() {
        return Ok(Replayed::as_recorded(exchange.send(shop, &path).await?));
    }
    let usual = match operation {
        Operation::ExtendDueDate => first_offer(shop, &built.order_id, capture).await?,
        _ => usual,
    };
    Ok(Replayed::made_up(exchange.send_body(shop, &path, &usual).await?, NOT_RECORDED))
}

/// A body that an operation takes; null if it takes none.
pub(super) fn usual_body(operation: Operation) -> Value {
    let parcel = json!([{"shipping_company": "DHL", "tracking_number": "1"}]);
    match operation {
        Operation::Capture => json!({"captured_amount": 1000}),
        Operation::Refund => json!({"refunded_amount": 1000}),
        Operation::UpdateAuthorization => json!({"order_amount": 1000}),
        Operation::UpdateMerchantReferences => json!({"merchant_reference1": "another"}),
        Operation::UpdateCustomerDetails => json!({"shipping_address": cart::address()}),
        Operation::AddShippingInfo | Operation::AddCaptureShippingInfo => {
            json!({"shipping_info": parcel})
        }
        Operation::ExtendDueDate => json!({"number_of_days": 14}),
        _ => Value::Null,
    }
}

/// What the sandbox offers for putting an invoice off; the choices themselves are its own.
async fn first_offer(shop: &Shop, order_id: &str, capture_id: &str) -> Result<Value, Stop> {
    let path = format!(
        "/ordermanagement/v1/orders/{order_id}/captures/{capture_id}/extend-due-date-options"
    );
    let options = shop.step("GET", &path, None).await?.json().value();
    Ok(json!({"number_of_days": options["options"][0]["number_of_days"]}))
}
