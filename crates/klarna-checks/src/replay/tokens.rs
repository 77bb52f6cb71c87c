//! Exchanges with Customer Token.

use serde_json::{Value, json};

use super::{
    asked::{NOT_RECORDED, Replayed, UNKNOWN},
    cart,
    payments::unreachable,
    recorded::Exchange,
    shop::{Shop, Stop},
};
use crate::api::Operation;

/// Repeats an exchange with Customer Token.
pub(super) async fn replay(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Replayed, Stop> {
    let text = exchange.error_text().unwrap_or_default();
    let code = exchange.error_code().unwrap_or_default();
    let recorded = exchange.body();
    let country = cart::country_of(&recorded.clone().unwrap_or_default());
    let unknown = text == "Customer token not found" || text == "Invalid customer-token ID";
    let token = match code {
        _ if unknown => UNKNOWN.to_owned(),
        "" | "BAD_REQUEST" | "BAD_VALUE" => made(shop, country).await?,
        "PAYMENT_METHOD_FAILED" => changed(shop, country, &json!({"declines": true})).await?,
        "TOKEN_SUSPENDED" => changed(shop, country, &json!({"status": "SUSPENDED"})).await?,
        "TOKEN_CANCELED" => changed(shop, country, &json!({"status": "CANCELLED"})).await?,
        _ => return unreachable(exchange),
    };
    let path = exchange.path(&[&token]);
    match operation {
        Operation::ReadToken => Ok(Replayed::as_recorded(exchange.send(shop, &path).await?)),
        Operation::UpdateTokenStatus => {
            let body = recorded.unwrap_or_else(|| json!({"status": "CANCELLED"}));
            Ok(Replayed::as_recorded(exchange.send_body(shop, &path, &body).await?))
        }
        _ => {
            let (body, made_up) = order(recorded, country, text);
            let answer = exchange.send_body(shop, &path, &body).await?;
            Ok(match made_up {
                Some(why) => Replayed::made_up(answer, why),
                None => Replayed::as_recorded(answer),
            })
        }
    }
}

fn order(recorded: Option<Value>, country: &str, text: &str) -> (Value, Option<&'static str>) {
    if let Some(body) = recorded {
        let (whole, added) = cart::completed(&body);
        return (whole, added.then_some("only a part of it was published"));
    }
    let flawed = cart::fields(text).and_then(|fields| cart::flawed(country, &fields));
    (flawed.unwrap_or_else(|| cart::cart(country, 1)), Some(NOT_RECORDED))
}

/// A customer token that was changed behind its merchant's back.
async fn changed(shop: &Shop, country: &str, change: &Value) -> Result<String, Stop> {
    let token = made(shop, country).await?;
    let path = format!("/sandbox/v1/customer-tokens/{token}");
    shop.step("PATCH", &path, Some(change)).await?;
    Ok(token)
}

/// A new customer token.
async fn made(shop: &Shop, country: &str) -> Result<String, Stop> {
    let mut purchase = cart::cart(country, 1);
    purchase["intent"] = json!("tokenize");
    let token = shop.authorized(&purchase, json!({})).await?.token;
    let request = json!({"purchase_country": country, "locale": purchase["locale"],
        "purchase_currency": purchase["purchase_currency"], "description": "Socks",
        "intended_use": "SUBSCRIPTION"});
    let path = format!("/payments/v1/authorizations/{token}/customer-token");
    shop.told(("POST", &path), Some(&request), "token_id").await
}
