//! The good way, through every route, with amounts written by hand.

use reqwest::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, cart, id, send};

#[tokio::test]
async fn a_checkout_says_what_the_browser_needs() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    assert!(id(&checkout).starts_with("chk_"));
    assert_eq!(checkout["status"], "open");
    assert_eq!(checkout["account"], "default");
    assert_eq!(checkout["placement"], "automatic");
    assert_eq!(checkout["order_amount"], 54_700);
    assert_eq!(checkout["order_tax_amount"], 10_940);
    assert_eq!(checkout["order_lines"][0]["line_id"], "shirt");
    assert_eq!(checkout["order_lines"][0]["total_discount_amount"], 0);
    assert_eq!(checkout["order_id"], Value::Null);
    assert_eq!(checkout["merchant_reference1"], "1001");
    assert_eq!(checkout["merchant_data"], "{\"basket\":7}");
    assert_eq!(checkout["merchant_urls"]["confirmation"], "https://shop.example/thanks");
    let session = &checkout["session"];
    for member in ["session_id", "client_token", "expires_at"] {
        assert!(session[member].as_str().is_some_and(|text| !text.is_empty()), "{member}");
    }
    assert!(!session["payment_method_categories"].as_array().unwrap().is_empty());

    let read = shop.get(&format!("/v1/checkouts/{}", id(&checkout))).await;
    assert_eq!(read.headers["cache-control"], "no-store");
    assert_eq!(read.headers["x-content-type-options"], "nosniff");
    assert_eq!(read.expect(200), checkout);
}

#[tokio::test]
async fn tax_that_is_left_out_is_computed() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart.as_object_mut().unwrap().remove("order_tax_amount");
    for line in cart["order_lines"].as_array_mut().unwrap() {
        line.as_object_mut().unwrap().remove("total_tax_amount");
        line.as_object_mut().unwrap().remove("line_id");
    }
    let checkout = shop.post("/v1/checkouts", &cart).await.expect(201);
    assert_eq!(checkout["order_tax_amount"], 10_940);
    assert_eq!(checkout["order_lines"][0]["total_tax_amount"], 9_960);
    assert_eq!(checkout["order_lines"][0]["line_id"], "l1");
    assert_eq!(checkout["order_lines"][1]["line_id"], "l2");
}

#[tokio::test]
async fn an_order_is_captured_in_two_parts_and_refunded_by_line() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    assert_eq!(order["status"], "AUTHORIZED");
    assert_eq!(order["fraud_status"], "ACCEPTED");
    assert_eq!(order["remaining_authorized_amount"], 54_700);
    assert_eq!(order["may_ship"]["allowed"], true);
    assert_eq!(order["may_ship"]["reason"], "authorized");
    assert!(order["expires_at"].is_string());
    assert_eq!(order["open_intent"], Value::Null);
    assert_eq!(order["difference"], Value::Null);

    let body = json!({
        "order_lines": [{"line_id": "shirt", "quantity": 1}],
        "captured_amount": 24_900,
        "reference": "delivery-1",
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "XYZ123"}],
    });
    let first = shop.post(&format!("{path}/captures"), &body).await.expect(201);
    assert_eq!(first["intent"]["kind"], "capture");
    assert_eq!(first["intent"]["state"], "done");
    assert_eq!(first["intent"]["amount"], 24_900);
    assert!(first["intent"]["klarna"]["correlation_id"].is_string());
    assert_eq!(first["capture"]["captured_amount"], 24_900);
    assert_eq!(first["capture"]["reference"], "delivery-1");
    assert_eq!(first["capture"]["shipping_info"][0]["tracking_number"], "XYZ123");
    assert_eq!(first["order"]["status"], "PART_CAPTURED");
    assert_eq!(first["order"]["captured_amount"], 24_900);
    assert_eq!(first["order"]["remaining_authorized_amount"], 29_800);
    let shirt = &first["order"]["order_lines"][0];
    let part = |n: i64| {
        json!({"quantity": n, "total_amount": n * 24_900,
        "total_tax_amount": n * 4_980})
    };
    assert_eq!(shirt["captured"], part(1));
    assert_eq!(shirt["left_to_capture"], part(1));
    assert_eq!(shirt["refunded"], part(0));
    assert_eq!(shirt["left_to_refund"], part(1));

    let url = first["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200), first["intent"]);

    // Everything that is left: one shirt and the freight.
    let second = shop.post(&format!("{path}/captures"), &json!({})).await.expect(201);
    assert_eq!(second["capture"]["captured_amount"], 29_800);
    assert_eq!(second["order"]["status"], "CAPTURED");
    assert_eq!(second["order"]["remaining_authorized_amount"], 0);
    assert_eq!(second["order"]["may_ship"]["reason"], "captured");

    let capture_id = second["capture"]["capture_id"].as_str().unwrap();
    let parcels = json!({"shipping_info": [{"tracking_number": "XYZ124"}]});
    let tracked = shop
        .post(&format!("{path}/captures/{capture_id}/shipping-info"), &parcels)
        .await
        .expect(200);
    assert_eq!(tracked["order"]["captures"][1]["shipping_info"][0]["tracking_number"], "XYZ124");

    let body =
        json!({"order_lines": [{"line_id": "shirt", "quantity": 1}], "description": "small"});
    let refund = shop.post(&format!("{path}/refunds"), &body).await.expect(201);
    assert_eq!(refund["refund"]["refunded_amount"], 24_900);
    assert_eq!(refund["order"]["refunded_amount"], 24_900);
    assert_eq!(refund["order"]["refundable_amount"], 29_800);
    assert_eq!(refund["order"]["order_lines"][0]["refunded"], part(1));
    assert_eq!(refund["order"]["order_lines"][0]["left_to_refund"], part(1));

    let captures = shop.get(&format!("{path}/captures")).await.expect(200);
    assert_eq!(captures["items"].as_array().unwrap().len(), 2);
    let refunds = shop.get(&format!("{path}/refunds")).await.expect(200);
    assert_eq!(refunds["items"].as_array().unwrap().len(), 1);

    // Klarna holds the same figures.
    let url = format!(
        "{}/ordermanagement/v1/orders/{}",
        shop.klarna.url(),
        order["klarna_order_id"].as_str().unwrap()
    );
    let theirs = send(shop.client.get(url).basic_auth("PK1_test", Some("any"))).await.expect(200);
    let ours = shop.get(&path).await.expect(200);
    for (member, amount) in [
        ("order_amount", 54_700),
        ("original_order_amount", 54_700),
        ("captured_amount", 54_700),
        ("refunded_amount", 24_900),
        ("remaining_authorized_amount", 0),
    ] {
        assert_eq!(ours[member], amount, "{member}");
        assert_eq!(theirs[member], amount, "{member} at Klarna");
    }
    assert_eq!(ours["klarna_reference"], theirs["klarna_reference"]);

    let events = shop.get(&format!("{path}/events")).await.expect(200);
    let names: Vec<_> = events["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .filter(|name| name.contains("capture") || name.contains("refund"))
        .collect();
    assert_eq!(
        names,
        [
            "capture.requested",
            "capture.done",
            "capture.requested",
            "capture.done",
            "refund.requested",
            "refund.done"
        ]
    );
}

#[tokio::test]
async fn the_customers_message_of_a_capture_is_sent_again_by_its_id() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let bare = json!({});
    let early = shop.post(&format!("{path}/captures/c-1/trigger-send-out"), &bare).await;
    early.refused(409, "wrong_status");

    let captured = shop.post(&format!("{path}/captures"), &json!({})).await.expect(201);
    let capture_id = captured["capture"]["capture_id"].as_str().unwrap();
    let send_out = format!("{path}/captures/{capture_id}/trigger-send-out");
    let calls = shop.calls_to_klarna().await;
    let preview = shop.post(&format!("{send_out}?preview=true"), &bare).await.expect(200);
    assert_eq!((&preview["kind"], &preview["preview"]), (&json!("trigger_send_out"), &json!(true)));
    let effect = preview["effect"].as_str().unwrap();
    assert!(effect.contains(capture_id) && effect.contains("once more"), "{effect}");
    assert_eq!((&preview["before"], preview["amount"].clone()), (&preview["after"], Value::Null));
    shop.post(&format!("{path}/captures/c-1/trigger-send-out"), &bare)
        .await
        .refused(422, "unknown_capture");
    assert_eq!(shop.calls_to_klarna().await, calls, "nothing was asked of Klarna");

    let sent = shop.post_once(&send_out, "again-1", &bare).await.expect(200);
    assert_eq!(sent["intent"]["kind"], "trigger_send_out");
    assert_eq!(sent["intent"]["state"], "done");
    assert_eq!(sent["intent"]["klarna"]["operation"], "trigger_send_out");
    assert_eq!(sent["order"]["captured_amount"], 54_700);
    let repeated = shop.post_once(&send_out, "again-1", &bare).await.expect(200);
    assert_eq!(repeated["intent"]["id"], sent["intent"]["id"]);
    assert_eq!(shop.calls_to_klarna().await, calls + 1);
    let events = shop.get(&format!("{path}/events")).await.expect(200);
    let types = events["items"].as_array().unwrap().iter().map(|it| it["type"].clone());
    let last: Vec<_> = types.rev().take(2).collect();
    assert_eq!(last, ["trigger_send_out.done", "trigger_send_out.requested"]);
}

#[tokio::test]
async fn release_cancel_and_extend_do_as_they_say() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let pick = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    shop.post(&format!("{path}/captures"), &pick).await.expect(201);
    let released = shop.act(&format!("{path}/release")).await.expect(200);
    assert_eq!(released["order"]["remaining_authorized_amount"], 0);
    assert_eq!(released["order"]["status"], "CAPTURED");
    assert_eq!(released["order"]["order_lines"][0]["left_to_capture"]["quantity"], 0);

    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    shop.control(Method::POST, "/clock/advance", &json!({"by": "P10D"})).await;
    let extended = shop.act(&format!("{path}/extend")).await.expect(200);
    assert!(
        extended["order"]["expires_at"].as_str() > order["expires_at"].as_str(),
        "{} is not later than {}",
        extended["order"]["expires_at"],
        order["expires_at"]
    );

    let cancelled = shop.act(&format!("{path}/cancel")).await.expect(200);
    assert_eq!(cancelled["order"]["status"], "CANCELLED");
    assert_eq!(cancelled["order"]["may_ship"]["reason"], "cancelled");
    let again = shop.act(&format!("{path}/cancel")).await.refused(409, "wrong_status");
    assert_eq!(again["order_id"], id(&order));
    assert!(!again["allowed_acts"].as_array().unwrap().contains(&json!("capture")));
}

#[tokio::test]
async fn the_last_shipment_releases_the_rest() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let pick = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}], "final": true});
    let preview = shop.post(&format!("{path}/captures?preview=true"), &pick).await.expect(200);
    assert_eq!(
        preview["effect"],
        "Klarna bills the customer for it and pays it out; kvitt then releases what is left"
    );
    let done = shop.post(&format!("{path}/captures"), &pick).await.expect(201);
    assert_eq!(done["intent"]["kind"], "capture");
    assert_eq!(done["order"]["captured_amount"], 24_900);
    assert_eq!(done["order"]["remaining_authorized_amount"], 0);
    assert_eq!(done["order"]["status"], "CAPTURED");
    let page = shop.get(&format!("{path}/events")).await.expect(200);
    let last = page["items"].as_array().unwrap().iter().rev().take(4).map(|it| &it["type"]);
    assert_eq!(
        last.collect::<Vec<_>>(),
        ["release.done", "release.requested", "capture.done", "capture.requested"]
    );
}

#[tokio::test]
async fn an_order_says_when_it_ends_and_what_is_done_about_it() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let plan = &order["expiry_plan"];
    assert_eq!(plan["expires_at"], order["expires_at"]);
    assert_eq!(plan["extend_at"], Value::Null);
    assert_eq!(plan["extends_to"], Value::Null);
    assert_eq!(plan["not_extended"]["reason"], "policy");
    assert!(plan["not_extended"]["sentence"].as_str().unwrap().contains("expiry.extend"));
    let time = |text: &Value| text.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let days = |from: &Value, to: &Value| time(to).duration_since(time(from)).as_hours() / 24;
    assert_eq!(days(&plan["next_alarm_at"], &plan["expires_at"]), 7);
    assert_eq!(days(&plan["expires_at"], &plan["last_possible_at"]), 180 - 28);

    // Seven days before the end somebody is told, and after it.
    for (by, alarms) in [("P22D", 1), ("P5D", 2), ("P2D", 3)] {
        shop.control(Method::POST, "/clock/advance", &json!({ "by": by })).await;
        while shop.engine.work_once().await.unwrap() > 0 {}
        let list = shop.get(&format!("{path}/events")).await.expect(200);
        let events = list["items"].as_array().unwrap();
        let raised: Vec<_> = events
            .iter()
            .filter(|it| {
                let name = it["type"].as_str().unwrap();
                ["authorization.expiring", "authorization.expired"].contains(&name)
            })
            .collect();
        assert_eq!(raised.len(), alarms, "{by}");
        assert_eq!(raised[0]["data"]["remaining_authorized_amount"], 54_700);
    }
    let expired = shop.get(&path).await.expect(200);
    assert_eq!((&expired["status"], &expired["expiry_plan"]), (&json!("EXPIRED"), &Value::Null));
}

#[tokio::test]
async fn an_order_changes_one_thing_at_a_time() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));

    let changed = shop.patch(&path, &json!({"merchant_reference1": "1001-B"})).await.expect(200);
    assert_eq!(changed["intent"]["kind"], "update_references");
    assert_eq!(changed["order"]["merchant_reference1"], "1001-B");

    let lines = json!({
        "order_amount": 29_800, "order_tax_amount": 5_960, "description": "one sold out",
        "order_lines": [
            {"line_id": "shirt", "name": "Shirt", "quantity": 1, "unit_price": 24_900,
             "tax_rate": 2500, "total_amount": 24_900, "total_tax_amount": 4_980},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980},
        ],
    });
    let changed = shop.patch(&path, &lines).await.expect(200);
    assert_eq!(changed["order"]["order_amount"], 29_800);
    assert_eq!(changed["order"]["original_order_amount"], 54_700);
    assert_eq!(changed["order"]["order_lines"][0]["quantity"], 1);

    let address = json!({"shipping_address": {"given_name": "Astrid", "family_name": "Lind",
        "email": "astrid@example.com", "phone": "+46700000000", "street_address": "Nygatan 2",
        "postal_code": "22233", "city": "Lund", "country": "SE"}});
    let changed = shop.patch(&path, &address).await.expect(200);
    assert_eq!(changed["intent"]["kind"], "update_shipping_address");
    assert!(!changed.to_string().contains("Nygatan"), "personal data outside of `shopper`");
    let read = shop.get(&path).await.expect(200);
    assert_eq!(read["shopper"]["shipping_address"]["street_address"], "Nygatan 2");

    let parcels = json!({"shipping_info": [{"tracking_number": "XYZ125"}]});
    let tracked = shop.post(&format!("{path}/shipping-info"), &parcels).await.expect(200);
    assert_eq!(tracked["order"]["shipping_info"][0]["tracking_number"], "XYZ125");
}

#[tokio::test]
async fn a_preview_says_what_would_be_and_does_nothing() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);

    let pick = json!({"order_lines": [{"line_id": "shirt", "quantity": 1}]});
    let preview = shop.post(&format!("{path}/captures?preview=true"), &pick).await.expect(200);
    assert_eq!(preview["preview"], true);
    assert_eq!(preview["kind"], "capture");
    assert_eq!(preview["amount"], 24_900);
    assert_eq!(preview["order_lines"][0]["quantity"], 1);
    assert_eq!(preview["status_before"], "AUTHORIZED");
    assert_eq!(preview["status_after"], "PART_CAPTURED");
    assert_eq!(preview["after"]["captured_amount"], 24_900);
    assert_eq!(preview["after"]["remaining_authorized_amount"], 29_800);
    let preview = shop.act(&format!("{path}/cancel?preview=true")).await.expect(200);
    assert_eq!(preview["status_after"], "CANCELLED");
    shop.act(&format!("{path}/extend?preview=true")).await.expect(200);
    let reference = json!({"merchant_reference2": "x"});
    shop.patch(&format!("{path}?preview=true"), &reference).await.expect(200);
    let refused = shop.act(&format!("{path}/release?preview=true")).await;
    refused.refused(409, "wrong_status");
    let refused = shop.post(&format!("{path}/refunds?preview=true"), &json!({})).await;
    refused.refused(409, "wrong_status");

    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls));
}

#[tokio::test]
async fn with_manual_placement_the_shop_has_the_last_word() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["placement"] = json!("manual");
    let checkout = shop.post("/v1/checkouts", &cart).await.expect(201);
    let path = format!("/v1/checkouts/{}", id(&checkout));
    shop.act(&format!("{path}/place")).await.refused(409, "not_authorized");

    let token = shop.authorize(&checkout).await;
    let body = json!({"authorization_token": token});
    let authorized = shop.post(&format!("{path}/authorization"), &body).await.expect(200);
    assert_eq!(authorized["status"], "authorized");
    assert_eq!(authorized["order_id"], Value::Null);

    let placed = shop.act(&format!("{path}/place")).await.expect(201);
    assert_eq!(placed["status"], "completed");
    assert_eq!(placed["order"]["status"], "AUTHORIZED");
    assert_eq!(placed["session"], Value::Null);
    let url = placed["intent"]["url"].as_str().unwrap();
    assert_eq!(shop.get(url).await.expect(200)["state"], "done");
    shop.act(&format!("{path}/place")).await.refused(409, "already_placed");
    // Handing it in once more finds the order there.
    let again = shop.post(&format!("{path}/authorization"), &body).await.expect(200);
    assert_eq!(again["order_id"], placed["order_id"]);
}

#[tokio::test]
async fn a_checkout_moves_to_another_market_with_its_link() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let english = shop.patch(&path, &json!({"locale": "en-SE"})).await.expect(200);
    assert_eq!(english["locale"], "en-SE");
    assert_eq!(english["order_amount"], checkout["order_amount"]);
    assert_ne!(english["session"]["session_id"], checkout["session"]["session_id"]);
    let finnish = json!({
        "purchase_country": "FI", "purchase_currency": "EUR", "locale": "fi-FI",
        "order_amount": 2_490, "order_lines": [
            {"name": "Paita", "quantity": 1, "unit_price": 2_490, "tax_rate": 2550,
             "total_amount": 2_490}]
    });
    let moved = shop.patch(&path, &finnish).await.expect(200);
    assert_eq!(moved["purchase_currency"], "EUR");
    assert_eq!(moved["checkout_url"], checkout["checkout_url"]);
    assert_ne!(moved["session"]["client_token"], english["session"]["client_token"]);
    let events = shop.get(&format!("{path}/events")).await.expect(200);
    let types: Vec<_> = events["items"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert_eq!(types.iter().filter(|it| ***it == "checkout.market_changed").count(), 2);
    let token = shop.authorize(&moved).await;
    let body = json!({"authorization_token": token});
    shop.post(&format!("{path}/authorization"), &body).await.expect(201);
    let listed = shop.get("/v1/orders?purchase_country=FI").await.expect(200);
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_cart_changes_and_a_checkout_is_given_up() {
    let shop = Shop::open().await;
    let checkout = shop.checkout().await;
    let path = format!("/v1/checkouts/{}", id(&checkout));
    let change = json!({"order_amount": 24_900, "order_lines": [
        {"line_id": "shirt", "name": "Shirt", "quantity": 1, "unit_price": 24_900,
         "tax_rate": 2500, "total_amount": 24_900}]});
    let changed = shop.patch(&path, &change).await.expect(200);
    assert_eq!(changed["order_amount"], 24_900);
    assert_eq!(changed["order_tax_amount"], 4_980);
    assert_eq!(changed["session"]["session_id"], checkout["session"]["session_id"]);

    let given_up = send(shop.request(Method::DELETE, &path)).await.expect(200);
    assert_eq!(given_up["status"], "abandoned");
    send(shop.request(Method::DELETE, &path)).await.expect(200);
    let cart = cart();
    let back = json!({"order_amount": 54_700, "order_lines": cart["order_lines"]});
    let refused = shop.patch(&path, &back).await.refused(409, "checkout_abandoned");
    assert_eq!(refused["checkout_id"], id(&checkout));
    let order = path.replace("checkouts/chk_", "orders/ord_");
    shop.get(&order).await.refused(404, "no_order");
    let events = shop.get(&format!("{path}/events")).await.expect(200);
    let last = events["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["type"], "checkout.abandoned");
    assert_eq!(last["cause"]["by"], "merchant");
}

#[tokio::test]
async fn an_authorization_that_runs_out_takes_no_capture() {
    let shop = Shop::open().await;
    let order = shop.order().await;
    let path = format!("/v1/orders/{}", id(&order));
    shop.control(Method::POST, "/clock/advance", &json!({"by": "P29D"})).await;
    let read = shop.get(&path).await.expect(200);
    assert_eq!(read["status"], "EXPIRED");
    assert_eq!(read["remaining_authorized_amount"], 0);
    assert_eq!(read["may_ship"]["allowed"], false);
    let refused = shop.post(&format!("{path}/captures"), &json!({})).await;
    refused.refused(409, "wrong_status");
}
