//! Exchanges with Hosted Payment Page.

use serde_json::{Value, json};

use super::{
    asked::{NOT_RECORDED, Replayed, UNKNOWN},
    cart,
    payments::unreachable,
    recorded::Exchange,
    shop::{Shop, Stop, not_replayable},
};
use crate::api::Operation;

/// A page, and the Payments session behind it.
struct Page {
    payments_session: String,
    session_id: String,
    redirect_url: String,
}

/// Repeats an exchange with Hosted Payment Page.
pub(super) async fn replay(
    shop: &Shop,
    exchange: &Exchange,
    operation: Operation,
) -> Result<Replayed, Stop> {
    if operation == Operation::CreateHostedSession && exchange.is_success() {
        return create(shop, exchange).await;
    }
    let status = exchange.response.status.unwrap_or_default();
    if status == 404 {
        let unknown = exchange.path(&[UNKNOWN]);
        return Ok(Replayed::as_recorded(exchange.send(shop, &unknown).await?));
    }
    if !exchange.is_success() {
        return unreachable(exchange);
    }
    let recorded = exchange.response.body.value();
    let opened = open(shop, mode(&recorded)).await?;
    if operation == Operation::ReadHostedSession {
        bring_to(shop, &opened, recorded["status"].as_str().unwrap_or_default()).await?;
    }
    let path = exchange.path(&[&opened.session_id]);
    if operation == Operation::DistributeHostedSession && exchange.body().is_none() {
        let body = json!({"method": "email", "contact_information": {"email": "a@shop.example"}});
        let answer = exchange.send_body(shop, &path, &body).await?;
        return Ok(Replayed::made_up(answer, NOT_RECORDED));
    }
    Ok(Replayed::as_recorded(exchange.send(shop, &path).await?))
}

async fn create(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    let session = shop.session(&cart::cart("SE", 1)).await?;
    let recorded = exchange.body();
    let mut body = recorded.clone().unwrap_or_else(|| json!({}));
    body["payment_session_url"] = json!(format!("{}/payments/v1/sessions/{session}", shop.url()));
    let answer = exchange.send_body(shop, &exchange.path(&[]), &body).await?;
    Ok(match recorded {
        Some(_) => Replayed {
            answer,
            notes: vec!["payment_session_url leads to the sandbox's session".to_owned()],
        },
        None => Replayed::made_up(answer, NOT_RECORDED),
    })
}

/// Who places the order, as the members of a completed session tell.
fn mode(recorded: &Value) -> &'static str {
    if recorded["order_id"].is_string() { "PLACE_ORDER" } else { "NONE" }
}

async fn open(shop: &Shop, mode: &str) -> Result<Page, Stop> {
    let mut cart = cart::cart("SE", 1);
    cart["billing_address"] = cart::address();
    let behind = shop.session(&cart).await?;
    let url = format!("{}/payments/v1/sessions/{behind}", shop.url());
    let body = json!({"payment_session_url": url, "options": {"place_order_mode": mode},
        "merchant_urls": {"success": "https://shop.example/thanks",
            "cancel": "https://shop.example/cart"}});
    let answer = shop.step("POST", "/hpp/v1/sessions", Some(&body)).await?.json();
    let told = |member: &str| {
        let text = answer.text(member).map(str::to_owned);
        text.ok_or_else(|| Stop::Setup(format!("POST /hpp/v1/sessions told no {member}")))
    };
    Ok(Page {
        payments_session: behind,
        session_id: told("session_id")?,
        redirect_url: told("redirect_url")?,
    })
}

/// Lets the buyer go as far as the recorded session has come.
async fn bring_to(shop: &Shop, page: &Page, status: &str) -> Result<(), Stop> {
    let disable = format!("/hpp/v1/sessions/{}", page.session_id);
    match status {
        "WAITING" => Ok(()),
        "IN_PROGRESS" => visit(shop, page).await,
        "COMPLETED" => {
            visit(shop, page).await?;
            shop.authorize(&page.payments_session, json!({})).await.map(drop)
        }
        "DISABLED" => shop.step("DELETE", &disable, None).await.map(drop),
        _ => not_replayable(format!("no way is known to bring a hosted page to {status}")),
    }
}

/// Opens the page as the buyer's browser does.
async fn visit(shop: &Shop, page: &Page) -> Result<(), Stop> {
    let path = page.redirect_url.strip_prefix(&shop.url()).unwrap_or(&page.redirect_url);
    let answer = shop.call("GET", path, None).await?;
    if answer.status < 400 {
        return Ok(());
    }
    Err(Stop::Setup(format!("the hosted page was answered {}", answer.status)))
}
