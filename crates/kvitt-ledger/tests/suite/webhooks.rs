//! Webhooks: endpoints, and what waits to be sent to them. A lease of nothing has ended at once,
//! so no test waits.

use std::sync::Arc;
use std::time::Duration;

use kvitt_core::{EventId, Requester, SaleId};
use kvitt_ledger::{
    FeedSpan, Ledger, LedgerError, NewWebhookMessage, WebhookAttempt, WebhookBatch, WebhookClaim,
    WebhookDisabled, WebhookEndpoint, WebhookMessage, WebhookMessageQuery, WebhookNext,
    WebhookRequest, WebhookState, WebhookStore,
};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::sample::{api_key, endpoint, endpoint_id, moment, sale, step};

const LONG: Duration = Duration::from_hours(1);
const NOW: Duration = Duration::ZERO;
const TAKEN: WebhookNext = WebhookNext::Delivered { lease: LONG };

/// An endpoint, and sales with one event each.
async fn ready(ledger: &dyn Ledger, sales: u128) -> &dyn WebhookStore {
    let store = ledger.webhooks();
    store.insert_webhook_endpoint(&endpoint(1, 0), None).await.unwrap();
    for number in 1..=sales {
        ledger.append(step(sale(number), 0)).await.unwrap();
    }
    store
}

fn event(number: u64) -> EventId {
    EventId(Uuid::from_u128(u128::from(number)))
}

/// The message about a sale's event; the event's id and position are made of its number alone.
fn message(seq: u64) -> NewWebhookMessage {
    NewWebhookMessage { seq, event: event(seq), name: format!("number.{seq}"), position: seq }
}

fn batch(number: u128, seqs: &[u64]) -> WebhookBatch {
    WebhookBatch {
        sale: sale(number),
        endpoint: endpoint_id(1),
        messages: seqs.iter().map(|seq| message(*seq)).collect(),
        again: false,
    }
}

async fn claim(store: &dyn WebhookStore, limit: u32, lease: Duration, id: u128) -> Vec<SaleId> {
    let claims = store.claim_webhooks(endpoint_id(1), limit, lease, Uuid::from_u128(id)).await;
    claims.unwrap().into_iter().map(|claim| claim.sale).collect()
}

fn held(number: u128, id: u128) -> WebhookClaim {
    WebhookClaim { sale: sale(number), endpoint: endpoint_id(1), claim: Uuid::from_u128(id) }
}

fn attempt(claim: WebhookClaim, seq: u64, next: WebhookNext) -> WebhookAttempt {
    let failed = !matches!(next, WebhookNext::Delivered { .. });
    WebhookAttempt {
        claim,
        seq,
        at: moment(i64::try_from(seq).unwrap()),
        status: Some(if failed { 500 } else { 204 }),
        problem: failed.then(|| "it answered 500".to_owned()),
        next,
    }
}

async fn next(store: &dyn WebhookStore, number: u128) -> Option<u64> {
    let next = store.next_webhook(sale(number), endpoint_id(1)).await.unwrap();
    next.map(|message| message.seq)
}

async fn the_message(store: &dyn WebhookStore, seq: u64) -> WebhookMessage {
    store.webhook_message(endpoint_id(1), event(seq)).await.unwrap().unwrap()
}

fn is_lost(answer: Result<(), LedgerError>) {
    let error = answer.unwrap_err();
    assert!(matches!(error, LedgerError::LeaseLost), "{error}");
}

/// What of an endpoint can be compared.
fn seen(endpoint: &WebhookEndpoint) -> String {
    let previous = endpoint.previous_secret.as_ref().map(|(old, at)| (old.expose_secret(), at));
    format!("{endpoint:?} {} {previous:?}", endpoint.secret.expose_secret())
}

pub(crate) async fn an_endpoint_is_read_back_as_it_was_stored(ledger: Arc<dyn Ledger>) {
    let store = ledger.webhooks();
    let events = vec!["capture.*".to_owned(), "order.read".to_owned()];
    let younger = WebhookEndpoint { events, position: 7, ..endpoint(1, 20) };
    let older = endpoint(2, 10);
    store.insert_webhook_endpoint(&younger, None).await.unwrap();
    store.insert_webhook_endpoint(&older, None).await.unwrap();

    let all: Vec<_> = store.webhook_endpoints().await.unwrap().iter().map(seen).collect();
    assert_eq!(all, [seen(&older), seen(&younger)], "oldest first");
    let one = store.webhook_endpoint(endpoint_id(1)).await.unwrap().unwrap();
    assert_eq!(seen(&one), seen(&younger));
    assert!(store.webhook_endpoint(endpoint_id(3)).await.unwrap().is_none());
}

pub(crate) async fn a_change_is_stored_against_its_revision_alone(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 0).await;
    store.move_webhook_position(endpoint_id(1), 0, 9).await.unwrap();
    store.touch_webhook_endpoint(endpoint_id(1), moment(5)).await.unwrap();
    let changed = WebhookEndpoint {
        url: "https://shop.example/other".to_owned(),
        description: "other".to_owned(),
        events: vec!["capture.done".to_owned()],
        secret: "whsec_new".into(),
        previous_secret: Some(("whsec_of-1".into(), moment(30))),
        enabled_at: moment(8),
        disabled: Some(WebhookDisabled { at: moment(9), reason: "it answered 410".to_owned() }),
        again: Some(FeedSpan { after: 2, until: 6 }),
        ..endpoint(1, 0)
    };
    assert!(store.update_webhook_endpoint(&changed, None, false).await.unwrap());
    let expected = WebhookEndpoint {
        revision: 1,
        position: 9,
        delivered_at: Some(moment(5)),
        ..changed.clone()
    };
    let stored = store.webhook_endpoint(endpoint_id(1)).await.unwrap().unwrap();
    assert_eq!(seen(&stored), seen(&expected));

    assert!(!store.update_webhook_endpoint(&changed, None, false).await.unwrap(), "an old one");
    let unknown = WebhookEndpoint { revision: 1, ..endpoint(2, 0) };
    assert!(!store.update_webhook_endpoint(&unknown, None, false).await.unwrap());
    let back = WebhookEndpoint { revision: 1, ..endpoint(1, 0) };
    assert!(store.update_webhook_endpoint(&back, None, false).await.unwrap());
    let stored = store.webhook_endpoint(endpoint_id(1)).await.unwrap().unwrap();
    assert_eq!((stored.disabled, stored.previous_secret.is_none()), (None, true));
    assert_eq!((stored.again, stored.revision), (None, 2));
}

fn request(key: &str, hash: u8) -> WebhookRequest {
    WebhookRequest {
        requester: Requester::ApiKey(api_key(1)),
        key: key.to_owned(),
        request_hash: [hash; 32],
        endpoint: endpoint_id(1),
        at: moment(3),
    }
}

pub(crate) async fn a_request_is_taken_once(ledger: Arc<dyn Ledger>) {
    let store = ledger.webhooks();
    ledger.append(step(sale(1), 0)).await.unwrap();
    let taken = |answer: Result<(), LedgerError>| {
        assert!(matches!(answer, Err(LedgerError::IdempotencyKeyTaken)), "{answer:?}");
    };
    let first = request("a", 1);
    store.insert_webhook_endpoint(&endpoint(1, 0), Some(&first)).await.unwrap();
    let found = store.webhook_request(first.requester, "a").await.unwrap();
    assert_eq!(found, Some(first.clone()));
    for (requester, key) in [(first.requester, "b"), (Requester::ApiKey(api_key(2)), "a")] {
        assert_eq!(store.webhook_request(requester, key).await.unwrap(), None, "{key}");
    }
    taken(store.insert_webhook_endpoint(&endpoint(2, 0), Some(&request("a", 2))).await);
    assert_eq!(store.webhook_endpoints().await.unwrap().len(), 1);
    let update = store.update_webhook_endpoint(&endpoint(1, 0), Some(&first), false).await;
    taken(update.map(drop));
    taken(store.queue_webhooks(&batch(1, &[1]), Some(&first)).await);
    assert_eq!(next(store, 1).await, None, "nothing of it is stored");

    store.queue_webhooks(&batch(1, &[1]), Some(&request("b", 1))).await.unwrap();
    assert!(
        store
            .update_webhook_endpoint(&endpoint(1, 0), Some(&request("c", 1)), false)
            .await
            .unwrap()
    );
    // A change that is not stored takes no key.
    let late = request("d", 1);
    assert!(!store.update_webhook_endpoint(&endpoint(1, 0), Some(&late), false).await.unwrap());
    assert_eq!(store.webhook_request(first.requester, "d").await.unwrap(), None);
}

pub(crate) async fn a_deleted_endpoint_is_told_nothing(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 1).await, [sale(1)]);

    assert!(store.delete_webhook_endpoint(endpoint_id(1)).await.unwrap());
    assert!(!store.delete_webhook_endpoint(endpoint_id(1)).await.unwrap());

    assert!(store.webhook_endpoint(endpoint_id(1)).await.unwrap().is_none());
    is_lost(store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await);
    is_lost(store.release_webhooks(&held(1, 1), NOW).await);
    // Whoever follows the feed may not have noticed yet.
    store.queue_webhooks(&batch(1, &[2]), None).await.unwrap();
    store.touch_webhook_endpoint(endpoint_id(1), moment(1)).await.unwrap();
    store.move_webhook_position(endpoint_id(1), 0, 1).await.unwrap();
    assert_eq!(claim(store, 10, LONG, 2).await, []);
    assert!(store.webhook_message(endpoint_id(1), event(2)).await.unwrap().is_none());
}

pub(crate) async fn no_secret_is_printed(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 0).await;
    let changed = WebhookEndpoint {
        previous_secret: Some(("whsec_old".into(), moment(1))),
        ..endpoint(1, 0)
    };
    assert!(store.update_webhook_endpoint(&changed, None, false).await.unwrap());
    let endpoints = store.webhook_endpoints().await.unwrap();
    assert_eq!(endpoints[0].secret.expose_secret(), "whsec_of-1");
    let printed = format!("{endpoints:?}");
    assert!(printed.contains("endpoint 1") && !printed.contains("whsec_"), "{printed}");
}

pub(crate) async fn positions_move_on_from_where_they_are(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 0).await;
    let id = endpoint_id(1);
    let now = || async {
        let it = store.webhook_endpoint(id).await.unwrap().unwrap();
        (it.position, it.again, it.revision)
    };
    store.move_webhook_position(id, 0, 5).await.unwrap();
    store.move_webhook_position(id, 0, 3).await.unwrap();
    store.move_webhook_position(id, 4, 9).await.unwrap();
    assert_eq!(now().await, (5, None, 0));

    let whole = FeedSpan { after: 1, until: 5 };
    let rest = FeedSpan { after: 3, until: 5 };
    let again = WebhookEndpoint { again: Some(whole), ..endpoint(1, 0) };
    assert!(store.update_webhook_endpoint(&again, None, false).await.unwrap());
    store.move_webhook_again(id, rest, None).await.unwrap();
    store.move_webhook_again(id, FeedSpan { after: 1, until: 4 }, None).await.unwrap();
    assert_eq!(now().await, (5, Some(whole), 1), "it is another span");
    store.move_webhook_again(id, whole, Some(rest)).await.unwrap();
    assert_eq!(now().await, (5, Some(rest), 2));
    store.move_webhook_again(id, rest, None).await.unwrap();
    assert_eq!(now().await, (5, None, 3));
}

pub(crate) async fn the_feeds_end_is_its_last_position(ledger: Arc<dyn Ledger>) {
    assert_eq!(ledger.webhooks().feed_end().await.unwrap(), 0);
    for number in 1..=3 {
        ledger.append(step(sale(number), 0)).await.unwrap();
    }
    let last = super::feed::shown(&*ledger, 3).await.last().unwrap().position;
    assert_eq!(ledger.webhooks().feed_end().await.unwrap(), last);
}

pub(crate) async fn a_sales_messages_come_one_after_the_other(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[3, 1, 2]), None).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 1).await, [sale(1)]);
    for seq in 1..=3 {
        assert_eq!(next(store, 1).await, Some(seq));
        assert_eq!(claim(store, 1, LONG, 2).await, [], "it is held until the lease ends");
        store.record_webhook(&attempt(held(1, 1), seq, TAKEN)).await.unwrap();
    }
    assert_eq!(next(store, 1).await, None);
    store.release_webhooks(&held(1, 1), NOW).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 2).await, [], "nothing waits any more");
    let first = the_message(store, 1).await;
    assert_eq!((first.state, first.attempts), (WebhookState::Delivered, 1));
    assert_eq!((first.status, first.problem), (Some(204), None));
    assert_eq!(first.first_attempt_at, Some(moment(1)));
    assert_eq!(first.last_attempt_at, Some(moment(1)));
}

pub(crate) async fn what_is_queued_twice_is_sent_once(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    assert_eq!(claim(store, 10, LONG, 1).await, [sale(1)]);
    store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await.unwrap();
    store.release_webhooks(&held(1, 1), NOW).await.unwrap();
    // Another replica follows the feed, later.
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    assert_eq!(claim(store, 10, LONG, 2).await, []);
    assert_eq!(next(store, 1).await, None);
}

pub(crate) async fn what_was_sent_is_sent_again_when_asked_for(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1, 2, 3]), None).await.unwrap();
    claim(store, 1, LONG, 1).await;
    store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await.unwrap();
    let given_up = WebhookNext::GivenUp { lease: LONG };
    store.record_webhook(&attempt(held(1, 1), 2, given_up)).await.unwrap();
    assert_eq!(the_message(store, 2).await.state, WebhookState::GivenUp);
    let later = WebhookNext::Again { due_in: LONG };
    store.record_webhook(&attempt(held(1, 1), 3, later)).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 2).await, []);

    let again = WebhookBatch { again: true, ..batch(1, &[2, 3, 4]) };
    store.queue_webhooks(&again, None).await.unwrap();

    assert_eq!(the_message(store, 1).await.state, WebhookState::Delivered);
    let anew = the_message(store, 2).await;
    assert_eq!((anew.state, anew.attempts), (WebhookState::Pending, 0));
    assert_eq!((anew.first_attempt_at, anew.last_attempt_at), (None, None));
    assert_eq!((anew.status, anew.problem), (None, None));
    assert_eq!(the_message(store, 3).await.attempts, 1, "it is being sent as it is");
    assert_eq!(claim(store, 1, LONG, 3).await, [sale(1)], "now");
    // A claim is not disturbed by it.
    store.queue_webhooks(&again, None).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 4).await, []);
    for seq in 2..=4 {
        assert_eq!(next(store, 1).await, Some(seq));
        store.record_webhook(&attempt(held(1, 3), seq, TAKEN)).await.unwrap();
    }
}

pub(crate) async fn a_message_that_is_not_taken_waits_and_holds_up_its_sale_alone(
    ledger: Arc<dyn Ledger>,
) {
    let store = ready(&*ledger, 2).await;
    store.queue_webhooks(&batch(1, &[1, 2]), None).await.unwrap();
    claim(store, 1, LONG, 1).await;
    let later = WebhookNext::Again { due_in: LONG };
    store.record_webhook(&attempt(held(1, 1), 1, later)).await.unwrap();
    is_lost(store.record_webhook(&attempt(held(1, 1), 1, later)).await);
    store.queue_webhooks(&batch(1, &[3]), None).await.unwrap();
    store.queue_webhooks(&batch(2, &[4]), None).await.unwrap();

    assert_eq!(claim(store, 10, LONG, 2).await, [sale(2)]);
    assert_eq!(next(store, 1).await, Some(1));
    let failing = the_message(store, 1).await;
    assert_eq!((failing.state, failing.attempts), (WebhookState::Failing, 1));
    assert_eq!(failing.status, Some(500));
    assert_eq!(failing.problem.as_deref(), Some("it answered 500"));
}

pub(crate) async fn what_came_meanwhile_is_not_missed(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    claim(store, 1, LONG, 1).await;
    store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await.unwrap();
    assert_eq!(next(store, 1).await, None);
    store.queue_webhooks(&batch(1, &[2]), None).await.unwrap();
    store.release_webhooks(&held(1, 1), NOW).await.unwrap();
    assert_eq!(claim(store, 1, LONG, 2).await, [sale(1)]);
    assert_eq!(next(store, 1).await, Some(2));
}

pub(crate) async fn a_claim_that_ended_writes_nothing(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1]), None).await.unwrap();
    assert_eq!(claim(store, 1, NOW, 1).await, [sale(1)]);
    assert_eq!(claim(store, 1, LONG, 2).await, [sale(1)], "its lease has ended");
    is_lost(store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await);
    is_lost(store.release_webhooks(&held(1, 1), NOW).await);
    assert_eq!(the_message(store, 1).await.attempts, 0);
    store.record_webhook(&attempt(held(1, 2), 1, TAKEN)).await.unwrap();
    store.release_webhooks(&held(1, 2), NOW).await.unwrap();
    is_lost(store.release_webhooks(&held(1, 2), NOW).await);
}

pub(crate) async fn claims_are_of_one_endpoint_and_no_more_than_asked_for(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 3).await;
    store.insert_webhook_endpoint(&endpoint(2, 0), None).await.unwrap();
    for number in 1..=3 {
        store.queue_webhooks(&batch(number, &[1]), None).await.unwrap();
    }
    let other = WebhookBatch { endpoint: endpoint_id(2), ..batch(1, &[1]) };
    store.queue_webhooks(&other, None).await.unwrap();

    let first = claim(store, 2, LONG, 1).await;
    let second = claim(store, 2, LONG, 2).await;
    assert_eq!((first.len(), second.len()), (2, 1));
    assert!(!first.contains(&second[0]) && first[0] != first[1]);
    let claims = store.claim_webhooks(endpoint_id(2), 10, LONG, Uuid::from_u128(3)).await.unwrap();
    assert_eq!(claims, [WebhookClaim { endpoint: endpoint_id(2), ..held(1, 3) }]);
    assert_eq!(claim(store, 0, LONG, 4).await, [], "all are held");
}

pub(crate) async fn waking_makes_all_that_waits_due(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 2).await;
    for number in 1..=2 {
        store.queue_webhooks(&batch(number, &[1]), None).await.unwrap();
    }
    assert_eq!(claim(store, 2, LONG, 1).await.len(), 2);
    let later = WebhookNext::Again { due_in: LONG };
    store.record_webhook(&attempt(held(1, 1), 1, later)).await.unwrap();
    assert!(store.update_webhook_endpoint(&endpoint(1, 0), None, false).await.unwrap());
    assert_eq!(claim(store, 2, LONG, 2).await, []);
    let changed = WebhookEndpoint { revision: 1, ..endpoint(1, 0) };
    assert!(store.update_webhook_endpoint(&changed, None, true).await.unwrap());
    assert_eq!(claim(store, 2, LONG, 3).await, [sale(1)], "but for what is held");
}

pub(crate) async fn what_nobody_sent_for_long_is_late(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 2).await;
    store.insert_webhook_endpoint(&endpoint(2, 0), None).await.unwrap();
    let late = async |number, by| store.late_webhooks(endpoint_id(number), by).await.unwrap();
    let count = async || late(1, NOW).await.map_or(0, |late| late.count);
    assert_eq!(late(1, NOW).await, None);
    for number in [1, 2] {
        store.queue_webhooks(&batch(number, &[1, 2]), None).await.unwrap();
    }
    assert_eq!(count().await, 2, "sales, not messages");
    assert_eq!(late(1, LONG).await, None, "they have not waited for that long");
    assert_eq!(late(2, NOW).await, None, "the other endpoint has nothing to wait for");

    claim(store, 1, LONG, 1).await;
    assert_eq!(count().await, 1, "one is held");
    claim(store, 1, NOW, 2).await;
    assert_eq!(count().await, 1, "the lease is over");
    store.delete_webhook_endpoint(endpoint_id(1)).await.unwrap();
    assert_eq!(late(1, NOW).await, None);
}

pub(crate) async fn messages_are_listed_newest_first_by_state(ledger: Arc<dyn Ledger>) {
    let store = ready(&*ledger, 1).await;
    store.queue_webhooks(&batch(1, &[1, 2, 3, 4]), None).await.unwrap();
    claim(store, 1, LONG, 1).await;
    store.record_webhook(&attempt(held(1, 1), 1, TAKEN)).await.unwrap();
    let given_up = WebhookNext::GivenUp { lease: LONG };
    store.record_webhook(&attempt(held(1, 1), 2, given_up)).await.unwrap();
    let later = WebhookNext::Again { due_in: NOW };
    store.record_webhook(&attempt(held(1, 1), 3, later)).await.unwrap();
    let all = WebhookMessageQuery { endpoint: endpoint_id(1), state: None, before: None, limit: 9 };
    let list = async |query: WebhookMessageQuery| -> Vec<u64> {
        let found = store.webhook_messages(&query).await.unwrap();
        found.iter().map(|message| message.position).collect()
    };
    assert_eq!(list(all.clone()).await, [4, 3, 2, 1]);
    assert_eq!(list(WebhookMessageQuery { limit: 2, ..all.clone() }).await, [4, 3]);
    assert_eq!(list(WebhookMessageQuery { before: Some(3), ..all.clone() }).await, [2, 1]);
    for (state, expected) in [
        (WebhookState::Delivered, 1),
        (WebhookState::GivenUp, 2),
        (WebhookState::Failing, 3),
        (WebhookState::Pending, 4),
    ] {
        assert_eq!(
            list(WebhookMessageQuery { state: Some(state), ..all.clone() }).await,
            [expected]
        );
        assert_eq!(WebhookState::named(state.as_str()), Some(state));
    }
    let other = WebhookMessageQuery { endpoint: endpoint_id(2), ..all };
    assert_eq!(list(other).await, [0_u64; 0]);
}

/// Claims what is due and sends it, and gives the messages that it sent.
async fn send_once(store: &dyn WebhookStore, id: u128) -> Vec<(SaleId, u64)> {
    let mut sent = Vec::new();
    let claim = Uuid::from_u128(id);
    for held in store.claim_webhooks(endpoint_id(1), 2, LONG, claim).await.unwrap() {
        while let Some(message) = store.next_webhook(held.sale, held.endpoint).await.unwrap() {
            store.record_webhook(&attempt(held, message.seq, TAKEN)).await.unwrap();
            sent.push((held.sale, message.seq));
        }
        store.release_webhooks(&held, NOW).await.unwrap();
    }
    sent
}

pub(crate) async fn nothing_is_lost_between_those_who_queue_and_those_who_send(
    ledger: Arc<dyn Ledger>,
) {
    const SALES: u128 = 3;
    const MESSAGES: u64 = 40;
    ready(&*ledger, SALES).await;
    let total = usize::try_from(SALES).unwrap() * usize::try_from(MESSAGES).unwrap();
    let queuing: Vec<_> = (0..2 * SALES)
        .map(|number| {
            // Two replicas follow the feed.
            let (ledger, number) = (Arc::clone(&ledger), number % SALES + 1);
            tokio::spawn(async move {
                for seq in 1..=MESSAGES {
                    ledger.webhooks().queue_webhooks(&batch(number, &[seq]), None).await.unwrap();
                }
            })
        })
        .collect();
    let sending: Vec<_> = (1..=3_u128)
        .map(|worker| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move {
                let mut sent = Vec::new();
                for round in 0..400 {
                    sent.extend(send_once(ledger.webhooks(), (worker << 32) + round).await);
                    tokio::task::yield_now().await;
                }
                sent
            })
        })
        .collect();
    for queuer in queuing {
        queuer.await.unwrap();
    }
    let mut sent = Vec::new();
    for sender in sending {
        sent.extend(sender.await.unwrap());
    }
    // Whatever is left now is due.
    loop {
        let rest = send_once(ledger.webhooks(), u128::from(u64::MAX)).await;
        if rest.is_empty() {
            break;
        }
        sent.extend(rest);
    }
    assert_eq!(sent.len(), total, "each is sent, and none twice");
    sent.sort_unstable();
    sent.dedup();
    assert_eq!(sent.len(), total);
}
