//! A shop with a server, a ledger and Klarna's sandbox of its own.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use klarna::retry::Policy;
use klarna::{BaseUrl, Client, Credentials};
use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_engine::webhooks::WebhookSettings;
use kvitt_engine::{Account, Accounts, Clock, Engine, Limit, Parts, RandomIds, Settings};
use kvitt_ledger::Ledger;
use kvitt_server::{ServerConfig, api_keys};
use reqwest::{Method, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// The sandbox's clock is everybody's, so that a test moves all of them at once.
struct SandboxClock(Sandbox);

#[async_trait::async_trait]
impl Clock for SandboxClock {
    async fn now(&self) -> Timestamp {
        // What the ledger keeps, so that an answer and a later reading of it are the same.
        let milliseconds = self.0.now().as_millisecond();
        Timestamp::from_millisecond(milliseconds).unwrap()
    }
}

pub(crate) struct Shop {
    pub url: String,
    pub key: SecretString,
    pub client: reqwest::Client,
    pub engine: Engine,
    pub ledger: Arc<dyn Ledger>,
    pub klarna: Running,
    _stop: oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

/// An answer as a test looks at it.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.json
    }

    /// The problem, if it is one of this status and code.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status.as_u16(), self.json["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("/docs#error-{code}"));
        assert_eq!(self.json["request_id"], self.headers["x-request-id"].to_str().unwrap());
        assert!(self.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        self.json
    }
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::with(|_| ()).await
    }

    /// A shop whose server says that it is reached there.
    pub(crate) async fn at(public_url: &str) -> Self {
        Self::made(Some(public_url), |_, _| (), |_| ()).await
    }

    /// A shop whose server sends webhooks to the public internet alone.
    pub(crate) async fn in_public() -> Self {
        Self::made(None, |settings, _| settings.webhooks.allow_private = false, |_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::made(None, |_, _| (), change).await
    }

    /// A shop that opens one session a second, and waits for no turn.
    pub(crate) async fn in_a_hurry() -> Self {
        let adjust = |settings: &mut Settings, account: &mut Account| {
            account.rate.sessions = Limit::AtMost(1);
            settings.waits.shopper = Duration::ZERO;
        };
        Self::made(None, adjust, |_| ()).await
    }

    /// A shop that calls due work late at once, looks for alarms all the time, and whose Klarna pushes
    /// nothing.
    pub(crate) async fn easily_alarmed() -> Self {
        let adjust = |settings: &mut Settings, _: &mut Account| {
            settings.alarms.late_by = Duration::ZERO;
            settings.alarms.every = Duration::from_millis(1);
        };
        let shop = Self::made(None, adjust, |_| ()).await;
        let quiet = json!({"push_callback": false});
        shop.control(Method::PATCH, "/settings", &quiet).await;
        shop
    }

    async fn made(
        public_url: Option<&str>,
        adjust: impl FnOnce(&mut Settings, &mut Account),
        change: impl FnOnce(&mut ServerConfig),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger =
            kvitt_ledger::open(&format!("sqlite:{}", folder.path().join("kvitt.db").display()))
                .await
                .unwrap();
        let klarna = Sandbox::start(Config::default()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut account = Account::new(
            "default",
            Client::builder()
                .base_url(BaseUrl::custom(&klarna.url()).unwrap())
                .credentials(Credentials::username_password("PK1_test", "secret-of-the-account"))
                .retry(Policy::OFF)
                .build()
                .unwrap(),
        );
        let mut settings = Settings {
            // A fault shows at once, and the worker of a test asks again only when told.
            retry_after: Duration::ZERO,
            answer_within: Duration::from_secs(20),
            webhooks: WebhookSettings {
                pauses: Vec::new(),
                allow_private: true,
                ..WebhookSettings::default()
            },
            ..Settings::new(public_url.unwrap_or(&url).parse().unwrap())
        };
        adjust(&mut settings, &mut account);
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&ledger),
            accounts: Accounts::new([account]).unwrap(),
            clock: Arc::new(SandboxClock(klarna.sandbox().clone())),
            ids: Arc::new(RandomIds),
            settings,
        });
        let now = klarna.sandbox().now();
        let (_, key) = api_keys::create(&*ledger, &RandomIds, "test", now).await.unwrap();
        let mut config = ServerConfig::new(engine.clone(), Arc::new(RandomIds));
        change(&mut config);
        let router = kvitt_server::router(config);
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(async move {
            kvitt_server::serve(listener, router, None, async {
                let _: Result<(), _> = stopped.await;
            })
            .await
            .unwrap();
        });
        let client = client();
        Self { url, key, client, engine, ledger, klarna, _stop: stop, _folder: folder }
    }

    /// A request with the shop's key.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path).bearer_auth(self.key.expose_secret())
    }

    /// A request without any key.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::PATCH, path).json(body)).await
    }

    /// A POST without a body.
    pub(crate) async fn act(&self, path: &str) -> Answer {
        send(self.request(Method::POST, path)).await
    }

    /// A POST under an `Idempotency-Key`.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// A call of the sandbox's control API.
    pub(crate) async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/sandbox/v1{path}", self.klarna.url());
        let answer = send(self.client.request(method, url).json(body)).await;
        assert!(answer.status.is_success(), "{}", answer.text);
        answer.json
    }

    /// How often Klarna was called.
    pub(crate) async fn calls_to_klarna(&self) -> usize {
        let list = self.control(Method::GET, "/exchanges", &Value::Null).await;
        let list = list.as_array().or_else(|| list["exchanges"].as_array()).unwrap();
        list.iter().filter(|it| !it["path"].as_str().unwrap().starts_with("/sandbox")).count()
    }

    /// How many events there are.
    pub(crate) async fn events(&self) -> usize {
        self.ledger.feed(0, 1_000).await.unwrap().len()
    }

    /// The shopper authorizes at Klarna; no callback comes.
    pub(crate) async fn authorize(&self, checkout: &Value) -> String {
        let session = checkout["session"]["session_id"].as_str().unwrap();
        let mut body = json!({"outcome": "approved", "callback": "never"});
        // The SDK hands the shopper's data over; the shop may have sent it before.
        if checkout["shopper"].get("billing_address").is_none() {
            body["data"] = json!({"billing_address": {"given_name": "Astrid",
                "family_name": "Lind", "email": "astrid@example.com",
                "street_address": "Storgatan 1", "postal_code": "11122", "city": "Stockholm",
                "phone": "+46700000000", "country": "SE"}});
        }
        let answer =
            self.control(Method::POST, &format!("/sessions/{session}/authorize"), &body).await;
        answer["authorization_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn checkout(&self) -> Value {
        self.post("/v1/checkouts", &cart()).await.expect(201)
    }

    /// A placed order.
    pub(crate) async fn order(&self) -> Value {
        let checkout = self.checkout().await;
        let token = self.authorize(&checkout).await;
        let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
        let placed = self.post(&path, &json!({"authorization_token": token})).await.expect(201);
        placed["order"].clone()
    }
}

pub(crate) fn client() -> reqwest::Client {
    // The provider is the process's; another test may have set it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, text, json }
}

pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// Two shirts at 249.00 and freight at 49.00 kr, 25 % tax in all of it.
pub(crate) fn cart() -> Value {
    json!({
        "purchase_country": "SE",
        "purchase_currency": "SEK",
        "locale": "sv-SE",
        "order_amount": 54_700,
        "order_tax_amount": 10_940,
        "order_lines": [
            {"line_id": "shirt", "type": "physical", "reference": "SKU-1", "name": "Shirt",
             "quantity": 2, "unit_price": 24_900, "tax_rate": 2500, "total_amount": 49_800,
             "total_tax_amount": 9_960},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980},
        ],
        "merchant_reference1": "1001",
        "merchant_data": "{\"basket\":7}",
        "merchant_urls": {"confirmation": "https://shop.example/thanks"},
    })
}
