//! What nobody tells is found by looking, when its time has come.

use kvitt_core::{Door, Event, FraudStatus, OrderStatus, Placement};
use serde_json::json;

use crate::fraud::pending;
use crate::shop::Shop;

#[tokio::test]
async fn a_decision_whose_callback_never_came_is_found() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    shop.advance("PT61M").await;
    let decided = |sale: &kvitt_core::Sale| {
        sale.order.as_ref().is_some_and(|order| order.fraud_status == FraudStatus::Accepted)
    };
    shop.work_until(sale.id, decided).await;
}

#[tokio::test]
async fn a_cancellation_in_klarnas_portal_is_found() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let url = format!("{}/ordermanagement/v1/orders/{id}/cancel", shop.klarna.url());
    shop.http.post(url).basic_auth("PK1", Some("secret")).send().await.unwrap();
    let reads = shop.exchanges(id).await.len();
    shop.engine.work_once().await.unwrap();
    assert_eq!(shop.exchanges(id).await.len(), reads, "looked before its time");

    shop.advance("PT30M").await;

    let cancelled = |sale: &kvitt_core::Sale| sale.order.as_ref().unwrap().cancelled;
    let sale = shop.work_until(sale.id, cancelled).await;
    let now = shop.klarna.sandbox().now();
    assert_eq!(sale.order.as_ref().unwrap().status(now), OrderStatus::Cancelled);
    shop.advance("P2D").await;
    let reads = shop.exchanges(id).await.len();
    shop.engine.work_once().await.unwrap();
    shop.engine.work_once().await.unwrap();
    assert_eq!(shop.exchanges(id).await.len(), reads, "a cancelled order stays cancelled");
}

#[tokio::test]
async fn an_authorization_that_the_shop_never_uses_is_given_back_while_klarna_takes_it() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    shop.advance("PT50M").await;
    shop.engine.work_once().await.unwrap();
    assert!(!shop.engine.sale(sale.id).await.unwrap().authorizations[0].released);

    shop.advance("PT9M").await;

    shop.work_until(sale.id, |sale| sale.authorizations[0].released).await;
    let given_back = shop.exchanges("/authorizations/").await;
    let statuses: Vec<_> = given_back.iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, [204], "{given_back:?}");
}

#[tokio::test]
async fn a_look_that_finds_klarna_away_is_made_again() {
    let shop = Shop::open().await;
    let sale = pending(&shop).await;
    shop.advance("PT61M").await;
    shop.fault("/orders/", 5, serde_json::json!({"kind": "status", "status": 503})).await;
    let decided = |sale: &kvitt_core::Sale| {
        sale.order.as_ref().is_some_and(|order| order.fraud_status == FraudStatus::Accepted)
    };
    shop.work_until(sale.id, decided).await;
}

#[tokio::test]
async fn an_authorization_that_neither_callback_nor_browser_told_of_is_found_in_the_session() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    shop.advance("PT20M").await;
    shop.authorize(&sale).await;
    shop.work_off().await;
    let read = "/payments/v1/sessions/";
    assert!(shop.exchanges(read).await.is_empty(), "looked before its time");

    shop.advance("PT15M").await;
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;

    let (_, events) = shop.engine.history(sale.id).await.unwrap();
    let by_session =
        |event: &Event| matches!(event, Event::AuthorizationReceived { door: Door::Session, .. });
    assert!(events.iter().any(|it| by_session(&it.event)));
    shop.work_off().await;
    assert_eq!(shop.exchanges(read).await.len(), 1, "an order is not looked for again");
}

#[tokio::test]
async fn what_is_authorized_late_is_found_by_the_second_read_and_there_is_no_third() {
    let shop = Shop::open().await;
    let late = shop.checkout().await;
    let idle = shop.checkout().await;
    shop.advance("PT35M").await;
    shop.work_off().await;
    shop.authorize(&late).await;
    shop.advance("PT55M").await;

    shop.work_until(late.id, |sale| sale.order.is_some()).await;
    shop.work_off().await;

    shop.advance("PT40H").await;
    shop.work_off().await;
    let path = format!("/sessions/{}", idle.session.as_ref().unwrap().session_id);
    assert_eq!(shop.exchanges(&path).await.len(), 2);
    assert_eq!(shop.engine.sale(idle.id).await.unwrap().checkout_status().as_str(), "open");
}

#[tokio::test]
async fn an_authorization_of_another_cart_than_the_checkouts_is_given_back() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let session_id = &sale.session.as_ref().unwrap().session_id;
    let url = format!("{}/payments/v1/sessions/{session_id}", shop.klarna.url());
    let line = json!({"name": "Cup", "quantity": 1, "unit_price": 10_000, "tax_rate": 2500,
        "total_amount": 10_000, "total_tax_amount": 2_000});
    let body = json!({"order_amount": 10_000, "order_tax_amount": 2_000, "order_lines": [line]});
    let request = shop.http.post(url).basic_auth("PK1", Some("secret")).json(&body);
    assert!(request.send().await.unwrap().status().is_success());
    shop.authorize(&sale).await;
    shop.advance("PT35M").await;

    let released = |sale: &kvitt_core::Sale| sale.authorizations.iter().any(|it| it.released);
    let sale = shop.work_until(sale.id, released).await;

    shop.work_off().await;
    assert!(sale.order.is_none());
    assert_eq!(shop.exchanges("/order").await.len(), 0);
}
