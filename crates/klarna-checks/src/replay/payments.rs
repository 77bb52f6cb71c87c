//! Exchanges with Klarna Payments.

use serde_json::{Value, json};

use super::{
    asked::{NOT_RECORDED, Replayed, UNKNOWN},
    cart,
    recorded::Exchange,
    shop::{Shop, Stop, not_replayable},
};
use crate::api::Operation;

/// Repeats an exchange with Payments.
pub(super) async fn replay(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Replayed, Stop> {
    match operation {
        Operation::CreateSession => create(shop, exchange).await,
        Operation::UpdateSession => update(shop, exchange).await,
        Operation::ReadSession => read(shop, exchange).await,
        Operation::DeleteAuthorization => delete(shop, exchange).await,
        Operation::CreateCustomerToken => tokenize(shop, exchange).await,
        _ => super::placing::replay(shop, exchange).await,
    }
}

/// Where the recorded merchant sells, if only its host tells.
pub(super) fn country(exchange: &Exchange) -> &'static str {
    let currency = exchange.body().unwrap_or_else(|| exchange.response.body.value());
    if exchange.host.contains("api-na") && currency["purchase_country"].is_null() {
        return "US";
    }
    cart::country_of(&currency)
}

/// A request with the flaws that the answer names.
pub(super) fn flawed(exchange: &Exchange) -> Result<Value, Stop> {
    let text = exchange.error_text().unwrap_or_default();
    let made = cart::fields(text).and_then(|fields| cart::flawed(country(exchange), &fields));
    made.map_or_else(|| unreachable(exchange), Ok)
}

/// Nothing is known that leads to the answer.
pub(super) fn unreachable<T>(exchange: &Exchange) -> Result<T, Stop> {
    let code = exchange.error_code().unwrap_or("no code");
    let text = exchange.error_text().unwrap_or_default();
    not_replayable(format!("no way is known to reach {code} {text:?} here"))
}

async fn create(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let path = exchange.path(&[]);
    if exchange.body().is_some() {
        return Ok(Replayed::as_recorded(exchange.send(shop, &path).await?));
    }
    let body =
        if exchange.is_success() { cart::cart(country(exchange), 1) } else { flawed(exchange)? };
    Ok(Replayed::made_up(exchange.send_body(shop, &path, &body).await?, NOT_RECORDED))
}

async fn update(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let cart = cart::cart(country(exchange), 1);
    let (id, body) = match exchange.error_text() {
        Some("Invalid session id") => (exchange.unknown_id().to_owned(), None),
        Some("Session has already been completed") => {
            let authorized = shop.authorized(&cart, json!({})).await?;
            shop.place(&authorized.token, &cart).await?;
            (authorized.session_id, None)
        }
        Some(_) if exchange.body().is_none() => {
            (shop.session(&cart).await?, Some(flawed(exchange)?))
        }
        _ => (shop.session(&cart).await?, None),
    };
    let path = exchange.path(&[&id]);
    if exchange.body().is_some() {
        return Ok(Replayed::as_recorded(exchange.send(shop, &path).await?));
    }
    let body = body.unwrap_or_else(|| json!({"merchant_reference1": "another"}));
    Ok(Replayed::made_up(exchange.send_body(shop, &path, &body).await?, NOT_RECORDED))
}

async fn read(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let recorded = exchange.response.body.value();
    if exchange.error_text() == Some("Invalid session id") {
        let path = exchange.path(&[exchange.unknown_id()]);
        return Ok(Replayed::as_recorded(exchange.send(shop, &path).await?));
    }
    if !exchange.is_success() {
        return unreachable(exchange);
    }
    // What a session shows is what it was given.
    let mut given = cart::cart(country(exchange), 1);
    let shown = [
        "acquiring_channel",
        "attachment",
        "billing_address",
        "custom_payment_method_ids",
        "customer",
        "design",
        "intent",
        "locale",
        "merchant_data",
        "merchant_reference1",
        "merchant_reference2",
        "merchant_urls",
        "options",
        "shipping_address",
    ];
    for member in shown.into_iter().filter(|member| !recorded[*member].is_null()) {
        given[member] = recorded[member].clone();
    }
    if let Some(lines) = recorded["order_lines"].as_array() {
        given = cart::repaired(&given);
        given["order_lines"] = json!(lines);
        given = cart::repaired(&given);
    }
    let id = if recorded["status"] == "complete" {
        let authorized = shop.authorized(&given, json!({})).await?;
        shop.place(&authorized.token, &given).await?;
        authorized.session_id
    } else if recorded["authorization_token"].is_string() {
        shop.authorized(&given, json!({})).await?.session_id
    } else {
        shop.session(&given).await?
    };
    Ok(Replayed::as_recorded(exchange.send(shop, &exchange.path(&[&id])).await?))
}

async fn delete(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let cart = cart::cart(country(exchange), 1);
    let token = match exchange.error_text() {
        None => shop.authorized(&cart, json!({})).await?.token,
        Some("Authorization cannot be deleted") => {
            let authorized = shop.authorized(&cart, json!({})).await?;
            shop.place(&authorized.token, &cart).await?;
            authorized.token
        }
        Some(_) => exchange.unknown_id().to_owned(),
    };
    Ok(Replayed::as_recorded(exchange.send(shop, &exchange.path(&[&token])).await?))
}

async fn tokenize(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let country = country(exchange);
    let mut purchase = cart::cart(country, 1);
    let text = exchange.error_text().unwrap_or_default();
    purchase["intent"] = json!(if text.ends_with("for intent buy.") { "buy" } else { "tokenize" });
    let recorded = exchange.body();
    let asked = recorded.clone().unwrap_or_else(|| token_request(country, text));
    // The answer repeats what is known of the buyer.
    let shown = exchange.response.body.value();
    let mut known = json!({});
    for member in ["billing_address", "customer"] {
        if shown[member].is_object() {
            known[member] = shown[member].clone();
        }
    }
    if let Some(born) = known["customer"]["date_of_birth"].as_str().filter(|it| it.contains('.')) {
        known["customer"]["date_of_birth"] =
            json!(born.split('.').rev().collect::<Vec<_>>().join("-"));
    }
    let token = if text == "Invalid authorization token" {
        UNKNOWN.to_owned()
    } else if text.is_empty() || text.starts_with("Bad value") || text.ends_with("intent buy.") {
        shop.authorized(&purchase, json!({"data": known})).await?.token
    } else {
        return unreachable(exchange);
    };
    let path = exchange.path(&[&token]);
    let answer = exchange.send_body(shop, &path, &asked).await?;
    Ok(match recorded {
        Some(_) => Replayed::as_recorded(answer),
        None => Replayed::made_up(answer, NOT_RECORDED),
    })
}

/// A request for a customer token, without what the refusal is about.
fn token_request(country: &str, text: &str) -> Value {
    let cart = cart::cart(country, 1);
    let mut request = json!({"purchase_country": country, "locale": cart["locale"],
        "purchase_currency": cart["purchase_currency"], "description": "Socks",
        "intended_use": "SUBSCRIPTION"});
    for field in cart::fields(text).unwrap_or_default() {
        request[field] = match field {
            "purchase_country" => json!(if country == "NO" { "SE" } else { "NO" }),
            _ => json!(""),
        };
    }
    request
}
