//! The hosted payment page as a browser without scripts meets it: links and forms only.

use serde_json::{Value, json};

use crate::{
    hpp::{Hosted, merchant_urls},
    qr_reader,
    support::{Got, Inbox, Shop, cart, got},
};

const PHONE: &str = "+46701740615";
const DENIED_PHONE: &str = "+46701740620";

/// A buyer in front of a page.
struct Buyer<'a> {
    shop: &'a Shop,
    page: String,
}

impl<'a> Buyer<'a> {
    fn of(shop: &'a Shop, hosted: &Hosted) -> Self {
        Self { shop, page: hosted.page(shop) }
    }

    /// Opens the link.
    async fn open(&self) -> Got {
        let url = format!("{}{}", self.shop.running.url(), self.page);
        got(self.shop.client.get(url).send().await.unwrap()).await
    }

    async fn press(&self, action: &str, form: &[(&str, &str)]) -> Got {
        let mut form = form.to_vec();
        form.push(("action", action));
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let url = format!("{}{}", self.shop.running.url(), self.page);
        let request = self.shop.client.post(url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        got(request.body(body).send().await.unwrap()).await
    }

    /// Goes on, and says to which step.
    async fn go_on(&self, form: &[(&str, &str)]) -> String {
        step(&self.press("continue", form).await)
    }

    /// From the link to the choice of a plan.
    async fn identify(&self, phone: &str) -> String {
        assert_eq!(step(&self.open().await), "phone");
        assert_eq!(self.go_on(&[("phone", phone)]).await, "otp");
        self.go_on(&[("otp", "123456")]).await
    }

    /// From the link to the last button.
    async fn pay(&self, phone: &str) -> Got {
        assert_eq!(self.identify(phone).await, "plan");
        assert_eq!(self.go_on(&[("plan", "pay_later")]).await, "review");
        self.press("approve", &[]).await
    }
}

fn step(page: &Got) -> String {
    let (_, rest) = page.text.split_once("data-step=\"").unwrap_or(("", "none\""));
    rest.split_once('"').unwrap().0.to_owned()
}

/// Where the browser is sent.
fn sent_to(got: &Got) -> &str {
    assert_eq!((got.status, &*got.text), (303, ""));
    got.header("location")
}

fn in_store() -> Value {
    let mut cart = cart();
    cart["acquiring_channel"] = json!("IN_STORE");
    cart
}

#[tokio::test]
async fn a_buyer_pays_without_a_script_and_comes_back_with_the_token() {
    let shop = Shop::open().await;
    let (inbox, url) = Inbox::open(&[]).await;
    let mut cart = cart();
    cart["merchant_urls"]["authorization"] = json!(url);
    let mut body = json!({"merchant_urls": merchant_urls()});
    body["merchant_urls"]["status_update"] = json!(url);
    let hosted = Hosted::with(&shop, &cart, &body).await;
    let buyer = Buyer::of(&shop, &hosted);
    let first = buyer.open().await;
    assert_eq!((first.status, step(&first)), (200, "phone".to_owned()));
    assert!(first.text.contains("228.80 SEK"), "{}", first.text);
    assert!(first.text.contains(&format!("value=\"{PHONE}\"")), "known from the shop");
    assert_eq!(first.header("cache-control"), "no-store");
    assert_eq!(hosted.status(&shop).await, "IN_PROGRESS");
    assert_eq!(inbox.wait_for(1).await[0]["session"]["status"], "IN_PROGRESS");

    let last = buyer.pay(PHONE).await;
    let read = hosted.read(&shop).await;
    let token = read["authorization_token"].as_str().unwrap();
    let id = &hosted.session_id;
    let success = format!("https://shop.example/success?s={id}&t={token}&o={{{{order_id}}}}");
    assert_eq!(sent_to(&last), success);
    let placed = shop.place(token, &cart).await;
    assert_eq!(placed.status, 200, "{}", placed.text);
    let told = inbox.wait_for(3).await;
    let completed = told.iter().find(|it| it["session"]["status"] == "COMPLETED").unwrap();
    assert_eq!(completed["session"], read);
    let authorized = json!({"authorization_token": token, "session_id": hosted.payment_session});
    assert!(told.contains(&authorized), "{told:?}");

    // Whoever opens the link again is told, and led to the shop once more.
    let again = buyer.open().await;
    assert_eq!(step(&again), "done");
    assert_eq!(sent_to(&buyer.press("leave", &[]).await), success);
    assert_eq!(step(&buyer.press("approve", &[]).await), "done");
    assert_eq!(hosted.read(&shop).await, read);
}

#[tokio::test]
async fn an_order_exists_even_if_the_browser_never_returns() {
    let shop = Shop::open().await;
    let body = json!({"options": {"place_order_mode": "CAPTURE_ORDER"}});
    let hosted = Hosted::with(&shop, &cart(), &body).await;
    let buyer = Buyer::of(&shop, &hosted);
    let last = buyer.pay(PHONE).await;
    // Where the merchant has no page, the sandbox has one.
    assert_eq!((last.status, step(&last)), (200, "done".to_owned()));
    assert!(!last.text.contains("<button"), "there is no shop to go back to");
    let read = hosted.read(&shop).await;
    let order = shop.read(read["order_id"].as_str().unwrap()).await;
    assert_eq!((&order["status"], &order["captured_amount"]), (&json!("CAPTURED"), &json!(22_880)));
    assert_eq!(order["initial_payment_method"]["type"], "INVOICE");
}

#[tokio::test]
async fn who_the_shop_does_not_know_fills_in_who_they_are() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart.as_object_mut().unwrap().remove("billing_address");
    let body = json!({"merchant_urls": merchant_urls(),
        "options": {"place_order_mode": "PLACE_ORDER"}});
    let hosted = Hosted::with(&shop, &cart, &body).await;
    let buyer = Buyer::of(&shop, &hosted);
    assert_eq!(buyer.identify(PHONE).await, "sign_up");
    assert_eq!(buyer.go_on(&[("given_name", "Nina")]).await, "sign_up");
    let form = [
        ("given_name", "Nina"),
        ("family_name", "Ny"),
        ("email", "nina@example.se"),
        ("street_address", "Nygatan 1"),
        ("postal_code", "11148"),
        ("city", "Stockholm"),
    ];
    assert_eq!(buyer.go_on(&form).await, "plan");
    assert_eq!(buyer.go_on(&[("plan", "bank")]).await, "review");
    let last = buyer.press("approve", &[]).await;
    let order_id = hosted.read(&shop).await["order_id"].as_str().unwrap().to_owned();
    assert!(sent_to(&last).ends_with(&format!("&o={order_id}")), "{}", sent_to(&last));
    let order = shop.read(&order_id).await;
    assert_eq!(order["billing_address"]["given_name"], "Nina");
    assert_eq!(order["billing_address"]["phone"], PHONE);
    assert_eq!(order["initial_payment_method"]["type"], "DIRECT_DEBIT");
}

#[tokio::test]
async fn a_refused_buyer_reads_it_and_leaves_or_tries_again() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &hosted);
    let refused = buyer.pay(DENIED_PHONE).await;
    assert_eq!((refused.status, step(&refused)), (200, "denied".to_owned()));
    assert_eq!(hosted.status(&shop).await, "FAILED");
    let failure = format!(
        "https://shop.example/failure?s={}&t={{{{authorization_token}}}}",
        hosted.session_id
    );
    assert_eq!(sent_to(&buyer.press("leave", &[]).await), failure);
    assert_eq!(hosted.status(&shop).await, "FAILED", "leaving changes nothing");
    assert_eq!(step(&buyer.press("enter", &[]).await), "phone");
    assert_eq!(hosted.status(&shop).await, "IN_PROGRESS");
    assert!(sent_to(&buyer.pay(PHONE).await).starts_with("https://shop.example/success"));

    let silent = Hosted::with(&shop, &cart(), &json!({})).await;
    let buyer = Buyer::of(&shop, &silent);
    buyer.pay(DENIED_PHONE).await;
    let closing = buyer.press("leave", &[]).await;
    assert_eq!((closing.status, step(&closing)), (200, "denied".to_owned()));
    assert!(closing.text.contains("value=\"enter\""), "{}", closing.text);
    assert!(!closing.text.contains("value=\"leave\""), "{}", closing.text);
}

#[tokio::test]
async fn in_ecommerce_a_buyer_goes_back_at_once_and_may_return() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &hosted);
    let first = buyer.open().await;
    assert!(first.text.contains("value=\"abort\">To the shop"), "{}", first.text);
    assert!(!first.text.contains("value=\"close\""), "{}", first.text);
    let back = format!("https://shop.example/back?s={}", hosted.session_id);
    assert_eq!(sent_to(&buyer.press("abort", &[]).await), back);
    assert_eq!(hosted.status(&shop).await, "BACK");
    // A page that the browser kept starts anew.
    assert_eq!(step(&buyer.press("continue", &[("phone", PHONE)]).await), "phone");
    assert_eq!(hosted.status(&shop).await, "IN_PROGRESS");
    assert!(sent_to(&buyer.pay(PHONE).await).starts_with("https://shop.example/success"));

    let mut urls = merchant_urls();
    urls["back"] = Value::Null;
    let hosted = Hosted::with(&shop, &cart(), &json!({"merchant_urls": urls})).await;
    let buyer = Buyer::of(&shop, &hosted);
    buyer.open().await;
    let cancel = format!("https://shop.example/cancel?s={}", hosted.session_id);
    assert_eq!(sent_to(&buyer.press("abort", &[]).await), cancel, "a cancel is a back");
    assert_eq!(hosted.status(&shop).await, "BACK");

    let silent = Hosted::with(&shop, &cart(), &json!({})).await;
    let buyer = Buyer::of(&shop, &silent);
    buyer.open().await;
    let left = buyer.press("abort", &[]).await;
    assert_eq!((left.status, step(&left)), (200, "left".to_owned()));
    assert_eq!(step(&buyer.press("enter", &[]).await), "phone");
}

#[tokio::test]
async fn in_a_store_a_buyer_is_asked_before_the_purchase_is_cancelled() {
    let shop = Shop::open().await;
    let body = json!({"merchant_urls": {"cancel": "shop-app://cancelled?s={{session_id}}"}});
    let hosted = Hosted::with(&shop, &in_store(), &body).await;
    let buyer = Buyer::of(&shop, &hosted);
    let first = buyer.open().await;
    assert!(first.text.contains("value=\"close\">Cancel"), "{}", first.text);
    let asked = buyer.press("close", &[]).await;
    assert!(asked.text.contains("Cancel the purchase?"), "{}", asked.text);
    assert_eq!(hosted.status(&shop).await, "IN_PROGRESS");
    assert_eq!(step(&buyer.press("stay", &[]).await), "phone");
    buyer.press("close", &[]).await;
    let left = buyer.press("abort", &[]).await;
    assert_eq!(sent_to(&left), format!("shop-app://cancelled?s={}", hosted.session_id));
    assert_eq!(hosted.status(&shop).await, "CANCELLED");
    let over = buyer.open().await;
    assert_eq!((over.status, step(&over)), (200, "cancelled".to_owned()));
    assert!(!over.text.contains("<form"), "{}", over.text);
    assert_eq!(step(&buyer.press("approve", &[]).await), "cancelled");
    assert_eq!(hosted.status(&shop).await, "CANCELLED");
}

#[tokio::test]
async fn an_address_that_the_shop_has_to_mend_is_an_error() {
    let shop = Shop::open().await;
    let mut cart = cart();
    cart["billing_address"]["email"] = json!("customer+invalid_fields@email.se");
    let mut urls = merchant_urls();
    urls["error"] = json!("https://shop.example/förlåt?s={{session_id}}");
    let hosted = Hosted::with(&shop, &cart, &json!({"merchant_urls": urls})).await;
    let buyer = Buyer::of(&shop, &hosted);
    let url = format!("https://shop.example/f%C3%B6rl%C3%A5t?s={}", hosted.session_id);
    assert_eq!(sent_to(&buyer.open().await), url);
    assert_eq!(hosted.status(&shop).await, "ERROR");
    let silent = Hosted::with(&shop, &cart, &json!({})).await;
    let page = Buyer::of(&shop, &silent).open().await;
    assert_eq!((page.status, step(&page)), (200, "error".to_owned()));
}

#[tokio::test]
async fn a_withdrawn_page_is_gone_at_the_next_step() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &hosted);
    assert_eq!(buyer.identify(PHONE).await, "plan");
    assert_eq!(hosted.disable(&shop).await.status, 204);
    let gone = buyer.press("continue", &[("plan", "card")]).await;
    assert_eq!((gone.status, step(&gone)), (404, "disabled".to_owned()));
    assert_eq!(hosted.status(&shop).await, "DISABLED");

    let late = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &late);
    assert_eq!(buyer.identify(PHONE).await, "plan");
    shop.advance("PT47H").await;
    let gone = buyer.press("continue", &[("plan", "card")]).await;
    assert_eq!((gone.status, step(&gone)), (404, "expired".to_owned()));
    // However it stood before.
    for outcome in ["back", "denied", "error"] {
        let hosted = Hosted::open(&shop).await;
        hosted.decided(&shop, outcome).await;
        shop.advance("PT47H").await;
        assert_eq!(step(&Buyer::of(&shop, &hosted).open().await), "expired", "{outcome}");
    }
}

#[tokio::test]
async fn the_merchants_options_show() {
    let shop = Shop::open().await;
    let options = json!({"page_title": "Boots & <more>", "purchase_type": "RENT",
        "payment_method_categories": ["PAY_NOW"], "show_subtotal_detail": "HIDE",
        "logo_url": "https://shop.example/logo.svg"});
    let body = json!({"merchant_urls": merchant_urls(), "options": options});
    let hosted = Hosted::with(&shop, &cart(), &body).await;
    let buyer = Buyer::of(&shop, &hosted);
    assert_eq!(buyer.identify(PHONE).await, "plan");
    let plan = buyer.open().await;
    assert_eq!(step(&plan), "plan", "another look changes nothing");
    assert!(plan.text.contains("Boots &#38; &#60;more&#62;"), "{}", plan.text);
    assert!(plan.text.contains("Demo Bank") && !plan.text.contains("30 days"), "{}", plan.text);
    assert!(!plan.text.contains("shop.example"), "nothing is loaded from elsewhere");
    let review = buyer.press("continue", &[("plan", "card")]).await;
    assert!(review.text.contains("Rent for 228.80 SEK"), "{}", review.text);
    assert!(!review.text.contains("Boots</dt>"), "{}", review.text);
    assert!(review.text.contains("data-total=\"22880\""), "{}", review.text);

    let without = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &without);
    assert_eq!(buyer.identify(PHONE).await, "plan");
    let review = buyer.press("continue", &[("plan", "card")]).await;
    assert!(review.text.contains("Pay 228.80 SEK"), "{}", review.text);
    assert!(review.text.contains("2 × Boots</dt>"), "{}", review.text);
    assert!(!review.text.contains("page-title"), "{}", review.text);
}

#[tokio::test]
async fn one_buyer_stands_in_one_place() {
    let shop = Shop::open().await;
    let payment_session = shop.session(&cart()).await;
    let body = json!({"merchant_urls": merchant_urls()});
    let first = Hosted::of(&shop, &payment_session, &body).await;
    let second = Hosted::of(&shop, &payment_session, &body).await;
    let [here, there] = [&first, &second].map(|hosted| Buyer::of(&shop, hosted));
    assert_eq!(here.identify(PHONE).await, "plan");
    // Another page of the same payment session ends this one's flow, not its session.
    assert_eq!(step(&there.open().await), "phone");
    assert_eq!(step(&here.press("continue", &[("plan", "card")]).await), "phone");
    assert_eq!(first.status(&shop).await, "IN_PROGRESS");
    assert!(sent_to(&there.pay(PHONE).await).starts_with("https://shop.example/success"));
    let token = second.read(&shop).await["authorization_token"].as_str().unwrap().to_owned();
    assert_eq!(shop.place(&token, &cart()).await.status, 200);
    let here = here.press("continue", &[("phone", PHONE)]).await;
    assert_eq!(step(&here), "done", "completed elsewhere");

    // A developer who decides ends the flow as well.
    let hosted = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &hosted);
    assert_eq!(buyer.identify(PHONE).await, "plan");
    hosted.decided(&shop, "back").await;
    assert_eq!(step(&buyer.open().await), "phone");
}

#[tokio::test]
async fn the_code_leads_to_the_page() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let url = hosted.created["qr_code_url"].as_str().unwrap();
    // Public: it is shown on other screens.
    let code = got(shop.client.get(url).send().await.unwrap()).await;
    assert_eq!((code.status, code.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(qr_reader::read(&code.text), hosted.created["redirect_url"]);
    assert_eq!(hosted.status(&shop).await, "WAITING", "to look at it is not to enter");
    assert_eq!(shop.get("/eu/hpp/payments/unknown/qr").await.status, 404);

    // However the sandbox is called by those who look at it.
    let path = url.strip_prefix(&shop.running.url()).unwrap();
    let elsewhere = shop.request("GET", path).header("host", "sandbox.example");
    assert_eq!(got(elsewhere.send().await.unwrap()).await.text, code.text);
    hosted.decided(&shop, "approved").await;
    assert_eq!(shop.get(path).await.status, 404, "there is nothing left to pay");
}

#[tokio::test]
async fn an_operator_hands_the_page_over() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let module = &hosted.created["distribution_module"];
    let url = module["standalone_url"].as_str().unwrap().replace("{{", "").replace("}}", "");
    let path = url.strip_prefix(&shop.running.url()).unwrap();
    let page = shop.get(path).await;
    assert_eq!((page.status, step(&page)), (200, "operator".to_owned()));
    assert!(page.text.contains(hosted.created["redirect_url"].as_str().unwrap()));
    assert!(page.text.contains(&format!("src=\"../payments/{}/qr\"", hosted.session_id)));
    assert!(page.text.contains("228.80 SEK · WAITING"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("img-src 'self'"));
    hosted.decided(&shop, "approved").await;
    let page = shop.get(path).await;
    assert!(page.text.contains("228.80 SEK · COMPLETED"), "{}", page.text);
    assert!(!page.text.contains("<img"), "{}", page.text);
    assert_eq!(shop.get("/eu/hpp/distributions/unknown").await.status, 404);
}

#[tokio::test]
async fn pages_are_no_exchange_and_need_no_script() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let buyer = Buyer::of(&shop, &hosted);
    let page = buyer.open().await;
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    assert!(!policy.contains("form-action"), "a form leads on to the shop: {policy}");
    assert!(page.text.contains("<form method=\"post\""), "{}", page.text);
    assert!(!page.text.contains("<form method=\"post\" action"), "forms lead to the page itself");
    for (method, path) in [
        ("GET", "/eu/hpp/payments/unknown"),
        ("PUT", &*hosted.page(&shop)),
        ("GET", "/eu/hpp/payments"),
        ("POST", &format!("/eu/hpp/distributions/{}", hosted.session_id)),
    ] {
        let got = shop.call(method, path, None).await;
        assert_eq!((got.status, step(&got)), (404, "not-found".to_owned()), "{method} {path}");
    }
    let exchanges = shop.get("/sandbox/v1/exchanges").await;
    assert!(exchanges.text.contains("/hpp/v1/sessions"));
    assert!(
        !exchanges.text.contains("\"path\":\"/eu/hpp/payments"),
        "what a buyer does is personal"
    );
    assert_eq!(shop.get("/hpp/elsewhere").await.status, 404);
}
