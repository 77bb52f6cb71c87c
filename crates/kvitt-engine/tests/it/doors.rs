//! One checkout, at most one order, through whichever door.

use kvitt_core::{CheckoutStatus, Placement, Refusal, Sale, Wish};
use kvitt_engine::EngineError;
use kvitt_ledger::InboxDoor;
use serde_json::json;

use crate::shop::{Shop, merchant, tell};

async fn callback(shop: &Shop, sale: &Sale, token: &str) {
    let session_id = &sale.session.as_ref().unwrap().session_id;
    let body = json!({"authorization_token": token, "session_id": session_id});
    tell(&shop.engine, sale.id, InboxDoor::Authorization, &body.to_string()).await;
}

async fn orders_placed(shop: &Shop) -> usize {
    let placed = shop.exchanges("/order").await;
    placed
        .iter()
        .filter(|it| it["path"].as_str().unwrap().ends_with("/order") && it["status"] == 200)
        .count()
}

#[tokio::test]
async fn the_callback_alone_places_the_order() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    callback(&shop, &sale, &token).await;
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    assert_eq!(sale.checkout_status(), CheckoutStatus::Completed);
    assert_eq!(orders_placed(&shop).await, 1);
}

#[tokio::test]
async fn browser_and_callback_in_either_order_twice_and_at_once_place_one() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    tokio::join!(
        callback(&shop, &sale, &token),
        async { shop.hand_in(sale.id, &token).await.unwrap() },
        callback(&shop, &sale, &token),
        async { shop.hand_in(sale.id, &token).await.unwrap() },
    );
    let first = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    callback(&shop, &sale, &token).await;
    let again = shop.hand_in(sale.id, &token).await.unwrap();
    let id = |sale: &Sale| sale.order.as_ref().unwrap().klarna_order_id.clone();
    assert_eq!(id(&first), id(&again));
    assert_eq!(orders_placed(&shop).await, 1);
}

#[tokio::test]
async fn two_replicas_place_one() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    let caller = merchant();
    let (left, right) = tokio::join!(
        shop.engine.hand_in_authorization(sale.id, crate::shop::browser(&token), &caller),
        other.hand_in_authorization(sale.id, crate::shop::browser(&token), &caller),
    );
    left.unwrap();
    right.unwrap();
    shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    assert_eq!(orders_placed(&shop).await, 1);
}

#[tokio::test]
async fn a_wrong_secret_an_unknown_checkout_and_an_empty_one_are_the_same_refusal() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let nowhere = kvitt_core::SaleId(uuid::Uuid::from_u128(4));
    for (id, secret) in [(sale.id, "wrong"), (sale.id, ""), (nowhere, "wrong"), (nowhere, "")] {
        let refused = shop.engine.check_callback_secret(id, secret).await;
        assert!(matches!(refused, Err(EngineError::WrongSecret)), "{id} {secret:?}");
    }
}

#[tokio::test]
async fn a_later_token_of_a_second_tab_is_given_back() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let first = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &first).await.unwrap();
    let second = shop.authorize(&sale).await;
    let sale = shop.hand_in(sale.id, &second).await.unwrap();
    assert_eq!(sale.authorizations.len(), 2);
    assert!(sale.authorizations[0].released, "the superseded token blocks the shopper's credit");
    let placed = shop.act(sale.id, Wish::Place).await.unwrap().sale;
    assert!(placed.order.is_some());
    assert!(!placed.authorizations[1].released);
    assert_eq!(orders_placed(&shop).await, 1);
}

#[tokio::test]
async fn placement_by_hand_waits_for_the_shop() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    assert!(matches!(
        shop.act(sale.id, Wish::Place).await,
        Err(EngineError::Refused(Refusal::NotAuthorized))
    ));
    let token = shop.authorize(&sale).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    assert_eq!(sale.checkout_status(), CheckoutStatus::Authorized);
    shop.advance("PT61M").await;
    assert!(matches!(
        shop.act(sale.id, Wish::Place).await,
        Err(EngineError::Refused(Refusal::AuthorizationExpired { .. }))
    ));
    assert_eq!(orders_placed(&shop).await, 0);
}

#[tokio::test]
async fn an_abandoned_checkout_gives_its_authorization_back_and_places_nothing() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let sale = shop.engine.abandon(sale.id, &merchant()).await.unwrap();
    assert_eq!(sale.checkout_status(), CheckoutStatus::Abandoned);
    assert!(sale.authorizations[0].released);
    let deleted = shop.exchanges("/payments/v1/authorizations").await;
    assert_eq!(deleted.last().unwrap()["method"], "DELETE");
    assert_eq!(deleted.last().unwrap()["status"], 204);
    assert!(shop.act(sale.id, Wish::Place).await.is_err());
    // Twice is once.
    let again = shop.engine.abandon(sale.id, &merchant()).await.unwrap();
    assert_eq!(again.version, sale.version);
}

/// Whoever has the address of a checkout's callbacks sends what they like.
#[tokio::test]
async fn a_flood_of_news_is_read_for_now_and_then_and_fills_nothing() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let reads = || async { shop.exchanges("/ordermanagement/").await.len() };
    let (events_before, reads_before) = (order.version, reads().await);
    for nth in 0..200 {
        let door = [InboxDoor::Notification, InboxDoor::Push][nth % 2];
        tell(&shop.engine, order.id, door, &format!("order_id=forged-{nth}")).await;
        shop.work_off().await;
    }
    assert_eq!(reads().await - reads_before, 20);
    let sale = shop.engine.sale(order.id).await.unwrap();
    assert_eq!(sale.version, events_before + 20, "one event for each read");
    assert_eq!(shop.engine.ledger().inbox(order.id).await.unwrap().len(), 100);

    // An hour later there may be something to it; polling reads it about then, too.
    shop.advance("PT1H").await;
    shop.work_off().await;
    let polled = reads().await;
    shop.advance("PT1H").await;
    tell(&shop.engine, order.id, InboxDoor::Notification, "again").await;
    shop.work_off().await;
    let read = reads().await;
    assert!(read > polled);
    for nth in 0..3 {
        tell(&shop.engine, order.id, InboxDoor::Notification, &format!("again {nth}")).await;
        shop.work_off().await;
    }
    assert_eq!(reads().await, read);
}

#[tokio::test]
async fn callbacks_hand_in_so_many_tokens_and_the_shopper_still_pays() {
    let shop = Shop::open().await;
    let sale = shop.checkout_with(Placement::Manual).await;
    for nth in 0..60 {
        callback(&shop, &sale, &format!("forged-token-{nth:040}")).await;
    }
    let flooded = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(flooded.authorizations.len(), 20);
    let token = shop.authorize(&sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let placed = shop.act(sale.id, Wish::Place).await.unwrap();
    assert!(placed.sale.order.is_some(), "{:?}", placed.state());

    let refused = loop {
        let known = shop.engine.sale(sale.id).await.unwrap().authorizations.len();
        assert!(known <= 100, "{known}");
        if let Err(error) = shop.hand_in(sale.id, &format!("forged-token-b{known:040}")).await {
            break error;
        }
    };
    assert!(matches!(refused, EngineError::TooManyAuthorizations { max: 100 }), "{refused}");
}
