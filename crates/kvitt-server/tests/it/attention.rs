//! What needs a person, and how a person settles it.

use reqwest::Method;
use serde_json::json;

use crate::shop::{Shop, id};

/// An order with a capture whose answer was lost.
async fn in_doubt(shop: &Shop) -> (serde_json::Value, String) {
    let order = shop.order().await;
    let fault = json!({"match": {"path_contains": "/captures"}, "times": 9,
        "effect": {"kind": "reset_after"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let captures = format!("/v1/orders/{}/captures", id(&order));
    let body = json!({"captured_amount": 100, "amount_only": true});
    let answer = shop.post(&captures, &body).await.expect(202);
    let intent = answer["intent"]["id"].as_str().unwrap().to_owned();
    (order, intent)
}

#[tokio::test]
async fn an_act_in_doubt_is_listed_until_somebody_settles_it() {
    let shop = Shop::open().await;
    assert_eq!(shop.get("/v1/attention").await.expect(200)["items"], json!([]));
    let (order, intent) = in_doubt(&shop).await;

    let listed = shop.get("/v1/attention?limit=5").await.expect(200);
    let item = &listed["items"][0];
    assert_eq!(item["order_id"], order["id"]);
    assert_eq!(item["intent_id"], intent.as_str());
    assert_eq!(
        (item["kind"].as_str(), item["act"].as_str()),
        (Some("outcome_unknown"), Some("capture"))
    );
    assert!(item["reason"].as_str().unwrap().contains("not known yet"), "{item}");

    let settle = format!("/v1/intents/{intent}/settle");
    for bad in [json!({}), json!({"outcome": "perhaps"}), json!({"outcome": "done", "x": 1})] {
        let answer = shop.post(&settle, &bad).await;
        assert_eq!(answer.status.as_u16() / 100, 4, "{bad}: {}", answer.text);
    }
    let body = json!({"outcome": "done", "id": "nothing of Klarna's"});
    shop.post(&settle, &body).await.refused(409, "not_at_klarna");
    let settled = shop.post(&settle, &json!({"outcome": "not_done"})).await.expect(200);
    assert_eq!(
        (settled["state"].as_str(), settled["id"].as_str()),
        (Some("refused"), Some(&*intent))
    );
    assert_eq!(settled["klarna"]["error_code"], "SETTLED_AS_NOT_DONE");
    shop.post(&settle, &json!({"outcome": "not_done"})).await.refused(409, "not_in_doubt");
    let unknown = "/v1/intents/int_0192f0c8111172228333444455556666/settle";
    shop.post(unknown, &json!({"outcome": "not_done"})).await.refused(404, "not_found");
}
