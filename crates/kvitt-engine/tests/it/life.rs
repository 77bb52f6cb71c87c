//! The life of an order; amounts are written by hand.

use jiff::civil::date;
use jiff::tz::TimeZone;
use kvitt_core::{CaptureWish, IntentState, OrderStatus, ReferencesWish, Refusal, Wish, may_ship};
use kvitt_engine::EngineError;
use serde_json::json;

use crate::shop::{Shop, capture, keyed, merchant, refund};

fn code<T: std::fmt::Debug>(answer: Result<T, EngineError>) -> &'static str {
    match answer {
        Err(EngineError::Refused(refusal)) => refusal.code(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn two_captures_and_a_refund_agree_with_klarna_at_every_step() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let at_klarna = shop.at_klarna(&sale).await;
    assert_eq!(at_klarna["order_amount"], 55_000);
    assert_eq!(at_klarna["remaining_authorized_amount"], 55_000);
    assert_eq!(at_klarna["status"], "AUTHORIZED");
    assert!(may_ship(&sale, shop.klarna.sandbox().now()).allowed);

    let first = shop.act(sale.id, capture(&[("l1", 2)])).await.unwrap();
    assert!(matches!(first.state(), Some(IntentState::Done(_))), "{:?}", first.state());
    let at_klarna = shop.at_klarna(&sale).await;
    assert_eq!(at_klarna["captured_amount"], 20_000);
    assert_eq!(at_klarna["remaining_authorized_amount"], 35_000);
    assert_eq!(at_klarna["status"], "PART_CAPTURED");
    assert_eq!(at_klarna["captures"][0]["order_lines"][0]["quantity"], 2);
    assert_eq!(at_klarna["captures"][0]["order_lines"][0]["total_tax_amount"], 4_000);

    let second = shop.act(sale.id, Wish::Capture(CaptureWish::default())).await.unwrap();
    let at_klarna = shop.at_klarna(&sale).await;
    assert_eq!(at_klarna["captured_amount"], 55_000);
    assert_eq!(at_klarna["status"], "CAPTURED");
    let now = shop.klarna.sandbox().now();
    let order = second.sale.order.as_ref().unwrap();
    assert_eq!(order.status(now), OrderStatus::Captured);
    assert_eq!(order.captures[1].captured_amount, 35_000);
    assert_eq!(order.captures[1].capture_id, at_klarna["captures"][1]["capture_id"]);

    let back = shop.act(sale.id, refund(&[("l2", 1)])).await.unwrap();
    let at_klarna = shop.at_klarna(&sale).await;
    assert_eq!(at_klarna["refunded_amount"], 25_000);
    let amounts = back.sale.order.as_ref().unwrap().amounts(now);
    assert_eq!((amounts.captured_amount, amounts.refunded_amount), (55_000, 25_000));
    assert_eq!(shop.engine.refresh(sale.id).await.unwrap().difference(), None);
}

#[tokio::test]
async fn what_cannot_be_is_refused_before_klarna_hears_of_it() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let calls = shop.exchanges("/ordermanagement").await.len();
    let events = sale.version;
    assert_eq!(code(shop.act(sale.id, refund(&[("l1", 1)])).await), "wrong_status");
    assert_eq!(code(shop.act(sale.id, capture(&[("l1", 4)])).await), "line_quantity");
    assert_eq!(code(shop.act(sale.id, capture(&[("l9", 1)])).await), "unknown_line");
    assert_eq!(code(shop.act(sale.id, Wish::Release).await), "wrong_status");
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().version, events);
    assert_eq!(shop.exchanges("/ordermanagement").await.len(), calls);
}

#[tokio::test]
async fn release_ends_a_part_captured_order_and_cancel_one_that_is_not() {
    let shop = Shop::open().await;
    let now = shop.klarna.sandbox().now();
    let part = shop.order().await;
    shop.act(part.id, capture(&[("l2", 1)])).await.unwrap();
    let released = shop.act(part.id, Wish::Release).await.unwrap().sale;
    assert_eq!(released.order.as_ref().unwrap().status(now), OrderStatus::Captured);
    let amounts = released.order.as_ref().unwrap().amounts(now);
    assert_eq!((amounts.captured_amount, amounts.remaining_authorized_amount), (25_000, 0));
    let at_klarna = shop.at_klarna(&part).await;
    assert_eq!(at_klarna["status"], "CAPTURED");
    assert_eq!(at_klarna["remaining_authorized_amount"], 0);
    assert_eq!(code(shop.act(part.id, capture(&[("l1", 1)])).await), "wrong_status");

    let whole = shop.order().await;
    let cancelled = shop.act(whole.id, Wish::Cancel).await.unwrap().sale;
    assert_eq!(cancelled.order.as_ref().unwrap().status(now), OrderStatus::Cancelled);
    assert_eq!(shop.at_klarna(&whole).await["status"], "CANCELLED");
    assert_eq!(code(shop.act(whole.id, Wish::Cancel).await), "wrong_status");
}

#[tokio::test]
async fn an_extension_moves_the_expiry_and_expiry_ends_the_order() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let placed = shop.klarna.sandbox().now().to_zoned(TimeZone::UTC).date();
    let midnight = |days: i64| {
        let day = placed.checked_add(jiff::Span::new().days(days)).unwrap();
        day.to_zoned(TimeZone::UTC).unwrap().timestamp()
    };
    assert_eq!(sale.order.as_ref().unwrap().expires_at, Some(midnight(28)));
    assert!(date(2026, 1, 1) < placed);

    shop.advance("P10D").await;
    let extended = shop.act(sale.id, Wish::Extend).await.unwrap().sale;
    assert_eq!(extended.order.as_ref().unwrap().expires_at, Some(midnight(38)));

    shop.advance("P28D").await;
    let now = shop.klarna.sandbox().now();
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(sale.order.as_ref().unwrap().status(now), OrderStatus::Expired);
    assert!(!may_ship(&sale, now).allowed);
    assert_eq!(shop.at_klarna(&sale).await["status"], "EXPIRED");
    assert_eq!(code(shop.act(sale.id, capture(&[("l1", 1)])).await), "wrong_status");
    assert_eq!(code(shop.act(sale.id, Wish::Extend).await), "wrong_status");
}

#[tokio::test]
async fn one_key_is_one_act_and_another_request_under_it_is_refused() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let act = |caller| shop.engine.act(sale.id, capture(&[("l1", 1)]), None, caller);
    let first = keyed("ship-1", 1);
    let answered = act(&first).await.unwrap();
    assert!(!answered.replayed);
    let again = act(&first).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.intent, answered.intent);
    assert!(matches!(act(&keyed("ship-1", 2)).await, Err(EngineError::IdempotencyKeyReused)));
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);

    // Two at once under one key are one as well, on two replicas too.
    let other = shop.another_replica().await;
    let caller = keyed("ship-2", 1);
    let (left, right) = tokio::join!(
        shop.engine.act(sale.id, capture(&[("l1", 1)]), None, &caller),
        other.act(sale.id, capture(&[("l1", 1)]), None, &caller),
    );
    let intents = [left.unwrap().intent, right.unwrap().intent];
    assert_eq!(intents[0], intents[1]);
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 20_000);
}

#[tokio::test]
async fn references_address_and_lines_change_once_klarna_accepted_them() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let references =
        ReferencesWish { merchant_reference1: Some("order 18".to_owned()), ..Default::default() };
    let changed = shop.act(sale.id, Wish::UpdateReferences(references)).await.unwrap().sale;
    assert_eq!(changed.terms.merchant_reference1.as_deref(), Some("order 18"));
    assert_eq!(shop.at_klarna(&sale).await["merchant_reference1"], "order 18");

    let address = json!({
        "given_name": "Alice", "family_name": "Test", "street_address": "Storgatan 1",
        "postal_code": "11148", "city": "Stockholm", "country": "SE",
        "email": "alice@example.com", "phone": "+46701740615"
    });
    let text = secrecy::SecretString::from(address.to_string());
    let moved = shop
        .engine
        .act(sale.id, Wish::UpdateShippingAddress, Some(text), &merchant())
        .await
        .unwrap();
    assert!(matches!(moved.state(), Some(IntentState::Done(_))), "{:?}", moved.state());
    assert_eq!(shop.at_klarna(&sale).await["shipping_address"]["street_address"], "Storgatan 1");
    let shopper = shop.engine.shopper(sale.id).await.unwrap();
    assert_eq!(shopper.shipping_address.unwrap().street_address.unwrap(), "Storgatan 1");
    let events = serde_json::to_string(&shop.engine.history(sale.id).await.unwrap().1).unwrap();
    assert!(!events.contains("Storgatan"), "personal data stands in an event");
}

#[tokio::test]
async fn an_unknown_sale_is_not_found() {
    let shop = Shop::open().await;
    let nowhere = kvitt_core::SaleId(uuid::Uuid::from_u128(9));
    assert!(matches!(
        shop.act(nowhere, Wish::Cancel).await,
        Err(EngineError::NotFound { what: "checkout", .. })
    ));
    let open = shop.checkout().await;
    assert!(matches!(
        shop.act(open.id, Wish::Cancel).await,
        Err(EngineError::Refused(Refusal::NoOrder))
    ));
}
