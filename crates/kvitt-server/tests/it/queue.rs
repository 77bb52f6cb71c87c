//! The dashboard's queue of what needs a person: each entry says what happened and what to do, has a
//! button that leads out of it, and goes away with its cause.

use kvitt_core::SaleId;
use reqwest::Method;
use serde_json::{Value, json};

use crate::operator::{Browser, add_user};
use crate::shop::{Shop, cart, id, send};

const QUEUE: &str = "/dashboard/attention";

async fn desk(shop: &Shop) -> Browser<'_> {
    add_user(shop, "asa").await;
    Browser::signed_in(shop).await
}

async fn queue(desk: &Browser<'_>) -> String {
    let page = desk.get(QUEUE).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

/// The kinds that are listed.
async fn listed(desk: &Browser<'_>) -> Vec<String> {
    let page = queue(desk).await;
    let found = page.split("data-concern=\"").skip(1);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Where the first button of this label leads, or what it does.
fn button(page: &str, label: &str) -> String {
    let before = page.split(&format!(">{label}<")).next().unwrap();
    assert!(before.len() < page.len(), "no button {label:?} in {page}");
    let after = |mark: &str| before.rsplit_once(mark).map(|(_, rest)| rest);
    let link = after("class=\"button\" href=\"").filter(|rest| !rest.contains('<'));
    let href = link.or_else(|| after("action=\"")).unwrap();
    href.split('"').next().unwrap().to_owned()
}

/// The value of the only hidden input of this name beside the form's secret.
fn key(page: &str) -> String {
    let rest = page.split("name=\"idempotency_key\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Klarna, used by somebody else.
async fn portal(shop: &Shop, path: &str, body: &Value) -> Value {
    let url = format!("{}{path}", shop.klarna.url());
    let answer = send(shop.client.post(url).json(body).basic_auth("any", Some("thing"))).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer.json
}

async fn at_klarna(shop: &Shop, path: &str) -> Value {
    let url = format!("{}{path}", shop.klarna.url());
    send(shop.client.get(url).basic_auth("any", Some("thing"))).await.expect(200)
}

async fn work_off(shop: &Shop) {
    while shop.engine.work_once().await.unwrap() > 0 {}
}

/// A capture of 100.00 of which nobody can tell whether it is ours or somebody else's.
async fn ambiguous_capture(shop: &Shop) -> (Value, String) {
    let unreadable = json!({"capture_references_are_readable": false});
    shop.control(Method::PATCH, "/settings", &unreadable).await;
    let order = shop.order().await;
    let fault = json!({"match": {"path_contains": "/captures"}, "times": 1,
        "effect": {"kind": "reset_after"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let body = json!({"captured_amount": 10_000, "amount_only": true});
    let captures = format!("/v1/orders/{}/captures", id(&order));
    let intent = shop.post(&captures, &body).await.expect(202)["intent"]["id"].clone();
    let klarna_id = order["klarna_order_id"].as_str().unwrap();
    let path = format!("/ordermanagement/v1/orders/{klarna_id}/captures");
    portal(shop, &path, &json!({"captured_amount": 10_000})).await;
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT25H"})).await;
    work_off(shop).await;
    (order, intent.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_queue_of_nothing_says_what_will_come_there() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let page = queue(&desk).await;
    assert!(page.contains("data-attention=\"none\""), "{page}");
    assert!(page.contains("Nothing needs a person"), "{page}");
    let broken = desk.get(&format!("{QUEUE}?cursor=zzz")).await;
    assert_eq!(broken.status, 400, "{}", broken.text);
}

#[tokio::test]
async fn an_unknown_outcome_is_read_at_klarna_by_its_button_and_gone() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let order = shop.order().await;
    let fault = json!({"match": {"path_contains": "/captures"}, "times": 1,
        "effect": {"kind": "reset_after"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let captures = format!("/v1/orders/{}/captures", id(&order));
    shop.post(&captures, &json!({})).await.expect(202);

    let page = queue(&desk).await;
    assert_eq!(listed(&desk).await, ["outcome_unknown"]);
    assert!(page.contains("Not known yet: capture 547.00 SEK"), "{page}");
    let read = button(&page, "Read it at Klarna now");
    let found = desk.submit(&read, &[]).await;
    assert_eq!(found.status, 200, "{}", found.text);
    assert!(found.text.contains("data-difference=\"act_done\""), "{}", found.text);
    assert!(found.text.contains("kvitt has it now as Klarna has it"), "{}", found.text);
    assert_eq!(listed(&desk).await, [""; 0]);
    let again = desk.submit(&read, &[]).await;
    assert!(again.text.contains("Nothing differs"), "{}", again.text);
    let order = shop.get(&format!("/v1/orders/{}", id(&order))).await.expect(200);
    assert_eq!(order["captured_amount"], 54_700);
}

#[tokio::test]
async fn what_only_a_person_can_tell_is_told_in_a_form_and_once() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let (order, _) = ambiguous_capture(&shop).await;
    let page = queue(&desk).await;
    assert_eq!(listed(&desk).await, ["needs_human"]);
    assert!(page.contains("Not known: capture 100.00 SEK"), "{page}");
    let settle = button(&page, "Tell what became of it");
    // The order's page leads there, too.
    let href = format!("/dashboard/orders/{}", id(&order));
    assert_eq!(button(&desk.get(&href).await.text, "Tell what became of it"), settle);

    let form = desk.get(&settle).await.text;
    assert!(form.contains("2 captures of 100.00 SEK"), "{form}");
    assert!(form.contains(order["klarna_order_id"].as_str().unwrap()), "{form}");
    let key = key(&form);
    let says = async |members: &[(&str, &str)]| {
        let own = [("idempotency_key", key.as_str())];
        desk.submit(&settle, &[&own[..], members].concat()).await
    };
    let refused = [
        (&[][..], "Say whether it took effect."),
        (&[("outcome", "perhaps")], "Say whether it took effect."),
        (&[("outcome", "done"), ("id", " ")], "Give Klarna&#39;s id of what came of it"),
    ];
    for (members, told) in refused {
        let answer = says(members).await;
        assert_eq!(answer.status, 422, "{members:?}");
        assert!(answer.text.contains(told), "{members:?}: {}", answer.text);
    }
    let elsewhere = says(&[("outcome", "done"), ("id", "not <there>")]).await;
    assert_eq!(elsewhere.status, 409, "{}", elsewhere.text);
    assert!(elsewhere.text.contains("value=\"not &#60;there&#62;\""), "{}", elsewhere.text);
    assert_eq!(listed(&desk).await, ["needs_human"]);

    let klarna_id = order["klarna_order_id"].as_str().unwrap();
    let found = at_klarna(&shop, &format!("/ordermanagement/v1/orders/{klarna_id}")).await;
    let ours = found["captures"][0]["capture_id"].as_str().unwrap();
    let done = [("outcome", "done"), ("id", ours)];
    let (one, two) = tokio::join!(says(&done), says(&done));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303), "{}{}", one.text, two.text);
    let result = desk.get(one.headers["location"].to_str().unwrap()).await.text;
    assert!(result.contains("Done: capture 100.00 SEK"), "{result}");
    assert!(result.contains("by asa"), "{result}");
    assert_eq!(listed(&desk).await, [""; 0]);
    // There is nothing to settle any more.
    let late = desk.get(&settle).await;
    assert_eq!(late.status, 409, "{}", late.text);
}

#[tokio::test]
async fn what_did_not_take_effect_is_dropped_and_the_order_is_free_again() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let (order, intent) = ambiguous_capture(&shop).await;
    let settle = format!("/dashboard/orders/{}/settle/{intent}", id(&order));
    let key = key(&desk.get(&settle).await.text);
    let form = [("idempotency_key", key.as_str()), ("outcome", "not_done")];
    assert_eq!(desk.submit(&settle, &form).await.status, 303);
    let intent = shop.get(&format!("/v1/intents/{intent}")).await.expect(200);
    assert_eq!(intent["klarna"]["error_code"], "SETTLED_AS_NOT_DONE");
    assert_eq!(listed(&desk).await, [""; 0]);
    for nowhere in [
        format!("/dashboard/orders/{}/settle/int_0192f0c8111172228333444455556666", id(&order)),
        format!("/dashboard/orders/{}/settle/x", id(&order)),
        format!("/dashboard/orders/ord_0192f0c8111172228333444455556666/settle/{settle}"),
    ] {
        assert_eq!(desk.get(&nowhere).await.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn an_order_that_was_placed_elsewhere_is_named_by_a_person() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let other = shop.order().await;
    // Klarna's push would name it.
    shop.control(Method::PATCH, "/settings", &json!({"push_callback": false})).await;
    let checkout = shop.checkout().await;
    let token = shop.authorize(&checkout).await;
    let session = checkout["session"]["session_id"].as_str().unwrap();
    let session = at_klarna(&shop, &format!("/payments/v1/sessions/{session}")).await;
    let mut body = json!({});
    for name in [
        "purchase_country",
        "purchase_currency",
        "locale",
        "order_amount",
        "order_tax_amount",
        "order_lines",
        "merchant_reference1",
    ] {
        body[name] = session[name].clone();
    }
    let path = format!("/payments/v1/authorizations/{token}/order");
    let ours = portal(&shop, &path, &body).await["order_id"].as_str().unwrap().to_owned();
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT61M"})).await;
    let sale = id(&checkout).replace("chk_", "ord_");
    let read = format!("/dashboard/orders/{sale}/reconcile");
    let found = desk.submit(&read, &[]).await;
    assert!(found.text.contains("data-difference=\"order_unknown\""), "{}", found.text);

    let page = queue(&desk).await;
    assert!(page.contains("Klarna has an order that is not known here"), "{page}");
    let adopt = button(&page, "Tell which order it is");
    let form = desk.get(&adopt).await.text;
    let key = key(&form);
    let tells = async |klarna_order_id: &str| {
        let form = [("idempotency_key", key.as_str()), ("klarna_order_id", klarna_order_id)];
        desk.submit(&adopt, &form).await
    };
    assert_eq!(tells(" ").await.status, 422);
    for wrong in [other["klarna_order_id"].as_str().unwrap(), "no id"] {
        let refused = tells(wrong).await;
        assert_eq!(refused.status, 409, "{wrong}: {}", refused.text);
        assert!(refused.text.contains("no such order of this checkout"), "{}", refused.text);
    }
    let answer = tells(&format!(" {ours} ")).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(listed(&desk).await, [""; 0]);
    let order = shop.get(&format!("/v1/orders/{sale}")).await.expect(200);
    assert_eq!(order["klarna_order_id"], ours.as_str());
}

#[tokio::test]
async fn a_stopped_shipment_leads_to_the_undo() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let order = shop.order().await;
    let klarna_id = order["klarna_order_id"].as_str().unwrap();
    let decision = json!({"decision": "STOPPED"});
    shop.control(Method::POST, &format!("/orders/{klarna_id}/fraud"), &decision).await;
    work_off(&shop).await;
    let page = queue(&desk).await;
    assert_eq!(listed(&desk).await, ["shipment_stopped"]);
    assert!(page.contains("hold the goods"), "{page}");
    let undo = button(&page, "Undo the order");
    assert_eq!(undo, format!("/dashboard/orders/{}/acts/undo", id(&order)));
    assert_eq!(desk.get(&undo).await.status, 200);
}

#[tokio::test]
async fn time_that_runs_out_leads_to_the_extension() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let order = shop.order().await;
    let sale: SaleId = id(&order).parse::<kvitt_core::OrderId>().unwrap().into();
    let never = json!({"by": "P27D"});
    shop.control(Method::POST, "/clock/advance", &never).await;
    work_off(&shop).await;
    let page = queue(&desk).await;
    assert_eq!(listed(&desk).await, ["expiring"], "{page}");
    let extend = button(&page, "Extend the time");
    assert_eq!(extend, format!("/dashboard/orders/{}/acts/extend", sale.order_id()));
}

#[tokio::test]
async fn orders_under_review_are_shown_apart_until_klarna_decides() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let mut cart = cart();
    cart["billing_address"] = json!({"given_name": "Astrid", "family_name": "Lind",
        "email": "astrid+pend-accept-02@example.com", "street_address": "Storgatan 1",
        "postal_code": "11122", "city": "Stockholm", "phone": "+46700000000", "country": "SE"});
    let checkout = shop.post("/v1/checkouts", &cart).await.expect(201);
    let token = shop.authorize(&checkout).await;
    let hand_in = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let placed = shop.post(&hand_in, &json!({"authorization_token": token})).await.expect(201);
    let order = &placed["order"];
    assert_eq!(order["fraud_status"], "PENDING");
    let page = queue(&desk).await;
    let review = page.split("data-attention=\"under-review\"").nth(1).unwrap();
    assert!(review.contains(&format!("/dashboard/orders/{}", id(order))), "{review}");
    assert!(review.contains("Do not ship these yet"), "{review}");
    let klarna_id = order["klarna_order_id"].as_str().unwrap();
    let accept = json!({"decision": "ACCEPTED"});
    shop.control(Method::POST, &format!("/orders/{klarna_id}/fraud"), &accept).await;
    work_off(&shop).await;
    assert!(!queue(&desk).await.contains("under-review"));
}

#[tokio::test]
async fn a_webhook_endpoint_that_is_off_is_switched_on() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let made = json!({"url": "http://127.0.0.1:9/hook"});
    let endpoint = shop.post("/v1/webhook-endpoints", &made).await.expect(201);
    assert!(!queue(&desk).await.contains("switched off"));
    let path = format!("/v1/webhook-endpoints/{}", id(&endpoint));
    shop.patch(&path, &json!({"enabled": false})).await.expect(200);
    let page = queue(&desk).await;
    assert!(page.contains("http://127.0.0.1:9/hook"), "{page}");
    let enable = button(&page, "Switch it on");
    for _ in 0..2 {
        let answer = desk.submit(&enable, &[]).await;
        assert_eq!(answer.headers["location"], QUEUE, "{}", answer.text);
    }
    assert!(!queue(&desk).await.contains("switched off"));
    assert_eq!(shop.get(&path).await.expect(200)["enabled"], true);
    for nowhere in ["x", "whk_0192f0c8111172228333444455556666"] {
        let path = format!("/dashboard/webhook-endpoints/{nowhere}/enable");
        assert_eq!(desk.submit(&path, &[]).await.status, 404, "{nowhere}");
    }
}

#[tokio::test]
async fn nobody_settles_anything_without_being_signed_in() {
    let shop = Shop::open().await;
    let (order, intent) = ambiguous_capture(&shop).await;
    add_user(&shop, "asa").await;
    let stranger = Browser::at(&shop);
    for path in [
        format!("/dashboard/orders/{}/settle/{intent}", id(&order)),
        format!("/dashboard/orders/{}/adopt", id(&order)),
        format!("/dashboard/orders/{}/reconcile", id(&order)),
        "/dashboard/webhook-endpoints/whk_0192f0c8111172228333444455556666/enable".to_owned(),
    ] {
        let answer = stranger.post(&path, &[("outcome", "not_done")]).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.text);
    }
    let state = shop.get(&format!("/v1/intents/{intent}")).await.expect(200);
    assert_eq!(state["state"], "needs_human");
}
