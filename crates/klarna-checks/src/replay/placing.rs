//! Exchanges that place an order.

use serde_json::{Value, json};

use super::{
    asked::{NOT_RECORDED, Replayed, UNKNOWN},
    cart,
    payments::{country, flawed, unreachable},
    recorded::Exchange,
    shop::{Shop, Stop},
};

/// A request, and what has to be authorized for it.
struct Placing {
    authorized: Value,
    sent: Value,
    /// How the request differs from the recorded one.
    made_up: Option<&'static str>,
}

/// Repeats the placing of an order.
pub(super) async fn replay(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let text = exchange.error_text().unwrap_or_default();
    let placing = placing(exchange, text)?;
    let how = json!({"payment_method": method(exchange)});
    let token = match text {
        "Invalid authorization token" => UNKNOWN.to_owned(),
        "Session has already been completed" => {
            let older = shop.authorized(&placing.authorized, how.clone()).await?;
            let newer = shop.authorize(&older.session_id, how).await?;
            shop.place(&newer, &placing.authorized).await?;
            older.token
        }
        "Authorization token already consumed"
        | "The order has been already completed with different request body" => {
            // Only asked about where the second body is the first one's.
            let switch = json!({"repeated_placing": "403"});
            shop.step("PATCH", "/sandbox/v1/settings", Some(&switch)).await?;
            let authorized = shop.authorized(&placing.authorized, how).await?;
            shop.place(&authorized.token, &placing.authorized).await?;
            authorized.token
        }
        _ => shop.authorized(&placing.authorized, how).await?.token,
    };
    let answer = exchange.send_body(shop, &exchange.path(&[&token]), &placing.sent).await?;
    Ok(match placing.made_up {
        Some(why) => Replayed::made_up(answer, why),
        None => Replayed::as_recorded(answer),
    })
}

fn placing(exchange: &Exchange, text: &str) -> Result<Placing, Stop> {
    let (sent, made_up) = match exchange.body() {
        Some(body) => {
            let (whole, added) = cart::completed(&body);
            (whole, added.then_some("only a part of it was published"))
        }
        None if cart::fields(text).is_some() => (flawed(exchange)?, Some(NOT_RECORDED)),
        None => (made_up(exchange), Some(NOT_RECORDED)),
    };
    let mut authorized = cart::repaired(&sent);
    let mut sent = sent;
    if let Some((expected, actual)) = counts(text) {
        authorized = cart::cart(country(exchange), expected);
        sent = cart::cart(country(exchange), actual);
    } else if let Some(path) =
        text.strip_prefix("Not matching fields: [").and_then(|rest| rest.strip_suffix(']'))
    {
        for path in path.split(", ") {
            if sent[path.split('.').next().unwrap_or_default()].is_null() {
                sent["billing_address"] = cart::address();
                sent["shipping_address"] = cart::address();
            }
            authorized = sent.clone();
            let changed = cart::changed(&mut authorized, path);
            changed.map_or_else(|| unreachable(exchange), Ok)?;
        }
    } else if text.contains("different request body") {
        authorized = sent.clone();
        sent["merchant_reference1"] = json!("another");
    } else if !is_known(exchange, text) {
        return unreachable(exchange);
    } else if exchange.is_success() {
        authorized = sent.clone();
    }
    Ok(Placing { authorized, sent, made_up })
}

fn is_known(exchange: &Exchange, text: &str) -> bool {
    exchange.is_success()
        || cart::fields(text).is_some()
        || [
            "Invalid authorization token",
            "Session has already been completed",
            "Authorization token already consumed",
        ]
        .contains(&text)
}

/// A purchase that leads to the recorded success.
fn made_up(exchange: &Exchange) -> Value {
    let answer = &exchange.response.body;
    let pending = answer.text("fraud_status") == Some("PENDING");
    let mut purchase = cart::cart(if pending { "US" } else { country(exchange) }, 1);
    if answer.get("redirect_url").is_some() {
        purchase["merchant_urls"] = json!({"confirmation": "https://shop.example/thanks"});
    }
    if pending {
        // Klarna's test person whose purchase waits for its fraud decision.
        purchase["billing_address"] = json!({"email": "user+pend-accept-05@email.us"});
    }
    purchase
}

/// How the buyer pays, in Payments' words.
fn method(exchange: &Exchange) -> String {
    let told = exchange.response.body.get("authorized_payment_method");
    let name = told.and_then(|it| it.as_text().or(it.text("type")));
    name.unwrap_or("invoice").to_owned()
}

/// The numbers of lines in `… items in the cart. Expected: 4, Actual: 5]`.
fn counts(text: &str) -> Option<(usize, usize)> {
    let (expected, actual) = text.split_once("Expected: ")?.1.split_once(", Actual: ")?;
    Some((expected.parse().ok()?, actual.trim_end_matches(']').parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_lines_are_read() {
        let text = "Not matching fields: [Incorrect number of items in the cart. Expected: 2, \
            Actual: 13]";
        assert_eq!(counts(text), Some((2, 13)));
        assert_eq!(counts("Not matching fields: [x]"), None);
    }
}
