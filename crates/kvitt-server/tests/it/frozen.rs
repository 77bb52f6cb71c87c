//! A frozen ledger as shops, shoppers, operators and probes meet it; and reconciling over the API.

use reqwest::Method;
use serde_json::{Value, json};

use crate::operator::{Browser, add_user};
use crate::shop::{Shop, cart, id, send};

async fn freeze(shop: &Shop) {
    let at = shop.engine.now().await;
    assert!(shop.ledger.freeze(at, "a backup of Friday").await.unwrap());
}

#[tokio::test]
async fn a_frozen_ledger_is_read_and_refuses_every_act_with_the_way_out() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let checkout = shop.checkout().await;
    freeze(&shop).await;
    let calls = shop.calls_to_klarna().await;
    let checkout_path = format!("/v1/checkouts/{}", id(&checkout));

    let line = &order["order_lines"][0]["line_id"];
    for (act, body) in [
        ("captures", json!({"order_lines": [{"line_id": line, "quantity": 1}]})),
        ("cancel", Value::Null),
        ("extend", Value::Null),
        ("undo", json!({})),
    ] {
        let url = format!("{path}/{act}");
        let answer =
            if body.is_null() { shop.act(&url).await } else { shop.post(&url, &body).await };
        assert_eq!(answer.headers["retry-after"], "60");
        let problem = answer.refused(503, "ledger_frozen");
        assert!(problem["detail"].as_str().unwrap().contains("kvitt reconcile"), "{problem}");
    }
    shop.post("/v1/checkouts", &cart()).await.refused(503, "ledger_frozen");
    send(shop.request(Method::DELETE, &checkout_path)).await.refused(503, "ledger_frozen");
    assert_eq!(shop.get(&path).await.expect(200)["status"], "AUTHORIZED");
    assert_eq!(shop.get("/v1/orders").await.expect(200)["items"].as_array().unwrap().len(), 1);
    let preview = format!("{path}/cancel?preview=true");
    shop.act(&preview).await.expect(200);
    assert_eq!(shop.calls_to_klarna().await, calls, "Klarna heard of nothing");

    let frozen = shop.get("/v1/ledger").await.expect(200)["frozen"].clone();
    assert_eq!(frozen["because"], "a backup of Friday");
    let ready = send(shop.bare(Method::GET, "/readyz")).await.expect(200);
    assert_eq!((&ready["status"], &ready["frozen"]), (&json!("ok"), &frozen));

    let thawed = shop.act("/v1/ledger/thaw").await.expect(200);
    assert_eq!(thawed, json!({"frozen": null}));
    shop.act(&format!("{path}/cancel")).await.expect(200);
}

#[tokio::test]
async fn a_shopper_begins_no_payment_while_the_ledger_is_frozen_and_one_under_way_is_not_lost() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let link = checkout["checkout_url"].as_str().unwrap();
    let authorized = shop.authorize(&checkout).await;
    freeze(&shop).await;
    let post = async |path: &str, body: Value| {
        send(shop.client.post(format!("{link}/{path}")).json(&body)).await
    };

    post("session", json!({"unusable": false})).await.refused(503, "ledger_frozen");
    let page = send(shop.client.get(link)).await;
    assert_eq!(page.status, 200, "the page itself stands");
    let token = json!({"authorization_token": authorized});
    post("authorization", token).await.refused(503, "ledger_frozen");

    let state = send(shop.client.get(format!("{link}/state"))).await.expect(200);
    assert_eq!(state["status"], "placing", "the shopper is told to wait, and not to pay again");
    shop.engine.thaw().await.unwrap();
    let sale = id(&checkout).parse::<kvitt_core::CheckoutId>().unwrap().into();
    for _ in 0..200 {
        shop.engine.work_once().await.unwrap();
        if shop.engine.sale(sale).await.unwrap().order.is_some() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the order was never placed");
}

#[tokio::test]
async fn every_page_of_the_dashboard_says_that_the_ledger_is_frozen() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    add_user(&shop, "asa").await;
    let browser = Browser::signed_in(&shop).await;
    let order = format!("/dashboard/orders/{}", id(&order));
    let pages = ["/dashboard/orders", order.as_str()];
    for page in pages {
        assert!(!browser.get(page).await.text.contains("The ledger is frozen"), "{page}");
    }
    freeze(&shop).await;
    for page in pages {
        let text = browser.get(page).await.text;
        assert!(text.contains("The ledger is frozen"), "{page}: {text}");
        assert!(text.contains("a backup of Friday"), "{page}: {text}");
    }
}

#[tokio::test]
async fn a_sale_is_held_beside_klarna_and_a_checkout_is_told_its_order() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}/reconcile", id(&order));
    let agreed = shop.act(&path).await.expect(200);
    assert_eq!((&agreed["looked_at"], &agreed["needs_person"]), (&json!("order"), &json!(false)));
    assert_eq!(agreed["differences"], json!([]));
    let url = format!(
        "{}/ordermanagement/v1/orders/{}/captures",
        shop.klarna.url(),
        order["klarna_order_id"].as_str().unwrap()
    );
    let capture = shop.client.post(url).json(&json!({"captured_amount": 100}));
    assert!(send(capture.basic_auth("any", Some("thing"))).await.status.is_success());

    let preview = shop.act(&format!("{path}?preview=true")).await.expect(200);
    assert_eq!(preview["preview"], true);
    let taken = shop.act(&path).await.expect(200);
    assert_eq!(preview["differences"], taken["differences"]);
    let difference = &taken["differences"][0];
    assert_eq!(
        [&difference["code"], &difference["kvitt"], &difference["klarna"]],
        [&json!("capture_external"), &json!(null), &json!(100)]
    );
    assert_eq!(difference["repair"]["by"], "taken_over");

    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let looked = shop.act(&format!("{path}/reconcile")).await.expect(200);
    assert_eq!(looked["looked_at"], "session");
    let theirs = json!({ "klarna_order_id": order["klarna_order_id"] });
    shop.post(&format!("{path}/adopt"), &theirs).await.refused(409, "not_this_order");
    let unplaced = format!("/v1/orders/{}/reconcile", id(&checkout).replace("chk_", "ord_"));
    shop.act(&unplaced).await.refused(404, "no_order");
}
