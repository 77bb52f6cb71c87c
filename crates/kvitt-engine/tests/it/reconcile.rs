//! One sale beside Klarna: each difference is named, and taken over where it can be.

use kvitt_core::{Difference, Placement, Repair, Sale, Side};
use kvitt_engine::{EngineError, Reconciling};
use kvitt_ledger::InboxDoor;
use serde_json::{Value, json};

use crate::elsewhere::order_ids;
use crate::shop::{Shop, capture, capture_amount, merchant, tell};

async fn reconcile(shop: &Shop, sale: &Sale, how: Reconciling) -> Vec<Difference> {
    shop.engine.reconcile(sale.id, how).await.unwrap().differences
}

fn told(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn an_order_that_agrees_has_no_difference_and_a_preview_records_nothing() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    shop.behind_our_back(&sale, "captures", json!({"captured_amount": 10_000})).await;
    let version = shop.engine.sale(sale.id).await.unwrap().version;

    let named = reconcile(&shop, &sale, Reconciling::Preview).await;

    assert_eq!(told(&named), ["capture_external is nothing here and 10000 at Klarna"]);
    assert_eq!(named[0].repair, Repair::TakenOver);
    assert_eq!(shop.engine.sale(sale.id).await.unwrap().version, version);
    assert_eq!(reconcile(&shop, &sale, Reconciling::TakingOver).await, named);
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    let order = shop.engine.sale(sale.id).await.unwrap().order.unwrap();
    assert_eq!(order.captures[0].captured_amount, 10_000);
}

#[tokio::test]
async fn an_act_in_doubt_is_known_again_and_others_beside_it_count() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    let answered = shop.act(sale.id, capture_amount(10_000)).await.unwrap();
    shop.behind_our_back(&sale, "captures", json!({"captured_amount": 5_000})).await;

    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    let kinds: Vec<_> = found.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["act_done", "capture_external"]);
    assert_eq!(found[0].intent.unwrap().0, answered.intent);
    let sale = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!((sale.attention(), sale.difference()), (None, None));
    assert_eq!(sale.order.unwrap().captures.len(), 2);
}

#[tokio::test]
async fn an_act_that_was_not_done_goes_on_by_itself_and_holds_up_nothing_that_is_not_its_own() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.fault("/captures", 1, json!({"kind": "reset_before"})).await;
    shop.act(sale.id, capture_amount(10_000)).await.unwrap();
    let theirs = json!({"captured_amount": 10_000, "reference": "theirs"});
    shop.behind_our_back(&sale, "captures", theirs).await;

    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    let kinds: Vec<_> = found.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["act_not_done", "capture_external"]);
    assert!(matches!(found[0].repair, Repair::ByItself(_)));
    shop.work_off().await;
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 20_000);
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
}

#[tokio::test]
async fn what_klarna_lost_and_what_does_not_add_up_is_for_a_person() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let id = sale.order.as_ref().unwrap().klarna_order_id.clone();
    let whole = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    let mut without = whole.clone();
    let order = &mut without["state"]["orders"][&id];
    order["captures"] = json!([]);
    order["captured_amount"] = json!(0);
    order["remaining_authorized_amount"] = json!(55_000);
    shop.control("PUT", "/sandbox/v1/snapshot", Some(without)).await;

    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    let mut kinds: Vec<_> = found.iter().map(|it| it.kind.as_str()).collect();
    kinds.dedup();
    assert_eq!(
        kinds,
        ["captured_amount", "remaining_authorized_amount", "capture_missing"],
        "{found:?}"
    );
    assert!(found.iter().all(Difference::needs_person));
    assert_eq!((&found[0].ours, &found[0].klarna), (&Side::Amount(10_000), &Side::Amount(0)));

    let mut gone = whole;
    gone["state"]["orders"].as_object_mut().unwrap().remove(&id);
    shop.control("PUT", "/sandbox/v1/snapshot", Some(gone)).await;
    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;
    assert_eq!(found[0].kind.as_str(), "order_missing");
    assert!(found[0].needs_person());
}

#[tokio::test]
async fn lines_that_klarna_deleted_are_a_difference_that_names_the_way_out() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let url = format!("{}/ordermanagement/v1/orders/{id}/authorization", shop.klarna.url());
    // Without lines Klarna forgets those that it had (its documentation: view and change orders).
    let body = json!({"order_amount": 40_000});
    let patch = shop.http.patch(url).basic_auth("PK1", Some("secret")).json(&body);
    assert!(patch.send().await.unwrap().status().is_success());

    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    assert_eq!(found[0].to_string(), "order_amount is 55000 here and 40000 at Klarna");
    let Repair::Person(what) = &found[0].repair else { panic!("{found:?}") };
    assert!(what.contains("kvitt order update"), "{what}");
}

/// A checkout whose order is placed, and whose ledger does not know of it: by another program.
async fn placed_elsewhere(shop: &Shop) -> Sale {
    let sale = shop.checkout_with(Placement::Manual).await;
    let token = shop.authorize(&sale).await;
    let session_id = &sale.session.as_ref().unwrap().session_id;
    let read = format!("{}/payments/v1/sessions/{session_id}", shop.klarna.url());
    let request = shop.http.get(read).basic_auth("PK1", Some("secret"));
    let session: Value = request.send().await.unwrap().json().await.unwrap();
    let mut body = json!({});
    for name in [
        "purchase_country",
        "purchase_currency",
        "locale",
        "order_amount",
        "order_tax_amount",
        "order_lines",
        "merchant_reference1",
    ] {
        body[name] = session[name].clone();
    }
    let url = format!("{}/payments/v1/authorizations/{token}/order", shop.klarna.url());
    let request = shop.http.post(url).basic_auth("PK1", Some("secret")).json(&body);
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    shop.advance("PT61M").await;
    sale
}

#[tokio::test]
async fn an_order_that_nobody_here_placed_is_known_by_the_push_and_never_placed_again() {
    let shop = Shop::open().await;
    let sale = placed_elsewhere(&shop).await;
    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;
    assert_eq!(found[0].kind.as_str(), "order_unknown");
    assert!(found[0].needs_person());
    let kept = shop.engine.sale(sale.id).await.unwrap();
    assert_eq!(kept.checkout_status().as_str(), "placing", "the shopper must not pay again");
    let again = shop.engine.change_cart(sale.id, Shop::cart(), &merchant()).await;
    assert!(matches!(again, Err(EngineError::Refused(kvitt_core::Refusal::CartFrozen))));

    let ids = order_ids(&shop).await;
    tell(&shop.engine, sale.id, InboxDoor::Push, &format!("order_id={}", ids[0])).await;
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;

    shop.work_off().await;
    assert_eq!(sale.order.as_ref().unwrap().klarna_order_id, ids[0]);
    assert!(reconcile(&shop, &sale, Reconciling::TakingOver).await.is_empty());
    assert_eq!(order_ids(&shop).await.len(), 1);
}

#[tokio::test]
async fn a_person_tells_which_order_it_is_and_no_other_is_taken() {
    let shop = Shop::open().await;
    let other = shop.order().await;
    let sale = placed_elsewhere(&shop).await;
    let theirs = other.order.unwrap().klarna_order_id;
    let ours = order_ids(&shop).await.into_iter().find(|id| *id != theirs).unwrap();
    for wrong in [theirs.as_str(), "no id", "0b1d9f3c-7c5e-4a07-9d7b-0a6a6a1c2f11"] {
        let refused = shop.engine.adopt_order(sale.id, wrong, &merchant()).await;
        let is_it = matches!(refused, Err(EngineError::Refused(kvitt_core::Refusal::NotThisOrder)));
        assert!(is_it, "{wrong}: {refused:?}");
    }
    let sale = shop.engine.adopt_order(sale.id, &ours, &merchant()).await.unwrap();
    assert_eq!(sale.order.as_ref().unwrap().klarna_order_id, ours);
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    let twice = shop.engine.adopt_order(sale.id, &theirs, &merchant()).await;
    assert!(matches!(twice, Err(EngineError::Refused(kvitt_core::Refusal::AlreadyPlaced))));
}

#[tokio::test]
async fn a_placing_in_doubt_is_named_until_its_order_is_told() {
    let shop = Shop::open().await;
    shop.control("PATCH", "/sandbox/v1/settings", Some(json!({"repeated_placing": 403}))).await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    shop.fault("/order", 1, json!({"kind": "reset_after"})).await;
    shop.hand_in(sale.id, &token).await.unwrap();
    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;
    assert_eq!(found[0].kind.as_str(), "placing_in_doubt");

    let ids = order_ids(&shop).await;
    tell(&shop.engine, sale.id, InboxDoor::Push, &format!("order_id={}", ids[0])).await;
    let found = reconcile(&shop, &sale, Reconciling::TakingOver).await;

    assert_eq!(found[0].kind.as_str(), "order_external");
    assert!(shop.engine.sale(sale.id).await.unwrap().order.is_some());
}
