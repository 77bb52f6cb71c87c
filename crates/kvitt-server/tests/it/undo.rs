//! Undoing an order over the merchant API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, id, send};

/// An order of which one shirt is captured: 249.00 of 547.00.
async fn part_captured(shop: &Shop) -> String {
    let path = format!("/v1/orders/{}", id(&shop.order().await));
    let pick = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    shop.post(&format!("{path}/captures"), &pick).await.expect(201);
    path
}

#[tokio::test]
async fn an_undo_is_shown_first_then_done_and_read_as_one() {
    let shop = Shop::open().await;
    let path = part_captured(&shop).await;
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let preview = shop.act(&format!("{path}/undo?preview=true")).await.expect(200);
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls));
    assert_eq!((&preview["preview"], &preview["kind"]), (&json!(true), &json!("undo")));
    assert_eq!(
        preview["effect"],
        "Klarna frees what is left to capture, for good; then Klarna gives it back to the customer"
    );
    assert_eq!(preview["amount"], 24_900);
    assert_eq!(preview["order_lines"][0]["line_id"], "shirt");
    let steps = &preview["steps"];
    assert_eq!((&steps[0]["kind"], &steps[1]["kind"]), (&json!("release"), &json!("refund")));
    assert_eq!(steps[0].get("amount"), None);
    assert_eq!(steps[0]["after"]["remaining_authorized_amount"], 0);
    assert_eq!(steps[0]["after"]["refunded_amount"], 0);
    assert_eq!(
        (&steps[1]["amount"], &steps[1]["status_after"]),
        (&json!(24_900), &json!("CAPTURED"))
    );
    assert_eq!(preview["before"]["remaining_authorized_amount"], 29_800);
    assert_eq!(preview["after"], steps[1]["after"]);

    let body = json!({"description": "Sold out", "reference": "u-1"});
    let done = shop.post_once(&format!("{path}/undo"), "undo-1", &body).await.expect(200);
    assert_eq!(
        (&done["intent"]["kind"], &done["intent"]["state"]),
        (&json!("undo"), &json!("done"))
    );
    assert_eq!(done["order"]["refunded_amount"], 24_900);
    assert_eq!(done["order"]["remaining_authorized_amount"], 0);
    assert_eq!(done["refund"]["refunded_amount"], 24_900);
    assert_eq!(
        (&done["refund"]["description"], &done["refund"]["reference"]),
        (&json!("Sold out"), &json!("u-1"))
    );
    assert_eq!(done["order"]["open_intent"], Value::Null);
    let url = done["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200), done["intent"]);
    let kinds: Vec<_> =
        done["intent"]["steps"].as_array().unwrap().iter().map(|it| &it["kind"]).collect();
    assert_eq!(kinds, ["release", "refund"]);
    let step = shop.get(done["intent"]["steps"][1]["url"].as_str().unwrap()).await.expect(200);
    assert_eq!((&step["part_of"], &step["amount"]), (&done["intent"]["id"], &json!(24_900)));

    let again = shop.post_once(&format!("{path}/undo"), "undo-1", &body).await;
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.expect(200)["intent"], done["intent"]);
    let other = shop.post_once(&format!("{path}/undo"), "undo-1", &json!({})).await;
    other.refused(422, "idempotency_key_reused");

    let refused = shop.act(&format!("{path}/undo")).await.refused(409, "nothing_to_undo");
    assert!(!refused["allowed_acts"].as_array().unwrap().contains(&json!("undo")));
    let refused = shop.act(&format!("{path}/undo?preview=true")).await;
    refused.refused(409, "nothing_to_undo");

    let page = shop.get(&format!("{path}/events")).await.expect(200);
    let names: Vec<_> = page["items"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    let last = &names[names.len() - 6..];
    assert_eq!(
        last,
        [
            "undo.requested",
            "release.requested",
            "release.done",
            "refund.requested",
            "refund.done",
            "undo.done"
        ]
    );
}

#[tokio::test]
async fn an_order_of_which_nothing_is_captured_is_cancelled_without_a_body() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    assert!(order["allowed_acts"].as_array().unwrap().contains(&json!("undo")));
    let done = shop.act(&format!("/v1/orders/{}/undo", id(&order))).await.expect(200);
    assert_eq!(done["order"]["status"], "CANCELLED");
    assert_eq!(done.get("refund"), None);
}

#[tokio::test]
async fn an_undo_that_is_not_known_yet_is_202_and_is_read_by_its_intent() {
    let shop = Shop::open().await;
    let path = part_captured(&shop).await;
    let fault = json!({"match": {"operation": "refundOrder"}, "times": 1,
        "effect": {"kind": "reset_after"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let answer = shop.act(&format!("{path}/undo")).await.expect(202);
    assert_eq!(
        (&answer["intent"]["kind"], &answer["intent"]["state"]),
        (&json!("undo"), &json!("unknown"))
    );
    assert!(answer["intent"]["problem"].is_string());
    assert_eq!(answer["order"]["open_intent"], answer["intent"]);
    assert_eq!(answer["order"]["may_ship"]["reason"], "outcome_unknown");
    shop.post(&format!("{path}/refunds"), &json!({})).await.refused(409, "outcome_unknown");
    shop.act(&format!("{path}/undo")).await.refused(409, "outcome_unknown");
    shop.engine.work_once().await.unwrap();
    let url = answer["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200)["state"], "done");
    let order = shop.get(&path).await.expect(200);
    assert_eq!((&order["refunded_amount"], &order["open_intent"]), (&json!(24_900), &Value::Null));
}

#[tokio::test]
async fn klarnas_refusal_of_an_undo_is_told_in_its_own_words() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let fault = json!({"match": {"operation": "cancelOrder"}, "times": 2,
        "effect": {"kind": "error", "error_code": "CANCEL_NOT_ALLOWED"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let path = format!("/v1/orders/{}/undo", id(&order));
    let problem = shop.act(&path).await.refused(409, "klarna_refused");
    assert_eq!(problem["klarna"]["error_code"], "CANCEL_NOT_ALLOWED");
    assert_eq!(problem["intent"]["state"], "refused");
    assert_eq!(problem["intent"]["klarna"]["error_code"], "CANCEL_NOT_ALLOWED");
    assert_eq!(problem["order"]["status"], "AUTHORIZED");
}

#[tokio::test]
async fn what_is_sent_with_an_undo_is_read_strictly() {
    let shop = Shop::open().await;
    let path = format!("/v1/orders/{}/undo", id(&shop.order().await));
    shop.post(&path, &json!({"order_lines": []})).await.refused(400, "invalid_member");
    shop.post(&path, &json!([])).await.refused(400, "invalid_member");
    shop.post(&path, &json!({"description": "x".repeat(256)})).await.refused(422, "length");
    let plain = shop.request(Method::POST, &path).header("Content-Type", "text/plain").body("{}");
    send(plain).await.refused(415, "unsupported_media_type");
    let nobody = "/v1/orders/ord_0192f0c8111172228333444455556666/undo";
    shop.act(nobody).await.refused(404, "not_found");
}
