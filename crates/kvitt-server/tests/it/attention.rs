//! What needs a person, and how a person settles it.

use reqwest::Method;
use serde_json::json;

use crate::callbacks::door;
use crate::shop::{Shop, id, send};

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

#[tokio::test]
async fn alarms_are_listed_before_the_sales_while_they_last() {
    let shop = Shop::easily_alarmed().await;
    let listed = shop.get("/v1/attention").await.expect(200);
    assert_eq!(listed["alarms"], json!([]));

    for _ in 0..5 {
        shop.order().await;
    }
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT6H"})).await;
    while shop.engine.work_once().await.unwrap() > 0 {}
    let listed = shop.get("/v1/attention?limit=5").await.expect(200);
    let alarm = &listed["alarms"][0];
    assert_eq!((alarm["kind"].as_str(), alarm["count"].as_i64()), (Some("no_callbacks"), Some(5)));
    assert!(alarm["since"].is_string(), "{alarm}");
    assert!(alarm["message"].as_str().unwrap().contains(&shop.url), "{alarm}");
    assert_eq!((listed["alarms"].as_array().unwrap().len(), &listed["items"]), (1, &json!([])));
    let metrics = shop.get("/metrics").await.text;
    for line in ["kvitt_alarm{kind=\"no_callbacks\"} 1", "kvitt_alarm{kind=\"work_late\"} 0"] {
        assert!(metrics.lines().any(|it| it == line), "{line} not in\n{metrics}");
    }

    // The next word of Klarna's ends it, and is work that nobody takes.
    let checkout = shop.checkout().await;
    let push = format!("{}/push", door(&shop, &checkout).await);
    send(shop.bare(Method::POST, &push)).await.expect(200);
    let listed = shop.get("/v1/attention").await.expect(200);
    let alarms = listed["alarms"].as_array().unwrap();
    assert_eq!(alarms.len(), 1, "{listed}");
    assert_eq!((alarms[0]["kind"].as_str(), &alarms[0]["count"]), (Some("work_late"), &json!(1)));
    while shop.engine.work_once().await.unwrap() > 0 {}
    assert_eq!(shop.get("/v1/attention").await.expect(200)["alarms"], json!([]));
}
