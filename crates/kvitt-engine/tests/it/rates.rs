//! How many calls a second: a sandbox that counts, and engines that keep to it together.

use std::sync::Arc;
use std::time::Duration;

use kvitt_core::{IntentState, Placement, Sale};
use kvitt_engine::{Account, Class, Engine, EngineError, Limit, Rate, Settings, Sharing, Waits};
use kvitt_ledger::InboxDoor;
use serde_json::{Value, json};

use crate::shop::{Shop, account, capture, engine_over, merchant, settings, sqlite_url, tell};

const NOT_AT_ALL: Waits =
    Waits { shopper: Duration::ZERO, act: Duration::ZERO, bulk: Duration::ZERO };
/// Longer than any test takes.
const PATIENT: Duration = Duration::from_mins(5);

fn limited(shop: &Shop, sessions: u32, others: u32) -> Account {
    let mut account = account("main", &shop.klarna.url(), &[]);
    account.rate = Rate { sessions: Limit::AtMost(sessions), others: Limit::AtMost(others) };
    account
}

/// An engine over a shop's ledger that keeps to these limits.
async fn engine(
    shop: &Shop,
    url: &str,
    account: Account,
    change: impl FnOnce(&mut Settings),
) -> Engine {
    let mut settings = settings();
    change(&mut settings);
    let ledger = kvitt_ledger::open(url).await.unwrap();
    engine_over(ledger, &shop.klarna, vec![account], settings)
}

async fn one_engine(shop: &Shop, sessions: u32, others: u32, waits: Waits) -> Engine {
    let url = sqlite_url(shop.folder());
    engine(shop, &url, limited(shop, sessions, others), |it| it.waits = waits).await
}

fn statuses(exchanges: &[Value]) -> Vec<u64> {
    exchanges.iter().map(|it| it["status"].as_u64().unwrap()).collect()
}

/// The first news of an order make the worker read it.
async fn news(engine: &Engine, sales: &[Sale]) {
    for sale in sales {
        tell(engine, sale.id, InboxDoor::Notification, "{}").await;
    }
}

async fn counted(shop: &Shop, sessions: u32, others: u32) {
    let limits = json!({"rate_limit_sessions": sessions, "rate_limit_others": others});
    shop.control("PATCH", "/sandbox/v1/settings", Some(limits)).await;
}

/// 36 orders to read and 12 shoppers who come and 18 who come back, at a Klarna that takes 8
/// sessions and 12 other calls a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_keep_to_one_limit_and_shoppers_come_before_reads() {
    let database = kvitt_testing::database();
    let url = database.url();
    let shop = Shop::open_at(|_| url.clone()).await;
    let (mut orders, mut checkouts) = (Vec::new(), Vec::new());
    for _ in 0..36 {
        orders.push(shop.order().await);
    }
    for _ in 0..18 {
        checkouts.push(shop.checkout().await);
    }
    let replica = || {
        engine(&shop, &url, limited(&shop, 8, 12), |it| {
            it.waits.shopper = PATIENT;
            it.sharing = Sharing { noticed_within: Duration::ZERO, ..Sharing::default() };
        })
    };
    let replicas = [replica().await, replica().await];
    for engine in replicas.iter().chain(&replicas) {
        engine.tell_alive().await.unwrap();
    }
    let before = shop.exchanges("/").await.len();
    counted(&shop, 8, 12).await;
    news(&replicas[0], &orders).await;

    let reads = || async { shop.exchanges("/ordermanagement/").await.len() };
    let reads_before = reads().await;
    let workers = replicas.clone().map(|engine| tokio::spawn(async move { engine.work().await }));
    let bulk_waits = |engine: &Engine| {
        engine.rates().iter().any(|rate| rate.classes[Class::Bulk as usize].waiting > 0)
    };
    while !replicas.iter().all(bulk_waits) {
        tokio::task::yield_now().await;
    }
    let mut shoppers = tokio::task::JoinSet::new();
    for (nth, checkout) in checkouts.into_iter().enumerate() {
        let engine = replicas[nth % 2].clone();
        shoppers.spawn(async move { engine.heal_session(checkout.id).await.unwrap() });
    }
    for nth in 0..12 {
        let engine = replicas[nth % 2].clone();
        shoppers.spawn(async move {
            let new = Shop::new_checkout(Placement::Automatic);
            engine.create_checkout(new, &merchant()).await.unwrap().sale
        });
    }
    let served = shoppers.join_all().await;
    let reads_meanwhile = reads().await - reads_before;
    assert_eq!(served.iter().filter(|sale| sale.session.is_some()).count(), 30);
    assert!(reads_meanwhile <= 24, "{reads_meanwhile} of 36 orders were read before shoppers");

    for order in &orders {
        while shop.engine.sale(order.id).await.unwrap().version < order.version + 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(reads().await - reads_before, 36, "each was read once");
    let exchanges = shop.exchanges("/").await.split_off(before);
    let calls: Vec<_> =
        exchanges.into_iter().filter(|it| it["status"].as_u64().is_some()).collect();
    assert!(!statuses(&calls).contains(&429), "{:?}", statuses(&calls));
    assert!(replicas.iter().all(|engine| engine.live_replicas() == 2));
    let shares = |engine: &Engine| engine.rates().iter().map(|it| it.share).collect::<Vec<_>>();
    assert_eq!(
        shares(&replicas[0]),
        [Some(4), Some(4), Some(4), Some(6)],
        "of 8, and of 12 less the one that is kept"
    );
    for worker in workers {
        worker.abort();
    }
}

#[tokio::test]
async fn parts_of_a_limit_that_does_not_divide_add_up_to_it() {
    let shop = Shop::open().await;
    let url = sqlite_url(shop.folder());
    let replica = |noticed_within| {
        engine(&shop, &url, limited(&shop, 5, 50), move |it| {
            it.sharing.noticed_within = noticed_within;
        })
    };
    let share = |engine: &Engine| engine.rates()[0].share.unwrap();
    let first = replica(Duration::ZERO).await;
    assert_eq!(share(&first), 5, "who has not heard of others counts as alone");
    first.tell_alive().await.unwrap();
    assert_eq!(share(&first), 5);

    // Ids are told apart by the time at which they begin.
    shop.advance("PT1S").await;
    let second = replica(PATIENT).await;
    second.tell_alive().await.unwrap();
    assert_eq!(share(&second), 1, "the first does not know yet");
    first.tell_alive().await.unwrap();
    shop.advance("PT1S").await;

    let third = replica(Duration::ZERO).await;
    third.tell_alive().await.unwrap();
    first.tell_alive().await.unwrap();
    assert_eq!(third.live_replicas(), 3);
    // By their places: 2, 2, 1; but the second is still new.
    assert_eq!([&first, &second, &third].map(share), [2, 1, 1]);

    // Who says so leaves its part at once; who is not heard of any more, after a while.
    second.tell_gone().await.unwrap();
    first.tell_alive().await.unwrap();
    third.tell_alive().await.unwrap();
    assert_eq!([&first, &third].map(share), [3, 2]);

    let last = engine(&shop, &url, limited(&shop, 5, 50), |it| {
        it.sharing.lives_for = Duration::ZERO;
    });
    let last = last.await;
    last.tell_alive().await.unwrap();
    assert_eq!((last.live_replicas(), share(&last)), (1, 5));
}

#[tokio::test]
async fn a_shopper_who_gets_no_turn_is_told_so_and_nothing_is_sent() {
    let shop = Shop::open().await;
    let engine = one_engine(&shop, 1, 50, NOT_AT_ALL).await;
    let new = || Shop::new_checkout(Placement::Automatic);
    engine.create_checkout(new(), &merchant()).await.unwrap();
    let busy = engine.create_checkout(new(), &merchant()).await.unwrap_err();
    let EngineError::Busy { sale, retry_after } = busy else { panic!("{busy}") };
    assert!(retry_after >= Duration::from_secs(1), "{retry_after:?}");
    assert_eq!(shop.exchanges("/payments/v1/sessions").await.len(), 1);
    // The checkout is there, and has its session once there is a turn.
    assert!(shop.engine.keep_session(sale).await.unwrap().session.is_some());
    let [sessions, .., others] = &engine.rates()[..] else { panic!("four categories") };
    let shopper = sessions.classes[0];
    assert_eq!((shopper.called, shopper.held_back, shopper.waiting), (1, 1, 0));
    assert_eq!((others.share, others.refused), (Some(45), 0));
}

#[tokio::test]
async fn an_act_that_gets_no_turn_is_known_as_not_sent_and_is_finished_by_the_worker() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let engine = one_engine(&shop, 1, 1, NOT_AT_ALL).await;
    engine.act(sale.id, capture(&[("l1", 1)]), None, &merchant()).await.unwrap();
    let left = engine.act(sale.id, capture(&[("l1", 1)]), None, &merchant()).await.unwrap();
    let Some(IntentState::Unknown { may_have_taken_effect, .. }) = left.state() else {
        panic!("{:?}", left.state())
    };
    assert!(!may_have_taken_effect, "it was not sent");
    assert_eq!(shop.exchanges("/captures").await.len(), 1);
    shop.work_until(sale.id, |sale| sale.intents.values().all(|it| it.state.is_settled())).await;
    assert_eq!(shop.at_klarna(&sale).await["captured_amount"], 20_000);
}

#[tokio::test]
async fn a_placing_that_gets_no_turn_is_finished_by_the_worker() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    let engine = one_engine(&shop, 1, 1, NOT_AT_ALL).await;
    // Somebody else has the only turn.
    engine.refresh(shop.order().await.id).await.unwrap();
    let new = crate::shop::browser(&token);
    let sale = engine.hand_in_authorization(sale.id, new, &merchant()).await.unwrap();
    assert!(sale.order.is_none());
    let sale = shop.work_until(sale.id, |sale| sale.order.is_some()).await;
    assert_eq!(shop.exchanges(&format!("/authorizations/{token}/order")).await.len(), 1);
    assert!(sale.attention().is_none());
}

#[tokio::test]
async fn bulk_work_is_put_off_and_its_claim_with_it() {
    let shop = Shop::open().await;
    let orders = [shop.order().await, shop.order().await];
    let engine = one_engine(&shop, 1, 1, NOT_AT_ALL).await;
    let before = shop.exchanges("/ordermanagement/").await.len();
    news(&engine, &orders).await;
    assert_eq!(engine.work_once().await.unwrap(), 2);
    assert_eq!(shop.exchanges("/ordermanagement/").await.len(), before + 1, "one had the turn");
    let reads = || async { shop.exchanges("/ordermanagement/").await.len() };
    let both = async {
        while reads().await < before + 2 {
            shop.engine.work_once().await.unwrap();
        }
    };
    // Far shorter than the lease, which is two minutes.
    tokio::time::timeout(Duration::from_secs(30), both).await.unwrap();
}

#[tokio::test]
async fn after_a_429_the_category_rests_and_no_other() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let engine = shop.replica_with(|it| it.waits = NOT_AT_ALL).await;
    shop.fault("/ordermanagement/", 1, json!({"kind": "too_many_requests"})).await;
    let before = shop.exchanges("/ordermanagement/").await.len();
    let refused = engine.refresh(sale.id).await.unwrap_err();
    assert!(matches!(refused, EngineError::KlarnaUnavailable { .. }), "{refused}");
    let rests = engine.refresh(sale.id).await.unwrap_err();
    assert!(matches!(rests, EngineError::Busy { .. }), "{rests}");
    let exchanges = shop.exchanges("/ordermanagement/").await.split_off(before);
    assert_eq!(statuses(&exchanges), [429], "the second was not sent");
    let new = Shop::new_checkout(Placement::Automatic);
    let sale = engine.create_checkout(new, &merchant()).await.unwrap().sale;
    assert!(sale.session.is_some(), "opening sessions is another category");
    let others = engine.rates().into_iter().last().unwrap();
    assert_eq!((others.refused, others.share), (1, Some(45)), "what its headers state is kept");
}

#[tokio::test]
async fn work_that_somebody_waits_for_is_claimed_before_reads() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(shop.order().await);
    }
    let engine = Arc::new(shop.engine.clone());
    news(&engine, &orders).await;
    // The act comes last, and its answer is lost.
    shop.fault("/captures", 1, json!({"kind": "reset_after"})).await;
    let sale = &orders[0];
    let left = shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    assert!(matches!(left.state(), Some(IntentState::Unknown { .. })));
    engine.work_once().await.unwrap();
    let sale = engine.sale(sale.id).await.unwrap();
    assert!(sale.intents.values().all(|it| it.state.is_settled()), "{:?}", sale.intents);
}
