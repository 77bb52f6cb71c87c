//! Klarna's callbacks, as Klarna sends them and as others might.

use kvitt_core::{CheckoutId, SaleId};
use kvitt_engine::names;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::shop::{Shop, cart, id, send};

pub(crate) async fn door(shop: &Shop, checkout: &Value) -> String {
    let sale = SaleId::from(id(checkout).parse::<CheckoutId>().unwrap());
    let secret = shop.engine.secret(sale, names::CALLBACK_SECRET).await.unwrap().unwrap();
    format!("/callbacks/klarna/{}/{}", id(checkout), secret.expose_secret())
}

#[tokio::test]
async fn browser_and_callback_place_one_order_in_either_order() {
    for callback_first in [true, false] {
        let shop = Shop::open().await;
        let checkout = shop.checkout().await;
        let token = shop.authorize(&checkout).await;
        let callback = format!("{}/authorization", door(&shop, &checkout).await);
        let from_klarna = json!({"authorization_token": token, "session_id":
            checkout["session"]["session_id"], "auto_finalize": true});
        let browser = format!("/v1/checkouts/{}/authorization", id(&checkout));
        let from_browser = json!({"authorization_token": token});
        if callback_first {
            send(shop.bare(Method::POST, &callback).json(&from_klarna)).await.expect(200);
            let answer = shop.post(&browser, &from_browser).await;
            assert!(matches!(answer.status.as_u16(), 200 | 201), "{}", answer.text);
        } else {
            shop.post(&browser, &from_browser).await.expect(201);
            send(shop.bare(Method::POST, &callback).json(&from_klarna)).await.expect(200);
            send(shop.bare(Method::POST, &callback).json(&from_klarna)).await.expect(200);
        }
        let events = shop.get(&format!("/v1/checkouts/{}/events", id(&checkout))).await.expect(200);
        let placed = events["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["type"] == "place.done")
            .count();
        assert_eq!(placed, 1, "callback first: {callback_first}");
    }
}

#[tokio::test]
async fn a_notification_makes_the_order_be_read() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let checkout = json!({"id": order["checkout_id"]});
    let klarna = order["klarna_order_id"].as_str().unwrap();
    let path = format!("{}/notification", door(&shop, &checkout).await);
    let body = json!({"order_id": klarna, "event_type": "FRAUD_RISK_STOPPED"});
    send(shop.bare(Method::POST, &path).json(&body)).await.expect(200);
    let read = shop.get(&format!("/v1/orders/{}", id(&order))).await.expect(200);
    assert_eq!(read["may_ship"]["reason"], "stopped");
    let refused = shop.post(&format!("/v1/orders/{}/captures", id(&order)), &json!({})).await;
    refused.refused(409, "shipment_stopped");
}

#[tokio::test]
async fn a_wrong_secret_and_an_unknown_checkout_look_alike() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let token = shop.authorize(&checkout).await;
    let before = (shop.events().await, shop.calls_to_klarna().await);
    let body = json!({"authorization_token": token});
    let wrong = "0".repeat(64);
    let mut answers = Vec::new();
    for path in [
        format!("/callbacks/klarna/{}/{wrong}", id(&checkout)),
        format!("/callbacks/klarna/chk_0192f0c8111172228333444455556666/{wrong}"),
        format!("/callbacks/klarna/nonsense/{wrong}"),
    ] {
        for kind in ["authorization", "notification", "push"] {
            let request = shop.bare(Method::POST, &format!("{path}/{kind}")).json(&body);
            let mut problem = send(request).await.refused(404, "not_found");
            problem.as_object_mut().unwrap().remove("request_id");
            answers.push(problem);
        }
        let request = shop.bare(Method::GET, &format!("{path}/confirmation?order_id=1"));
        let mut problem = send(request).await.refused(404, "not_found");
        problem.as_object_mut().unwrap().remove("request_id");
        answers.push(problem);
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), before);
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_shown_without_what_it_said() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let door = door(&shop, &checkout).await;
    let events = shop.events().await;
    let bodies = ["", "{", "[]", r#"{"authorization_token": 1}"#, r#"{"authorization_token"}"#];
    for body in bodies {
        for _ in 0..2 {
            let request = shop.bare(Method::POST, &format!("{door}/authorization")).body(body);
            send(request).await.expect(200);
        }
    }
    send(shop.bare(Method::POST, &format!("{door}/notification")).body("x")).await.expect(200);
    send(shop.bare(Method::POST, &format!("{door}/push?order_id=1"))).await.expect(200);
    assert_eq!(shop.events().await, events);
    let path = format!("/v1/checkouts/{}/callbacks", id(&checkout));
    let kept = shop.get(&path).await.expect(200);
    let kept = kept["items"].as_array().unwrap();
    let count = |door: &str, times: u64| {
        kept.iter().filter(|it| it["door"] == door && it["times"] == times).count()
    };
    assert_eq!((count("authorization", 2), count("notification", 1), count("push", 1)), (5, 1, 1));
    assert!(kept.iter().all(|it| it.as_object().unwrap().len() == 4), "{kept:?}");
}

#[tokio::test]
async fn a_shopper_passes_by_on_the_way_to_the_shops_own_page() {
    let shop = Shop::open().await;
    let mut body = cart();
    body["merchant_urls"] =
        json!({"confirmation": "https://shop.example/thanks?o={order.id}&s={session.id}"});
    let checkout = shop.post("/v1/checkouts", &body).await.expect(201);
    let door = door(&shop, &checkout).await;
    let come = |query: &str| shop.bare(Method::GET, &format!("{door}/confirmation{query}"));
    let location = async |query: &str| {
        let stays = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let request = come(query).build().unwrap();
        let answer = stays.build().unwrap().execute(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        location("?order_id=a-1&session_id=b-2").await,
        "https://shop.example/thanks?o=a-1&s=b-2"
    );
    assert_eq!(
        location("?order_id=//evil.example/%22&session_id=").await,
        "https://shop.example/thanks?o=evilexample&s="
    );
    assert_eq!(location("").await, "https://shop.example/thanks?o=&s=");
    let mut body = cart();
    body.as_object_mut().unwrap().remove("merchant_urls");
    let without = shop.post("/v1/checkouts", &body).await.expect(201);
    let door = self::door(&shop, &without).await;
    send(shop.bare(Method::GET, &format!("{door}/confirmation"))).await.refused(404, "not_found");
}
