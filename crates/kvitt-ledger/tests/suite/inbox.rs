//! What Klarna sent: kept as it came, once.

use std::sync::Arc;

use kvitt_ledger::{Append, Heard, InboxDoor, Ledger, MESSAGES_MAX, NewMessage};
use secrecy::ExposeSecret;

use super::sample::{moment, quiet_step, sale, step};

fn message(door: InboxDoor, content: &str, at: i64) -> NewMessage {
    NewMessage { door, content: content.into(), at: moment(at) }
}

async fn receive(ledger: &dyn Ledger, message: NewMessage) {
    let mut step = quiet_step(sale(1), 1);
    step.inbox = Some(message);
    ledger.append(step).await.unwrap();
}

async fn kept(ledger: &dyn Ledger) -> Vec<(InboxDoor, String, u32)> {
    let messages = ledger.inbox(sale(1)).await.unwrap();
    messages.iter().map(|it| (it.door, it.content.expose_secret().to_owned(), it.times)).collect()
}

pub(crate) async fn a_message_is_kept_once_and_counted(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    for at in [3, 5, 4] {
        receive(&*ledger, message(InboxDoor::Push, "{}", at)).await;
    }
    let messages = ledger.inbox(sale(1)).await.unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].times, 3);
    assert_eq!((messages[0].first_at, messages[0].last_at), (moment(3), moment(5)));
    assert!(!format!("{messages:?}").contains("{}\""), "{messages:?}");
    assert!(ledger.inbox(sale(2)).await.unwrap().is_empty());
}

pub(crate) async fn another_door_or_another_word_is_another_message(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    receive(&*ledger, message(InboxDoor::Push, "a", 1)).await;
    receive(&*ledger, message(InboxDoor::Notification, "a", 2)).await;
    receive(&*ledger, message(InboxDoor::Confirmation, "b", 3)).await;
    receive(&*ledger, message(InboxDoor::Authorization, "b", 4)).await;
    let expected = [
        (InboxDoor::Push, "a".to_owned(), 1),
        (InboxDoor::Notification, "a".to_owned(), 1),
        (InboxDoor::Confirmation, "b".to_owned(), 1),
        (InboxDoor::Authorization, "b".to_owned(), 1),
    ];
    assert_eq!(kept(&*ledger).await, expected);
}

pub(crate) async fn a_sale_keeps_only_so_many(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    for number in 0..=MESSAGES_MAX {
        let number = i64::from(number);
        receive(&*ledger, message(InboxDoor::Push, &number.to_string(), number)).await;
    }
    receive(&*ledger, message(InboxDoor::Push, "0", 900)).await;
    let kept = kept(&*ledger).await;
    assert_eq!(kept.len(), MESSAGES_MAX as usize);
    assert_eq!(kept[0], (InboxDoor::Push, "0".to_owned(), 2), "what is known is still counted");
}

pub(crate) async fn erasing_empties_what_they_said(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    receive(&*ledger, message(InboxDoor::Authorization, "a token", 1)).await;
    ledger.erase_personal(sale(1)).await.unwrap();
    assert_eq!(kept(&*ledger).await, [(InboxDoor::Authorization, String::new(), 1)]);
}

/// A checkout that is opened, and an order that comes of it, unless it is left.
fn opened(number: u128, at: i64, placed_at: Option<i64>) -> Append {
    let mut step = step(sale(number), 0);
    step.summary.created_at = moment(at);
    step.summary.placed_at = placed_at.map(moment);
    step
}

fn heard(at: Option<i64>, orders_since: u32, first_order_at: Option<i64>) -> Heard {
    Heard { at: at.map(moment), orders_since, first_order_at: first_order_at.map(moment) }
}

pub(crate) async fn klarna_is_heard_of_by_its_own_messages_alone(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.heard().await.unwrap(), heard(None, 0, None));
    ledger.append(step(sale(1), 0)).await.unwrap();
    receive(&*ledger, message(InboxDoor::Confirmation, "a browser", 90)).await;
    assert_eq!(ledger.heard().await.unwrap(), heard(None, 0, None));

    for (door, at, newest) in [
        (InboxDoor::Push, 10, 10),
        (InboxDoor::Notification, 30, 30),
        (InboxDoor::Authorization, 20, 30),
        // The same message again.
        (InboxDoor::Push, 40, 40),
    ] {
        receive(&*ledger, message(door, "a", at)).await;
        assert_eq!(ledger.heard().await.unwrap().at, Some(moment(newest)), "{door:?}");
    }
    ledger.erase_personal(sale(1)).await.unwrap();
    assert_eq!(ledger.heard().await.unwrap().at, Some(moment(40)), "that it came stays");
}

pub(crate) async fn orders_are_counted_that_came_after_the_last_word(ledger: Arc<dyn Ledger>) {
    for (number, at, placed_at) in
        [(1, 0, Some(5)), (2, 10, None), (3, 20, Some(60)), (4, 30, Some(50)), (5, 40, None)]
    {
        ledger.append(opened(number, at, placed_at)).await.unwrap();
    }
    assert_eq!(ledger.heard().await.unwrap(), heard(None, 3, Some(5)));

    for (at, orders, first) in [(19, 2, Some(50)), (20, 1, Some(50)), (30, 0, None)] {
        let mut told = quiet_step(sale(1), 1);
        told.summary.placed_at = Some(moment(5));
        told.inbox = Some(message(InboxDoor::Push, "a", at));
        ledger.append(told).await.unwrap();
        assert_eq!(ledger.heard().await.unwrap(), heard(Some(at), orders, first));
    }
}

pub(crate) async fn counting_ends_where_there_are_many(ledger: Arc<dyn Ledger>) {
    let many = Heard::ORDERS_MAX + 1;
    let steps = (1..=many).map(|number| opened(number.into(), number.into(), Some(2_000)));
    let appends = steps.map(|step| {
        let ledger = Arc::clone(&ledger);
        tokio::spawn(async move { ledger.append(step).await.map(drop) })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap().unwrap();
    }
    assert_eq!(ledger.heard().await.unwrap(), heard(None, Heard::ORDERS_MAX, Some(2_000)));
}
