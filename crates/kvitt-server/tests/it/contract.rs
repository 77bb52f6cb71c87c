//! The description, the pages, and who may call what.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, id, send};

#[test]
fn the_committed_description_is_the_servers() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let current = kvitt_server::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&file, &current).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == current,
        "the interface changed: see that nobody is broken by it, then run\n  UPDATE_OPENAPI=1 \
         cargo test -p kvitt-server the_committed_description\nand commit openapi.json"
    );
}

/// Every operation, as (method, path with its parameters filled in, whether it needs a key).
fn operations() -> Vec<(Method, String, bool)> {
    let description = serde_json::to_value(kvitt_server::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let face = match path.split('/').nth(2) {
                Some("orders") => "ord",
                Some("webhook-endpoints") => "whk",
                _ => "chk",
            };
            let unknown = "0192f0c8111172228333444455556666";
            let path = path
                .replace("{id}", &format!("{face}_{unknown}"))
                .replace("{checkout_id}", &format!("chk_{unknown}"))
                .replace("{intent_id}", &format!("int_{unknown}"))
                .replace("{capture_id}", "c1")
                .replace("{secret}", &"0".repeat(64));
            assert!(!path.contains('{'), "{path}");
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            operations.push((method, path, operation.get("security").is_some()));
        }
    }
    operations
}

#[tokio::test]
async fn every_route_that_needs_a_key_refuses_whoever_has_none() {
    let shop = Shop::open().await;
    let mut open = Vec::new();
    for (method, path, needs_key) in operations() {
        let answer = send(shop.bare(method.clone(), &path).json(&json!({}))).await;
        if needs_key {
            answer.refused(401, "api_key_missing");
            let wrong = shop.bare(method, &path).bearer_auth("kvitt_no").json(&json!({}));
            send(wrong).await.refused(401, "api_key_invalid");
        } else {
            assert_ne!(answer.status, 401, "{method} {path}");
            open.push(path);
        }
    }
    assert_eq!(open.len(), 8, "{open:?}");
    assert_eq!(shop.events().await, 0);
    assert_eq!(shop.calls_to_klarna().await, 0);
}

#[tokio::test]
async fn every_route_knows_its_path() {
    let shop = Shop::open().await;
    for (method, path, _) in operations() {
        let answer = send(shop.request(method.clone(), &path).json(&json!({}))).await;
        let code = answer.json["code"].as_str().unwrap_or_default();
        assert_ne!(code, "route_not_found", "{method} {path}");
        assert_ne!(code, "method_not_allowed", "{method} {path}");
        assert!(answer.status.as_u16() < 500, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_examples_of_the_description_work() {
    let shop = Shop::open().await;
    let description = send(shop.bare(Method::GET, "/openapi.json")).await.expect(200);
    let example = |method: &str, path: &str| -> Value {
        let example = description["paths"][path][method]["requestBody"]["content"]
            ["application/json"]["example"]
            .clone();
        assert!(example.is_object(), "{method} {path} has no example");
        example
    };
    let checkout = shop.post("/v1/checkouts", &example("post", "/v1/checkouts")).await.expect(201);
    let path = format!("/v1/checkouts/{}", id(&checkout));
    shop.patch(&path, &example("patch", "/v1/checkouts/{id}")).await.expect(200);

    let checkout = shop.post("/v1/checkouts", &example("post", "/v1/checkouts")).await.expect(201);
    let mut authorization = example("post", "/v1/checkouts/{id}/authorization");
    authorization["authorization_token"] = json!(shop.authorize(&checkout).await);
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let placed = shop.post(&path, &authorization).await.expect(201);
    let order = format!("/v1/orders/{}", placed["order_id"].as_str().unwrap());

    let body = example("post", "/v1/orders/{id}/captures");
    let captured = shop.post(&format!("{order}/captures"), &body).await.expect(201);
    let body = example("post", "/v1/orders/{id}/refunds");
    shop.post(&format!("{order}/refunds"), &body).await.expect(201);
    let capture_id = captured["capture"]["capture_id"].as_str().unwrap();
    let body = example("post", "/v1/orders/{id}/captures/{capture_id}/shipping-info");
    shop.post(&format!("{order}/captures/{capture_id}/shipping-info"), &body).await.expect(200);
    let body = example("post", "/v1/orders/{id}/shipping-info");
    shop.post(&format!("{order}/shipping-info"), &body).await.expect(200);
    shop.patch(&order, &example("patch", "/v1/orders/{id}")).await.expect(200);

    let hooks = "/v1/webhook-endpoints";
    let endpoint = shop.post(hooks, &example("post", hooks)).await.expect(201);
    let hook = format!("{hooks}/{}", id(&endpoint));
    let body = example("patch", "/v1/webhook-endpoints/{id}");
    shop.patch(&hook, &body).await.expect(200);
    let body = example("post", "/v1/webhook-endpoints/{id}/resend");
    shop.post(&format!("{hook}/resend"), &body).await.expect(202);
}

/// Answers hold what the description says they hold, and nothing else.
#[tokio::test]
async fn answers_are_as_described() {
    let shop = Shop::open().await;
    let description = serde_json::to_value(kvitt_server::openapi()).unwrap();
    let schemas = &description["components"]["schemas"];
    let nobody = json!({"url": "http://127.0.0.1:9/"});
    let endpoint = shop.post("/v1/webhook-endpoints", &nobody).await.expect(201);
    let hook = format!("/v1/webhook-endpoints/{}", id(&endpoint));
    let order = shop.order().await;
    shop.engine.webhooks_once().await.unwrap();
    let path = format!("/v1/orders/{}", id(&order));
    let captured = shop.post(&format!("{path}/captures"), &json!({})).await.expect(201);
    let answers = [
        ("ActAnswer", captured),
        ("Order", shop.get(&path).await.expect(200)),
        ("Checkout", shop.checkout().await),
        ("OrderPage", shop.get("/v1/orders").await.expect(200)),
        ("CheckoutPage", shop.get("/v1/checkouts").await.expect(200)),
        ("EventFeed", shop.get("/v1/events").await.expect(200)),
        ("EventPage", shop.get(&format!("{path}/events")).await.expect(200)),
        (
            "Preview",
            shop.post(&format!("{path}/refunds?preview=true"), &json!({})).await.expect(200),
        ),
        ("Problem", shop.act(&format!("{path}/cancel")).await.expect(409)),
        ("WebhookEndpoint", endpoint.clone()),
        ("WebhookEndpointPage", shop.get("/v1/webhook-endpoints").await.expect(200)),
        ("WebhookDeliveryPage", shop.get(&format!("{hook}/deliveries")).await.expect(200)),
        ("WebhookTest", shop.act(&format!("{hook}/test")).await.expect(200)),
        ("WebhookMessageFeed", shop.get("/v1/webhook-messages").await.expect(200)),
    ];
    for (name, answer) in answers {
        check(schemas, &json!({"$ref": format!("#/components/schemas/{name}")}), &answer, name);
    }
}

fn check(schemas: &Value, schema: &Value, value: &Value, place: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return check(schemas, &schemas[name], value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        if value.is_null() && choices.iter().any(|choice| choice["type"] == "null") {
            return;
        }
        if let Some(choice) = choices.iter().find(|choice| choice.get("$ref").is_some()) {
            return check(schemas, choice, value, place);
        }
    }
    match value {
        Value::Object(members) => {
            let Some(properties) = schema["properties"].as_object() else { return };
            for (name, value) in members {
                let place = format!("{place}.{name}");
                let schema = properties.get(name);
                check(
                    schemas,
                    schema.unwrap_or_else(|| panic!("{place} is not described")),
                    value,
                    &place,
                );
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().unwrap()), "{place} lacks {name}");
            }
        }
        Value::Array(items) => {
            for item in items {
                check(schemas, &schema["items"], item, place);
            }
        }
        Value::Null => {
            let kinds = schema["type"].as_array();
            assert!(kinds.is_some_and(|kinds| kinds.contains(&json!("null"))), "{place} is null");
        }
        Value::Number(_) => assert!(schema["type"].to_string().contains("integer"), "{place}"),
        Value::String(_) => assert!(schema["type"].to_string().contains("string"), "{place}"),
        Value::Bool(_) => assert_eq!(schema["type"], "boolean", "{place}"),
    }
}

#[tokio::test]
async fn the_page_is_readable_without_a_key_and_loads_nothing() {
    let shop = Shop::open().await;
    let page = send(shop.bare(Method::GET, "/docs")).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(page.text.contains("id=\"error-over_capture\""));
    assert!(page.text.contains("Idempotency-Key"));
}

#[tokio::test]
async fn health_and_metrics() {
    let shop = Shop::open().await;
    for path in ["/healthz", "/readyz"] {
        let answer = send(shop.bare(Method::GET, path)).await.expect(200);
        assert_eq!(answer, json!({"status": "ok"}));
    }
    let order = shop.order().await;
    let path = format!("/v1/orders/{}/captures", id(&order));
    shop.post(&path, &json!({})).await.expect(201);
    shop.post(&path, &json!({})).await.refused(409, "wrong_status");

    let endpoints = "/v1/webhook-endpoints";
    let endpoint = shop.post(endpoints, &json!({"url": "https://shop.example/"})).await.expect(201);
    let path = format!("{endpoints}/{}", id(&endpoint));
    shop.patch(&path, &json!({"enabled": false})).await.expect(200);
    send(shop.bare(Method::GET, "/metrics")).await.refused(401, "api_key_missing");
    let metrics = shop.get("/metrics").await;
    assert_eq!(metrics.status, 200);
    let route = "route=\"/v1/orders/{id}/captures\"";
    for line in [
        format!("kvitt_http_requests_total{{method=\"POST\",{route},status=\"201\"}} 1"),
        format!("kvitt_http_requests_total{{method=\"POST\",{route},status=\"409\"}} 1"),
        format!("kvitt_http_request_duration_seconds_count{{method=\"POST\",{route}}} 2"),
        "kvitt_acts_total{kind=\"capture\",outcome=\"done\"} 1".to_owned(),
        "kvitt_acts_total{kind=\"place\",outcome=\"done\"} 1".to_owned(),
        "kvitt_sales_needing_attention 0".to_owned(),
        "kvitt_alarm{kind=\"no_callbacks\"} 0".to_owned(),
        "kvitt_webhook_endpoints_disabled 1".to_owned(),
    ] {
        assert!(metrics.text.lines().any(|it| it == line), "{line} not in\n{}", metrics.text);
    }
    let id = id(&order);
    assert!(!metrics.text.contains(id), "an id is a label");

    let open = Shop::with(|config| config.open_metrics = true).await;
    assert_eq!(send(open.bare(Method::GET, "/metrics")).await.status, 200);
}
