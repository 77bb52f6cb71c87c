//! Alarms: what is wrong with the whole.

use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::Sale;
use kvitt_engine::{Alarm, AlarmKind, Engine, Settings};
use kvitt_ledger::InboxDoor;

use crate::shop::{Shop, capture, merchant, tell};
use crate::webhook_consumer::Consumer;
use crate::webhooks::endpoint;

async fn kinds(engine: &Engine) -> Vec<AlarmKind> {
    engine.alarms().await.unwrap().into_iter().map(|alarm| alarm.kind).collect()
}

async fn only_alarm(engine: &Engine) -> Alarm {
    let mut alarms = engine.alarms().await.unwrap();
    assert_eq!(alarms.len(), 1, "{alarms:?}");
    alarms.remove(0)
}

/// So many orders, of which Klarna says nothing.
async fn orders(shop: &Shop, count: usize) -> Vec<Sale> {
    let mut orders = Vec::new();
    for _ in 0..count {
        orders.push(shop.order().await);
    }
    orders
}

/// A shop whose Klarna pushes nothing.
async fn unheard_of() -> Shop {
    let shop = Shop::open().await;
    let quiet = serde_json::json!({"push_callback": false});
    shop.control("PATCH", "/sandbox/v1/settings", Some(quiet)).await;
    shop
}

fn placed_at(sale: &Sale) -> Timestamp {
    sale.order.as_ref().unwrap().placed_at
}

#[tokio::test]
async fn orders_without_a_word_of_klarnas_raise_an_alarm_until_the_next_word() {
    let shop = unheard_of().await;
    let placed = orders(&shop, 4).await;
    shop.advance("PT5H59M").await;
    orders(&shop, 1).await;
    assert_eq!(kinds(&shop.engine).await, [], "there is time yet");
    shop.advance("PT1M").await;

    let alarm = only_alarm(&shop.engine).await;
    assert_eq!((alarm.kind, alarm.count), (AlarmKind::NoCallbacks, 5));
    assert_eq!(alarm.since, placed_at(&placed[0]), "there never was a word");
    assert!(alarm.message.contains("none ever came, while 5 orders were placed"), "{alarm:?}");
    assert!(alarm.message.contains("See that http://127.0.0.1:1/ is reached"), "{alarm:?}");

    // The shopper's browser is not Klarna.
    tell(&shop.engine, placed[0].id, InboxDoor::Confirmation, "").await;
    assert_eq!(kinds(&shop.engine).await, [AlarmKind::NoCallbacks]);
    tell(&shop.engine, placed[0].id, InboxDoor::Push, "").await;
    let heard_at = shop.engine.ledger().heard().await.unwrap().at.unwrap();
    assert_eq!(kinds(&shop.engine).await, []);

    // And again, from then on.
    shop.advance("PT1S").await;
    orders(&shop, 5).await;
    shop.advance("PT6H").await;
    let alarm = only_alarm(&shop.engine).await;
    assert_eq!((alarm.since, alarm.count), (heard_at, 5));
    assert!(alarm.message.contains("none came since"), "{alarm:?}");
}

#[tokio::test]
async fn a_shop_that_sells_little_raises_no_alarm() {
    let shop = unheard_of().await;
    let placed = orders(&shop, 4).await;
    for _ in 0..9 {
        shop.checkout().await;
    }
    shop.advance("PT48H").await;
    assert_eq!(kinds(&shop.engine).await, []);
    tell(&shop.engine, placed[3].id, InboxDoor::Notification, "{}").await;
    shop.advance("P30D").await;
    assert_eq!(kinds(&shop.engine).await, [], "nothing is sold");
}

/// Nothing may wait at all. Due times are the database's, which no test moves.
fn impatient(settings: &mut Settings) {
    settings.alarms.late_by = Duration::ZERO;
}

#[tokio::test]
async fn work_that_nobody_takes_raises_an_alarm_until_it_is_done() {
    let shop = Shop::open().await;
    let watcher = shop.replica_with(impatient).await;
    let order = shop.order().await;
    shop.work_off().await;
    assert_eq!(kinds(&watcher).await, []);

    tell(&shop.engine, order.id, InboxDoor::Push, "").await;
    let alarm = only_alarm(&watcher).await;
    assert_eq!((alarm.kind, alarm.count), (AlarmKind::WorkLate, 1));
    assert!(alarm.message.contains("(1 piece)"), "{alarm:?}");
    assert_eq!(kinds(&shop.engine).await, [], "it has not waited for five minutes");

    let ledger = watcher.ledger();
    ledger.freeze(watcher.now().await, "a backup").await.unwrap();
    assert_eq!(kinds(&watcher).await, [], "a frozen ledger works off nothing");
    ledger.thaw().await.unwrap();
    assert_eq!(kinds(&watcher).await, [AlarmKind::WorkLate]);

    shop.work_off().await;
    assert_eq!(kinds(&watcher).await, []);
}

#[tokio::test]
async fn work_that_somebody_holds_is_not_late() {
    let shop = Shop::open().await;
    let watcher = shop.replica_with(impatient).await;
    let order = shop.order().await;
    shop.work_off().await;
    tell(&shop.engine, order.id, InboxDoor::Push, "").await;
    watcher.ledger().claim_due(9, Duration::from_mins(2)).await.unwrap();
    assert_eq!(kinds(&watcher).await, []);
}

#[tokio::test]
async fn webhooks_that_nobody_sends_raise_an_alarm_while_the_endpoint_is_enabled() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["capture.*"]).await;
    // It queues, and sends nothing.
    let watcher = shop
        .replica_with(|settings| {
            impatient(settings);
            settings.webhooks.at_once = 0;
        })
        .await;
    for order in orders(&shop, 2).await {
        shop.act(order.id, capture(&[])).await.unwrap();
    }
    shop.work_off().await;
    watcher.webhooks_once().await.unwrap();

    let alarm = only_alarm(&watcher).await;
    assert_eq!((alarm.kind, alarm.count), (AlarmKind::WebhooksLate, 2));
    assert!(alarm.message.contains(&format!("about 2 sales, to {}.", endpoint.id)), "{alarm:?}");
    let set = async |enabled| {
        let change = kvitt_engine::webhooks::WebhookEndpointChange {
            url: None,
            description: None,
            events: None,
            enabled: Some(enabled),
        };
        shop.engine.change_webhook_endpoint(endpoint.id, &change, &merchant()).await.unwrap();
    };
    set(false).await;
    assert_eq!(kinds(&watcher).await, [], "nobody is to be told");
    set(true).await;
    assert_eq!(kinds(&watcher).await, [AlarmKind::WebhooksLate]);
    shop.engine.webhooks_once().await.unwrap();
    assert_eq!(consumer.taken().len(), 4);
    assert_eq!(kinds(&watcher).await, []);
}
