//! The whole route over the merchant API: two partial captures, a refund by line, a release, a
//! cancel, an extension and an expiry. After every step the sums are the same in the merchant API,
//! in the ledger and at Klarna, and the same as numbers written by hand.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_core::{OrderId, SaleId};
use kvitt_engine::{Account, Accounts, Clock, Engine, Parts, RandomIds, Settings};
use kvitt_server::ServerConfig;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;

struct SandboxClock(Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A server, its ledger and Klarna, on one clock.
struct World {
    klarna: Running,
    engine: Engine,
    server: String,
    key: SecretString,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

/// An order by both its ids.
struct Order {
    id: String,
    klarna_id: String,
}

/// Sums written by hand: order, captured, refunded, remaining.
type Sums = [i64; 4];

impl World {
    async fn start() -> Self {
        let klarna = Sandbox::start(Config::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let client = klarna::Client::builder()
            .base_url(klarna::BaseUrl::custom(&klarna.url()).unwrap())
            .credentials(klarna::Credentials::username_password("PK1", "secret"))
            .build()
            .unwrap();
        let account = Account::new("main", client);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = format!("http://{}", listener.local_addr().unwrap());
        let database = format!("sqlite:{}", folder.path().join("kvitt.sqlite").display());
        let engine = Engine::new(Parts {
            ledger: kvitt_ledger::open(&database).await.unwrap(),
            accounts: Accounts::new([account]).unwrap(),
            clock: Arc::new(SandboxClock(klarna.sandbox().clone())),
            ids: Arc::new(RandomIds),
            settings: Settings::new(server.parse().unwrap()),
        });
        let now = engine.now().await;
        let made = kvitt_server::api_keys::create(engine.ledger(), &RandomIds, "test", now).await;
        let router = kvitt_server::router(ServerConfig::new(engine.clone(), Arc::new(RandomIds)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let http = reqwest::Client::builder().build().unwrap();
        Self { klarna, engine, server, key: made.unwrap().1, http, _folder: folder }
    }

    async fn shop(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.server))
            .bearer_auth(self.key.expose_secret())
            .json(&body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.shop("POST", path, body).await;
        assert!((200..=201).contains(&status), "{path}: {status} {answer}");
        answer
    }

    async fn advance(&self, by: &str) {
        let url = format!("{}/sandbox/v1/clock/advance", self.klarna.url());
        let moved = self.http.post(url).json(&json!({ "by": by })).send().await.unwrap();
        assert!(moved.status().is_success());
    }

    /// Opens a checkout over three cups at 100.00 with 25 % tax, a book at 200.00 with 6 %, a
    /// discount of 30.00 on the cups and freight for 49.00: 300 - 30 + 200 + 49 = 519.00 kronor.
    async fn buy(&self, callback: &str) -> Order {
        let checkout = self
            .post(
                "/v1/checkouts",
                json!({
                    "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
                    "order_amount": 51_900, "order_tax_amount": 7_512,
                    "order_lines": [
                        {"line_id": "cup", "name": "Cup", "quantity": 3, "unit_price": 10_000,
                         "tax_rate": 2_500, "total_discount_amount": 3_000,
                         "total_amount": 27_000, "total_tax_amount": 5_400},
                        {"line_id": "book", "name": "Book", "quantity": 1, "unit_price": 20_000,
                         "tax_rate": 600, "total_amount": 20_000, "total_tax_amount": 1_132},
                        {"line_id": "freight", "type": "shipping_fee", "name": "Freight",
                         "quantity": 1, "unit_price": 4_900, "tax_rate": 2_500,
                         "total_amount": 4_900, "total_tax_amount": 980}
                    ]
                }),
            )
            .await;
        let session_id = checkout["session"]["session_id"].as_str().unwrap();
        let url = format!("{}/sandbox/v1/sessions/{session_id}/authorize", self.klarna.url());
        let shopper = json!({"outcome": "approved", "callback": callback});
        let approved = self.http.post(url).json(&shopper).send().await.unwrap();
        let approved: Value = approved.json().await.unwrap();
        assert_eq!(approved["approved"], true);
        let path = format!("/v1/checkouts/{}/authorization", checkout["id"].as_str().unwrap());
        let token = &approved["authorization_token"];
        let placed = self.post(&path, json!({ "authorization_token": token })).await;
        let id = placed["order_id"].as_str().unwrap().to_owned();
        let (_, order) = self.shop("GET", &format!("/v1/orders/{id}"), Value::Null).await;
        let order = Order { id, klarna_id: order["klarna_order_id"].as_str().unwrap().to_owned() };
        self.agree(&order, "AUTHORIZED", [51_900, 0, 0, 51_900]).await;
        order
    }

    async fn act(&self, order: &Order, act: &str, body: Value) -> Value {
        self.post(&format!("/v1/orders/{}/{act}", order.id), body).await
    }

    /// The order as Klarna has it.
    async fn at_klarna(&self, order: &Order) -> Value {
        let url = format!("{}/ordermanagement/v1/orders/{}", self.klarna.url(), order.klarna_id);
        let request = self.http.get(url).basic_auth("PK1", Some("secret"));
        request.send().await.unwrap().json().await.unwrap()
    }

    /// Merchant API, ledger and Klarna say the same, and it is what was written by hand.
    async fn agree(&self, order: &Order, status: &str, expected: Sums) {
        let of = |order: &Value| -> Sums {
            ["order_amount", "captured_amount", "refunded_amount", "remaining_authorized_amount"]
                .map(|member| order[member].as_i64().unwrap())
        };
        let (_, api) = self.shop("GET", &format!("/v1/orders/{}", order.id), Value::Null).await;
        assert_eq!((of(&api), &api["status"]), (expected, &json!(status)), "merchant API");
        let klarna = self.at_klarna(order).await;
        assert_eq!((of(&klarna), &klarna["status"]), (expected, &json!(status)), "Klarna");

        let id: OrderId = order.id.parse().unwrap();
        let (sale, events) = self.engine.history(SaleId::from(id)).await.unwrap();
        let at = self.engine.now().await;
        let folded = sale.order.as_ref().unwrap();
        let sums = folded.amounts(at);
        assert_eq!(
            [
                sums.order_amount,
                sums.captured_amount,
                sums.refunded_amount,
                sums.remaining_authorized_amount
            ],
            expected,
            "ledger"
        );
        assert_eq!(folded.status(at).as_str(), status, "ledger");
        let summary = self.engine.ledger().summary(sale.id).await.unwrap().unwrap();
        assert_eq!(summary.version, events.len() as u64, "projection");
        assert_eq!(summary.captured_amount, expected[1], "projection");
        assert_eq!(summary.refunded_amount, expected[2], "projection");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_from_session_to_refund_agrees_everywhere_at_every_step() {
    let world = World::start().await;
    let order = world.buy("twice").await;

    // Two of three cups with their share of the discount: 200 - 20 = 180.00, and the book.
    let lines = json!([{"line_id": "cup", "quantity": 2}, {"line_id": "book"}]);
    let parcel = json!({
        "order_lines": lines, "captured_amount": 38_000, "reference": "parcel 1",
        "shipping_info": [{"shipping_company": "PostNord", "tracking_number": "123"}]
    });
    let preview = world.act(&order, "captures?preview=true", parcel.clone()).await;
    world.agree(&order, "AUTHORIZED", [51_900, 0, 0, 51_900]).await;
    let first = world.act(&order, "captures", parcel).await;
    assert_eq!(first["capture"]["captured_amount"], 38_000);
    assert_eq!(preview["after"]["captured_amount"], 38_000, "{preview}");
    world.agree(&order, "PART_CAPTURED", [51_900, 38_000, 0, 13_900]).await;
    let klarna = world.at_klarna(&order).await;
    let cups = &klarna["captures"][0]["order_lines"][0];
    assert_eq!(cups["total_amount"], 18_000);
    assert_eq!(cups["total_discount_amount"], 2_000);
    assert_eq!(cups["total_tax_amount"], 3_600);
    assert_eq!(klarna["captures"][0]["capture_id"], first["capture"]["capture_id"]);

    // The last cup and the freight: 100 - 10 + 49 = 139.00.
    world.act(&order, "captures", json!({})).await;
    world.agree(&order, "CAPTURED", [51_900, 51_900, 0, 0]).await;

    // One cup comes back, with its share of the discount: 90.00.
    let back = json!({"order_lines": [{"line_id": "cup", "quantity": 1}]});
    let refund = world.act(&order, "refunds", back).await;
    assert_eq!(refund["refund"]["refunded_amount"], 9_000);
    world.agree(&order, "CAPTURED", [51_900, 51_900, 9_000, 0]).await;
    let klarna = world.at_klarna(&order).await;
    assert_eq!(klarna["refunds"][0]["order_lines"][0]["total_amount"], 9_000);
    assert_eq!(klarna["refunds"][0]["refund_id"], refund["refund"]["refund_id"]);

    // Klarna's callback came twice, the browser once: one order was placed.
    let id: OrderId = order.id.parse().unwrap();
    let (sale, _) = world.engine.history(SaleId::from(id)).await.unwrap();
    assert_eq!(sale.authorizations.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_gives_up_what_was_not_shipped() {
    let world = World::start().await;
    let order = world.buy("before").await;
    world.act(&order, "captures", json!({"order_lines": [{"line_id": "book"}]})).await;
    world.act(&order, "release", json!({})).await;
    world.agree(&order, "CAPTURED", [51_900, 20_000, 0, 0]).await;
    let (status, refused) =
        world.shop("POST", &format!("/v1/orders/{}/captures", order.id), json!({})).await;
    assert_eq!((status, refused["code"].as_str().unwrap()), (409, "wrong_status"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_an_order_of_which_nothing_shipped() {
    let world = World::start().await;
    let order = world.buy("after").await;
    let cancelled = world.act(&order, "cancel", json!({})).await;
    assert_eq!(cancelled["order"]["status"], "CANCELLED");
    assert_eq!(cancelled["order"]["may_ship"]["allowed"], false);
    assert_eq!(world.at_klarna(&order).await["status"], "CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_gains_time_and_an_expiry_ends_it() {
    let world = World::start().await;
    let order = world.buy("never").await;
    let day = |order: &Value| -> jiff::civil::Date {
        let expires_at: Timestamp = order["expires_at"].as_str().unwrap().parse().unwrap();
        expires_at.to_zoned(jiff::tz::TimeZone::UTC).date()
    };
    let today = world.klarna.sandbox().now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let in_days = |days: i64| today.checked_add(jiff::Span::new().days(days)).unwrap();
    let path = format!("/v1/orders/{}", order.id);
    assert_eq!(day(&world.shop("GET", &path, Value::Null).await.1), in_days(28));

    world.advance("P20D").await;
    let extended = world.act(&order, "extend", json!({})).await;
    assert_eq!(day(&extended["order"]), in_days(48));
    assert_eq!(day(&world.at_klarna(&order).await), in_days(48));
    world.agree(&order, "AUTHORIZED", [51_900, 0, 0, 51_900]).await;

    world.advance("P28D").await;
    world.agree(&order, "EXPIRED", [51_900, 0, 0, 0]).await;
    let (_, expired) = world.shop("GET", &path, Value::Null).await;
    assert_eq!(expired["may_ship"]["allowed"], false);
    for act in ["captures", "extend", "cancel", "release"] {
        let (status, refused) = world.shop("POST", &format!("{path}/{act}"), json!({})).await;
        assert_eq!((status, refused["code"].as_str().unwrap()), (409, "wrong_status"), "{act}");
    }
}
