//! The buyer's way from `authorize()` to its answer, page by page.

use serde_json::{Value, json};

use crate::support::{Got, Inbox, Shop, cart, got};

/// A buyer in front of the pages.
struct Buyer<'a> {
    shop: &'a Shop,
    flow_id: String,
}

/// A cart of a buyer of whom only the e-mail differs.
fn cart_of(email: &str) -> Value {
    let mut cart = cart();
    cart["billing_address"]["email"] = json!(email);
    cart
}

async fn open(shop: &Shop, session: &str, request: &Value) -> Got {
    shop.post(&format!("/kp/v1/sessions/{session}/purchase-flows"), request).await
}

impl<'a> Buyer<'a> {
    async fn of(shop: &'a Shop, session: &str, request: &Value) -> Self {
        let got = open(shop, session, request).await;
        assert_eq!(got.status, 201, "{}", got.text);
        let body = got.json();
        let flow_id = body["flow_id"].as_str().unwrap().to_owned();
        assert_eq!(body["url"], format!("{}/kp/flow/{flow_id}", shop.running.url()));
        Self { shop, flow_id }
    }

    async fn with(shop: &'a Shop, cart: &Value) -> Self {
        let session = shop.session(cart).await;
        Self::of(shop, &session, &json!({"origin": "http://shop.test"})).await
    }

    /// The page on which the buyer stands.
    async fn page(&self) -> Got {
        self.shop.get(&format!("/kp/flow/{}", self.flow_id)).await
    }

    async fn press(&self, action: &str, form: &[(&str, &str)]) -> Got {
        let mut form = form.to_vec();
        form.push(("action", action));
        let request = self.shop.request("POST", &format!("/kp/flow/{}", self.flow_id));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let form = "application/x-www-form-urlencoded";
        got(request.header("content-type", form).body(body).send().await.unwrap()).await
    }

    /// Goes on, and says on which step.
    async fn go_on(&self, form: &[(&str, &str)]) -> String {
        step(&self.press("continue", form).await)
    }

    async fn identify(&self, phone: &str) -> String {
        assert_eq!(self.go_on(&[("phone", phone)]).await, "otp");
        self.go_on(&[("otp", "123456")]).await
    }

    async fn pay(&self, plan: &str) -> Got {
        assert_eq!(self.go_on(&[("plan", plan)]).await, "review");
        self.press("approve", &[]).await
    }

    async fn state(&self) -> Value {
        self.shop.get(&format!("/kp/v1/purchase-flows/{}", self.flow_id)).await.json()
    }

    async fn result(&self) -> Value {
        let state = self.state().await;
        assert_eq!(state["state"], "done", "{state}");
        state["result"].clone()
    }

    async fn close(&self) -> Value {
        let path = format!("/kp/v1/purchase-flows/{}/close", self.flow_id);
        self.shop.post(&path, &json!({})).await.json()
    }
}

fn step(page: &Got) -> String {
    let (_, rest) = page.text.split_once("data-step=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

const PHONE: &str = "+46701740615";

fn aborted() -> Value {
    json!({"approved": false, "show_form": true})
}

fn denied() -> Value {
    json!({"approved": false, "show_form": false})
}

#[tokio::test]
async fn a_known_buyer_pays_in_five_pages() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let buyer = Buyer::of(&shop, &session, &json!({"origin": "http://shop.test"})).await;
    assert_eq!(buyer.state().await, json!({"state": "open"}));
    let first = buyer.page().await;
    assert_eq!(step(&first), "phone");
    assert!(first.text.contains("228.80 SEK"), "{}", first.text);
    assert!(first.text.contains(&format!("value=\"{PHONE}\"")), "prefilled");
    assert_eq!(buyer.identify(PHONE).await, "plan");
    assert_eq!(buyer.go_on(&[("plan", "card")]).await, "review");
    let review = buyer.page().await;
    assert!(review.text.contains("data-total=\"22880\""), "{}", review.text);
    assert!(review.text.contains("Boots"), "{}", review.text);
    let last = buyer.press("approve", &[]).await;
    assert_eq!(step(&last), "done");
    assert!(last.text.contains("data-origin=\"http://shop.test\""), "{}", last.text);
    let result = buyer.result().await;
    assert_eq!((&result["approved"], &result["show_form"]), (&json!(true), &json!(true)));
    assert_eq!(result["finalize_required"], false);
    let token = result["authorization_token"].as_str().unwrap();
    let placed = shop.place(token, &cart()).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
    assert_eq!(placed.json()["authorized_payment_method"]["type"], "card");
    // Pressed again, or closed afterwards, it stays what it was.
    assert_eq!(step(&buyer.press("approve", &[]).await), "done");
    assert_eq!(buyer.close().await, json!({"state": "done", "result": result}));
}

#[tokio::test]
async fn the_pages_may_be_shown_anywhere_but_load_nothing_from_elsewhere() {
    let shop = Shop::open().await;
    let buyer = Buyer::with(&shop, &cart()).await;
    let page = buyer.page().await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(policy.contains("frame-ancestors *"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "");
    assert_eq!(page.header("cache-control"), "no-store");
    for file in ["api.js", "buyer.js", "buyer.css"] {
        let got = shop.get(&format!("/kp/lib/v1/{file}")).await;
        assert_eq!(got.status, 200, "{file}");
        assert!(!got.text.is_empty(), "{file}");
    }
    assert_eq!(shop.get("/kp/flow/unknown").await.status, 404);
}

#[tokio::test]
async fn codes_are_six_digits_and_one_of_them_is_wrong() {
    let shop = Shop::open().await;
    let buyer = Buyer::with(&shop, &cart()).await;
    assert_eq!(buyer.go_on(&[("phone", "12")]).await, "phone");
    assert_eq!(buyer.go_on(&[("phone", PHONE)]).await, "otp");
    for (code, said) in [("999999", "This code is wrong"), ("12345", "six digits"), ("", "six")] {
        let page = buyer.press("continue", &[("otp", code)]).await;
        assert_eq!(step(&page), "otp", "{code}");
        assert!(page.text.contains(said), "{code}");
        assert!(page.text.contains("aria-invalid=\"true\""), "{code}");
        assert!(page.text.contains("<title>Error: "), "{code}");
    }
    assert_eq!(buyer.go_on(&[("otp", "000 000")]).await, "plan");
    assert_eq!(buyer.go_on(&[("plan", "gold")]).await, "plan");
    assert_eq!(step(&buyer.press("approve", &[]).await), "plan", "not before the review");
    assert_eq!(step(&buyer.press("back", &[]).await), "phone");
}

#[tokio::test]
async fn a_buyer_who_leaves_has_not_paid() {
    let shop = Shop::open().await;
    let buyer = Buyer::with(&shop, &cart()).await;
    buyer.identify(PHONE).await;
    let asked = buyer.press("close", &[]).await;
    assert!(asked.text.contains("Yes, cancel"), "{}", asked.text);
    assert_eq!(buyer.state().await["state"], "open");
    assert_eq!(step(&buyer.press("stay", &[]).await), "plan");
    buyer.press("close", &[]).await;
    assert_eq!(step(&buyer.press("abort", &[]).await), "done");
    assert_eq!(buyer.result().await, aborted());

    let gone = Buyer::with(&shop, &cart()).await;
    assert_eq!(gone.close().await["result"], aborted());
    assert_eq!(gone.result().await, aborted());
}

#[tokio::test]
async fn some_persons_are_denied() {
    let shop = Shop::open().await;
    for (email, phone) in [
        ("customer+denied@email.se", PHONE),
        ("customer@email.se", "+46 70 174 06 20"),
        ("customer+reject_reason_under_age@email.se", PHONE),
    ] {
        let buyer = Buyer::with(&shop, &cart_of(email)).await;
        assert_eq!(buyer.identify(phone).await, "plan");
        assert_eq!(step(&buyer.pay("pay_later").await), "denied", "{email} {phone}");
        assert_eq!(buyer.result().await, denied());
        let left = buyer.press("leave", &[]).await;
        assert_eq!(step(&left), "done");
        assert!(left.text.contains("data-result="), "{}", left.text);
    }
}

#[tokio::test]
async fn a_new_customer_fills_in_who_they_are() {
    let shop = Shop::open().await;
    let buyer = Buyer::with(&shop, &cart_of("customer+new_user@email.se")).await;
    assert_eq!(buyer.identify(PHONE).await, "sign_up");
    let wrong = buyer.press("continue", &[("postal_code", "1"), ("date_of_birth", "then")]).await;
    for said in ["Fill this in.", "Enter a postal code", "Enter a date like"] {
        assert!(wrong.text.contains(said), "{said}");
    }
    let form = [
        ("given_name", "Nina"),
        ("family_name", "<Ny>"),
        ("email", "customer+new_user@email.se"),
        ("street_address", "Storgatan 1"),
        ("postal_code", "111 48"),
        ("city", "Stockholm"),
        ("date_of_birth", ""),
    ];
    assert_eq!(buyer.go_on(&form).await, "plan");
    assert_eq!(step(&buyer.pay("pay_later").await), "done");
    // What was typed over the merchant's address takes no part in the match.
    let token = buyer.result().await["authorization_token"].as_str().unwrap().to_owned();
    let placed = shop.place(&token, &cart_of("customer+new_user@email.se")).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
}

#[tokio::test]
async fn who_sends_no_address_finds_the_buyers_on_the_order() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart.as_object_mut().unwrap().remove("billing_address");
    let buyer = Buyer::with(&shop, &cart).await;
    let first = buyer.page().await;
    assert!(first.text.contains(&format!("value=\"{PHONE}\"")), "the test person's");
    assert_eq!(buyer.identify(PHONE).await, "sign_up");
    let form = [
        ("given_name", "Nina"),
        ("family_name", "Ny"),
        ("email", "customer@email.se"),
        ("street_address", "Storgatan 1"),
        ("postal_code", "11148"),
        ("city", "Stockholm"),
    ];
    assert_eq!(buyer.go_on(&form).await, "plan");
    buyer.pay("bank").await;
    let token = buyer.result().await["authorization_token"].as_str().unwrap().to_owned();
    let placed = shop.place(&token, &cart).await.json();
    let order = shop.read(placed["order_id"].as_str().unwrap()).await;
    assert_eq!(order["billing_address"]["given_name"], "Nina");
    assert_eq!(order["initial_payment_method"]["type"], "DIRECT_DEBIT");
}

#[tokio::test]
async fn some_persons_pass_further_checks() {
    let shop = Shop::open().await;
    let email = "customer+denied+auth_id_scan+auth_otp_email@email.se";
    let buyer = Buyer::with(&shop, &cart_of(email)).await;
    assert_eq!(buyer.identify(PHONE).await, "check");
    assert!(buyer.page().await.text.contains("id scan"));
    assert_eq!(buyer.go_on(&[]).await, "check");
    assert_eq!(buyer.go_on(&[]).await, "plan");
    assert_eq!(step(&buyer.pay("card").await), "done");
    assert_eq!(buyer.result().await["approved"], true);
}

#[tokio::test]
async fn pending_persons_leave_the_order_undecided() {
    let shop = Shop::open().await;
    let cart = cart_of("user+pend-accept-02@email.se");
    let buyer = Buyer::with(&shop, &cart).await;
    buyer.identify(PHONE).await;
    buyer.pay("pay_later").await;
    let token = buyer.result().await["authorization_token"].as_str().unwrap().to_owned();
    assert_eq!(shop.place(&token, &cart).await.json()["fraud_status"], "PENDING");
}

#[tokio::test]
async fn fields_to_mend_need_no_buyer() {
    let shop = Shop::open().await;
    for (data, fields) in [
        (json!({"billing_address": {"email": "nobody"}}), json!(["billing_address.email"])),
        (
            json!({"billing_address": {"email": "customer+invalid_fields@email.se"}}),
            json!(["billing_address.email"]),
        ),
        (
            json!({"shipping_address": {"postal_code": "1", "phone": "x"}}),
            json!(["shipping_address.postal_code", "shipping_address.phone"]),
        ),
    ] {
        let session = shop.session(&cart()).await;
        let got = open(&shop, &session, &json!({"data": data})).await;
        let result = json!({"approved": false, "show_form": true,
            "error": {"invalid_fields": fields}});
        assert_eq!((got.status, got.json()), (200, json!({"result": result})));
    }
}

#[tokio::test]
async fn the_widget_hides_from_some_and_names_the_ways_to_pay() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let path = format!("/kp/v1/sessions/{session}/widget");
    let shown = shop.post(&path, &json!({"payment_method_category": "pay_now"})).await.json();
    assert_eq!((&shown["show_form"], &shown["amount_text"]), (&json!(true), &json!("228.80 SEK")));
    assert!(!shown["text"].as_str().unwrap().contains("30 days"), "{shown}");
    let hidden = shop.session(&cart_of("user+red@email.se")).await;
    let got = shop.post(&format!("/kp/v1/sessions/{hidden}/widget"), &json!({})).await;
    assert_eq!(got.json(), json!({"show_form": false}));
    let unknown = shop.post("/kp/v1/sessions/unknown/widget", &json!({})).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn one_buyer_at_a_time() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let first = Buyer::of(&shop, &session, &json!({})).await;
    let second = Buyer::of(&shop, &session, &json!({})).await;
    assert_eq!(first.result().await, aborted());
    second.identify(PHONE).await;
    second.pay("pay_later").await;
    assert_eq!(second.result().await["approved"], true);
    assert_eq!(first.result().await, aborted());
}

#[tokio::test]
async fn a_purchase_ends_with_its_session() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let late = Buyer::of(&shop, &session, &json!({})).await;
    shop.advance("PT49H").await;
    assert_eq!(step(&late.page().await), "expired");
    assert_eq!(late.result().await, denied());
    assert_eq!(open(&shop, &session, &json!({})).await.status, 404);

    let session = shop.session(&cart()).await;
    let slow = Buyer::of(&shop, &session, &json!({})).await;
    let token = shop.token(&session).await;
    shop.place(&token, &cart()).await;
    assert_eq!(step(&slow.page().await), "expired");
}

#[tokio::test]
async fn a_purchase_in_two_steps_is_finalized() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let finalize = json!({"operation": "finalize"});
    let early = open(&shop, &session, &finalize).await;
    assert_eq!(early.json(), json!({"result": denied()}), "nothing was agreed to");

    let request = json!({"auto_finalize": false});
    let choosing = Buyer::of(&shop, &session, &request).await;
    choosing.identify(PHONE).await;
    choosing.pay("bank").await;
    let expected = json!({"approved": true, "show_form": true, "finalize_required": true});
    assert_eq!(choosing.result().await, expected);

    let leaving = Buyer::of(&shop, &session, &finalize).await;
    assert_eq!(leaving.close().await["result"], denied());
    let buying = Buyer::of(&shop, &session, &finalize).await;
    assert_eq!(step(&buying.page().await), "review");
    buying.press("approve", &[]).await;
    let token = buying.result().await["authorization_token"].as_str().unwrap().to_owned();
    assert_eq!(shop.place(&token, &cart()).await.status, 200);

    // What moves no money by itself is done in one step.
    let session = shop.session(&cart()).await;
    let at_once = Buyer::of(&shop, &session, &request).await;
    at_once.identify(PHONE).await;
    at_once.pay("pay_later").await;
    assert_eq!(at_once.result().await["finalize_required"], false);
    let again = Buyer::of(&shop, &session, &json!({"operation": "reauthorize"})).await;
    assert_eq!(step(&again.press("approve", &[]).await), "done");
    assert_eq!(again.result().await["approved"], true);
}

#[tokio::test]
async fn the_callback_obeys_the_switch() {
    let shop = Shop::open().await;
    let settings = "/sandbox/v1/settings";
    assert_eq!(shop.get(settings).await.json()["authorization_callback"], "after");
    for bad in [json!({"authorization_callback": "soon"}), json!({"callbacks": "never"})] {
        let got = shop.call("PATCH", settings, Some(&bad)).await;
        assert_eq!(got.status, 400);
        let name = bad.as_object().unwrap().keys().next().unwrap();
        let message = got.json()["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with(&format!("{name}: ")), "{message}");
    }
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(url);
    let mut expected = 0;
    for (when, count) in [("never", 0), ("before", 1), ("after", 1), ("twice", 2)] {
        let change = json!({"authorization_callback": when});
        let changed = shop.call("PATCH", settings, Some(&change)).await.json();
        assert_eq!(changed["authorization_callback"], when);
        let buyer = Buyer::with(&shop, &cart).await;
        buyer.identify(PHONE).await;
        buyer.pay("pay_later").await;
        expected += count;
        if when == "before" {
            assert_eq!(inbox.bodies().len(), expected);
        }
        let bodies = inbox.wait_for(expected).await;
        if count > 0 {
            let token = &buyer.result().await["authorization_token"];
            assert_eq!(&bodies[expected - 1]["authorization_token"], token);
        }
    }
}

#[tokio::test]
async fn browsers_of_any_origin_may_ask() {
    let shop = Shop::open().await;
    let session = shop.session(&cart()).await;
    let path = format!("/kp/v1/sessions/{session}/widget");
    let preflight = shop.call("OPTIONS", &path, None).await;
    assert_eq!(preflight.status, 204);
    for got in [preflight, shop.post(&path, &json!({})).await, shop.post(&path, &json!(7)).await] {
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert_eq!(got.header("access-control-allow-headers"), "content-type");
    }
    let exchanges = shop.get("/sandbox/v1/exchanges").await;
    assert!(!exchanges.text.contains("/kp/"), "no exchange with Klarna's API");
}

#[tokio::test]
async fn faults_strike_browsers_too() {
    let shop = Shop::open().await;
    let fault = json!({"match": {"path_contains": "api.js"},
        "effect": {"kind": "status", "status": 404}, "times": 1});
    let set = shop.post("/sandbox/v1/faults", &fault).await;
    assert_eq!(set.status, 201, "{}", set.text);
    assert_eq!(shop.get("/kp/lib/v1/api.js").await.status, 404);
    assert_eq!(shop.get("/kp/lib/v1/api.js").await.status, 200);
}
