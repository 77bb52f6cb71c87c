//! A ledger that was restored from a backup an hour old, while Klarna went on.

use std::collections::BTreeMap;

use kvitt_core::{
    AuthorizationWish, Cause, IntentState, OrderStatus, ReferencesWish, Repair, Sale, SaleCart,
    SaleId, Wish,
};
use kvitt_engine::{Caller, Engine, EngineError, Reconciling, Settlement};
use kvitt_ledger::{InboxDoor, LedgerError, SaleQuery};
use kvitt_money::{Cart, Country, OrderLine, TaxRate};
use serde_json::{Value, json};

use crate::shop::{
    Shop, account, capture, capture_amount, engine, keyed, merchant, refund, sqlite_url, tell,
};

/// The shop's ledger as it is now, to be restored later.
struct Backup {
    folder: tempfile::TempDir,
}

impl Backup {
    async fn of(shop: &Shop) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("kvitt.sqlite");
        let at = shop.klarna.sandbox().now();
        kvitt_ledger::backup(&sqlite_url(shop.folder()), &to, at, &|_| ()).await.unwrap();
        Self { folder }
    }

    /// A server over the restored ledger, which is frozen.
    async fn restored(&self, shop: &Shop) -> Engine {
        let accounts = vec![account("main", &shop.klarna.url(), &[])];
        let engine = engine(&self.folder, &shop.klarna, accounts).await;
        assert!(engine.frozen().await.unwrap().is_some());
        engine
    }
}

/// Klarna's orders, and how often anything but a read was asked of it.
async fn at_klarna(shop: &Shop) -> (Value, usize) {
    let snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    let exchanges = shop.exchanges("v1").await;
    let writes = exchanges.iter().filter(|it| it["method"] != "GET").count();
    (snapshot["state"]["orders"].clone(), writes)
}

async fn every_sale(engine: &Engine) -> Vec<SaleId> {
    let mut query = SaleQuery::all(engine.now().await);
    query.limit = SaleQuery::LIMIT_MAX;
    let page = engine.ledger().summaries(&query).await.unwrap();
    page.items.into_iter().map(|row| row.sale).collect()
}

/// Every difference of each sale, by its code.
async fn reconcile(engine: &Engine, how: Reconciling) -> BTreeMap<SaleId, Vec<&'static str>> {
    let mut found = BTreeMap::new();
    for sale in every_sale(engine).await {
        let reconciled = engine.reconcile(sale, how).await.unwrap();
        let codes = reconciled.differences.iter().map(|it| it.kind.as_str()).collect();
        found.insert(sale, codes);
    }
    found
}

async fn work_off(engine: &Engine) {
    for _ in 0..100 {
        if engine.work_once().await.unwrap() == 0 {
            return;
        }
    }
    panic!("there is always something due");
}

/// Every order's books beside Klarna's, to the cent.
async fn assert_even(shop: &Shop, engine: &Engine) {
    let orders = at_klarna(shop).await.0;
    let mut known = 0;
    for id in every_sale(engine).await {
        let sale = engine.refresh(id).await;
        let Ok(sale) = sale else { continue };
        let order = sale.order.as_ref().unwrap();
        let ours = order.amounts(engine.now().await);
        let theirs = shop.at_klarna(&sale).await;
        assert_eq!(theirs["order_amount"], ours.order_amount, "{theirs}");
        assert_eq!(theirs["captured_amount"], ours.captured_amount, "{theirs}");
        assert_eq!(theirs["refunded_amount"], ours.refunded_amount, "{theirs}");
        if !order.cancelled {
            let left = ours.remaining_authorized_amount;
            assert_eq!(theirs["remaining_authorized_amount"], left, "{theirs}");
        }
        assert_eq!(theirs["captures"].as_array().map_or(0, Vec::len), order.captures.len());
        assert_eq!(theirs["refunds"].as_array().map_or(0, Vec::len), order.refunds.len());
        assert_eq!(theirs["status"], order.status(engine.now().await).as_str());
        assert_eq!(sale.difference(), None);
        known += 1;
    }
    assert_eq!(orders.as_object().unwrap().len(), known, "no order twice, none forgotten");
}

/// An order whose capture was asked for, and did not leave: each try meets this until it is lifted.
async fn stuck(shop: &Shop, amount: i64) -> Sale {
    let sale = shop.order().await;
    let path = format!("{}/captures", sale.order.as_ref().unwrap().klarna_order_id);
    shop.fault(&path, 1_000, json!({"kind": "reset_before"})).await;
    shop.act(sale.id, capture_amount(amount)).await.unwrap().sale
}

async fn lift_faults(shop: &Shop) {
    shop.control("DELETE", "/sandbox/v1/faults", None).await;
}

fn smaller_cart() -> SaleCart {
    let rate = TaxRate::new(2500).unwrap();
    let cups = OrderLine::tax_inclusive("Cup", 10_000, rate, 2).unwrap();
    SaleCart::numbered(Cart::sum(Country::SE, vec![cups]).unwrap())
}

/// Places the order of a checkout, as ever.
async fn place(shop: &Shop, sale: &Sale) {
    let token = shop.authorize(sale).await;
    shop.hand_in(sale.id, &token).await.unwrap();
}

#[tokio::test]
async fn a_backup_that_is_an_hour_old_is_frozen_reconciled_thawed_and_even_to_the_cent() {
    let shop = Shop::open().await;
    let captured = shop.order().await;
    let refunded = shop.order().await;
    shop.act(refunded.id, capture(&[])).await.unwrap();
    let cancelled = shop.order().await;
    let released = shop.order().await;
    let changed = shop.order().await;
    let done_since = stuck(&shop, 10_000).await;
    lift_faults(&shop).await;
    let never_left = stuck(&shop, 15_000).await;
    let placed_early = shop.checkout().await;
    let placed_late = shop.checkout().await;
    let authorized = shop.checkout().await;
    let idle = shop.checkout().await;

    let backup = Backup::of(&shop).await;
    // The hour that is lost.
    place(&shop, &placed_early).await;
    shop.advance("PT20M").await;
    shop.work_until(done_since.id, |sale| sale.attention().is_none()).await;
    shop.engine.act(captured.id, capture(&[("l1", 1)]), None, &keyed("parcel", 1)).await.unwrap();
    shop.act(captured.id, refund(&[("l1", 1)])).await.unwrap();
    shop.act(refunded.id, refund(&[("l2", 1)])).await.unwrap();
    shop.act(cancelled.id, Wish::Cancel).await.unwrap();
    shop.act(released.id, capture(&[("l2", 1)])).await.unwrap();
    shop.act(released.id, Wish::Release).await.unwrap();
    let lines = AuthorizationWish { cart: smaller_cart(), description: None };
    shop.act(changed.id, Wish::UpdateAuthorization(lines)).await.unwrap();
    let references = ReferencesWish {
        merchant_reference1: Some("order 17-B".to_owned()),
        ..ReferencesWish::default()
    };
    shop.act(changed.id, Wish::UpdateReferences(references)).await.unwrap();
    shop.advance("PT25M").await;
    place(&shop, &placed_late).await;
    shop.authorize(&authorized).await;
    let unknown = shop.order().await;
    shop.advance("PT18M").await;
    lift_faults(&shop).await;
    // That hour's server is gone, and its ledger with it.
    let before = at_klarna(&shop).await;
    let early_id = shop.engine.sale(placed_early.id).await.unwrap().order.unwrap();
    let engine = backup.restored(&shop).await;

    let acting = engine.act(captured.id, capture(&[("l1", 1)]), None, &merchant()).await;
    assert!(matches!(acting, Err(EngineError::Ledger(LedgerError::Frozen))), "{acting:?}");
    assert_eq!(engine.work_once().await.unwrap(), 0);
    let named = reconcile(&engine, Reconciling::Preview).await;
    let taken_over = reconcile(&engine, Reconciling::TakingOver).await;
    assert_eq!(named, taken_over);
    assert_eq!(at_klarna(&shop).await, before, "Klarna was only read");

    let expected: [(&Sale, &[&str]); 11] = [
        (&captured, &["capture_external", "refund_external"]),
        (&refunded, &["refund_external"]),
        (&cancelled, &["status"]),
        (&released, &["capture_external", "release_external"]),
        (&changed, &["lines_external", "references_external"]),
        (&done_since, &["act_done"]),
        (&never_left, &["act_not_done"]),
        (&placed_early, &["order_unknown"]),
        (&placed_late, &["authorization_untold"]),
        (&authorized, &["authorization_untold"]),
        (&idle, &[]),
    ];
    for (sale, codes) in expected {
        assert_eq!(taken_over[&sale.id], codes, "{}", sale.id);
    }
    // What was opened since is not known: its callbacks are turned away.
    let stranger = engine.receive(unknown.id, "secret", InboxDoor::Push, "".into()).await;
    assert!(matches!(stranger, Err(EngineError::WrongSecret)));
    // Klarna's session says that there is an order, and nothing says which: a person does.
    let early = engine.sale(placed_early.id).await.unwrap();
    assert!(early.attention().unwrap().contains("tell it"), "{:?}", early.attention());
    engine.adopt_order(early.id, &early_id.klarna_order_id, &merchant()).await.unwrap();

    assert!(engine.thaw().await.unwrap());
    work_off(&engine).await;

    for sale in [&placed_early, &placed_late, &authorized] {
        assert!(engine.sale(sale.id).await.unwrap().order.is_some());
    }
    assert!(engine.sale(idle.id).await.unwrap().order.is_none());
    let read = async |sale: &Sale| engine.sale(sale.id).await.unwrap().order.unwrap();
    assert_eq!(read(&cancelled).await.status(engine.now().await), OrderStatus::Cancelled);
    assert_eq!(read(&changed).await.cart, smaller_cart());
    for sale in [&done_since, &never_left] {
        let made = shop.at_klarna(sale).await["captures"].as_array().unwrap().len();
        assert_eq!(made, 1, "what was due in the backup is done once");
        assert_eq!(engine.sale(sale.id).await.unwrap().attention(), None);
    }
    // The order of a checkout that the backup does not know is Klarna's alone.
    shop.behind_our_back(&unknown, "cancel", Value::Null).await;
    forget(&shop, &unknown).await;
    assert_even(&shop, &engine).await;

    // The shop repeats what was answered in the hour that is lost.
    let repeat = engine.act(captured.id, capture(&[("l1", 1)]), None, &keyed("parcel", 1)).await;
    let repeat = repeat.unwrap();
    assert!(matches!(repeat.state(), Some(IntentState::Done(_))), "{:?}", repeat.state());
    let made = repeat.sale.order.as_ref().unwrap().captures.clone();
    assert_eq!((made.len(), made[0].intent), (1, Some(repeat.intent)));
    assert_even(&shop, &engine).await;
}

/// Takes an order out of Klarna, so that those that are left can be counted.
async fn forget(shop: &Shop, sale: &Sale) {
    let id = &sale.order.as_ref().unwrap().klarna_order_id;
    let mut snapshot = shop.control("GET", "/sandbox/v1/snapshot", None).await;
    snapshot["state"]["orders"].as_object_mut().unwrap().remove(id);
    shop.control("PUT", "/sandbox/v1/snapshot", Some(snapshot)).await;
}

#[tokio::test]
async fn an_old_act_that_another_may_stand_for_waits_for_a_person_and_is_not_made_as_well() {
    let shop = Shop::open().await;
    let sale = stuck(&shop, 10_000).await;
    let backup = Backup::of(&shop).await;
    let intent = *sale.intents.keys().last().unwrap();
    shop.engine.settle(sale.id, intent, &Settlement::NotDone, &merchant()).await.unwrap();
    lift_faults(&shop).await;
    shop.advance("PT10M").await;
    shop.act(sale.id, capture_amount(10_000)).await.unwrap();
    shop.advance("PT50M").await;
    let engine = backup.restored(&shop).await;

    let found = engine.reconcile(sale.id, Reconciling::TakingOver).await.unwrap();

    let kinds: Vec<_> = found.differences.iter().map(|it| it.kind.as_str()).collect();
    assert_eq!(kinds, ["act_ambiguous", "capture_external"]);
    assert!(matches!(found.differences[0].repair, Repair::Person(_)));
    engine.thaw().await.unwrap();
    work_off(&engine).await;
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 10_000);
    engine.settle(sale.id, intent, &Settlement::NotDone, &merchant()).await.unwrap();
    assert_even(&shop, &engine).await;
}

#[tokio::test]
async fn a_frozen_ledger_opens_gives_back_and_sends_nothing_and_keeps_what_comes() {
    let shop = Shop::open().await;
    let lost = shop.checkout().await;
    let open = shop.checkout().await;
    let backup = Backup::of(&shop).await;
    shop.advance("PT49H").await;
    let engine = backup.restored(&shop).await;
    let before = at_klarna(&shop).await;
    let is_frozen = |error: EngineError| matches!(error, EngineError::Ledger(LedgerError::Frozen));

    let new = Shop::new_checkout(kvitt_core::Placement::Automatic);
    assert!(is_frozen(engine.create_checkout(new, &merchant()).await.unwrap_err()));
    assert!(is_frozen(engine.keep_session(lost.id).await.unwrap_err()));
    assert!(is_frozen(engine.change_cart(lost.id, smaller_cart(), &merchant()).await.unwrap_err()));
    assert!(is_frozen(engine.abandon(lost.id, &merchant()).await.unwrap_err()));
    let token = "0b1d9f3c-7c5e-4a07-9d7b-0a6a6a1c2f11";
    let given = crate::shop::browser(token);
    let shopper = Caller::without_key(Cause::Shopper);
    assert!(is_frozen(engine.hand_in_authorization(open.id, given, &shopper).await.unwrap_err()));
    tell(&engine, open.id, InboxDoor::Push, "order_id=x").await;

    let kept = engine.sale(open.id).await.unwrap();
    assert_eq!(kept.authorizations.len(), 1, "a token is not lost");
    assert_eq!(engine.ledger().inbox(open.id).await.unwrap().len(), 1);
    assert_eq!(engine.webhooks_once().await.unwrap(), 0);
    assert_eq!(at_klarna(&shop).await, before);
}

#[tokio::test]
async fn another_process_notices_at_once_that_the_ledger_is_frozen_and_thawed() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let other = shop.another_replica().await;
    other.ledger().freeze(shop.klarna.sandbox().now(), "by hand").await.unwrap();
    let refused = shop.act(sale.id, capture(&[("l1", 1)])).await;
    assert!(matches!(refused, Err(EngineError::Ledger(LedgerError::Frozen))), "{refused:?}");
    other.thaw().await.unwrap();
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
}
