//! Refusals of Order Management: for each known text, an order and a request that lead to it.

use serde_json::{Value, json};

use super::{
    asked::{Replayed, UNKNOWN},
    building::{self, Built},
    cart,
    orders::usual_body,
    payments::unreachable,
    recorded::Exchange,
    shop::{Shop, Stop},
};
use crate::api::Operation;

/// What leads to a refusal.
struct Situation {
    built: Built,
    /// The id of a capture or refund in the path.
    part: String,
    /// Another body than the recorded one, and why.
    instead: Option<(Value, &'static str)>,
}

impl Situation {
    fn of(built: Built) -> Self {
        Self { built, part: UNKNOWN.to_owned(), instead: None }
    }

    /// With this body, where none was recorded.
    fn sending(built: Built, exchange: &Exchange, body: Value) -> Self {
        let instead = exchange.body().is_none().then_some((body, super::asked::NOT_RECORDED));
        Self { instead, ..Self::of(built) }
    }
}

/// Repeats a refusal.
pub(super) async fn replay(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Replayed, Stop> {
    let situation = situation(shop, exchange, operation).await?;
    let ids = [situation.built.order_id.as_str(), situation.part.as_str()];
    let path = exchange.path(&ids);
    if let Some((body, why)) = situation.instead {
        let answer = exchange.send_body(shop, &path, &body).await?;
        return Ok(Replayed::made_up(answer, why));
    }
    let usual = usual_body(operation);
    if exchange.body().is_some() || usual.is_null() {
        return Ok(Replayed::as_recorded(exchange.send(shop, &path).await?));
    }
    let answer = exchange.send_body(shop, &path, &usual).await?;
    Ok(Replayed::made_up(answer, super::asked::NOT_RECORDED))
}

async fn situation(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Situation, Stop> {
    let text = exchange.error_text().unwrap_or_default();
    let code = exchange.error_code().unwrap_or_default();
    let one = cart::cart("SE", 1);
    Ok(match code {
        "INVALID_ORDER_ID" => {
            let built = Built { order_id: "not-an-id".to_owned(), ..Built::default() };
            Situation::of(built)
        }
        "NO_SUCH_CAPTURE" => Situation::of(building::captured(shop, &one).await?),
        "NOT_FOUND" if operation == Operation::GetRefund => {
            Situation::of(building::captured(shop, &one).await?)
        }
        "NO_SUCH_ORDER" | "NOT_FOUND" => unknown_order(exchange),
        "UNPROCESSABLE_ENTITY" => {
            let body = unprocessable(exchange, operation, text)?;
            let built = building::captured(shop, &one).await?;
            let part = built.captures.first().cloned().unwrap_or_default();
            Situation { part, instead: body, ..Situation::of(built) }
        }
        _ => by_text(shop, exchange, text).await?,
    })
}

fn unknown_order(exchange: &Exchange) -> Situation {
    let ids = exchange.recorded_ids();
    let part = ids.get(1).copied().unwrap_or(UNKNOWN).to_owned();
    let order_id = exchange.unknown_id().to_owned();
    Situation { part, ..Situation::of(Built { order_id, ..Built::default() }) }
}

/// Which order and request a refusal's text tells of.
async fn by_text(shop: &Shop, exchange: &Exchange, text: &str) -> Result<Situation, Stop> {
    let one = cart::cart("SE", 1);
    let placed = || building::placed(shop, &one);
    let captured = || building::captured(shop, &one);
    let asked = exchange.body().unwrap_or_default();
    // An order that is one minor unit too small for the recorded request.
    let too_small = |member: &str| {
        let wanted = asked[member].as_i64().unwrap_or(1000);
        cart::of_lines("SE", &[cart::line(1, wanted - 1)])
    };
    let says = |part: &str| text.contains(part);
    Ok(if says("higher than the remaining authorized amount") {
        let built = building::placed(shop, &too_small("captured_amount")).await?;
        Situation::sending(built, exchange, json!({"captured_amount": 1000}))
    } else if says("Over refund") {
        let built = building::captured(shop, &too_small("refunded_amount")).await?;
        Situation::sending(built, exchange, json!({"refunded_amount": 1000}))
    } else if says("Resulting authorization amount") {
        let [resulting, taken] = numbers(text)[..] else { return unreachable(exchange) };
        let cart = cart::of_lines("SE", &[cart::line(1, taken + 1)]);
        let built = building::placed(shop, &cart).await?;
        shop.capture(&built.order_id, taken).await?;
        Situation::sending(built, exchange, json!({"order_amount": resulting}))
    } else if says("Billing address cannot be updated") {
        // The documentation's request has only a shipping address.
        let body = json!({"billing_address": cart::address()});
        let instead = Some((body, "the sample's own does not lead to its answer"));
        Situation { instead, ..Situation::of(placed().await?) }
    } else if says("is expired") {
        let built = placed().await?;
        shop.wait("P40D").await?;
        Situation::of(built)
    } else if says("is cancelled") || text == "Capture not allowed" {
        let built = placed().await?;
        shop.act("POST", &built.order_id, "cancel", None).await?;
        Situation::of(built)
    } else if says("previous captures") || says("fully captured") || text == "Update not allowed." {
        Situation::of(captured().await?)
    } else if says("has no captures") {
        Situation::of(placed().await?)
    } else if says("cannot be found") {
        unknown_order(exchange)
    } else {
        return unreachable(exchange);
    })
}

/// The whole numbers in a text.
fn numbers(text: &str) -> Vec<i64> {
    text.split(|it: char| !it.is_ascii_digit()).filter_map(|it| it.parse().ok()).collect()
}

/// A body with the fault that a text of bean validation tells of; `None`: the recorded one.
fn unprocessable(
    exchange: &Exchange,
    operation: Operation,
    text: &str,
) -> Result<Option<(Value, &'static str)>, Stop> {
    if exchange.body().is_some() {
        return Ok(None);
    }
    let mut body = usual_body(operation);
    let quoted = text.split('\'').nth(1);
    if let (true, Some(member)) = (text.ends_with("must not be null"), quoted) {
        body[member] = Value::Null;
    } else if let Some(rest) = text.strip_prefix("The size of the ") {
        let (member, bounds) = rest.split_once(" value must be between ").unwrap_or((rest, ""));
        let [_, max] = numbers(bounds)[..] else { return unreachable(exchange) };
        let long = json!("x".repeat(usize::try_from(max + 1).unwrap_or(1)));
        match member.split_once('/') {
            Some((list, member)) => body[list] = json!([{ member: long }]),
            None => body[member] = long,
        }
    } else {
        return unreachable(exchange);
    }
    Ok(Some((body, super::asked::NOT_RECORDED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_from_a_text() {
        assert_eq!(numbers("amount 7000 cannot be less than 8000 for order."), [7000, 8000]);
    }
}
