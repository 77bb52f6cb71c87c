//! A merchant's page of the tests' own: nothing on it but the SDK's script and places for widgets.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fantoccini::wd::WindowHandle;
use klarna_sandbox::{Config, Running, Sandbox};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::driver::Browser;

/// What the page does besides loading the SDK: it writes down what it is told and what is sent.
const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">
<style>body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 40rem;
padding: 0 1rem; } :root { background: #fff; color: #222; } a { color: #0645ad; }
@media (prefers-color-scheme: dark) { :root { background: #16181d; color: #eee; }
a { color: #9cc2ff; } }
button { font: inherit; min-height: 2.75rem; padding: 0 1.5rem; }</style></head>
<body><main><h1>A shop</h1><div id="widget"></div><div id="second"></div>
<p><button id="buy">Buy</button></p><p><a href="/terms">Terms</a></p></main>
<script>
window.asyncCalls = [];
window.klarnaAsyncCallback = (...args) => asyncCalls.push(args.length);
window.told = [];
window.tell = (...results) => { told.push(...results); };
window.sent = [];
const asked = window.fetch;
window.fetch = (url, request) => {
  sent.push({ path: new URL(url).pathname.split("/").pop(), body: JSON.parse(request.body) });
  return asked(url, request);
};
window.buy = () => Klarna.Payments.authorize({}, {}, tell);
document.getElementById("buy").addEventListener("click", () => buy());
</script><script src="SANDBOX/kp/lib/v1/api.js"></script></body></html>"#;

pub(crate) struct Merchant {
    sandbox: Running,
    port: u16,
    pub(crate) browser: Browser,
    http: reqwest::Client,
}

impl Merchant {
    pub(crate) async fn open() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(Config::default()).await.unwrap();
        let page = PAGE.replace("SANDBOX", &sandbox.url());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().route("/", get(async move || Html(page.clone())));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { sandbox, port, browser: Browser::open().await, http }
    }

    /// Goes to the page, anew.
    pub(crate) async fn goto(&self) {
        self.browser.goto(&format!("http://127.0.0.1:{}/", self.port)).await;
    }

    /// The same page, but of another site than the sandbox's, as in real life.
    pub(crate) async fn goto_another_site(&self) {
        self.browser.goto(&format!("http://localhost:{}/", self.port)).await;
    }

    pub(crate) async fn at_sandbox(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let request = self.http.request(method.parse().unwrap(), url);
        let answer = request.basic_auth("shop", Some("secret")).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// A new session's client token.
    pub(crate) async fn token(&self, cart: &Value) -> String {
        let session = self.at_sandbox("POST", "/payments/v1/sessions", cart).await;
        session["client_token"].as_str().unwrap().to_owned()
    }

    /// Something strikes the next request to this path.
    pub(crate) async fn fault(&self, path: &str, effect: &Value) {
        let fault = json!({"match": {"path_contains": path}, "effect": effect, "times": 1});
        self.at_sandbox("POST", "/sandbox/v1/faults", &fault).await;
    }

    /// A fresh page with this session's widget in it.
    pub(crate) async fn loaded(&self, cart: &Value) {
        self.goto().await;
        self.load(cart).await;
    }

    /// This session's widget, in the page that is there.
    pub(crate) async fn load(&self, cart: &Value) {
        let token = json!(self.token(cart).await);
        self.browser
            .script(&format!(
                "Klarna.Payments.init({{client_token: {token}}}); \
                 Klarna.Payments.load({{container: '#widget'}}, {{}}, tell)"
            ))
            .await;
        assert_eq!(self.told(1).await, [json!({"show_form": true})]);
        self.browser.script("told.length = 0").await;
    }

    /// What the page's callbacks were told, once it is so many things.
    pub(crate) async fn told(&self, count: usize) -> Vec<Value> {
        let what = format!("the page was told {count} things");
        let look = async || {
            let told = self.browser.script("return told").await;
            let told = told.as_array()?.clone();
            (told.len() >= count).then_some(told)
        };
        let told = self.browser.until(&what, look).await;
        assert_eq!(told.len(), count, "{told:?}");
        told
    }

    /// The only thing that the page was told.
    pub(crate) async fn answer(&self) -> Value {
        self.told(1).await.remove(0)
    }

    /// Presses Buy, and looks into the buyer's window.
    pub(crate) async fn buy(&self) -> WindowHandle {
        let shop = self.browser.window().await;
        self.browser.click("#buy").await;
        self.browser.to_other_window(&shop).await;
        self.browser.at_step("phone").await;
        shop
    }

    /// Looks into the buyer's window again.
    pub(crate) async fn back_in_popup(&self, shop: &WindowHandle) {
        self.browser.to_other_window(shop).await;
    }

    /// What the SDK sent to a path of the sandbox's.
    pub(crate) async fn sent(&self, path: &str) -> Vec<Value> {
        let sent = self.browser.script("return sent").await;
        let sent = sent.as_array().unwrap().iter().filter(|it| it["path"] == path);
        sent.map(|it| it["body"].clone()).collect()
    }
}

/// A token like the sandbox's with other claims, or with a signature that signs nothing.
pub(crate) fn with_claims(token: &str, change: &Value) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let payload = URL_SAFE_NO_PAD.decode(parts[1]).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    format!("{}.{}.c2lnbmVkIGJ5IG5vYm9keQ", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// Boots at 2 x 99.90 less 20.00 and shipping at 49.00, 25 % included: 228.80, tax 45.76.
pub(crate) fn cart_of(email: &str) -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 22_880, "order_tax_amount": 4576,
        "order_lines": [
            {"reference": "boots", "name": "Rubber boots, green, 42", "quantity": 2,
                "unit_price": 9990, "total_discount_amount": 2000, "total_amount": 17_980,
                "tax_rate": 2500, "total_tax_amount": 3596},
            {"type": "shipping_fee", "reference": "post", "name": "Post", "quantity": 1,
                "unit_price": 4900, "total_amount": 4900, "tax_rate": 2500,
                "total_tax_amount": 980},
        ],
        "billing_address": {"given_name": "Alice", "family_name": "Test", "email": email,
            "street_address": "Södra Blasieholmshamnen 2", "postal_code": "11148",
            "city": "Stockholm", "country": "SE", "phone": "+46701740615"},
    })
}

pub(crate) fn cart() -> Value {
    cart_of("customer@email.se")
}

/// A book at 24.00 in the United States.
pub(crate) fn american_cart() -> Value {
    json!({
        "purchase_country": "US", "purchase_currency": "USD", "locale": "en-US",
        "order_amount": 2400, "order_tax_amount": 0,
        "order_lines": [{"name": "Book", "quantity": 1, "unit_price": 2400,
            "total_amount": 2400}],
    })
}
