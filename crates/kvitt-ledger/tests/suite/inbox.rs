//! What Klarna sent: kept as it came, once.

use std::sync::Arc;

use kvitt_ledger::{InboxDoor, Ledger, MESSAGES_MAX, NewMessage};
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
