//! `kvitt serve` with `kvitt sandbox` beside it, each a process of its own, and orders between them.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::common::load::Source;
use crate::common::process::Server;
use crate::wire::{self, Wire};

/// How many orders are placed at a time.
const PLACED_AT_ONCE: usize = 32;

/// How often a piece of one order is captured. More would make orders larger than shops have them.
pub(crate) const CAPTURES_PER_ORDER: usize = 4;

/// What is captured each time: one piece, as a parcel is sent.
const CAPTURE: &str = r#"{"order_lines":[{"line_id":"shirt","quantity":1}],"reference":"delivery-1","shipping_info":[{"shipping_company":"PostNord","tracking_number":"XYZ123456789SE"}]}"#;

pub(crate) struct Shop {
    pub(crate) sandbox: Server,
    pub(crate) kvitt: Server,
    key: String,
    /// How many orders were begun.
    begun: AtomicUsize,
}

/// An order that both sides know.
pub(crate) struct Order {
    /// kvitt's id.
    pub(crate) id: String,
    pub(crate) klarna_id: String,
}

impl Shop {
    /// Starts both. What the server logs goes into a file in the folder.
    pub(crate) fn open(program: &Path, folder: &Path, database_url: &str) -> Self {
        let command = |arguments: &[&str]| {
            let mut command = Command::new(program);
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("KVITT_") {
                    command.env_remove(name);
                }
            }
            let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
            command.args(arguments).current_dir(folder).stdin(Stdio::null()).stderr(log);
            command.env("KVITT_DATABASE_URL", database_url);
            command
        };
        let made = command(&["key", "create", "--name", "bench"]).output().unwrap();
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let sandbox = Server::start(command(&["sandbox", "--listen", "127.0.0.1:0"]));
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0"]);
        serve.env("KVITT_KLARNA_URL", format!("http://{}", sandbox.address));
        Self { kvitt: Server::start(serve), sandbox, key, begun: AtomicUsize::new(0) }
    }

    /// A request to kvitt.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
        let headers = format!("Authorization: Bearer {}{headers}", self.key);
        wire::request_with(self.kvitt.address, method, path, &headers, body)
    }

    /// Sells so often; each order has several pieces of three lines, and nothing is captured.
    pub(crate) fn place(&self, count: usize) -> Vec<Order> {
        let end = self.begun.load(Ordering::Relaxed) + count;
        let placed = Mutex::new(Vec::with_capacity(count));
        std::thread::scope(|scope| {
            for _ in 0..PLACED_AT_ONCE.min(count) {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
                    runtime.unwrap().block_on(async {
                        let mut kvitt = Wire::connect(self.kvitt.address).await;
                        let mut sandbox = Wire::connect(self.sandbox.address).await;
                        loop {
                            let number = self.begun.fetch_add(1, Ordering::Relaxed);
                            if number >= end {
                                break;
                            }
                            let order = self.sell(&mut kvitt, &mut sandbox, number).await;
                            placed.lock().unwrap().push(order);
                        }
                    });
                });
            }
        });
        placed.into_inner().unwrap()
    }

    async fn sell(&self, kvitt: &mut Wire, sandbox: &mut Wire, number: usize) -> Order {
        let key = format!("\r\nIdempotency-Key: cart-{number}-{}", self.kvitt.id());
        let cart = self.request("POST", "/v1/checkouts", &key, &cart(number).to_string());
        let checkout = ask(kvitt, &cart).await;
        let path = format!(
            "/sandbox/v1/sessions/{}/authorize",
            checkout["session"]["session_id"].as_str().unwrap()
        );
        let yes = r#"{"outcome": "approved", "callback": "never"}"#;
        let authorized =
            ask(sandbox, &wire::request(self.sandbox.address, "POST", &path, yes)).await;
        let path = format!("/v1/checkouts/{}/authorization", checkout["id"].as_str().unwrap());
        let token = json!({ "authorization_token": authorized["authorization_token"] });
        let placed = ask(kvitt, &self.request("POST", &path, "", &token.to_string())).await;
        let id = placed["order_id"].as_str().unwrap().to_owned();
        let order = ask(kvitt, &self.request("GET", &read_path(&id), "", "")).await;
        Order { id, klarna_id: order["klarna_order_id"].as_str().unwrap().to_owned() }
    }

    /// Captures all that is left of an order.
    pub(crate) fn capture_all(&self, order: &Order) {
        let path = format!("{}/captures", read_path(&order.id));
        let key = format!("\r\nIdempotency-Key: all-{}", order.id);
        let request = self.request("POST", &path, &key, "{}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let mut kvitt = Wire::connect(self.kvitt.address).await;
            ask(&mut kvitt, &request).await;
        });
    }

    /// The request that reads an order.
    pub(crate) fn read(&self, order: &Order) -> Vec<u8> {
        self.request("GET", &read_path(&order.id), "", "")
    }
}

fn read_path(id: &str) -> String {
    format!("/v1/orders/{id}")
}

/// The body of an answer that is good.
async fn ask(wire: &mut Wire, request: &[u8]) -> Value {
    let answer = wire.ask(request).await;
    let [head, body] = [answer.head, answer.body].map(String::from_utf8_lossy);
    assert!((200..300).contains(&answer.status), "{head}\n\n{body}");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn cart(number: usize) -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 303_700, "order_tax_amount": 53_599,
        "order_lines": [
            {"line_id": "shirt", "type": "physical", "reference": "1001", "name": "Shirt",
             "quantity": 10, "unit_price": 24_900, "tax_rate": 2500, "total_amount": 249_000,
             "total_tax_amount": 49_800},
            {"line_id": "book", "type": "physical", "reference": "1002", "name": "Book",
             "quantity": 10, "unit_price": 4_980, "tax_rate": 600, "total_amount": 49_800,
             "total_tax_amount": 2_819},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980}
        ],
        "merchant_reference1": format!("order-{number}"),
        "billing_address": {
            "given_name": "Alva", "family_name": "Person-se", "email": "customer@email.se",
            "phone": "+46701740615", "street_address": "Södra Blasieholmshamnen 2",
            "postal_code": "11148", "city": "Stockholm", "country": "SE"
        }
    })
}

/// Orders of which pieces can still be captured.
pub(crate) struct Pool(Mutex<Vec<Order>>);

impl Pool {
    pub(crate) fn of(orders: Vec<Order>) -> Self {
        Self(Mutex::new(orders))
    }

    fn take(&self) -> Order {
        self.0.lock().unwrap().pop().expect("enough orders were placed")
    }
}

/// Whom a capture is asked of.
#[derive(Clone)]
pub(crate) enum Of<'a> {
    Kvitt,
    /// Klarna, with the very body that kvitt sends.
    Klarna(&'a str),
}

/// One client that captures piece after piece: no two of them have one order.
pub(crate) struct Captures<'a> {
    shop: &'a Shop,
    pool: &'a Pool,
    of: Of<'a>,
    order: Option<Order>,
    left: usize,
    request: Vec<u8>,
}

impl<'a> Captures<'a> {
    pub(crate) fn clients(shop: &'a Shop, pool: &'a Pool, of: &Of<'a>, count: usize) -> Vec<Self> {
        let one =
            |_| Self { shop, pool, of: of.clone(), order: None, left: 0, request: Vec::new() };
        (0..count).map(one).collect()
    }
}

impl Source for Captures<'_> {
    fn next(&mut self) -> &[u8] {
        if self.left == 0 {
            (self.order, self.left) = (None, CAPTURES_PER_ORDER);
        }
        self.left -= 1;
        let Self { shop, pool, of, order, left, .. } = self;
        let order = order.get_or_insert_with(|| pool.take());
        self.request = match of {
            Of::Kvitt => {
                let path = format!("{}/captures", read_path(&order.id));
                let key = format!("\r\nIdempotency-Key: {}-{left}", order.id);
                shop.request("POST", &path, &key, CAPTURE)
            }
            Of::Klarna(body) => {
                let path = format!("/ordermanagement/v1/orders/{}/captures", order.klarna_id);
                let headers = format!(
                    "{}\r\nKlarna-Idempotency-Key: {}-{left}",
                    wire::AUTHORIZATION,
                    order.klarna_id
                );
                wire::request_with(shop.sandbox.address, "POST", &path, &headers, body)
            }
        };
        &self.request
    }
}

/// One client that reads one order.
pub(crate) struct Reads(pub(crate) Vec<u8>);

impl Source for Reads {
    fn next(&mut self) -> &[u8] {
        &self.0
    }
}
