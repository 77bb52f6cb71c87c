//! Answers that do not come, come late or make no sense.

use std::time::Duration;

use kvitt_core::{IntentState, OrderStatus, Refusal};
use kvitt_engine::EngineError;
use serde_json::{Value, json};

use crate::shop::{Shop, capture, capture_amount, merchant};

pub(crate) fn keys(exchanges: &[Value]) -> Vec<String> {
    let key = |headers: &Value| {
        let Value::Object(headers) = headers else { panic!("headers are no object: {headers}") };
        let found =
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Klarna-Idempotency-Key"));
        found.map(|(_, value)| value.as_str().unwrap().to_owned())
    };
    exchanges.iter().filter_map(|it| key(&it["request_headers"])).collect()
}

#[tokio::test]
async fn a_capture_whose_answer_was_lost_blocks_the_order_and_is_made_once() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let Some(IntentState::Unknown { may_have_taken_effect: true, .. }) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    assert!(answered.sale.attention().unwrap().contains("not known yet"));
    let blocked = shop.act(sale.id, capture(&[("l1", 1)])).await;
    assert!(
        matches!(blocked, Err(EngineError::Refused(Refusal::OutcomeUnknown { .. }))),
        "{blocked:?}"
    );
    let settled = |sale: &kvitt_core::Sale| sale.intents[&answered.intent].state.is_settled();
    let sale = shop.work_until(sale.id, settled).await;
    assert_eq!(sale.order.as_ref().unwrap().captures.len(), 1);
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);
    let made = keys(&shop.exchanges("/captures").await);
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!(made[0], made[1]);
    assert_eq!(sale.attention(), None);
}

#[tokio::test]
async fn whatever_goes_wrong_on_the_way_one_wish_is_one_capture() {
    for effect in [
        json!({"kind": "status", "status": 503}),
        json!({"kind": "html_502"}),
        json!({"kind": "reset_before"}),
        json!({"kind": "too_many_requests"}),
    ] {
        let shop = Shop::open().await;
        let sale = shop.order().await;
        shop.fault("/captures", 2, effect.clone()).await;
        let answered = shop.act(sale.id, capture(&[("l2", 1)])).await.unwrap();
        let state = answered.state().unwrap();
        assert!(matches!(state, IntentState::Unknown { .. }), "{effect}: {state:?}");
        let settled = |sale: &kvitt_core::Sale| sale.intents[&answered.intent].state.is_settled();
        let sale = shop.work_until(sale.id, settled).await;
        let state = &sale.intents[&answered.intent].state;
        assert!(matches!(state, IntentState::Done(_)), "{effect}: {state:?}");
        assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 25_000, "{effect}");
    }
}

#[tokio::test]
async fn another_process_finishes_what_the_first_left() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    let answered = shop.act(sale.id, capture(&[("l1", 3)])).await.unwrap();
    let other = shop.another_replica().await;
    for _ in 0..100 {
        other.work_once().await.unwrap();
    }
    let sale = other.sale(sale.id).await.unwrap();
    assert!(sale.intents[&answered.intent].state.is_settled());
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 30_000);
    assert_eq!(sale.order.as_ref().unwrap().captures.len(), 1);
}

#[tokio::test]
async fn a_refusal_ends_the_intent_and_frees_the_order() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    // Somebody captured in Klarna's portal meanwhile.
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let url = format!("{}/ordermanagement/v1/orders/{id}/captures", shop.klarna.url());
    let body = json!({"captured_amount": 50_000});
    let made = shop.http.post(url).basic_auth("PK1", Some("s")).json(&body).send().await.unwrap();
    assert_eq!(made.status().as_u16(), 201);

    let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let Some(IntentState::Refused(refused)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    assert_eq!(refused.error_code, "CAPTURE_NOT_ALLOWED");
    assert_eq!(refused.evidence.status, Some(403));
    assert!(refused.evidence.correlation_id.is_some());
    // The refusal made the engine look: what the portal did counts, so the next wish is refused
    // here and says what is left.
    assert_eq!(answered.sale.difference(), None);
    let order = answered.sale.order.as_ref().unwrap();
    assert_eq!((order.captures.len(), order.captures[0].intent), (1, None));
    assert!(matches!(
        shop.act(sale.id, capture(&[("l1", 1)])).await,
        Err(EngineError::Refused(Refusal::OverCapture { left: 5_000, .. }))
    ));
    // A new wish is a new intent with a new key.
    let again = shop.act(sale.id, capture_amount(5_000)).await.unwrap();
    assert_ne!(again.intent, answered.intent);
    assert!(matches!(again.state(), Some(IntentState::Done(_))));
}

#[tokio::test]
async fn a_placing_whose_answer_was_lost_becomes_the_one_order() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "reset_after"})).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    assert!(sale.order.is_none());
    assert_eq!(sale.checkout_status().as_str(), "placing");
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    let now = shop.klarna.sandbox().now();
    assert_eq!(sale.order.as_ref().unwrap().status(now), OrderStatus::Authorized);
    assert_eq!(shop.at_klarna(&sale).await["order_amount"], 55_000);
}

#[tokio::test]
async fn a_placing_that_never_reached_klarna_frees_the_checkout() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "reset_before"})).await;
    let sale = shop.hand_in(sale.id, &token).await.unwrap();
    // The token dies before the call can be repeated: refused now, but was it placed before? The
    // session says no.
    shop.advance("PT61M").await;
    let sale =
        shop.work_until(sale.id, |sale| sale.intents.values().all(|it| it.state.is_settled()));
    let sale = sale.await;
    assert_eq!((sale.attention(), sale.checkout_status().as_str()), (None, "open"));
    let sale = shop.hand_in(sale.id, &shop.authorize(&sale).await).await.unwrap();
    assert!(sale.order.is_some());
}

#[tokio::test]
async fn wrong_credentials_end_an_intent_at_once() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault(
        "/captures",
        1,
        json!({"kind": "status", "status": 401, "body": "<html>401</html>"}),
    )
    .await;
    let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let Some(IntentState::Refused(refused)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    assert_eq!(refused.error_code, "UNAUTHORIZED");
}

#[tokio::test]
async fn after_a_day_klarna_forgets_the_key_so_the_order_is_read_before_it_is_asked_again() {
    for (fault, calls) in [("reset_before", 1), ("reset_after", 0)] {
        let shop = Shop::open().await;
        let sale = shop.order().await;
        shop.fault("/captures", 1, json!({ "kind": fault })).await;
        let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
        let made = shop.exchanges("/captures").await.len();
        shop.advance("PT25H").await;
        let settled = |sale: &kvitt_core::Sale| sale.intents[&answered.intent].state.is_settled();
        let sale = shop.work_until(sale.id, settled).await;
        let state = &sale.intents[&answered.intent].state;
        assert!(matches!(state, IntentState::Done(_)), "{fault}: {state:?}");
        assert_eq!(shop.exchanges("/captures").await.len(), made + calls, "{fault}");
        assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000, "{fault}");
        assert_eq!(shop.engine.refresh(sale.id).await.unwrap().difference(), None);
    }
}

#[test]
fn a_process_that_dies_while_klarna_works_is_finished_by_the_next() {
    let (dies, goes_on) = (runtime(), runtime());
    let shop = goes_on.block_on(Shop::open());
    let sale = goes_on.block_on(shop.order());
    let delay = json!({"kind": "delay", "milliseconds": 3_600_000});
    goes_on.block_on(shop.fault("/captures", 1, delay));
    let mortal = dies.block_on(shop.replica_with(|settings| settings.lease = Duration::ZERO));
    let id = sale.id;
    dies.spawn(async move { mortal.act(id, capture(&[("l1", 2)]), None, &merchant()).await });
    // Klarna made the capture; its answer never reaches the process, which is gone.
    goes_on.block_on(async {
        while shop.at_klarna(&sale).await["captured_amount"] != 20_000 {
            tokio::task::yield_now().await;
        }
    });
    dies.shutdown_background();

    let captured = |sale: &kvitt_core::Sale| !sale.order.as_ref().unwrap().captures.is_empty();
    let sale = goes_on.block_on(shop.work_until(id, captured));
    assert_eq!(sale.order.as_ref().unwrap().captures[0].captured_amount, 20_000);
    assert_eq!(goes_on.block_on(shop.at_klarna(&sale))["captured_amount"], 20_000);
    assert_eq!(goes_on.block_on(shop.engine.refresh(id)).unwrap().difference(), None);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

#[tokio::test]
async fn a_refusal_makes_the_order_be_read_and_what_was_done_in_klarnas_portal_is_seen() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let order = sale.order.as_ref().unwrap();
    let url =
        format!("{}/ordermanagement/v1/orders/{}/cancel", shop.klarna.url(), order.klarna_order_id);
    let cancelled = shop.http.post(url).basic_auth("PK1", Some("secret")).send().await.unwrap();
    assert_eq!(cancelled.status(), 204);
    let answered = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let Some(IntentState::Refused(_)) = answered.state() else {
        panic!("{:?}", answered.state());
    };
    let at = shop.engine.now().await;
    assert_eq!(answered.sale.order.as_ref().unwrap().status(at), OrderStatus::Cancelled);
    let may_ship = kvitt_core::may_ship(&answered.sale, at);
    assert_eq!((may_ship.allowed, may_ship.reason), (false, kvitt_core::MayShipReason::Cancelled));
}
