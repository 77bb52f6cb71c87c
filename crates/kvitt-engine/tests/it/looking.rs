//! What nobody tells is found by looking, when its time has come.

use kvitt_core::{FraudStatus, OrderStatus, Placement};

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
