//! Orders that come alive at Klarna after they were cancelled.

use kvitt_core::{ActKind, Cause, Event, OrderStatus, Sale, Wish};
use serde_json::json;

use crate::shop::Shop;

/// A cancelled order, which Klarna has alive again.
async fn revived(shop: &Shop) -> Sale {
    let sale = shop.order().await;
    let sale = shop.act(sale.id, Wish::Cancel).await.unwrap().sale;
    let id = sale.order.as_ref().unwrap().klarna_order_id.clone();
    let mut snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    snapshot["state"]["orders"][&id]["status"] = json!("AUTHORIZED");
    shop.control("PUT", "/sandbox/v1/snapshot", Some(snapshot)).await;
    assert_eq!(shop.at_klarna(&sale).await["status"], "AUTHORIZED");
    sale
}

fn cancellations(sale: &Sale) -> usize {
    sale.intents.values().filter(|intent| intent.act.kind() == ActKind::Cancel).count()
}

#[tokio::test]
async fn what_comes_alive_at_klarna_is_cancelled_there_once_more() {
    let shop = Shop::open().await;
    let sale = Box::pin(revived(&shop)).await;
    // Two replicas hear of it, one of them twice.
    let other = shop.another_replica().await;
    shop.engine.refresh(sale.id).await.unwrap();
    other.refresh(sale.id).await.unwrap();
    shop.engine.refresh(sale.id).await.unwrap();
    let sale = shop.work_until(sale.id, |sale| cancellations(sale) == 2).await;
    shop.work_off().await;

    assert_eq!(shop.at_klarna(&sale).await["status"], "CANCELLED");
    let (sale, events) = shop.engine.history(sale.id).await.unwrap();
    let now = shop.klarna.sandbox().now();
    assert_eq!(sale.order.as_ref().unwrap().status(now), OrderStatus::Cancelled);
    assert_eq!((cancellations(&sale), sale.attention()), (2, None));
    assert_eq!(shop.exchanges("/cancel").await.len(), 2);
    let asked = events.iter().rfind(|it| matches!(it.event, Event::Requested { .. })).unwrap();
    assert_eq!(asked.cause, Cause::Kvitt);
}

#[tokio::test]
async fn a_second_cancellation_whose_answer_is_lost_is_one() {
    let shop = Shop::open().await;
    let sale = Box::pin(revived(&shop)).await;
    shop.fault("/cancel", 1, json!({"kind": "reset_after"})).await;
    shop.engine.refresh(sale.id).await.unwrap();
    let over = |sale: &Sale| {
        cancellations(sale) == 2 && sale.intents.values().all(|it| it.state.is_settled())
    };
    let sale = shop.work_until(sale.id, over).await;
    shop.work_off().await;
    assert_eq!(shop.at_klarna(&sale).await["status"], "CANCELLED");
    assert_eq!(cancellations(&shop.engine.sale(sale.id).await.unwrap()), 2);
}

#[tokio::test]
async fn what_stays_alive_is_for_a_person() {
    let shop = Shop::open().await;
    let sale = Box::pin(revived(&shop)).await;
    let refusal = json!({"kind": "error", "error_code": "CANCEL_NOT_ALLOWED"});
    shop.fault("/cancel", 9, refusal).await;
    shop.engine.refresh(sale.id).await.unwrap();
    shop.work_until(sale.id, |sale| cancellations(sale) == 2).await;
    shop.work_off().await;
    let sale = shop.engine.refresh(sale.id).await.unwrap();
    shop.work_off().await;
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(cancellations(&sale), 2);
    let said = "status is CANCELLED here and AUTHORIZED at Klarna";
    assert_eq!(sale.attention().as_deref(), Some(said));
}
