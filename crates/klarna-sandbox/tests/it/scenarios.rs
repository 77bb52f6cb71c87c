//! Scenarios: every state that can be asked for, and everything that can be wrong.

use serde_json::{Value, json};

use crate::{
    customer_tokens,
    receiver::Receiver,
    support::{Inbox, Shop, cart},
};

async fn seed(shop: &Shop, scenario: &Value) -> Value {
    let got = shop.post("/sandbox/v1/scenarios", scenario).await;
    assert_eq!(got.status, 201, "{}", got.text);
    got.json()
}

/// The problems that a scenario has, as path and message.
async fn problems(shop: &Shop, scenario: &Value) -> Vec<(String, String)> {
    let before = shop.get("/sandbox/v1/snapshot").await.text;
    let got = shop.post("/sandbox/v1/scenarios", scenario).await;
    assert_eq!((got.status, &got.json()["code"]), (400, &json!("BAD_SCENARIO")), "{}", got.text);
    assert_eq!(shop.get("/sandbox/v1/snapshot").await.text, before, "nothing is seeded");
    let text = |problem: &Value, name: &str| problem[name].as_str().unwrap().to_owned();
    let found = got.json()["problems"].as_array().unwrap().clone();
    for problem in &found {
        assert!(got.json()["message"].as_str().unwrap().contains(&text(problem, "message")));
    }
    found.iter().map(|problem| (text(problem, "path"), text(problem, "message"))).collect()
}

#[tokio::test]
async fn every_state_can_be_asked_for() {
    let shop = Shop::open().await;
    // Status, fraud status, captured, refunded, remaining, expiry. The lines are 498.00 and 49.00.
    for (state, expected) in [
        ("authorized", json!(["AUTHORIZED", "ACCEPTED", 0, 0, 54_700, "2026-03-29"])),
        ("extended", json!(["AUTHORIZED", "ACCEPTED", 0, 0, 54_700, "2026-03-22"])),
        ("pending", json!(["AUTHORIZED", "PENDING", 0, 0, 54_700, "2026-03-29"])),
        ("rejected", json!(["AUTHORIZED", "REJECTED", 0, 0, 54_700, "2026-03-29"])),
        ("part_captured", json!(["PART_CAPTURED", "ACCEPTED", 49_800, 0, 4900, "2026-03-29"])),
        ("captured", json!(["CAPTURED", "ACCEPTED", 54_700, 0, 0, "2026-03-29"])),
        ("auto_captured", json!(["CAPTURED", "ACCEPTED", 54_700, 0, 0, "2026-03-29"])),
        ("part_refunded", json!(["CAPTURED", "ACCEPTED", 54_700, 49_800, 0, "2026-03-29"])),
        ("refunded", json!(["CAPTURED", "ACCEPTED", 54_700, 54_700, 0, "2026-03-29"])),
        ("released", json!(["CAPTURED", "ACCEPTED", 49_800, 0, 0, "2026-03-29"])),
        ("cancelled", json!(["CANCELLED", "ACCEPTED", 0, 0, 54_700, "2026-03-29"])),
        ("expired", json!(["EXPIRED", "ACCEPTED", 0, 0, 0, "2026-02-28"])),
    ] {
        let seeded = seed(&shop, &json!({"orders": [{"name": state, "state": state}]})).await;
        let told = &seeded["orders"][0];
        let order = shop.read(told["order_id"].as_str().unwrap()).await;
        let is = json!([
            order["status"],
            order["fraud_status"],
            order["captured_amount"],
            order["refunded_amount"],
            order["remaining_authorized_amount"],
            &order["expires_at"].as_str().unwrap()[..10],
        ]);
        // "Extended" was placed on the 15th of February and extended on the 22nd.
        assert_eq!(is, expected, "{state}");
        assert_eq!(order["merchant_reference1"], state);
        assert_eq!(order["klarna_reference"], told["klarna_reference"]);
        for member in [
            "status",
            "fraud_status",
            "order_amount",
            "captured_amount",
            "refunded_amount",
            "remaining_authorized_amount",
            "merchant_reference1",
        ] {
            assert_eq!(told[member], order[member], "{state}: {member}");
        }
    }
}

#[tokio::test]
async fn time_has_passed_as_it_would_have() {
    let shop = Shop::open().await;
    let seeded = seed(&shop, &json!({
        "defaults": {"purchase_country": "DE", "age": "P3D"},
        "orders": [
            {"state": "part_refunded", "captured_amount": 40_000, "refunded_amount": 1},
            {"state": "part_captured", "captured_amount": 1, "purchase_country": "US", "age": "P1D"},
            {"state": "refunded", "order_lines": ["Book, 1, 10.00, 7%"]},
            {"state": "part_captured", "order_lines": ["Book, 1, 10.01"]},
            {"state": "pending", "age": "PT10M", "decision": "rejected", "decision_in": "PT5M"},
        ],
    })).await;
    let orders = seeded["orders"].as_array().unwrap();
    let mut read = Vec::new();
    for order in orders {
        read.push(shop.read(order["order_id"].as_str().unwrap()).await);
    }
    let [refunded, american, book, half, pending] = &read[..] else { panic!("{seeded}") };
    assert_eq!(refunded["created_at"], "2026-02-26T12:00:00.250Z");
    assert_eq!(refunded["captures"][0]["captured_at"], "2026-02-27T12:00:00.250Z");
    assert_eq!(refunded["refunds"][0]["refunded_at"], "2026-02-28T12:00:00.250Z");
    assert_eq!(
        (&refunded["captured_amount"], &refunded["refunded_amount"]),
        (&json!(40_000), &json!(1))
    );
    assert_eq!(
        (&refunded["purchase_country"], &refunded["locale"]),
        (&json!("DE"), &json!("de-DE"))
    );
    assert_eq!(american["purchase_currency"], "USD");
    assert_eq!(american["captures"][0]["captured_at"], "2026-03-01T00:00:00.250Z");
    assert_eq!(american["billing_address"]["email"], "customer@email.us");
    // The refund has the lines of its capture, and shows there by now.
    assert_eq!(book["captures"][0]["refunded_amount"], 1000);
    assert_eq!(book["order_lines"][0]["total_tax_amount"], 65);
    assert_eq!(half["captured_amount"], 500);
    assert_eq!(pending["fraud_status"], "PENDING");
    shop.advance("PT4M59S").await;
    assert_eq!(shop.read(pending["order_id"].as_str().unwrap()).await["fraud_status"], "PENDING");
    shop.advance("PT1S").await;
    assert_eq!(shop.read(pending["order_id"].as_str().unwrap()).await["fraud_status"], "REJECTED");
    // Nothing that has happened is told again, nor was anything of it held for later.
    assert_eq!(shop.get("/sandbox/v1/snapshot").await.json()["state"]["repeats"], json!({}));
    assert_eq!(shop.get("/sandbox/v1/callbacks").await.json(), json!([]));
}

#[tokio::test]
async fn a_seeded_order_is_pushed_when_its_next_turn_comes() {
    let shop = Shop::open().await;
    let merchant = Receiver::open().await;
    seed(
        &shop,
        &json!({"orders": [
            {"state": "rejected", "merchant_urls": {"notification": merchant.url}},
            {"state": "authorized", "age": "PT3M", "merchant_urls": {"push": merchant.url}},
        ]}),
    )
    .await;
    // A push comes two and five minutes after the placing.
    shop.advance("PT1M59S").await;
    assert_eq!(merchant.count(), 0);
    shop.advance("PT1S").await;
    assert_eq!(merchant.count(), 1);
}

#[tokio::test]
async fn sessions_can_be_used_where_they_stand() {
    let shop = Shop::open().await;
    let seeded = seed(
        &shop,
        &json!({"sessions": [
            {"name": "cart"},
            {"name": "agreed", "state": "authorized", "payment_method": "card", "age": "PT47H"},
            {"name": "late", "state": "expired", "purchase_country": "NO"},
        ]}),
    )
    .await;
    let [cart, agreed, late] = &seeded["sessions"].as_array().unwrap()[..] else { panic!() };
    let status = async |session: &Value| {
        let id = session["session_id"].as_str().unwrap();
        shop.get(&format!("/payments/v1/sessions/{id}")).await
    };
    let read = status(cart).await;
    assert_eq!(read.json()["status"], "incomplete");
    assert_eq!(read.json()["client_token"], cart["client_token"]);
    assert_eq!(
        (&cart["order_amount"], &cart["authorization_token"]),
        (&json!(54_700), &Value::Null)
    );
    assert_eq!(status(late).await.status, 404);
    assert_eq!(late["purchase_currency"], "NOK");
    let token = agreed["authorization_token"].as_str().unwrap();
    let body = status(agreed).await.json();
    let placing = json!({"purchase_country": "SE", "purchase_currency": "SEK",
        "order_amount": 54_700, "order_tax_amount": 0, "order_lines": body["order_lines"]});
    let placed = shop.place(token, &placing).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
    assert_eq!(placed.json()["authorized_payment_method"]["type"], "card");
}

#[tokio::test]
async fn hosted_pages_stand_where_they_are_to() {
    let shop = Shop::open().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let states = [
        ("waiting", "WAITING"),
        ("in_progress", "IN_PROGRESS"),
        ("completed", "COMPLETED"),
        ("failed", "FAILED"),
        ("back", "BACK"),
        ("error", "ERROR"),
        ("cancelled", "CANCELLED"),
        ("disabled", "DISABLED"),
    ];
    let pages: Vec<Value> = states
        .iter()
        .map(|(state, _)| {
            json!({"name": state, "state": state, "age": "PT10H", "page": {
                "merchant_urls": {"status_update": url},
                "options": {"place_order_mode": "PLACE_ORDER"}}})
        })
        .collect();
    let seeded = seed(&shop, &json!({ "hosted_pages": pages })).await;
    for ((state, status), told) in states.iter().zip(seeded["hosted_pages"].as_array().unwrap()) {
        let path = format!("/hpp/v1/sessions/{}", told["session_id"].as_str().unwrap());
        let read = shop.get(&path).await.json();
        assert_eq!((&read["status"], &told["status"]), (&json!(status), &json!(status)));
        assert_eq!(read["expires_at"], "2026-03-03T01:00:00.250Z", "{state}");
        // Half way between then and now.
        let updated = if *state == "waiting" { "02:00" } else { "07:00" };
        assert_eq!(read["updated_at"], format!("2026-03-01T{updated}:00.250Z"), "{state}");
        assert_eq!((&told["order_amount"], &told["name"]), (&json!(54_700), &json!(state)));
        assert_eq!(read["order_id"], told["order_id"], "{state}");
    }
    let order = shop.read(seeded["hosted_pages"][2]["order_id"].as_str().unwrap()).await;
    let expected = (&json!(54_700), &json!("completed"));
    assert_eq!((&order["order_amount"], &order["merchant_reference1"]), expected);

    // Of what happened in the past nobody is told; of what the buyer does next they are.
    shop.advance("PT1S").await;
    assert!(inbox.bodies().is_empty(), "{:?}", inbox.bodies());
    let link = seeded["hosted_pages"][0]["redirect_url"].as_str().unwrap();
    let page = shop.get(link.strip_prefix(&shop.running.url()).unwrap()).await;
    assert!(page.text.contains("data-step=\"phone\""), "{}", page.text);
    assert_eq!(inbox.wait_for(1).await[0]["session"]["status"], "IN_PROGRESS");

    let late = json!({"hosted_pages": [{"state": "timeout"}, {"state": "completed"},
        {"state": "cancelled", "age": "PT94H59M59S"}]});
    let seeded = seed(&shop, &late).await;
    let [timeout, completed, old] = &seeded["hosted_pages"].as_array().unwrap()[..] else {
        panic!()
    };
    assert_eq!((&timeout["status"], &old["status"]), (&json!("TIMEOUT"), &json!("CANCELLED")));
    let token = completed["authorization_token"].as_str().unwrap();
    let session = completed["payment_session_id"].as_str().unwrap();
    let body = shop.get(&format!("/payments/v1/sessions/{session}")).await.json();
    let placing = json!({"purchase_country": "SE", "purchase_currency": "SEK",
        "order_amount": 54_700, "order_tax_amount": 0, "order_lines": body["order_lines"]});
    assert_eq!(shop.place(token, &placing).await.status, 200);
}

#[tokio::test]
async fn a_hosted_page_that_cannot_be_is_refused() {
    let shop = Shop::open().await;
    let pages = json!([
        {"state": "paid"},
        {"state": "waiting", "age": "PT47H"},
        {"state": "timeout", "age": "PT46H"},
        {"state": "cancelled", "age": "PT95H"},
        {"state": "completed", "intent": "tokenize",
            "page": {"options": {"place_order_mode": "PLACE_ORDER"}}},
        {"page": {"options": {"place_order_mod": "PLACE_ORDER"}}},
        {"page": {"merchant_urls": {"push": "https://shop.example"}}},
        {"page": {"merchant_urls": {"success": "/done"}}},
        {"page": {"profile": 1}},
    ]);
    let found = problems(&shop, &json!({ "hosted_pages": pages })).await;
    let expected = [
        ("hosted_pages[0].state", "`in_progress`"),
        ("hosted_pages[1].state", "came out as TIMEOUT"),
        ("hosted_pages[2].state", "came out as WAITING"),
        ("hosted_pages[3].age", "is forgotten"),
        ("hosted_pages[4].state", "came out as ERROR"),
        ("hosted_pages[5].page.options.place_order_mod", "`place_order_mod`, expected one of"),
        ("hosted_pages[6].page.merchant_urls.push", "status_update"),
        ("hosted_pages[7].page", "'merchant_urls.success' is not valid"),
        ("hosted_pages[8].page", "`options`"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((path, message), (place, part)) in found.iter().zip(expected) {
        assert!(path.starts_with(place) && message.contains(part), "{path}: {message}");
    }
}

#[tokio::test]
async fn customer_tokens_are_good_for_what_they_are_to_be() {
    let shop = Shop::open().await;
    let seeded = seed(
        &shop,
        &json!({"customer_tokens": [
            {"name": "good"},
            {"name": "bought", "state": "active", "intent": "buy_and_tokenize", "age": "PT10M"},
            {"name": "held", "state": "suspended"},
            {"name": "gone", "state": "cancelled", "age": "P1Y"},
            {"name": "poor", "state": "declining", "payment_method": "card"},
        ]}),
    )
    .await;
    let tokens = seeded["customer_tokens"].as_array().unwrap();
    let [good, .., poor] = &tokens[..] else { panic!("{seeded}") };
    assert_eq!((&good["name"], &good["purchase_country"]), (&json!("good"), &json!("SE")));
    assert_eq!(good["payment_method_type"], "INVOICE");
    let expected = [
        (json!("ACTIVE"), false, Ok(())),
        (json!("ACTIVE"), false, Ok(())),
        (json!("SUSPENDED"), false, Err("TOKEN_SUSPENDED")),
        (json!("CANCELLED"), false, Err("TOKEN_CANCELED")),
        (json!("ACTIVE"), true, Err("PAYMENT_METHOD_FAILED")),
    ];
    for (told, (status, declines, charged)) in tokens.iter().zip(expected) {
        let token = told["token_id"].as_str().unwrap();
        let read = shop.get(&format!("/customer-token/v1/tokens/{token}")).await.json();
        assert_eq!((&told["status"], &read["status"]), (&status, &status), "{told}");
        assert_eq!(told["payment_method_type"], read["payment_method_type"]);
        assert_eq!(told["declines"], declines);
        let got = customer_tokens::charge(&shop, token, &customer_tokens::laces()).await;
        match charged {
            Ok(()) => assert_eq!(got.status, 200, "{}", got.text),
            Err(code) => assert_eq!((got.status, &got.json()["error_code"]), (403, &json!(code))),
        }
    }
    // The session is there, under the name; one that is over since long ago is not.
    let session = async |told: &Value| {
        shop.get(&format!("/payments/v1/sessions/{}", told["session_id"].as_str().unwrap())).await
    };
    assert_eq!(session(good).await.json()["merchant_reference1"], "good");
    assert_eq!(session(&tokens[3]).await.status, 404);
    // What a developer does next counts.
    let path = format!("/sandbox/v1/customer-tokens/{}", poor["token_id"].as_str().unwrap());
    let read = shop.call("PATCH", &path, Some(&json!({"declines": false}))).await.json();
    assert_eq!(read, json!({"status": "ACTIVE", "declines": false}));
}

#[tokio::test]
async fn a_customer_token_that_cannot_be_is_refused() {
    let shop = Shop::open().await;
    let tokens = json!([
        {"state": "used_up"},
        {"intent": "buy"},
        {"intent": "rent"},
        {"age": "P12999Y"},
        {"billing_address": {"email": "a+denied@b.se"}},
        {"billing_address": {"country": "NO", "postal_code": "0191"}},
        {"captured_amount": 1},
        {"name": "a"},
        {"name": "a"},
    ]);
    let found = problems(&shop, &json!({ "customer_tokens": tokens })).await;
    let expected = [
        ("customer_tokens[0].state", "unknown variant `used_up`, expected one of `active`"),
        ("customer_tokens[1].intent", "Not allowed to create customer tokens for intent buy."),
        ("customer_tokens[2].intent", "Bad value: intent"),
        ("customer_tokens[3].age", "too long ago"),
        ("customer_tokens[4].billing_address.email", "denied"),
        ("customer_tokens[5].purchase_country", "Bad value: purchase_country"),
        ("customer_tokens[6].captured_amount", "unknown field `captured_amount`"),
        ("customer_tokens[8].name", "taken"),
    ];
    for ((path, message), (at, part)) in found.iter().zip(expected) {
        assert!(path == at && message.contains(part), "{path}: {message}\nexpected {at}: {part}");
    }
    assert_eq!(found.len(), expected.len(), "{found:?}");
}

#[tokio::test]
async fn settings_clock_and_faults_come_first() {
    let shop = Shop::open().await;
    let seeded = seed(
        &shop,
        &json!({
            "settings": {"authorization_days": 7, "repeated_placing": "409"},
            "clock": {"advance": "P1M", "pace": 60},
            "faults": [{"match": {"method": "DELETE"}, "effect": {"kind": "html_502"}}],
            "orders": [{"state": "authorized"}, {"state": "expired"}],
        }),
    )
    .await;
    assert_eq!(
        shop.get("/sandbox/v1/clock").await.json(),
        json!({"now": "2026-04-01T12:00:00.25Z", "offset_seconds": 2_678_400, "pace": 60})
    );
    assert_eq!(shop.get("/sandbox/v1/settings").await.json()["repeated_placing"], "409");
    assert_eq!(shop.get("/sandbox/v1/faults").await.json().as_array().unwrap().len(), 1);
    assert_eq!(seeded["orders"][0]["expires_at"], "2026-04-08T00:00:00Z");
    assert_eq!(seeded["orders"][1]["expires_at"], "2026-03-31T00:00:00Z");
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let shop = Shop::open().await;
    let scenario = json!({
        "settings": {"authorization_day": 7},
        "clock": {"pace": 0, "advance": "P9000Y"},
        "sessions": [{"state": "placed"}, {"age": "P3D"}, {"state": "expired", "age": "P1D"}],
        "orders": [
            {"name": "a", "state": "paid"},
            {"name": "a", "state": "captured", "colour": "red"},
            {"name": "b"},
            {"name": "c", "state": "captured", "age": "soon"},
            {"name": "d", "state": "captured", "age": "P12999Y"},
            {"name": "e", "state": "captured", "purchase_country": "JP"},
            {"name": "f", "state": "captured", "order_lines": ["Shirt, 1, 2"]},
            {"name": "g", "state": "captured", "order_lines": [{"name": "x", "unit_price": 1.5}]},
            {"name": "h", "state": "captured", "payment_method": "shells"},
            {"name": "i", "state": "captured", "captured_amount": 5},
            {"name": "j", "state": "part_captured", "captured_amount": 54_700},
            {"name": "k", "state": "part_refunded", "refunded_amount": 0},
            {"name": "l", "state": "refunded", "captured_amount": 54_701},
            {"name": "m", "state": "authorized", "age": "P40D"},
            {"name": "n", "state": "expired", "age": "P2D"},
            {"name": "o", "state": "rejected", "age": "PT5H"},
            {"name": "p", "state": "pending", "age": "PT90M", "decision_in": "PT10M"},
            {"name": "q", "state": "pending", "decision_in": "PT0S"},
            {"name": "r", "state": "authorized", "billing_address": {"email": "a+denied@b.se"}},
            {"name": "s", "state": "authorized", "billing_address": {"phone": "call me"}},
            {"name": "t", "state": "pending", "billing_address": {"email": "a@b.se"}},
            {"name": "u", "state": "extended", "payment_method": "card"},
            {"name": "v", "state": "extended", "age": "PT0S"},
            {"name": "w", "state": "part_captured", "age": "P40D"},
            {"name": "x", "state": "captured", "order_amount": 5},
            "captured",
        ],
    });
    let found = problems(&shop, &scenario).await;
    let expected = [
        ("settings.authorization_day", "there is no such setting"),
        ("clock.pace", "0 is not possible"),
        ("clock.advance", "P9000Y leads beyond"),
        ("sessions[0].state", "unknown variant `placed`, expected one of `open`"),
        ("sessions[1].age", "48 hours"),
        ("sessions[2].age", "48 hours"),
        ("orders[0].state", "unknown variant `paid`, expected one of `authorized`"),
        ("orders[1].name", "taken"),
        ("orders[1].colour", "unknown field `colour`"),
        ("orders[2]", "missing field `state`"),
        ("orders[3].age", "\"soon\" is no duration"),
        ("orders[4].age", "too long ago"),
        ("orders[5].purchase_country", "\"JP\" is no country"),
        ("orders[6].order_lines[0]", "two decimals"),
        ("orders[7].order_lines[0].total_amount", "Bad value: order_lines[0].total_amount"),
        ("orders[8].payment_method", "\"shells\" is not a payment method"),
        ("orders[9].captured_amount", "leave it out"),
        ("orders[10].captured_amount", "54700 is no part of 54700"),
        ("orders[11].refunded_amount", "0 is no part of 54700"),
        ("orders[12].captured_amount", "higher than the remaining"),
        ("orders[13].state", "EXPIRED with fraud status ACCEPTED, 0 captured"),
        ("orders[14].state", "too young"),
        ("orders[15].state", "four hours"),
        ("orders[16].decision_in", "99 minutes"),
        ("orders[17].decision_in", "after now"),
        ("orders[18].billing_address.email", "denied"),
        ("orders[19].billing_address.phone", "mend"),
        ("orders[20].state", "plus part"),
        ("orders[21]", "Payment method does not allow it"),
        ("orders[22].state", "changes nothing"),
        ("orders[23].state", "has lapsed"),
        ("orders[24].order_amount", "Bad value: order_amount"),
        ("orders[25]", "no table"),
    ];
    for ((path, message), (at, part)) in found.iter().zip(expected) {
        assert!(path == at && message.contains(part), "{path}: {message}\nexpected {at}: {part}");
    }
    assert_eq!(found.len(), expected.len());
}

#[tokio::test]
async fn what_is_no_scenario_is_refused_by_its_path() {
    let shop = Shop::open().await;
    for (scenario, path, part) in [
        (json!({"order": []}), "order", "unknown field `order`, expected one of `settings`"),
        (json!({"orders": {}}), "orders", "expected a sequence"),
        (json!([]), ".", "an object"),
        (json!({"clock": {"now": "x"}}), "clock.now", "unknown field `now`"),
        (json!({"faults": [{"effect": {"kind": "explode"}}]}), "faults[0].effect", "explode"),
        (json!({"defaults": {"state": "captured"}}), "defaults.state", "unknown field `state`"),
        (json!({"defaults": {"age": "x"}, "orders": [{}]}), "defaults.age", "no duration"),
    ] {
        let found = problems(&shop, &scenario).await;
        let (at, message) = &found[0];
        assert!(at.starts_with(path) && message.contains(part), "{scenario}: {at}: {message}");
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test]
async fn orders_and_sessions_are_found_by_what_a_person_has_at_hand() {
    let shop = Shop::open().await;
    let seeded = seed(
        &shop,
        &json!({
            "orders": [
                {"name": "half shipped", "state": "part_captured"},
                {"name": "waits", "state": "pending"},
                {"state": "pending", "merchant_reference1": "twin"},
                {"state": "pending", "merchant_reference1": "twin"},
            ],
            "sessions": [{"name": "cart"}],
        }),
    )
    .await;
    let of =
        |place: usize, member: &str| seeded["orders"][place][member].as_str().unwrap().to_owned();
    let expire = async |what: &str, name: &str| {
        shop.post(&format!("/sandbox/v1/{what}/{name}/expire"), &json!({})).await
    };
    let decide = async |name: &str| {
        let path = format!("/sandbox/v1/orders/{name}/fraud");
        shop.post(&path, &json!({"decision": "ACCEPTED"})).await
    };
    assert_eq!(decide("waits").await.status, 204);
    assert_eq!(shop.read(&of(1, "order_id")).await["fraud_status"], "ACCEPTED");
    assert_eq!(decide(&of(2, "klarna_reference").to_lowercase()).await.status, 204);
    assert_eq!(shop.read(&of(2, "order_id")).await["fraud_status"], "ACCEPTED");
    let twins = decide("twin").await;
    assert_eq!((twins.status, &twins.json()["code"]), (409, &json!("AMBIGUOUS")));
    assert!(twins.text.contains(&of(3, "order_id")), "{}", twins.text);

    let expired = expire("orders", "half%20shipped").await;
    assert_eq!(expired.json(), json!({"order_id": of(0, "order_id"), "status": "CAPTURED"}));
    assert_eq!(shop.read(&of(0, "order_id")).await["remaining_authorized_amount"], 0);
    let again = expire("orders", "half%20shipped").await;
    assert_eq!((again.status, &again.json()["code"]), (409, &json!("NOT_POSSIBLE")));
    assert_eq!(expire("orders", &of(1, "order_id")).await.json()["status"], "EXPIRED");
    assert_eq!(expire("orders", "nobody").await.status, 404);
    assert_eq!(shop.get("/sandbox/v1/clock").await.json()["offset_seconds"], 0, "time stands");

    let path = "/sandbox/v1/sessions/cart/authorize";
    assert_eq!(shop.post(path, &json!({"outcome": "approved"})).await.json()["approved"], true);
    assert_eq!(expire("sessions", "cart").await.status, 200);
    let session = seeded["sessions"][0]["session_id"].as_str().unwrap();
    assert_eq!(shop.get(&format!("/payments/v1/sessions/{session}")).await.status, 404);
    // The session of an order has its name, too, but is not meant.
    assert_eq!(expire("sessions", "waits").await.status, 404);
    assert_eq!(expire("sessions", &of(1, "session_id")).await.status, 409);
}

#[tokio::test]
async fn a_seeded_order_is_an_order_like_any_other() {
    let shop = Shop::open().await;
    let sandbox = shop.running.sandbox();
    let seeded =
        sandbox.seed(&json!({"orders": [{"state": "part_captured", "age": "P2D"}]})).unwrap();
    let order = &seeded.orders[0].order_id;
    shop.done(order, "captures", &json!({"captured_amount": 4900})).await;
    assert_eq!(shop.read(order).await["status"], "CAPTURED");
    assert!(sandbox.seed(&json!({"orders": [{"state": "lost"}]})).is_err());
    shop.order_of(&cart(), &json!({})).await;
}
