//! Webhook endpoints: made once, changed, their secrets rotated, their messages sent once more.

use kvitt_core::{EventId, WebhookEndpointId};
use kvitt_engine::EngineError;
use kvitt_engine::webhooks::{WebhookEndpointChange, WebhookEndpointInput, WebhookResend};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use crate::shop::{Shop, capture, keyed, merchant};
use crate::webhook_consumer::{Consumer, Received};
use crate::webhooks::{endpoint, now, rounds};

fn input(url: &str) -> WebhookEndpointInput {
    WebhookEndpointInput { url: url.to_owned(), description: String::new(), events: Vec::new() }
}

const URL: &str = "https://shop.example/webhooks";

#[tokio::test]
async fn the_same_request_makes_one_endpoint() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    let (caller, again) = (keyed("k", 1), keyed("k", 1));
    let (one, two) = tokio::join!(
        shop.engine.create_webhook_endpoint(input(URL), &caller),
        other.create_webhook_endpoint(input(URL), &again),
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.endpoint.id, two.endpoint.id);
    assert_eq!(one.endpoint.secret.expose_secret(), two.endpoint.secret.expose_secret());
    assert!(one.replayed != two.replayed);
    let refused = shop.engine.create_webhook_endpoint(input(URL), &keyed("k", 2)).await;
    assert!(matches!(refused, Err(EngineError::IdempotencyKeyReused)), "{refused:?}");
    let store = shop.engine.ledger().webhooks();
    assert_eq!(store.webhook_endpoints().await.unwrap().len(), 1);

    // Deleted it stays, however often the request that made it is repeated.
    shop.engine.delete_webhook_endpoint(one.endpoint.id).await.unwrap();
    let repeated = shop.engine.create_webhook_endpoint(input(URL), &caller).await;
    assert!(matches!(repeated, Err(EngineError::NotFound { .. })), "{repeated:?}");
}

#[tokio::test]
async fn there_is_an_end_to_endpoints() {
    let shop = Shop::open().await;
    for _ in 0..100 {
        shop.engine.create_webhook_endpoint(input(URL), &merchant()).await.unwrap();
    }
    let refused = shop.engine.create_webhook_endpoint(input(URL), &merchant()).await.unwrap_err();
    assert!(refused.to_string().contains("100 endpoints"), "{refused}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_not_found() {
    let shop = Shop::open().await;
    let (engine, id) = (&shop.engine, WebhookEndpointId(Uuid::from_u128(1)));
    let change = WebhookEndpointChange::default();
    let event = WebhookResend::Event(EventId(Uuid::from_u128(1)));
    let since = WebhookResend::Since(shop.engine.now().await);
    for error in [
        engine.webhook_endpoint(id).await.unwrap_err(),
        engine.change_webhook_endpoint(id, &change, &merchant()).await.unwrap_err(),
        engine.rotate_webhook_secret(id, &merchant()).await.unwrap_err(),
        engine.delete_webhook_endpoint(id).await.unwrap_err(),
        engine.resend_webhooks(id, event, &merchant()).await.unwrap_err(),
        engine.resend_webhooks(id, since, &merchant()).await.unwrap_err(),
        engine.test_webhook_endpoint(id, &merchant()).await.unwrap_err(),
    ] {
        assert!(matches!(error, EngineError::NotFound { what: "webhook endpoint", .. }), "{error}");
    }
}

#[tokio::test]
async fn after_a_rotation_both_secrets_sign_for_a_day() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let before = endpoint(&shop, &consumer.url, &["place.done"]).await;
    let rotated =
        shop.engine.rotate_webhook_secret(before.id, &keyed("r", 1)).await.unwrap().endpoint;
    let repeated = shop.engine.rotate_webhook_secret(before.id, &keyed("r", 1)).await.unwrap();
    assert!(repeated.replayed);
    assert_eq!(repeated.endpoint.secret.expose_secret(), rotated.secret.expose_secret());
    assert_ne!(before.secret.expose_secret(), rotated.secret.expose_secret());
    shop.order().await;
    rounds(&shop.engine, 1).await;
    shop.advance("PT24H").await;
    shop.order().await;
    rounds(&shop.engine, 1).await;
    let signed: Vec<_> = consumer
        .received()
        .iter()
        .map(|it| {
            let by = (it.is_signed_with(&rotated.secret), it.is_signed_with(&before.secret));
            (it.signatures.len(), by)
        })
        .collect();
    assert_eq!(signed, [(2, (true, true)), (1, (true, false))]);
}

#[tokio::test]
async fn what_waits_is_sent_at_once_to_an_address_that_was_corrected() {
    let shop = Shop::open().await;
    let (wrong, right) = (Consumer::open().await, Consumer::open().await);
    let patient = shop
        .replica_with(|settings| {
            settings.webhooks.pauses = vec![std::time::Duration::from_hours(10)];
        })
        .await;
    let endpoint = endpoint(&shop, &wrong.url, &["place.done", "capture.done"]).await;
    wrong.answer(|_| 404);
    let sale = shop.order().await;
    rounds(&patient, 3).await;
    assert_eq!(wrong.received().len(), 1, "it is put off for ten hours");
    let change =
        WebhookEndpointChange { url: Some(right.url.clone()), ..WebhookEndpointChange::default() };
    let changed =
        patient.change_webhook_endpoint(endpoint.id, &change, &keyed("c", 1)).await.unwrap();
    assert_eq!((changed.endpoint.url.as_str(), changed.replayed), (right.url.as_str(), false));
    shop.act(sale.id, capture(&[])).await.unwrap();
    rounds(&patient, 1).await;
    assert_eq!(right.taken(), ["place.done", "capture.done"]);
    let repeated =
        patient.change_webhook_endpoint(endpoint.id, &change, &keyed("c", 1)).await.unwrap();
    assert!(repeated.replayed);
    assert_eq!(now(&shop, &endpoint).await.revision, 1);
}

#[tokio::test]
async fn a_message_is_sent_once_more_by_hand_under_its_id() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["place.done", "capture.done"]).await;
    let sale = shop.order().await;
    shop.act(sale.id, capture(&[])).await.unwrap();
    rounds(&shop.engine, 1).await;
    let event: EventId = consumer.received()[0].id.parse().unwrap();
    let resend = WebhookResend::Event(event);
    let engine = &shop.engine;
    assert!(!engine.resend_webhooks(endpoint.id, resend, &keyed("s", 1)).await.unwrap().replayed);
    rounds(engine, 1).await;
    assert!(engine.resend_webhooks(endpoint.id, resend, &keyed("s", 1)).await.unwrap().replayed);
    rounds(engine, 1).await;
    assert_eq!(consumer.taken(), ["place.done", "capture.done", "place.done"]);
    let received = consumer.received();
    assert_eq!((&received[0].id, &received[0].body), (&received[2].id, &received[2].body));

    // An event that this endpoint was never to be told of is no message of it.
    let requested = engine.ledger().events(sale.id).await.unwrap()[0].id;
    let unknown = engine
        .resend_webhooks(endpoint.id, WebhookResend::Event(requested), &merchant())
        .await
        .unwrap_err();
    assert!(matches!(unknown, EngineError::NotFound { .. }), "{unknown}");
}

#[tokio::test]
async fn everything_since_a_time_is_sent_once_more() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    // Orders from before the endpoint was made are sent too, if somebody asks for them.
    for _ in 0..3 {
        shop.order().await;
        shop.advance("PT1H").await;
    }
    let since = shop.engine.now().await;
    let before = shop.order().await;
    shop.advance("PT1H").await;
    let endpoint = endpoint(&shop, &consumer.url, &["place.done"]).await;
    let after = shop.order().await;
    rounds(&shop.engine, 1).await;
    let checkouts = || consumer.received().iter().map(Received::checkout).collect::<Vec<_>>();
    let (before, after) = (before.id.checkout_id().to_string(), after.id.checkout_id().to_string());
    assert_eq!(checkouts(), std::slice::from_ref(&after));

    let resend = WebhookResend::Since(since);
    shop.engine.resend_webhooks(endpoint.id, resend, &keyed("s", 1)).await.unwrap();
    let repeated = shop.engine.resend_webhooks(endpoint.id, resend, &keyed("s", 1)).await.unwrap();
    assert!(repeated.replayed);
    // Asked for meanwhile, from later on: nothing of the first is cut short.
    let later = WebhookResend::Since(shop.engine.now().await);
    shop.engine.resend_webhooks(endpoint.id, later, &keyed("l", 1)).await.unwrap();
    rounds(&shop.engine, 2).await;
    let mut again = checkouts().split_off(1);
    again.sort_unstable();
    let mut expected = [before, after];
    expected.sort_unstable();
    assert_eq!(again, expected);
    assert_eq!(now(&shop, &endpoint).await.again, None);
    assert_eq!(consumer.received().len(), 3);
}

#[tokio::test]
async fn a_test_message_is_sent_at_once_and_told_of() {
    let shop = Shop::open().await;
    let consumer = Consumer::open().await;
    let endpoint = endpoint(&shop, &consumer.url, &["capture.done"]).await;
    let engine = &shop.engine;
    let (id, answer) = engine.test_webhook_endpoint(endpoint.id, &keyed("t", 1)).await.unwrap();
    assert_eq!((answer.status, answer.problem.as_deref()), (Some(204), None));
    consumer.answer(|_| 401);
    let (again, answer) = engine.test_webhook_endpoint(endpoint.id, &keyed("t", 1)).await.unwrap();
    assert_eq!((id, answer.status, answer.is_taken()), (again, Some(401), false));
    let (other, _) = engine.test_webhook_endpoint(endpoint.id, &merchant()).await.unwrap();
    assert_ne!(id, other);
    let received = consumer.received();
    assert_eq!(received[0].id, id.to_string());
    assert!(received[0].is_signed_with(&endpoint.secret));
    assert_eq!(received[0].kind(), "webhook.test");
    assert_eq!(engine.ledger().webhooks().feed_end().await.unwrap(), 0, "it is no event");
}
