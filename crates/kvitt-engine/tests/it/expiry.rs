//! The time to capture and its end, by the sandbox's clock; and what is left after the last
//! shipment.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use klarna_sandbox::Config;
use kvitt_core::{
    Act, ActKind, CaptureWish, Event, ExpiryPolicy, IntentState, NotExtended, OrderStatus, Sale,
    Wish,
};
use serde_json::{Value, json};

use crate::shop::{Shop, capture, merchant, pick};
use crate::unsteady::Unsteady;

/// A shop whose orders are extended by themselves.
async fn extending() -> Shop {
    let policy = ExpiryPolicy { extend: true, ..ExpiryPolicy::default() };
    Shop::open_as(Config::default(), policy).await
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The start of the day so many days after the order.
fn days_after(sale: &Sale, days: i64) -> Timestamp {
    let placed_at = sale.order.as_ref().unwrap().placed_at;
    let day = day(placed_at).checked_add(Span::new().days(days)).unwrap();
    day.to_zoned(TimeZone::UTC).unwrap().timestamp()
}

async fn expires_at(shop: &Shop, sale: &Sale) -> Timestamp {
    shop.at_klarna(sale).await["expires_at"].as_str().unwrap().parse().unwrap()
}

/// So many days go by, on each of which the worker finds what is due.
async fn live(shop: &Shop, days: u32) {
    for _ in 0..days {
        shop.advance("P1D").await;
        shop.work_off().await;
    }
}

/// The alarms that were raised: their names.
async fn alarms(shop: &Shop, sale: &Sale) -> Vec<String> {
    let (_, events) = shop.engine.history(sale.id).await.unwrap();
    let alarm = |event: &Event| {
        matches!(event, Event::AuthorizationExpiring { .. } | Event::AuthorizationExpired { .. })
    };
    events.iter().filter(|it| alarm(&it.event)).map(|it| it.event.name(None)).collect()
}

#[tokio::test]
async fn an_order_is_extended_by_itself_until_180_days_and_no_further() {
    let shop = extending().await;
    let sale = shop.order().await;
    live(&shop, 22).await;
    assert!(shop.exchanges("/extend-authorization-time").await.is_empty(), "too early");
    live(&shop, 2).await;
    assert_eq!(shop.exchanges("/extend-authorization-time").await.len(), 1);
    assert!(expires_at(&shop, &sale).await >= days_after(&sale, 23 + 28));
    live(&shop, 155).await;
    assert_eq!(expires_at(&shop, &sale).await, days_after(&sale, 180));
    let extended = shop.exchanges("/extend-authorization-time").await;
    assert_eq!(extended.len(), 7);
    assert!(extended.iter().all(|it| it["status"] == 204), "{extended:?}");
    // It can be captured to the last day; two alarms came when nothing more could be gained.
    assert_eq!(alarms(&shop, &sale).await, ["authorization.expiring", "authorization.expiring"]);
    let now = shop.engine.now().await;
    let read = shop.engine.sale(sale.id).await.unwrap();
    let plan = shop.engine.expiry_plan(&read, now).unwrap();
    assert_eq!(plan.expires_at, plan.last_possible_at);
    assert_eq!(plan.not_extended, Some(NotExtended::NothingToGain));
    assert!(read.attention().unwrap().starts_with("can be captured until "));
    live(&shop, 2).await;
    let ended = shop.engine.sale(sale.id).await.unwrap();
    let now = shop.engine.now().await;
    assert_eq!(ended.order.as_ref().unwrap().status(now), OrderStatus::Expired);
    assert_eq!(alarms(&shop, &sale).await[2..], ["authorization.expired"]);
    assert_eq!(shop.engine.expiry_plan(&ended, now), None);
    live(&shop, 10).await;
    assert_eq!(shop.exchanges("/extend-authorization-time").await.len(), 7);
    assert_eq!(alarms(&shop, &sale).await.len(), 3, "each is raised once");
}

#[tokio::test]
async fn who_does_not_want_it_extended_is_told_in_time() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let captured = shop.order().await;
    shop.act(captured.id, Wish::Capture(CaptureWish::default())).await.unwrap();
    live(&shop, 30).await;
    assert!(shop.exchanges("/extend-authorization-time").await.is_empty());
    let names = ["authorization.expiring", "authorization.expiring", "authorization.expired"];
    assert_eq!(alarms(&shop, &sale).await, names);
    assert!(alarms(&shop, &captured).await.is_empty());
}

#[tokio::test]
async fn an_order_that_klarna_does_not_extend_raises_alarms_instead() {
    let shop = extending().await;
    // One that Klarna is known not to extend, and one of which only its answer tells.
    for (method, tries) in [("card", 0), ("fixed_sum_credit", 1)] {
        let sale = shop.checkout().await;
        let body = json!({"outcome": "approved", "callback": "never", "payment_method": method});
        let token = shop.authorize_with(&sale, body).await;
        let token = token["authorization_token"].as_str().unwrap().to_owned();
        let sale = shop.hand_in(sale.id, &token).await.unwrap();
        let before = shop.exchanges("/extend-authorization-time").await.len();
        live(&shop, 30).await;
        let made = shop.exchanges("/extend-authorization-time").await.len() - before;
        assert_eq!(made, tries, "{method}");
        let names = alarms(&shop, &sale).await;
        assert_eq!(names.len(), 3, "{method}: {names:?}");
    }
}

#[tokio::test]
async fn an_extension_whose_answer_is_lost_is_made_once() {
    let shop = extending().await;
    let sale = shop.order().await;
    shop.fault("/extend-authorization-time", 1, json!({"kind": "reset_after"})).await;
    live(&shop, 25).await;
    let calls = shop.exchanges("/extend-authorization-time").await;
    assert_eq!(calls.len(), 2, "{calls:?}");
    let read = shop.engine.sale(sale.id).await.unwrap();
    let extensions: Vec<_> =
        read.intents.values().filter(|it| it.act.kind() == ActKind::Extend).collect();
    assert_eq!(extensions.len(), 1);
    assert!(matches!(extensions[0].state, IntentState::Done(_)), "{extensions:?}");
    assert_eq!(read.order.unwrap().expires_at, Some(expires_at(&shop, &sale).await));
}

fn last_shipment() -> Wish {
    Wish::Capture(CaptureWish {
        lines: vec![pick("l1", 2)],
        is_final: true,
        ..CaptureWish::default()
    })
}

async fn sums(shop: &Shop, sale: &Sale) -> Value {
    let order = shop.at_klarna(sale).await;
    let captures = order["captures"].as_array().unwrap().len();
    json!([
        order["status"],
        order["captured_amount"],
        order["remaining_authorized_amount"],
        captures
    ])
}

fn kinds(sale: &Sale) -> Vec<ActKind> {
    let acts = sale.intents.values().map(|it| it.act.kind());
    acts.filter(|kind| *kind != ActKind::Place).collect()
}

#[tokio::test]
async fn the_last_shipment_releases_the_rest_by_an_act_of_its_own() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let answered = shop.act(sale.id, last_shipment()).await.unwrap();
    assert!(matches!(answered.state(), Some(IntentState::Done(_))));
    assert_eq!(kinds(&answered.sale), [ActKind::Capture, ActKind::Release]);
    assert_eq!(sums(&shop, &sale).await, json!(["CAPTURED", 20_000, 0, 1]));
    let act = &answered.sale.intents[&answered.intent].act;
    assert!(matches!(act, Act::Capture { is_final: true, .. }));

    // Nothing is left where all of it ships.
    let sale = shop.order().await;
    let wish = Wish::Capture(CaptureWish { is_final: true, ..CaptureWish::default() });
    let answered = shop.act(sale.id, wish).await.unwrap();
    assert_eq!(kinds(&answered.sale), [ActKind::Capture]);
    assert!(shop.exchanges("/release-remaining").await.len() == 1);
    while shop.engine.work_once().await.unwrap() > 0 {}
}

#[tokio::test]
async fn answers_that_are_lost_around_the_last_shipment_release_the_rest_once() {
    let shop = Shop::open().await;
    for path in ["/captures", "/release-remaining"] {
        for effect in ["reset_after", "reset_before"] {
            let sale = shop.order().await;
            shop.fault(path, 1, json!({ "kind": effect })).await;
            shop.act(sale.id, last_shipment()).await.unwrap();
            let released = |sale: &Sale| sale.order.as_ref().unwrap().released;
            let sale = shop.work_until(sale.id, released).await;
            assert_eq!(kinds(&sale), [ActKind::Capture, ActKind::Release], "{path} {effect}");
            assert_eq!(sums(&shop, &sale).await, json!(["CAPTURED", 20_000, 0, 1]));
        }
    }
}

#[tokio::test]
async fn a_process_that_dies_around_the_last_shipment_leaves_no_rest() {
    let shop = Shop::open().await;
    // Capture stored; captured; release stored; released.
    for writes in 1..=4 {
        let sale = shop.order().await;
        let left = AtomicU32::new(writes);
        let dead = move |_: &kvitt_ledger::Append| {
            let less = |left: u32| left.checked_sub(1);
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err()
        };
        let at_once = |settings: &mut kvitt_engine::Settings| settings.lease = Duration::ZERO;
        let mortal = shop.replica_over(|ledger| Unsteady::over(ledger, dead), at_once).await;
        mortal.act(sale.id, last_shipment(), None, &merchant()).await.unwrap();
        let released = |sale: &Sale| sale.order.as_ref().unwrap().released;
        let sale = shop.work_until(sale.id, released).await;
        assert_eq!(kinds(&sale), [ActKind::Capture, ActKind::Release], "{writes}");
        assert_eq!(sums(&shop, &sale).await, json!(["CAPTURED", 20_000, 0, 1]));
        shop.work_off().await;
    }
}

#[tokio::test]
async fn a_rest_whose_release_klarna_refuses_is_not_released_again_by_itself() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let fault = json!({
        "match": {"operation": "releaseRemainingAuthorization"}, "times": 1,
        "effect": {"kind": "error", "error_code": "NOT_ALLOWED"}
    });
    shop.control("POST", "/sandbox/v1/faults", Some(fault)).await;
    let answered = shop.act(sale.id, last_shipment()).await.unwrap();
    assert!(matches!(answered.state(), Some(IntentState::Done(_))), "the capture is made");
    shop.work_off().await;
    assert_eq!(shop.exchanges("/release-remaining").await.len(), 1);
    assert_eq!(sums(&shop, &sale).await, json!(["PART_CAPTURED", 20_000, 35_000, 1]));
    // More may still be captured, and a person may release.
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    shop.act(sale.id, Wish::Release).await.unwrap();
    assert_eq!(sums(&shop, &sale).await, json!(["CAPTURED", 30_000, 0, 2]));
}
