//! The demo in a process of its own, and its doors.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::driver::PATIENCE;

/// Klarna, kvitt and the shop.
pub(crate) struct World {
    process: Child,
    log: File,
    pub(crate) shop: String,
    pub(crate) server: String,
    pub(crate) sandbox: String,
    /// The dashboard's address, and who may come in there.
    pub(crate) dashboard: String,
    pub(crate) user: String,
    pub(crate) password: String,
    key: String,
    http: reqwest::Client,
}

/// An order by both its ids.
pub(crate) struct Placed {
    pub(crate) id: String,
    pub(crate) klarna_id: String,
}

impl World {
    pub(crate) fn start() -> Self {
        // Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let anywhere = "127.0.0.1:0";
        let log = tempfile::tempfile().unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_kvitt"))
            .args(["demo", "--json", "--listen", anywhere, "--sandbox-listen", anywhere])
            .args(["--shop-listen", anywhere])
            .stdout(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.next().unwrap().unwrap();
        assert!(ready.starts_with("listening on http://"), "{ready}");
        let doors: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let door = |name: &str| doors[name].as_str().unwrap().to_owned();
        let dashboard = |name: &str| doors["dashboard"][name].as_str().unwrap().to_owned();
        Self {
            process,
            log,
            shop: door("shop"),
            server: door("server"),
            sandbox: door("sandbox"),
            dashboard: dashboard("url"),
            user: dashboard("user"),
            password: dashboard("password"),
            key: door("api_key"),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Over the merchant API.
    pub(crate) async fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        answer(self.call(method, path, body)).await
    }

    /// The same for what is refused.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: &Value) {
        let answer = self.call(method, path, body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.text().await.unwrap());
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self
            .http
            .request(method.parse::<Method>().unwrap(), format!("{}{path}", self.server))
            .bearer_auth(&self.key);
        if body.is_null() { request } else { request.json(body) }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.api("GET", path, &Value::Null).await
    }

    /// As Klarna has it.
    pub(crate) async fn at_klarna(&self, placed: &Placed) -> Value {
        let url = format!("{}/ordermanagement/v1/orders/{}", self.sandbox, placed.klarna_id);
        answer(self.http.get(url).basic_auth("demo", Some("demo"))).await
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let method = method.parse::<Method>().unwrap();
        let url = format!("{}/sandbox/v1{path}", self.sandbox);
        answer(self.http.request(method, url).json(body)).await
    }

    /// Klarna's next placing of an order goes wrong like this; `times` or always.
    pub(crate) async fn spoil_placing(&self, effect: Value, times: Option<u64>) {
        let matches = json!({"method": "POST", "path_contains": "/payments/v1/authorizations/"});
        let fault = json!({"match": matches, "times": times, "effect": effect});
        self.control("POST", "/faults", &fault).await;
    }

    /// When Klarna's callback is sent.
    pub(crate) async fn callback(&self, when: &str) {
        self.control("PATCH", "/settings", &json!({"authorization_callback": when})).await;
    }

    /// Every order that there is.
    pub(crate) async fn orders(&self) -> Vec<Placed> {
        let list = self.get("/v1/orders").await;
        let items = list["items"].as_array().or(list["orders"].as_array()).unwrap().clone();
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        items
            .iter()
            .map(|item| Placed { id: text(item, "id"), klarna_id: text(item, "klarna_order_id") })
            .collect()
    }

    /// The only order.
    pub(crate) async fn only_order(&self) -> Placed {
        let mut orders = self.orders().await;
        assert_eq!(orders.len(), 1, "one order");
        orders.remove(0)
    }

    /// The only order, once it is there.
    pub(crate) async fn wait_for_order(&self) -> Placed {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if !self.orders().await.is_empty() {
                return self.only_order().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        panic!("no order was placed");
    }

    /// A checkout of a book for 199.00 SEK by a test person, and its link.
    pub(crate) async fn checkout(&self, email: &str) -> String {
        self.checkout_with(email, |_| ()).await
    }

    /// The same, but for what is changed.
    pub(crate) async fn checkout_with(
        &self,
        email: &str,
        change: impl FnOnce(&mut Value),
    ) -> String {
        self.opened(email, change).await["checkout_url"].as_str().unwrap().to_owned()
    }

    async fn opened(&self, email: &str, change: impl FnOnce(&mut Value)) -> Value {
        let mut body = json!({
            "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
            "order_amount": 19_900, "order_tax_amount": 1_126,
            "order_lines": [{
                "line_id": "book", "name": "Book", "quantity": 1, "unit_price": 19_900,
                "tax_rate": 600, "total_amount": 19_900, "total_tax_amount": 1_126
            }],
            "merchant_urls": {"confirmation": format!("{}/?thanks", self.shop)},
            "billing_address": {
                "given_name": "Alice", "family_name": "Test", "email": email,
                "phone": "+46701740615", "street_address": "Södra Blasieholmshamnen 2",
                "postal_code": "11148", "city": "Stockholm", "country": "SE"
            }
        });
        change(&mut body);
        self.api("POST", "/v1/checkouts", &body).await
    }

    /// An order of that book, placed without a browser.
    pub(crate) async fn placed_order(&self) -> Placed {
        self.order("customer@email.se", "1001").await
    }

    /// One that Klarna still looks at, with the reference `pending-1`.
    pub(crate) async fn pending_order(&self) -> Placed {
        self.order("customer+pend-accept-10@email.se", "pending-1").await
    }

    async fn order(&self, email: &str, reference: &str) -> Placed {
        let order = self.authorized(email, reference).await["order"].clone();
        let text = |name: &str| order[name].as_str().unwrap().to_owned();
        Placed { id: text("id"), klarna_id: text("klarna_order_id") }
    }

    /// A checkout whose authorization was handed in, whatever came of it.
    pub(crate) async fn authorized_checkout(&self, reference: &str) {
        self.authorized("customer@email.se", reference).await;
    }

    async fn authorized(&self, email: &str, reference: &str) -> Value {
        let named = |body: &mut Value| body["merchant_reference1"] = json!(reference);
        let checkout = self.opened(email, named).await;
        let token = json!({"authorization_token": self.approved(&checkout).await});
        let path = format!("/v1/checkouts/{}/authorization", checkout["id"].as_str().unwrap());
        self.api("POST", &path, &token).await
    }

    /// The token of a shopper who has authorized.
    async fn approved(&self, checkout: &Value) -> Value {
        let session = checkout["session"]["session_id"].as_str().unwrap();
        let shopper = json!({"outcome": "approved", "callback": "never",
            "data": {"billing_address": checkout["shopper"]["billing_address"]}});
        let approved =
            self.control("POST", &format!("/sessions/{session}/authorize"), &shopper).await;
        approved["authorization_token"].clone()
    }

    /// As somebody would in Klarna's own portal.
    pub(crate) async fn cancel_at_klarna(&self, placed: &Placed) {
        self.portal(&format!("/orders/{}/cancel", placed.klarna_id), &json!({})).await;
    }

    /// The same for a capture of so much.
    pub(crate) async fn capture_at_klarna(&self, placed: &Placed, amount: i64) {
        let path = format!("/orders/{}/captures", placed.klarna_id);
        self.portal(&path, &json!({"captured_amount": amount})).await;
    }

    async fn portal(&self, path: &str, body: &Value) {
        let url = format!("{}/ordermanagement/v1{path}", self.sandbox);
        answer(self.http.post(url).basic_auth("demo", Some("demo")).json(body)).await;
    }

    /// A checkout whose order somebody else placed, so that nobody here knows it; gives Klarna's id.
    pub(crate) async fn placed_elsewhere(&self, reference: &str) -> String {
        let named = |body: &mut Value| body["merchant_reference1"] = json!(reference);
        let checkout = self.opened("customer@email.se", named).await;
        let token = self.approved(&checkout).await;
        let session = checkout["session"]["session_id"].as_str().unwrap();
        let url = format!("{}/payments/v1/sessions/{session}", self.sandbox);
        let mut body = answer(self.http.get(url).basic_auth("demo", Some("demo"))).await;
        for name in ["client_token", "expires_at", "payment_method_categories", "status"] {
            body.as_object_mut().unwrap().remove(name);
        }
        let url = format!(
            "{}/payments/v1/authorizations/{}/order",
            self.sandbox,
            token.as_str().unwrap()
        );
        let order = answer(self.http.post(url).basic_auth("demo", Some("demo")).json(&body)).await;
        order["order_id"].as_str().unwrap().to_owned()
    }

    /// Order, captured, refunded, left: in the merchant API, and at Klarna.
    pub(crate) async fn expect_sums(&self, placed: &Placed, sums: [i64; 4]) {
        let names = ["order_amount", "captured_amount", "refunded_amount"];
        let at = |order: &Value| {
            let left = order["remaining_authorized_amount"].as_i64().unwrap();
            let [order, captured, refunded] = names.map(|name| order[name].as_i64().unwrap());
            [order, captured, refunded, left]
        };
        assert_eq!(at(&self.get(&format!("/v1/orders/{}", placed.id)).await), sums, "merchant API");
        assert_eq!(at(&self.at_klarna(placed).await), sums, "at Klarna");
    }
}

/// The checkout's id in its link.
pub(crate) fn id_in(link: &str) -> &str {
    link.rsplit('/').nth(1).unwrap()
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
}

impl World {
    /// What a failed test is understood by: what Klarna was asked and told when, and the log.
    #[expect(clippy::print_stderr, reason = "it stands beside the test's own failure")]
    fn tell_of_failure(&mut self) {
        for (path, members) in [
            ("exchanges", ["at", "duration_milliseconds", "method", "path", "status"]),
            ("callbacks", ["at", "duration_milliseconds", "kind", "status", "error"]),
        ] {
            eprintln!("-- {path}:");
            match self.read_at_sandbox(&format!("/sandbox/v1/{path}")) {
                Ok(answer) => {
                    let json = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                    let told: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
                    for it in told {
                        eprintln!("{:?}", members.map(|name| &it[name]));
                    }
                }
                Err(error) => eprintln!("{error}"),
            }
        }
        let mut log = String::new();
        let _ = self.log.rewind();
        let _ = self.log.read_to_string(&mut log);
        eprintln!("-- log:\n{log}");
    }

    /// Without the test's runtime, which may be ending.
    fn read_at_sandbox(&self, path: &str) -> std::io::Result<String> {
        let address = self.sandbox.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(std::time::Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.tell_of_failure();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
