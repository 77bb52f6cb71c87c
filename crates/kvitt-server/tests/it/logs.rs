//! What is logged, and what is not.

use std::io;
use std::sync::{Arc, Mutex};

use kvitt_core::{CheckoutId, SaleId};
use kvitt_engine::names;
use kvitt_ledger::User;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;
use tracing_subscriber::EnvFilter;

use crate::callbacks::door;
use crate::operator::{Browser, PASSWORD, add_user};
use crate::shop::{Shop, cart, id, send};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Somebody tries to sign in, somebody does, and signs out.
async fn operators_day(shop: &Shop) -> (User, [String; 2]) {
    let user = add_user(shop, "asa").await;
    let mut browser = Browser::at(shop);
    assert_eq!(browser.sign_in("asa", "wrong horse").await.status, 401);
    // The password in the wrong place.
    assert_eq!(browser.sign_in("hunter2", "").await.status, 401);
    assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 303);
    let (wrong, csrf) = ("hunter2", browser.csrf_token());
    for (token, status) in [(wrong, 403), (&csrf, 303)] {
        let form = [("csrf_token", token), ("note", "hunter2")];
        assert_eq!(browser.post("/dashboard/sign-out", &form).await.status, status);
    }
    (user, [browser.token().to_owned(), csrf])
}

#[tokio::test]
async fn secrets_and_personal_data_are_not_logged_and_ids_are() {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new(
            "info,kvitt_server=trace,kvitt_engine=trace,kvitt_ledger=trace,klarna=trace",
        ))
        .with_writer(move || writer.clone())
        .init();

    let shop = Shop::open().await;
    let mut cart = cart();
    cart["billing_address"] = json!({"given_name": "Ottilia", "family_name": "Vinterberg",
        "email": "ottilia@example.com", "street_address": "Hemliga gatan 9",
        "postal_code": "11122", "city": "Stockholm", "country": "SE"});
    cart["customer"] = json!({"type": "person", "date_of_birth": "1941-03-21",
        "national_identification_number": "194103216690"});
    let request = shop.request(Method::POST, "/v1/checkouts?").json(&cart);
    let request = request.header("X-Request-Id", "shop-request-17");
    let answer = send(request).await;
    assert_eq!(answer.headers["x-request-id"], "shop-request-17");
    let checkout = answer.expect(201);
    let token = shop.authorize(&checkout).await;
    let link = checkout["checkout_url"].as_str().unwrap();
    let (_, shoppers) = link.rsplit_once('/').unwrap();
    send(shop.client.get(link)).await.expect(200);
    send(shop.client.get(format!("{link}/state"))).await.expect(200);
    let typed = json!({"billing_address": {"email": "ottilia@example.com", "given_name": 7}});
    send(shop.client.put(format!("{link}/shopper")).json(&typed)).await.expect(400);
    let handed = json!({"authorization_token": token, "more": "Hemliga"});
    send(shop.client.post(format!("{link}/authorization")).json(&handed)).await.expect(400);
    let sale = SaleId::from(id(&checkout).parse::<CheckoutId>().unwrap());
    let secret = shop.engine.secret(sale, names::CALLBACK_SECRET).await.unwrap().unwrap();
    let door = format!("/callbacks/klarna/{}/{}", id(&checkout), secret.expose_secret());
    let body = json!({"authorization_token": token, "session_id":
        checkout["session"]["session_id"]});
    send(shop.bare(Method::POST, &format!("{door}/authorization")).json(&body)).await.expect(200);
    send(shop.bare(Method::POST, &format!("{door}x/authorization")).json(&body)).await.expect(404);
    send(shop.bare(Method::POST, &format!("{door}/nowhere")).json(&body)).await.expect(404);
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    shop.post(&path, &json!({"authorization_token": token})).await;
    let order = path.replace("checkouts/chk_", "orders/ord_").replace("/authorization", "");
    let capture = shop.post(&format!("{order}/captures"), &json!({})).await.expect(201);
    let address = json!({"shipping_address": {"given_name": "Ottilia",
        "street_address": "Hemliga gatan 11"}});
    shop.patch(&order, &address).await;
    shop.get("/v1/orders?search=ottilia@example.com").await.expect(200);
    send(shop.bare(Method::GET, &order).bearer_auth("kvitt_stolen_key_1")).await.expect(401);
    let mut wrong = cart.clone();
    wrong["customer"]["date_of_birth"] = json!(19_410_321);
    shop.post("/v1/checkouts", &wrong).await.expect(400);
    let (user, [session, csrf]) = operators_day(&shop).await;

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for secret in [
        shop.key.expose_secret(),
        secret.expose_secret(),
        shoppers,
        &token,
        checkout["session"]["client_token"].as_str().unwrap(),
        "secret-of-the-account",
        "kvitt_stolen_key_1",
        &session,
        &csrf,
        user.password_hash.expose(),
        "horse",
        "hunter2",
        "ttilia",
        "Vinterberg",
        "Hemliga",
        "1941-03-21",
        "19410321",
        "194103216690",
    ] {
        let found = text.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is in the log");
    }
    let correlation_id = capture["intent"]["klarna"]["correlation_id"].as_str().unwrap();
    for wanted in [
        "shop-request-17",
        "/callbacks/klarna/{checkout_id}/{secret}/authorization",
        correlation_id,
        capture["intent"]["id"].as_str().unwrap(),
        "\"code\":\"api_key_invalid\"",
        "\"latency_ms\"",
        "signed in",
        "was not let in",
        "signed out",
        &format!("\"user\":\"{}\"", user.id),
    ] {
        assert!(text.contains(wanted), "{wanted} is not in the log");
    }
}

/// The first line about the alarm that has not been seen.
async fn line_of_alarm(lines: &Lines, seen: usize) -> serde_json::Value {
    loop {
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let mut about = text.lines().filter(|line| line.contains("\"alarm\":\"no_callbacks\""));
        if let Some(line) = about.nth(seen) {
            return serde_json::from_str(line).unwrap();
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn an_alarm_is_logged_when_it_begins_and_when_it_is_over() {
    let lines = Lines::default();
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_env_filter(EnvFilter::new("info"))
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let shop = Shop::easily_alarmed().await;
    for _ in 0..5 {
        shop.order().await;
    }
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT6H"})).await;

    let watched = async {
        let begun = line_of_alarm(&lines, 0).await;
        assert_eq!((&begun["level"], &begun["fields"]["count"]), (&json!("WARN"), &json!(5)));
        let message = begun["fields"]["message"].as_str().unwrap();
        assert!(message.starts_with("Klarna's callbacks do not come in"), "{begun}");
        let push = format!("{}/push", door(&shop, &shop.checkout().await).await);
        send(shop.bare(Method::POST, &push)).await.expect(200);
        let over = line_of_alarm(&lines, 1).await;
        assert_eq!(over["level"], "INFO");
        assert_eq!(over["fields"]["message"], "the alarm is over");
    };
    tokio::select! {
        () = watched => {}
        () = shop.engine.work() => {}
    }
}
