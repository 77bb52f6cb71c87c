//! Webhooks: what is sent, in which order, and what becomes of it when the shop does not take it.

use std::collections::BTreeSet;
use std::time::Duration;

use kvitt_core::{Event, Sale, SaleId};
use kvitt_engine::Engine;
use kvitt_engine::webhooks::{WebhookEndpointChange, WebhookEndpointInput};
use kvitt_ledger::{WebhookEndpoint, WebhookMessageQuery, WebhookState};
use secrecy::SecretString;
use serde_json::json;

use crate::shop::{Shop, capture, merchant, refund};
use crate::webhook_consumer::{Consumer, Received};

const ENABLE: WebhookEndpointChange =
    WebhookEndpointChange { url: None, description: None, events: None, enabled: Some(true) };

pub(crate) async fn endpoint(shop: &Shop, url: &str, events: &[&str]) -> WebhookEndpoint {
    let input = WebhookEndpointInput {
        url: url.to_owned(),
        description: String::new(),
        events: events.iter().map(|&event| event.to_owned()).collect(),
    };
    shop.engine.create_webhook_endpoint(input, &merchant()).await.unwrap().endpoint
}

pub(crate) async fn now(shop: &Shop, endpoint: &WebhookEndpoint) -> WebhookEndpoint {
    shop.engine.webhook_endpoint(endpoint.id).await.unwrap()
}

/// Sends what is due, for so many rounds. Pauses last no time in these tests.
pub(crate) async fn rounds(engine: &Engine, count: usize) {
    for _ in 0..count {
        engine.webhooks_once().await.unwrap();
    }
}

async fn names(shop: &Shop, sale: SaleId) -> Vec<String> {
    let feed = shop.engine.ledger().feed(0, 1_000).await.unwrap();
    feed.into_iter().filter(|entry| entry.sale == sale).map(|entry| entry.name).collect()
}

fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(|it| it.id.as_str()).collect()
}

#[tokio::test]
async fn every_event_of_a_sale_is_sent_once_in_order_and_signed() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &[]).await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[("l1", 1)])).await.unwrap();
    rounds(&shop.engine, 2).await;

    let received = consumer.received();
    let events = shop.engine.ledger().events(sale.id).await.unwrap();
    let expected: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(ids(&received), expected);
    assert_eq!(consumer.taken(), names(&shop, sale.id).await);
    for (received, event) in received.iter().zip(&events) {
        assert!(received.is_signed_with(&endpoint.secret));
        assert_eq!(received.signatures.len(), 1);
        assert!(
            !received.is_signed_with(&SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        );
        assert_eq!(received.json()["timestamp"], json!(event.at));
        assert_eq!(received.json()["data"]["event"]["seq"], event.seq);
    }
    let last = received.last().unwrap().json();
    assert_eq!(last["type"], "capture.done");
    assert_eq!(last["data"]["event"]["data"]["outcome"]["kind"], "captured");
    assert_eq!(last["data"]["checkout"]["merchant_reference1"], "order 17");
    assert_eq!(last["data"]["order"]["captured_amount"], 10_000);
    assert_eq!(last["data"]["order"]["status"], "PART_CAPTURED");
    assert_eq!(last["data"]["order"]["may_ship"], json!({"allowed": true, "reason": "authorized"}));
    rounds(&shop.engine, 1).await;
    assert_eq!(consumer.received().len(), expected.len(), "nothing is sent twice");
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_first_and_says_the_same() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["place.*", "capture.done"]).await;
    consumer.answer(|_| 500);
    let sale = shop.order().await;
    rounds(&shop.engine, 2).await;
    assert_eq!(ids(&consumer.received()).iter().collect::<BTreeSet<_>>().len(), 1);
    // The order goes on meanwhile.
    shop.act(sale.id, capture(&[])).await.unwrap();
    let query = WebhookMessageQuery { endpoint: endpoint.id, state: None, before: None, limit: 9 };
    rounds(&shop.engine, 1).await;
    let waiting = shop.engine.ledger().webhooks().webhook_messages(&query).await.unwrap();
    let states: Vec<_> = waiting.iter().map(|it| (it.name.as_str(), it.state)).collect();
    assert_eq!(
        states,
        [
            ("capture.done", WebhookState::Pending),
            ("place.done", WebhookState::Pending),
            ("place.requested", WebhookState::Failing),
        ]
    );
    assert_eq!(
        (waiting[2].status, waiting[2].problem.as_deref()),
        (Some(500), Some("it answered 500"))
    );

    consumer.answer(|_| 200);
    rounds(&shop.engine, 1).await;
    assert_eq!(consumer.taken(), ["place.requested", "place.done", "capture.done"]);
    let received = consumer.received();
    assert_eq!(received.len(), 6, "three in vain, three taken");
    for repeated in &received[..4] {
        assert_eq!((&repeated.id, &repeated.body), (&received[0].id, &received[0].body));
    }
}

#[tokio::test]
async fn a_message_says_how_it_was_then_and_not_how_it_is_now() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    endpoint(&shop, &consumer.url, &["place.done", "capture.done", "refund.done"]).await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    shop.act(sale.id, refund(&[("l1", 1)])).await.unwrap();
    shop.advance("P40D").await;
    rounds(&shop.engine, 1).await;
    let seen: Vec<_> = consumer
        .received()
        .iter()
        .map(|received| {
            let order = &received.json()["data"]["order"];
            json!([
                received.kind(),
                order["status"],
                order["captured_amount"],
                order["refunded_amount"],
                order["may_ship"]["reason"]
            ])
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["place.done", "AUTHORIZED", 0, 0, "authorized"]),
            json!(["capture.done", "CAPTURED", 55_000, 0, "captured"]),
            json!(["refund.done", "CAPTURED", 55_000, 10_000, "captured"]),
        ]
    );
}

#[tokio::test]
async fn no_message_holds_a_secret_or_anything_about_a_person() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    endpoint(&shop, &consumer.url, &[]).await;
    let sale = shop.checkout().await;
    let person = json!({"billing_address": {"given_name": "Astrid", "family_name": "Lind",
        "email": "astrid@example.com", "street_address": "Storgatan 1", "postal_code": "11122",
        "city": "Stockholm", "phone": "+46700000000", "country": "SE"}});
    let approved = json!({"outcome": "approved", "callback": "never", "data": person});
    let answer = shop.authorize_with(&sale, approved).await;
    let token = answer["authorization_token"].as_str().unwrap();
    shop.hand_in(sale.id, token).await.unwrap();
    rounds(&shop.engine, 1).await;
    let sent: String = consumer.received().into_iter().map(|it| it.body).collect();
    assert!(sent.contains("place.done"), "{sent}");
    for secret in [token, "Astrid", "Storgatan", "astrid@example.com", "+4670", "whsec_", "eyJ"] {
        assert!(!sent.contains(secret), "{secret}: {sent}");
    }
}

#[tokio::test]
async fn an_endpoint_is_told_what_happens_after_it_was_made_as_far_as_it_wants() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let before = shop.order().await;
    endpoint(&shop, &consumer.url, &["capture.*", "refund.done"]).await;
    shop.act(before.id, capture(&[("l1", 1)])).await.unwrap();
    shop.act(before.id, refund(&[])).await.unwrap();
    rounds(&shop.engine, 1).await;
    assert_eq!(consumer.taken(), ["capture.requested", "capture.done", "refund.done"]);
}

#[tokio::test]
async fn nothing_is_lost_over_a_time_in_which_the_endpoint_was_disabled() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["place.done", "capture.done"]).await;
    let old = shop.order().await;
    rounds(&shop.engine, 1).await;
    let disable =
        WebhookEndpointChange { enabled: Some(false), ..WebhookEndpointChange::default() };
    shop.engine.change_webhook_endpoint(endpoint.id, &disable, &merchant()).await.unwrap();
    shop.act(old.id, capture(&[])).await.unwrap();
    shop.order().await;
    rounds(&shop.engine, 2).await;
    assert_eq!(consumer.taken(), ["place.done"]);
    shop.engine.change_webhook_endpoint(endpoint.id, &ENABLE, &merchant()).await.unwrap();
    rounds(&shop.engine, 1).await;
    let mut taken = consumer.taken();
    taken.sort_unstable();
    assert_eq!(taken, ["capture.done", "place.done", "place.done"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_on_many_replicas_send_each_message_once_and_each_sale_in_order() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    endpoint(&shop, &consumer.url, &[]).await;
    let mut replicas = vec![shop.engine.clone()];
    for _ in 0..2 {
        replicas.push(shop.another_replica().await);
    }
    let mut sales = Vec::new();
    for _ in 0..4 {
        sales.push(shop.order().await.id);
    }
    let workers: Vec<_> = replicas
        .into_iter()
        .map(|engine| tokio::spawn(async move { rounds(&engine, 20).await }))
        .collect();
    for sale in &sales {
        shop.act(*sale, capture(&[("l1", 1)])).await.unwrap();
        shop.act(*sale, capture(&[("l1", 1)])).await.unwrap();
    }
    for worker in workers {
        worker.await.unwrap();
    }
    rounds(&shop.engine, 2).await;
    for sale in sales {
        let face = sale.checkout_id().to_string();
        let received = consumer.received();
        let kinds: Vec<_> =
            received.iter().filter(|it| it.checkout() == face).map(Received::kind).collect();
        assert_eq!(kinds, names(&shop, sale).await);
    }
}

#[test]
fn a_process_that_dies_before_it_notes_the_answer_leads_to_the_same_message_again() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
    };
    let (dies, goes_on) = (runtime(), runtime());
    let shop = goes_on.block_on(Shop::open());
    let consumer = goes_on.block_on(Consumer::open());
    goes_on.block_on(endpoint(&shop, &consumer.url, &["place.done", "capture.done"]));
    let sale = goes_on.block_on(shop.order());
    let mortal =
        dies.block_on(shop.replica_with(|settings| settings.webhooks.lease = Duration::ZERO));
    consumer.close_gate();
    dies.spawn(async move { mortal.webhooks_once().await });
    goes_on.block_on(consumer.until_received(1));
    dies.shutdown_background();
    consumer.open_gate();

    goes_on.block_on(async {
        shop.act(sale.id, capture(&[])).await.unwrap();
        rounds(&shop.engine, 1).await;
    });
    let received = consumer.received();
    let kinds: Vec<_> = received.iter().map(Received::kind).collect();
    assert_eq!(kinds, ["place.done", "place.done", "capture.done"]);
    assert_eq!((&received[0].id, &received[0].body), (&received[1].id, &received[1].body));
}

/// What the sale's stream says about webhooks.
async fn told(shop: &Shop, sale: SaleId) -> Vec<Event> {
    let events = shop.engine.ledger().events(sale).await.unwrap();
    events.into_iter().map(|it| it.event).filter(Event::is_about_webhooks).collect()
}

#[tokio::test]
async fn after_three_days_a_dead_endpoint_is_disabled_and_the_others_are_told() {
    let shop = Shop::open().await;
    let (dead, alive) = (Consumer::open().await, Consumer::open().await);
    let dead_endpoint = endpoint(&shop, &dead.url, &["place.done"]).await;
    endpoint(&shop, &alive.url, &["place.done", "webhook_endpoint.*"]).await;
    dead.answer(|_| 503);
    let sale = shop.order().await;
    rounds(&shop.engine, 2).await;
    shop.advance("PT71H").await;
    rounds(&shop.engine, 1).await;
    assert_eq!(now(&shop, &dead_endpoint).await.disabled, None);
    shop.advance("PT1H").await;
    rounds(&shop.engine, 3).await;

    let disabled = now(&shop, &dead_endpoint).await.disabled.unwrap();
    assert_eq!(disabled.reason, "it answered 503");
    assert_eq!(dead.received().len(), 4, "nothing is sent to it any more");
    let reason = "it answered 503".to_owned();
    let event = Event::WebhookEndpointDisabled { endpoint: dead_endpoint.id, reason };
    assert_eq!(told(&shop, sale.id).await, [event]);
    assert_eq!(alive.taken(), ["place.done", "webhook_endpoint.disabled"]);

    // Enabled again it has three days anew, and what it did not take is still there.
    dead.answer(|received| if received.kind() == "place.done" { 503 } else { 200 });
    shop.engine.change_webhook_endpoint(dead_endpoint.id, &ENABLE, &merchant()).await.unwrap();
    shop.advance("PT71H").await;
    rounds(&shop.engine, 1).await;
    assert_eq!(now(&shop, &dead_endpoint).await.disabled, None);
    dead.answer(|_| 200);
    rounds(&shop.engine, 1).await;
    assert_eq!(dead.taken(), ["place.done"]);
    assert_eq!(told(&shop, sale.id).await.len(), 1);
}

#[tokio::test]
async fn an_endpoint_that_dies_a_second_time_is_told_of_a_second_time() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["place.done"]).await;
    consumer.answer(|_| 410);
    let sale = shop.order().await;
    for times in 1..=2 {
        rounds(&shop.engine, 2).await;
        let disabled = now(&shop, &endpoint).await.disabled.unwrap();
        assert_eq!(disabled.reason, "it answered 410", "at once: it is gone");
        assert_eq!(consumer.received().len(), times);
        assert_eq!(told(&shop, sale.id).await.len(), times);
        shop.advance("PT1S").await;
        shop.engine.change_webhook_endpoint(endpoint.id, &ENABLE, &merchant()).await.unwrap();
    }
}

#[tokio::test]
async fn one_message_that_is_never_taken_is_given_up_and_the_endpoint_stays() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint =
        endpoint(&shop, &consumer.url, &["place.done", "capture.done", "webhook.*"]).await;
    let sale = shop.order().await;
    let poison = sale.id.checkout_id().to_string();
    let about = poison.clone();
    consumer.answer(move |received| {
        let refused = received.checkout() == about && received.kind() != "capture.done";
        if refused { 500 } else { 200 }
    });
    rounds(&shop.engine, 1).await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    shop.advance("PT36H").await;
    let other = shop.order().await;
    rounds(&shop.engine, 1).await;
    shop.advance("PT36H").await;
    rounds(&shop.engine, 2).await;

    assert_eq!(now(&shop, &endpoint).await.disabled, None);
    let [Event::WebhookGivenUp { event, reason, .. }] = &*told(&shop, sale.id).await else {
        panic!("{:?}", told(&shop, sale.id).await)
    };
    assert_eq!(reason, "it answered 500");
    assert_eq!(event.to_string(), consumer.received()[0].id);
    let taken: Vec<_> = consumer
        .received()
        .iter()
        .filter(|it| it.status == 200)
        .map(|it| (it.kind(), it.checkout()))
        .collect();
    let other = other.id.checkout_id().to_string();
    assert_eq!(taken, [("place.done".to_owned(), other), ("capture.done".to_owned(), poison)]);

    // That it was given up is not taken either. Nobody is told of that for ever.
    shop.advance("PT36H").await;
    shop.order().await;
    rounds(&shop.engine, 2).await;
    shop.advance("PT36H").await;
    rounds(&shop.engine, 3).await;
    assert_eq!(told(&shop, sale.id).await.len(), 1);
    assert_eq!(now(&shop, &endpoint).await.disabled, None);
    let given_up = WebhookMessageQuery {
        endpoint: endpoint.id,
        state: Some(WebhookState::GivenUp),
        before: None,
        limit: 9,
    };
    let given_up = shop.engine.ledger().webhooks().webhook_messages(&given_up).await.unwrap();
    let names: Vec<_> = given_up.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["webhook.given_up", "place.done"]);
}

/// The problem that the first message met.
async fn problem(engine: &Engine, endpoint: &WebhookEndpoint) -> (Option<u16>, String) {
    let query = WebhookMessageQuery { endpoint: endpoint.id, state: None, before: None, limit: 99 };
    let messages = engine.ledger().webhooks().webhook_messages(&query).await.unwrap();
    let first = messages.last().unwrap();
    assert_eq!((first.state, first.attempts), (WebhookState::Failing, 1));
    (first.status, first.problem.clone().unwrap())
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["checkout.created"]).await;
    consumer.answer(|_| 307);
    shop.checkout().await;
    rounds(&shop.engine, 1).await;
    let (status, problem) = problem(&shop.engine, &endpoint).await;
    assert_eq!((status, problem.contains("redirects are not followed")), (Some(307), true));
    assert_eq!(consumer.received().len(), 1);
}

#[tokio::test]
async fn who_does_not_answer_in_time_or_at_all_has_not_taken_it() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let hasty = shop
        .replica_with(|settings| settings.webhooks.answer_within = Duration::from_millis(50))
        .await;
    let slow = endpoint(&shop, &consumer.url, &["checkout.created"]).await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gone =
        endpoint(&shop, &format!("http://{nobody}/secret-path"), &["checkout.created"]).await;
    consumer.close_gate();
    shop.checkout().await;
    hasty.webhooks_once().await.unwrap();
    let (status, text) = problem(&hasty, &slow).await;
    assert_eq!((status, text.contains("no answer")), (None, true), "{text}");
    let (status, text) = problem(&hasty, &gone).await;
    assert_eq!((status, text.contains("cannot be reached")), (None, true), "{text}");
    assert!(!text.contains("secret-path"), "{text}");
}

#[tokio::test]
async fn an_address_that_must_not_be_reached_is_not_connected_to() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let literal = endpoint(&shop, &consumer.url, &["checkout.created"]).await;
    let name = consumer.url.replace("127.0.0.1", "localhost");
    let named = endpoint(&shop, &name, &["checkout.created"]).await;
    shop.checkout().await;
    let strict = shop.replica_with(|settings| settings.webhooks.allow_private = false).await;
    strict.webhooks_once().await.unwrap();
    for endpoint in [literal, named] {
        let (status, problem) = problem(&strict, &endpoint).await;
        assert_eq!(status, None);
        assert!(problem.contains("private network"), "{problem}");
    }
    assert_eq!(consumer.received(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_that_hangs_delays_neither_acts_nor_other_endpoints() {
    let shop = Shop::open().await;
    let (hangs, alive) = (Consumer::open().await, Consumer::open().await);
    endpoint(&shop, &hangs.url, &[]).await;
    endpoint(&shop, &alive.url, &["place.done", "capture.done"]).await;
    hangs.close_gate();
    let engine = shop.engine.clone();
    let worker = tokio::spawn(async move { engine.work().await });
    for _ in 0..12 {
        let sale = shop.order().await;
        let captured = shop.act(sale.id, capture(&[])).await.unwrap();
        assert!(captured.state().unwrap().is_settled());
    }
    alive.until_received(24).await;
    let at_once = shop.engine.settings().webhooks.at_once;
    hangs.until_received(at_once).await;
    assert_eq!(hangs.received().len(), at_once, "and no more than that at a time");
    hangs.open_gate();
    let expected = shop.engine.ledger().feed(0, 1_000).await.unwrap().len();
    hangs.until_received(expected).await;
    worker.abort();
}

#[tokio::test]
async fn the_feed_can_be_read_as_the_messages_that_are_sent() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    endpoint(&shop, &consumer.url, &[]).await;
    let sale: Sale = shop.order().await;
    rounds(&shop.engine, 1).await;
    let feed = shop.engine.webhook_feed(0, 1_000).await.unwrap();
    let read: Vec<_> = feed.entries.iter().map(|it| (it.id.to_string(), it.body.clone())).collect();
    let sent: Vec<_> = consumer.received().into_iter().map(|it| (it.id, it.body)).collect();
    assert_eq!(read, sent);
    assert_eq!(feed.next_after, feed.entries.last().unwrap().position);
    let rest = shop.engine.webhook_feed(feed.next_after, 10).await.unwrap();
    assert_eq!((rest.entries.len(), rest.next_after), (0, feed.next_after));
    assert!(sale.order.is_some());
}
