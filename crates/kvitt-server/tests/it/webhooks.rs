//! Webhook endpoints over the merchant API.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use kvitt_engine::webhooks::WebhookSecret;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::shop::{Shop, id, send};

const ENDPOINTS: &str = "/v1/webhook-endpoints";

#[derive(Clone, Default)]
struct Consumer {
    received: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    status: Arc<Mutex<u16>>,
}

impl Consumer {
    /// A shop's server that gives this answer, and its address.
    async fn answering(status: u16) -> (Self, String) {
        let consumer = Self { status: Arc::new(Mutex::new(status)), ..Self::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(consumer.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (consumer, url)
    }

    fn answer(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// The types of all that came in; each must be signed with the secret.
    fn received(&self, secret: &Value) -> Vec<String> {
        let secret = SecretString::from(secret.as_str().unwrap());
        let secret = WebhookSecret::parse(&secret).unwrap();
        let received = self.received.lock().unwrap();
        let kind = |(headers, body): &(HeaderMap, String)| {
            let text = |name: &str| headers[name].to_str().unwrap();
            let at = text("webhook-timestamp").parse().unwrap();
            let signature = secret.sign(text("webhook-id"), at, body);
            assert!(text("webhook-signature").split(' ').any(|it| it == signature), "{body}");
            let body: Value = serde_json::from_str(body).unwrap();
            body["type"].as_str().unwrap().to_owned()
        };
        received.iter().map(kind).collect()
    }
}

async fn take(State(consumer): State<Consumer>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let body = String::from_utf8(body.to_vec()).unwrap();
    consumer.received.lock().unwrap().push((headers, body));
    StatusCode::from_u16(*consumer.status.lock().unwrap()).unwrap()
}

fn path(endpoint: &Value) -> String {
    format!("{ENDPOINTS}/{}", id(endpoint))
}

async fn delete(shop: &Shop, path: &str) -> crate::shop::Answer {
    send(shop.request(Method::DELETE, path)).await
}

#[tokio::test]
async fn an_endpoint_is_made_shown_changed_and_deleted() {
    let shop = Shop::open().await;
    let wanted = json!({"url": "https://shop.example/webhooks", "description": "Warehouse",
        "events": ["capture.*"]});
    let made = shop.post(ENDPOINTS, &wanted).await.expect(201);
    assert!(id(&made).starts_with("whk_"));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&made["enabled"], &made["disabled_reason"]), (&json!(true), &Value::Null));
    for (member, value) in wanted.as_object().unwrap() {
        assert_eq!(&made[member], value);
    }
    let path = path(&made);
    let mut shown = made.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(shop.get(&path).await.expect(200), shown, "the secret is shown once");
    assert_eq!(shop.get(ENDPOINTS).await.expect(200), json!({"items": [shown]}));

    let change = json!({"events": [], "description": "All", "enabled": false});
    let changed = shop.patch(&path, &change).await.expect(200);
    assert_eq!((&changed["events"], &changed["description"]), (&json!([]), &json!("All")));
    assert_eq!(changed["enabled"], false);
    assert_eq!(changed["disabled_reason"], "it was disabled by the shop");
    let attention = shop.get("/v1/attention").await.expect(200);
    assert_eq!(attention["disabled_webhook_endpoints"], json!([changed]));
    let enabled = shop.patch(&path, &json!({"enabled": true})).await.expect(200);
    assert_eq!((&enabled["enabled"], &enabled["disabled_at"]), (&json!(true), &Value::Null));
    let attention = shop.get("/v1/attention").await.expect(200);
    assert_eq!(attention["disabled_webhook_endpoints"], json!([]));

    let rotated = shop.act(&format!("{path}/rotate-secret")).await.expect(200);
    assert_ne!(rotated["secret"], made["secret"]);
    assert!(rotated["previous_secret_until"].is_string());

    assert_eq!(delete(&shop, &path).await.status, 204);
    delete(&shop, &path).await.refused(404, "not_found");
    shop.get(&path).await.refused(404, "not_found");
    assert_eq!(shop.get(ENDPOINTS).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn the_same_request_is_carried_out_once() {
    let shop = Shop::open().await;
    let (consumer, url) = Consumer::answering(204).await;
    let wanted = json!({"url": url});
    let made = shop.post_once(ENDPOINTS, "k1", &wanted).await.expect(201);
    let again = shop.post_once(ENDPOINTS, "k1", &wanted).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(201), made, "with the secret, which may not have arrived");
    let other = json!({"url": "https://shop.example/other"});
    shop.post_once(ENDPOINTS, "k1", &other).await.refused(422, "idempotency_key_reused");
    let rotate = format!("{}/rotate-secret", path(&made));
    let empty = json!({});
    shop.post_once(&rotate, "k1", &empty).await.refused(422, "idempotency_key_reused");
    let rotated = shop.post_once(&rotate, "k2", &empty).await.expect(200);
    assert_eq!(shop.post_once(&rotate, "k2", &empty).await.expect(200), rotated);
    assert_eq!(shop.get(ENDPOINTS).await.expect(200)["items"].as_array().unwrap().len(), 1);

    shop.order().await;
    shop.engine.webhooks_once().await.unwrap();
    let sent = consumer.received(&rotated["secret"]).len();
    let since = json!({"since": "2020-01-01T00:00:00Z"});
    let resend = format!("{}/resend", path(&made));
    for replayed in [false, true] {
        let answer = shop.post_once(&resend, "k3", &since).await;
        assert_eq!(answer.headers.contains_key("idempotency-replayed"), replayed);
        answer.expect(202);
        shop.engine.webhooks_once().await.unwrap();
        shop.engine.webhooks_once().await.unwrap();
    }
    assert_eq!(consumer.received(&rotated["secret"]).len(), 2 * sent);
}

#[tokio::test]
async fn deliveries_tell_what_came_of_each_message() {
    let shop = Shop::open().await;
    let (consumer, url) = Consumer::answering(500).await;
    let wanted = json!({"url": url, "events": ["place.*"]});
    let endpoint = shop.post(ENDPOINTS, &wanted).await.expect(201);
    let list = format!("{}/deliveries", path(&endpoint));
    let order = shop.order().await;
    shop.engine.webhooks_once().await.unwrap();
    let deliveries = shop.get(&list).await.expect(200);
    let [newest, oldest] = deliveries["items"].as_array().unwrap().as_slice() else {
        panic!("{deliveries}")
    };
    assert_eq!((&newest["type"], &newest["state"]), (&json!("place.done"), &json!("pending")));
    assert_eq!((&oldest["type"], &oldest["state"]), (&json!("place.requested"), &json!("failing")));
    assert_eq!((&oldest["status"], &oldest["attempts"]), (&json!(500), &json!(1)));
    assert_eq!(
        (&oldest["problem"], &oldest["order_id"]),
        (&json!("it answered 500"), &order["id"])
    );

    consumer.answer(200);
    shop.engine.webhooks_once().await.unwrap();
    let failing = shop.get(&format!("{list}?state=failing")).await.expect(200);
    assert_eq!(failing, json!({"items": [], "next_cursor": null}));
    let first = shop.get(&format!("{list}?state=delivered&limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.get(&format!("{list}?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!(second["next_cursor"], Value::Null);
    let both = [&first["items"][0]["type"], &second["items"][0]["type"]];
    assert_eq!(both, [&json!("place.done"), &json!("place.requested")]);

    let event = json!({"event": second["items"][0]["event_id"]});
    shop.post(&format!("{}/resend", path(&endpoint)), &event).await.expect(202);
    shop.engine.webhooks_once().await.unwrap();
    assert_eq!(
        consumer.received(&endpoint["secret"]),
        ["place.requested", "place.requested", "place.done", "place.requested"]
    );
}

#[tokio::test]
async fn a_test_message_tells_what_came_of_it() {
    let shop = Shop::open().await;
    let (consumer, url) = Consumer::answering(204).await;
    let endpoint = shop.post(ENDPOINTS, &json!({"url": url})).await.expect(201);
    let test = format!("{}/test", path(&endpoint));
    let fine = shop.act(&test).await.expect(200);
    assert_eq!((&fine["delivered"], &fine["status"]), (&json!(true), &json!(204)));
    consumer.answer(404);
    let bad = shop.act(&test).await.expect(200);
    assert_eq!((&bad["delivered"], &bad["problem"]), (&json!(false), &json!("it answered 404")));
    assert_eq!(consumer.received(&endpoint["secret"]), ["webhook.test", "webhook.test"]);
}

#[tokio::test]
async fn the_messages_can_be_followed_like_the_feed() {
    let shop = Shop::open().await;
    let messages = "/v1/webhook-messages";
    let empty = shop.get(&format!("{messages}?after=end")).await.expect(200);
    assert_eq!(empty, json!({"items": [], "next_after": 0}));
    let order = shop.order().await;
    let feed = shop.get("/v1/events?limit=100").await.expect(200);
    let first = shop.get(&format!("{messages}?limit=2")).await.expect(200);
    let after = first["next_after"].to_string();
    let rest = shop.get(&format!("{messages}?limit=100&after={after}")).await.expect(200);
    let all = first["items"].as_array().unwrap().iter().chain(rest["items"].as_array().unwrap());
    for (event, item) in feed["items"].as_array().unwrap().iter().zip(all.clone()) {
        assert_eq!((&item["webhook_id"], &item["position"]), (&event["id"], &event["position"]));
        let message = &item["message"];
        assert_eq!((&message["type"], &message["timestamp"]), (&event["type"], &event["at"]));
        let mut then = message["data"]["event"].clone();
        then["position"] = event["position"].clone();
        assert_eq!(&then, event, "it is shown as the feed shows it");
    }
    assert_eq!(all.clone().count(), feed["items"].as_array().unwrap().len());
    let last = &all.last().unwrap()["message"]["data"];
    assert_eq!(last["order"]["id"], order["id"]);
    assert_eq!(last["order"]["klarna_order_id"], order["klarna_order_id"]);
    let end = shop.get(&format!("{messages}?after=end")).await.expect(200);
    assert_eq!((&end["items"], &end["next_after"]), (&json!([]), &feed["next_after"]));
    shop.get(&format!("{messages}?after=start")).await.refused(400, "invalid_parameter");
}

#[tokio::test]
async fn bad_input_is_refused_with_the_member_that_is_wrong() {
    let shop = Shop::open().await;
    let fine = "https://shop.example/webhooks";
    for (body, path) in [
        (json!({"url": "shop.example"}), "url"),
        (json!({"url": "http://shop.example/"}), "url"),
        (json!({"url": "https://user:hunter2@shop.example/"}), "url"),
        (json!({"url": "https://169.254.169.254/"}), "url"),
        (json!({"url": fine, "description": "x".repeat(256)}), "description"),
        (json!({"url": fine, "events": ["capture.done", "CAPTURE"]}), "events[1]"),
    ] {
        let problem = shop.post(ENDPOINTS, &body).await.refused(422, "invalid_webhook");
        assert_eq!(problem["errors"][0]["path"], path, "{problem}");
        assert!(!problem.to_string().contains("hunter2"), "{problem}");
    }
    shop.post(ENDPOINTS, &json!({})).await.refused(400, "invalid_member");
    shop.post(ENDPOINTS, &json!({"url": fine, "secret": "x"})).await.refused(400, "invalid_member");
    let preview = format!("{ENDPOINTS}?preview=true");
    shop.post(&preview, &json!({"url": fine})).await.refused(400, "invalid_parameter");
    assert_eq!(shop.get(ENDPOINTS).await.expect(200)["items"], json!([]));

    let endpoint = shop.post(ENDPOINTS, &json!({"url": fine})).await.expect(201);
    let path = path(&endpoint);
    shop.patch(&path, &json!({})).await.refused(422, "invalid_webhook");
    shop.patch(&path, &json!({"url": "ftp://a"})).await.refused(422, "invalid_webhook");
    let resend = format!("{path}/resend");
    let event = "evt_0192f0c8111172228333444455556666";
    let both = json!({"event": event, "since": "2026-01-01T00:00:00Z"});
    for bad in [json!({}), both] {
        shop.post(&resend, &bad).await.refused(422, "invalid_webhook");
    }
    for bad in [json!({"event": "evt_1"}), json!({"since": "yesterday"})] {
        shop.post(&resend, &bad).await.refused(400, "invalid_member");
    }
    shop.post(&resend, &json!({"event": event})).await.refused(404, "not_found");
    for query in ["state=lost", "cursor=x", "cursor=18446744073709551615", "limit=0", "a=b"] {
        let list = format!("{path}/deliveries?{query}");
        shop.get(&list).await.refused(400, "invalid_parameter");
    }
    shop.get(&format!("{ENDPOINTS}/whk_1")).await.refused(400, "invalid_id");
    let unknown = format!("{ENDPOINTS}/whk_0192f0c8111172228333444455556666");
    shop.get(&unknown).await.refused(404, "not_found");
    shop.get(&format!("{unknown}/deliveries")).await.refused(404, "not_found");
    shop.act(&format!("{unknown}/test")).await.refused(404, "not_found");
    let stored = shop.get(&path).await.expect(200);
    assert_eq!((&stored["url"], &stored["enabled"]), (&json!(fine), &json!(true)));
}

#[tokio::test]
async fn private_addresses_are_refused_where_they_are_not_allowed() {
    let shop = Shop::in_public().await;
    for private in ["http://localhost:3000/", "http://127.0.0.1/", "https://10.0.0.1/"] {
        let problem = shop.post(ENDPOINTS, &json!({"url": private})).await;
        let problem = problem.refused(422, "invalid_webhook");
        assert!(
            problem["detail"].as_str().unwrap().contains("allow_private_webhooks"),
            "{problem}"
        );
    }
}
