//! Sales that are remembered between two acts, while the ledger goes on without them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kvitt_core::{ReferencesWish, SaleId, Wish};
use kvitt_engine::{Engine, EngineError, Reconciling};
use serde_json::json;

use crate::shop::{Shop, capture, keyed, merchant, refund};
use crate::unsteady::Unsteady;

const CUP: &str = "l1";

fn reference(text: &str) -> Wish {
    let merchant_reference1 = Some(text.to_owned());
    Wish::UpdateReferences(ReferencesWish { merchant_reference1, ..ReferencesWish::default() })
}

/// Acts, and has the sale remembered as the server does.
async fn act_and_remember(engine: &Engine, id: SaleId, wish: Wish) {
    let answered = engine.act(id, wish, None, &merchant()).await.unwrap();
    engine.remember(answered);
}

#[tokio::test]
async fn an_act_after_another_reads_nothing() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let reads = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&reads);
    let engine = shop.replica_over(|ledger| Unsteady::counting(ledger, counted), |_| ()).await;
    act_and_remember(&engine, sale.id, capture(&[(CUP, 1)])).await;
    let of_first = reads.load(Ordering::SeqCst);
    assert!(of_first > 0);
    act_and_remember(&engine, sale.id, capture(&[(CUP, 1)])).await;
    assert_eq!(reads.load(Ordering::SeqCst), of_first);
    let order = shop.engine.sale(sale.id).await.unwrap().order.unwrap();
    assert_eq!(order.captures.len(), 2);
}

#[tokio::test]
async fn what_another_replica_did_meanwhile_counts() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let other = shop.another_replica().await;

    // Nothing is captured as far as is known here, and so nothing could be refunded.
    act_and_remember(&shop.engine, sale.id, reference("17 a")).await;
    other.act(sale.id, capture(&[(CUP, 3)]), None, &merchant()).await.unwrap();
    act_and_remember(&shop.engine, sale.id, refund(&[(CUP, 1)])).await;

    // Three cups are captured and one is refunded as far as is known here.
    other.act(sale.id, refund(&[(CUP, 2)]), None, &merchant()).await.unwrap();
    let error = shop.act(sale.id, refund(&[(CUP, 1)])).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused(_)), "{error}");
    let order = shop.engine.sale(sale.id).await.unwrap().order.unwrap();
    assert_eq!((order.captures.len(), order.refunds.len()), (1, 2));
}

#[tokio::test]
async fn a_request_that_another_replica_took_is_answered_from_there() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let other = shop.another_replica().await;
    act_and_remember(&shop.engine, sale.id, reference("17 a")).await;

    let caller = keyed("parcel 1", 1);
    let first = other.act(sale.id, capture(&[(CUP, 1)]), None, &caller).await.unwrap();
    let again = shop.engine.act(sale.id, capture(&[(CUP, 1)]), None, &caller).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.intent, first.intent);
    let order = again.sale.order.unwrap();
    assert_eq!(order.captures.len(), 1);
}

#[tokio::test]
async fn what_klarna_said_meanwhile_counts() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    act_and_remember(&shop.engine, sale.id, reference("17 a")).await;

    shop.behind_our_back(&sale, "cancel", json!({})).await;
    shop.engine.reconcile(sale.id, Reconciling::TakingOver).await.unwrap();
    let error = shop.act(sale.id, capture(&[(CUP, 1)])).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused(_)), "{error}");
}
