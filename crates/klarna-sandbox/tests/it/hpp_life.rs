//! How a hosted payment page's session stands, and who is told.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::{
    hpp::{Hosted, merchant_urls},
    support::{Inbox, Shop, cart},
};

async fn quick() -> Shop {
    let settings = Settings { hpp_callback_pause_milliseconds: 1, ..Settings::default() };
    Shop::open_with(Config { settings, ..Config::default() }).await
}

/// A page that calls back, and what becomes of a placed order.
fn calling(url: &str, mode: &str) -> Value {
    let mut urls = merchant_urls();
    urls["status_update"] =
        json!(format!("{url}?s={{{{session_id}}}}&t={{{{authorization_token}}}}"));
    json!({"merchant_urls": urls, "options": {"place_order_mode": mode}})
}

fn cart_of(email: &str) -> Value {
    let mut cart = cart();
    cart["billing_address"]["email"] = json!(email);
    cart
}

async fn attempts(shop: &Shop) -> Vec<Value> {
    shop.get("/sandbox/v1/callbacks").await.json().as_array().unwrap().clone()
}

fn texts<'a>(all: &'a [Value], pointer: &str) -> Vec<&'a str> {
    all.iter().map(|it| it.pointer(pointer).unwrap().as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_approved_purchase_gives_its_token() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let id = &hosted.session_id;
    shop.advance("PT1M").await;
    let body = json!({"outcome": "approved", "payment_method": "card"});
    let decided = hosted.decide(&shop, &body).await.json();
    let read = hosted.read(&shop).await;
    assert_eq!(decided["session"], read);
    let token = read["authorization_token"].as_str().unwrap();
    let expected = json!({"session_id": id, "status": "COMPLETED", "authorization_token": token,
        "updated_at": "2026-03-01T12:01:00.250Z", "expires_at": "2026-03-03T11:00:00.250Z"});
    assert_eq!(read, expected);
    // The order's placeholder has nothing to stand for.
    let success = format!("https://shop.example/success?s={id}&t={token}&o={{{{order_id}}}}");
    assert_eq!(decided["redirect_url"], success);
    let placed = shop.place(token, &cart()).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
    let placed = placed.json();
    assert_eq!(placed["authorized_payment_method"]["type"], "card");
    let order = shop.read(placed["order_id"].as_str().unwrap()).await;
    assert_eq!((&order["status"], &order["order_amount"]), (&json!("AUTHORIZED"), &json!(22_880)));
    // What the merchant does afterwards changes nothing here.
    assert_eq!(hosted.read(&shop).await, expected);
}

#[tokio::test]
async fn the_mode_places_and_captures() {
    let shop = Shop::open().await;
    for (mode, status, captured) in
        [("PLACE_ORDER", "AUTHORIZED", 0), ("capture_order", "CAPTURED", 22_880)]
    {
        let hosted = Hosted::with(&shop, &cart(), &calling("https://shop.example/u", mode)).await;
        let decided = hosted.decided(&shop, "approved").await;
        let read = hosted.read(&shop).await;
        assert_eq!(read["status"], "COMPLETED");
        assert!(read.get("authorization_token").is_none(), "{read}");
        let order_id = read["order_id"].as_str().unwrap();
        let order = shop.read(order_id).await;
        assert_eq!(
            (&order["status"], &order["captured_amount"]),
            (&json!(status), &json!(captured))
        );
        assert_eq!(order["klarna_reference"], read["klarna_reference"]);
        assert_eq!(order["billing_address"]["given_name"], "Alice");
        assert_eq!(order["merchant_reference1"], "shop-1");
        let id = &hosted.session_id;
        let success = format!(
            "https://shop.example/success?s={id}&t={{{{authorization_token}}}}&o={order_id}"
        );
        assert_eq!(decided["redirect_url"], success);
        let payment_session = format!("/payments/v1/sessions/{}", hosted.payment_session);
        let payment_session = shop.get(&payment_session).await.json();
        assert_eq!(payment_session["status"], "complete");
        // The token was used for it.
        let token = payment_session["authorization_token"].as_str().unwrap();
        assert_eq!(shop.place(token, &cart()).await.status, 404);
    }
}

#[tokio::test]
async fn a_session_that_asks_for_it_is_captured_when_placed() {
    let shop = Shop::open().await;
    let mut automatic = cart();
    automatic["auto_capture"] = json!(true);
    let body = json!({"options": {"place_order_mode": "PLACE_ORDER"}});
    let hosted = Hosted::with(&shop, &automatic, &body).await;
    hosted.decided(&shop, "approved").await;
    let order_id = hosted.read(&shop).await["order_id"].as_str().unwrap().to_owned();
    assert_eq!(shop.read(&order_id).await["status"], "CAPTURED");
}

#[tokio::test]
async fn an_undecided_order_is_captured_once_it_is_accepted() {
    let shop = Shop::open().await;
    let cart = cart_of("user+pend-accept-02@email.se");
    let body = json!({"options": {"place_order_mode": "CAPTURE_ORDER"}});
    let hosted = Hosted::with(&shop, &cart, &body).await;
    let got = hosted.decide(&shop, &json!({})).await.json();
    assert_eq!(got["session"]["status"], "COMPLETED");
    let order_id = got["session"]["order_id"].as_str().unwrap().to_owned();
    let order = shop.read(&order_id).await;
    assert_eq!(
        (&order["status"], &order["fraud_status"]),
        (&json!("AUTHORIZED"), &json!("PENDING"))
    );
    shop.advance("PT2M").await;
    assert_eq!(shop.read(&order_id).await["status"], "CAPTURED");
}

#[tokio::test]
async fn every_outcome_has_its_status_and_its_address() {
    let shop = Shop::open().await;
    for (outcome, status, name) in [
        ("denied", "FAILED", "failure"),
        ("back", "BACK", "back"),
        ("error", "ERROR", "error"),
        ("cancelled", "CANCELLED", "cancel"),
    ] {
        let hosted = Hosted::open(&shop).await;
        let decided = hosted.decided(&shop, outcome).await;
        assert_eq!(decided["session"]["status"], status);
        let id = &hosted.session_id;
        let url = match name {
            "failure" => {
                format!("https://shop.example/failure?s={id}&t={{{{authorization_token}}}}")
            }
            _ => format!("https://shop.example/{name}?s={id}"),
        };
        assert_eq!(decided["redirect_url"], url);
        assert_eq!(hosted.status(&shop).await, status);
        let again = hosted.decide(&shop, &json!({"outcome": "approved"})).await;
        let is_final = status == "CANCELLED";
        assert_eq!(again.status, if is_final { 409 } else { 200 }, "{}", again.text);
        let expected = if is_final { "CANCELLED" } else { "COMPLETED" };
        assert_eq!(hosted.status(&shop).await, expected);
    }
    let silent = Hosted::with(&shop, &cart(), &json!({})).await;
    let entered = silent.decided(&shop, "entered").await;
    assert_eq!(entered["session"]["status"], "IN_PROGRESS");
    let decided = silent.decided(&shop, "approved").await;
    assert_eq!((&decided["redirect_url"], &entered["redirect_url"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn without_an_outcome_the_person_decides() {
    let shop = Shop::open().await;
    for (email, status) in [
        ("customer@email.se", "COMPLETED"),
        ("customer+denied@email.se", "FAILED"),
        ("customer+invalid_fields@email.se", "ERROR"),
    ] {
        let hosted = Hosted::with(&shop, &cart_of(email), &json!({})).await;
        let got = hosted.decide(&shop, &json!({})).await;
        assert_eq!(got.json()["session"]["status"], status, "{email}");
    }
    // So does the phone of one who is denied.
    let payment = shop.session(&cart_of("customer@email.se")).await;
    for (phone, is_approved) in [("+46701740620", false), ("+46701740615", true)] {
        let data = json!({"billing_address": {"email": "customer@email.se", "phone": phone}});
        let said = shop.authorize(&payment, &json!({ "data": data })).await;
        assert_eq!(said["approved"], is_approved, "{phone}");
        let told = json!({"data": data, "outcome": "approved"});
        assert_eq!(shop.authorize(&payment, &told).await["approved"], true, "{phone}");
    }
    // What the buyer brings is merged over the session.
    let hosted = Hosted::open(&shop).await;
    let data = json!({"billing_address": {"email": "customer+denied@email.se"}});
    let got = hosted.decide(&shop, &json!({"data": data})).await;
    assert_eq!(got.json()["session"]["status"], "FAILED");
}

#[tokio::test]
async fn what_cannot_be_placed_is_an_error() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["intent"] = json!("tokenize");
    let placing = json!({"merchant_urls": merchant_urls(),
        "options": {"place_order_mode": "PLACE_ORDER"}});
    let hosted = Hosted::with(&shop, &cart, &placing).await;
    let decided = hosted.decided(&shop, "approved").await;
    assert_eq!(decided["session"]["status"], "ERROR");
    assert!(decided["redirect_url"].as_str().unwrap().starts_with("https://shop.example/error"));
    let plain = Hosted::with(&shop, &cart, &json!({})).await;
    plain.decided(&shop, "approved").await;
    let token = plain.read(&shop).await["authorization_token"].as_str().unwrap().to_owned();
    let request = json!({"description": "Boots monthly", "intended_use": "SUBSCRIPTION",
        "locale": "sv-SE", "purchase_country": "SE", "purchase_currency": "SEK"});
    let path = format!("/payments/v1/authorizations/{token}/customer-token");
    assert_eq!(shop.post(&path, &request).await.status, 200);
}

#[tokio::test]
async fn a_payment_session_completed_elsewhere_completes_its_pages() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let payment_session = shop.session(&cart()).await;
    let open = Hosted::of(&shop, &payment_session, &calling(&url, "NONE")).await;
    let placing = Hosted::of(&shop, &payment_session, &calling(&url, "PLACE_ORDER")).await;
    let withdrawn = Hosted::of(&shop, &payment_session, &calling(&url, "NONE")).await;
    withdrawn.disable(&shop).await;
    assert_eq!(inbox.wait_for(1).await[0]["session"]["status"], "DISABLED");
    let token = shop.token(&payment_session).await;
    assert_eq!(open.status(&shop).await, "WAITING", "only an order completes it");
    let order_id = shop.place(&token, &cart()).await.json()["order_id"].clone();
    let read = open.read(&shop).await;
    assert_eq!(
        (&read["status"], &read["authorization_token"]),
        (&json!("COMPLETED"), &json!(token))
    );
    // Nobody has to read it for the merchant to be told.
    shop.advance("PT1S").await;
    let all = inbox.wait_for(3).await;
    let told = all.iter().find(|it| it["session"]["session_id"] == placing.session_id).unwrap();
    assert_eq!(told["session"]["order_id"], order_id);
    assert_eq!(withdrawn.status(&shop).await, "DISABLED");
    let page = shop.get(&placing.page(&shop)).await;
    assert!(page.text.contains("data-step=\"done\""), "{}", page.text);
}

#[tokio::test]
async fn every_change_is_told() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let hosted = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    assert!(attempts(&shop).await.is_empty(), "to wait is no change");
    let before = |outcome: &str| json!({"outcome": outcome, "callback": "before"});
    for outcome in ["entered", "entered", "back", "denied", "error", "approved"] {
        assert_eq!(hosted.decide(&shop, &before(outcome)).await.status, 200);
    }
    let bodies = inbox.bodies();
    let statuses = texts(&bodies, "/session/status");
    let expected = [
        "IN_PROGRESS",
        "BACK",
        "IN_PROGRESS",
        "FAILED",
        "IN_PROGRESS",
        "ERROR",
        "IN_PROGRESS",
        "COMPLETED",
    ];
    assert_eq!(statuses, expected);
    // The session as it is read, and an id of its own for each change.
    assert_eq!(bodies[7]["session"], hosted.read(&shop).await);
    assert_eq!(bodies[7].as_object().unwrap().len(), 2);
    let events: std::collections::BTreeSet<&str> =
        texts(&bodies, "/event_id").into_iter().collect();
    assert_eq!(events.len(), 8);
    let noted = attempts(&shop).await;
    assert_eq!(texts(&noted, "/kind"), ["status_update"; 8]);
    assert_eq!(texts(&noted, "/callback_id"), texts(&bodies, "/event_id"));
    // Of the placeholders only the session's id is filled in here.
    let id = &hosted.session_id;
    assert_eq!(noted[7]["url"], format!("{url}?s={id}&t={{{{authorization_token}}}}"));
}

#[tokio::test]
async fn a_status_update_is_sent_four_times_at_most() {
    let shop = quick().await;
    for (answers, sent) in
        [(vec![204], 1), (vec![500, 302, 201], 3), (vec![500, 404, 500, 400, 200], 4)]
    {
        let (inbox, url) = Inbox::open(&answers).await;
        let hosted = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
        let body = json!({"outcome": "entered", "callback": "before"});
        assert_eq!(hosted.decide(&shop, &body).await.status, 200);
        let bodies = inbox.bodies();
        assert_eq!(bodies.len(), sent);
        assert!(bodies.iter().all(|body| *body == bodies[0]), "the same event each time");
        let all = attempts(&shop).await;
        let noted = &all[all.len() - sent..];
        let numbers: Vec<u64> = noted.iter().map(|it| it["attempt"].as_u64().unwrap()).collect();
        let expected: Vec<u64> = (1..).take(sent).collect();
        assert_eq!(numbers, expected);
        let statuses: Vec<&Value> = noted.iter().map(|it| &it["status"]).collect();
        assert_eq!(statuses, answers[..sent].iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_asked_again() {
    let settings = Settings {
        hpp_callback_pause_milliseconds: 1,
        hpp_callback_timeout_milliseconds: 20,
        ..Settings::default()
    };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    // Connections wait in its queue, and nobody ever reads them.
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", deaf.local_addr().unwrap());
    let hosted = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    let body = json!({"outcome": "entered", "callback": "before"});
    assert_eq!(hosted.decide(&shop, &body).await.status, 200);
    let noted = attempts(&shop).await;
    assert_eq!(texts(&noted, "/error"), ["timed out"; 4]);
}

#[tokio::test]
async fn a_developer_chooses_when_it_is_told() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(url);
    let mut expected = 0;
    for (when, count) in [("before", 3), ("after", 3), ("twice", 6), ("never", 0), ("before", 3)] {
        let hosted = Hosted::with(&shop, &cart, &calling(&url, "NONE")).await;
        let body = json!({"outcome": "approved", "callback": when});
        let decided = hosted.decide(&shop, &body).await.json();
        expected += count;
        if when == "before" {
            assert_eq!(inbox.bodies().len(), expected);
        }
        let bodies = inbox.wait_for(expected).await;
        assert_eq!(bodies.len(), expected);
        if count == 3 {
            let token = &decided["session"]["authorization_token"];
            let [entered, completed, authorized] = &bodies[expected - 3..] else { panic!() };
            assert_eq!(entered["session"]["status"], "IN_PROGRESS");
            assert_eq!(&completed["session"]["authorization_token"], token);
            assert_eq!(&authorized["authorization_token"], token);
        }
    }
}

#[tokio::test]
async fn unless_told_the_authorization_callback_comes_as_the_switch_says() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(url);
    let mut expected = 0;
    // The status updates, of coming and of completing, come whatever the switch says.
    for (when, count) in [("never", 2), ("twice", 4), ("before", 3)] {
        let changes = json!({"authorization_callback": when});
        shop.call("PATCH", "/sandbox/v1/settings", Some(&changes)).await;
        let hosted = Hosted::with(&shop, &cart, &calling(&url, "NONE")).await;
        let decided = hosted.decide(&shop, &json!({"outcome": "approved"})).await.json();
        if when == "before" {
            let token = &decided["session"]["authorization_token"];
            assert!(inbox.bodies().iter().any(|it| &it["authorization_token"] == token));
        }
        expected += count;
        assert_eq!(inbox.wait_for(expected).await.len(), expected, "{when}");
    }
    let bodies = inbox.bodies();
    assert_eq!(bodies.iter().filter(|it| it["authorization_token"].is_string()).count(), 3);
}

#[tokio::test]
async fn who_is_told_nothing_of_one_page_is_told_of_another() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let elsewhere = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    let token = shop.token(&elsewhere.payment_session).await;
    shop.place(&token, &cart()).await;
    let hosted = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    let body = json!({"outcome": "approved", "callback": "never"});
    assert_eq!(hosted.decide(&shop, &body).await.status, 200);
    let told = inbox.wait_for(1).await;
    assert_eq!(told[0]["session"]["session_id"], elsewhere.session_id);
}

#[tokio::test]
async fn an_unpaid_session_times_out_where_the_switch_says_so() {
    let shop = quick().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let quiet = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    shop.advance("PT47H").await;
    assert!(inbox.bodies().is_empty());
    assert_eq!(quiet.get(&shop).await.status, 404);

    let told = json!({"hpp_timeout_is_told": true});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&told)).await.status, 200);
    shop.advance("PT1S").await;
    assert!(inbox.bodies().is_empty(), "what is over before is not told");
    let unpaid = Hosted::with(&shop, &cart(), &calling(&url, "NONE")).await;
    let paid = Hosted::with(&shop, &cart(), &calling("not-called:", "NONE")).await;
    paid.decided(&shop, "approved").await;
    shop.advance("PT46H59M59S").await;
    assert!(inbox.bodies().is_empty());
    shop.advance("PT1S").await;
    shop.advance("PT1S").await;
    let bodies = inbox.bodies();
    assert_eq!(texts(&bodies, "/session/status"), ["TIMEOUT"]);
    assert_eq!(bodies[0]["session"]["session_id"], unpaid.session_id);
    assert_eq!(unpaid.get(&shop).await.status, 404);
    let page = shop.get(&unpaid.page(&shop)).await;
    assert!(page.text.contains("data-step=\"expired\""), "{}", page.text);
}

#[tokio::test]
async fn a_developers_mistake_is_named() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    for (body, part) in [
        (json!({"outcome": "paid"}), "unknown variant `paid`"),
        (json!({"outcom": "approved"}), "unknown field `outcom`"),
        (json!({"outcome": "approved", "payment_method": "gold"}), "payment_method: \"gold\""),
    ] {
        let got = hosted.decide(&shop, &body).await;
        assert_eq!(got.status, 400);
        assert!(got.json()["message"].as_str().unwrap().contains(part), "{}", got.text);
    }
    assert_eq!(hosted.status(&shop).await, "WAITING", "nothing happened");
    let unknown = shop.post("/sandbox/v1/hpp/unknown", &json!({})).await;
    assert_eq!((unknown.status, &unknown.json()["code"]), (404, &json!("NOT_FOUND")));
    hosted.decided(&shop, "cancelled").await;
    let over = hosted.decide(&shop, &json!({"outcome": "approved"})).await;
    assert_eq!((over.status, &over.json()["code"]), (409, &json!("SESSION_IS_OVER")));
    let message = over.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("is CANCELLED and stays so"), "{message}");
}
