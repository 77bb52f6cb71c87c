//! A shop for the tests: an engine, its ledger in a temporary folder, and Klarna on localhost.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_core::{
    ApiKeyId, CaptureWish, Cause, Door, ExpiryPolicy, LineId, LinePick, Placement, RefundWish,
    Requester, Sale, SaleCart, SaleId, Wish,
};
use kvitt_engine::{
    Account, Accounts, Answered, Caller, Clock, Engine, EngineError, Idempotency, NewAuthorization,
    NewCheckout, Parts, RandomIds, Settings, Shopper, names,
};
use kvitt_ledger::{InboxDoor, Ledger};
use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket, TaxRate};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

/// The sandbox's clock, so that a test moves one hand and both sides see it.
struct SandboxClock(Sandbox);

#[async_trait]
impl Clock for SandboxClock {
    async fn now(&self) -> Timestamp {
        self.0.now()
    }
}

pub(crate) struct Shop {
    pub(crate) engine: Engine,
    pub(crate) klarna: Running,
    pub(crate) http: reqwest::Client,
    folder: tempfile::TempDir,
    policy: ExpiryPolicy,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(Config::default()).await
    }

    pub(crate) async fn open_with(config: Config) -> Self {
        Self::open_as(config, ExpiryPolicy::default()).await
    }

    /// A shop whose ledger is where a URL says; the folder is for one in a file.
    pub(crate) async fn open_at(url: impl FnOnce(&tempfile::TempDir) -> String) -> Self {
        let klarna = Sandbox::start(Config::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let policy = ExpiryPolicy::default();
        let ledger = kvitt_ledger::open(&url(&folder)).await.unwrap();
        let engine = engine_over(ledger, &klarna, vec![main_account(&klarna, &policy)], settings());
        let http = reqwest::Client::builder().build().unwrap();
        Self { engine, klarna, http, folder, policy }
    }

    /// A shop that wants this done about authorizations that run out.
    pub(crate) async fn open_as(config: Config, policy: ExpiryPolicy) -> Self {
        let klarna = Sandbox::start(config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let engine = engine(&folder, &klarna, vec![main_account(&klarna, &policy)]).await;
        let http = reqwest::Client::builder().build().unwrap();
        Self { engine, klarna, http, folder, policy }
    }

    /// Where the ledger is.
    pub(crate) fn folder(&self) -> &tempfile::TempDir {
        &self.folder
    }

    /// Another process over the same ledger: what this one knew in memory is gone.
    pub(crate) async fn another_replica(&self) -> Engine {
        self.replica_with(|_| ()).await
    }

    /// Another process that behaves otherwise.
    pub(crate) async fn replica_with(&self, change: impl FnOnce(&mut Settings)) -> Engine {
        let accounts = vec![main_account(&self.klarna, &self.policy)];
        let mut settings = settings();
        change(&mut settings);
        engine_with(&self.folder, &self.klarna, accounts, settings).await
    }

    /// Another process, whose ledger has something between it and the disk.
    pub(crate) async fn replica_over(
        &self,
        wrap: impl FnOnce(Arc<dyn Ledger>) -> Arc<dyn Ledger>,
        change: impl FnOnce(&mut Settings),
    ) -> Engine {
        let accounts = vec![main_account(&self.klarna, &self.policy)];
        let mut settings = settings();
        change(&mut settings);
        engine_over(wrap(ledger(&self.folder).await), &self.klarna, accounts, settings)
    }

    /// Three cups at 100.00 and a shirt at 250.00, both with 25 % tax: 550.00 SEK.
    pub(crate) fn cart() -> SaleCart {
        let rate = TaxRate::new(2500).unwrap();
        let cups = OrderLine::tax_inclusive("Cup", 10_000, rate, 3).unwrap();
        let shirt = OrderLine::tax_inclusive("Shirt", 25_000, rate, 1).unwrap();
        SaleCart::numbered(Cart::sum(Country::SE, vec![cups, shirt]).unwrap())
    }

    pub(crate) fn new_checkout(placement: Placement) -> NewCheckout {
        NewCheckout {
            market: PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap(),
            cart: Self::cart(),
            placement,
            account: None,
            merchant_reference1: Some("order 17".to_owned()),
            merchant_reference2: None,
            merchant_data: None,
            confirmation_url: None,
            shopper: Shopper::default(),
        }
    }

    /// A checkout with its session.
    pub(crate) async fn checkout(&self) -> Sale {
        self.checkout_with(Placement::Automatic).await
    }

    pub(crate) async fn checkout_with(&self, placement: Placement) -> Sale {
        let new = Self::new_checkout(placement);
        self.engine.create_checkout(new, &merchant()).await.unwrap().sale
    }

    /// The shopper authorizes; the callback is not sent unless a test asks for it.
    pub(crate) async fn authorize(&self, sale: &Sale) -> String {
        let answer = self.authorize_with(sale, json!({"outcome": "approved", "callback": "never"}));
        answer.await["authorization_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn authorize_with(&self, sale: &Sale, body: Value) -> Value {
        let session_id = &sale.session.as_ref().unwrap().session_id;
        self.control("POST", &format!("/sandbox/v1/sessions/{session_id}/authorize"), Some(body))
            .await
    }

    pub(crate) async fn hand_in(&self, sale: SaleId, token: &str) -> Result<Sale, EngineError> {
        self.engine.hand_in_authorization(sale, browser(token), &merchant()).await
    }

    /// A checkout, authorized and placed.
    pub(crate) async fn order(&self) -> Sale {
        let sale = self.checkout().await;
        let token = self.authorize(&sale).await;
        let sale = self.hand_in(sale.id, &token).await.unwrap();
        assert!(sale.order.is_some(), "{:?}", sale.intents);
        sale
    }

    pub(crate) async fn act(&self, sale: SaleId, wish: Wish) -> Result<Answered, EngineError> {
        self.engine.act(sale, wish, None, &merchant()).await
    }

    /// The order as the sandbox has it.
    pub(crate) async fn at_klarna(&self, sale: &Sale) -> Value {
        let id = &sale.order.as_ref().unwrap().klarna_order_id;
        let url = format!("{}/ordermanagement/v1/orders/{id}", self.klarna.url());
        let answer = self.http.get(url).basic_auth("PK1", Some("secret")).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// What somebody does in Klarna's portal.
    pub(crate) async fn behind_our_back(&self, sale: &Sale, act: &str, body: Value) {
        let id = &sale.order.as_ref().unwrap().klarna_order_id;
        let url = format!("{}/ordermanagement/v1/orders/{id}/{act}", self.klarna.url());
        let request = self.http.post(url).basic_auth("PK1", Some("secret"));
        let request = if body.is_null() { request } else { request.json(&body) };
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{act}: {}", answer.status());
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}{path}", self.klarna.url());
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() }
    }

    pub(crate) async fn advance(&self, by: &str) {
        self.control("POST", "/sandbox/v1/clock/advance", Some(json!({ "by": by }))).await;
    }

    /// A fault for the next call to such a path.
    pub(crate) async fn fault(&self, path_contains: &str, times: u32, effect: Value) {
        let fault = json!({
            "match": {"path_contains": path_contains}, "times": times, "effect": effect
        });
        self.control("POST", "/sandbox/v1/faults", Some(fault)).await;
    }

    /// Every exchange whose path contains a text, oldest first.
    pub(crate) async fn exchanges(&self, path_contains: &str) -> Vec<Value> {
        let path = format!("/sandbox/v1/exchanges?path_contains={path_contains}");
        let Value::Array(all) = self.control("GET", &path, None).await else { panic!("no list") };
        all
    }

    /// Works off all that is due.
    pub(crate) async fn work_off(&self) {
        for _ in 0..500 {
            if self.engine.work_once().await.unwrap() == 0 {
                return;
            }
        }
        panic!("there is always something due");
    }

    /// Works off what is due until a condition holds.
    pub(crate) async fn work_until(&self, sale: SaleId, reached: impl Fn(&Sale) -> bool) -> Sale {
        for _ in 0..500 {
            self.engine.work_once().await.unwrap();
            let sale = self.engine.sale(sale).await.unwrap();
            if reached(&sale) {
                return sale;
            }
            tokio::task::yield_now().await;
        }
        panic!("never reached: {:?}", self.engine.sale(sale).await.unwrap().intents);
    }
}

/// Klarna sends a message to the checkout's own address.
pub(crate) async fn tell(engine: &Engine, sale: SaleId, door: InboxDoor, content: &str) {
    let secret = engine.secret(sale, names::CALLBACK_SECRET).await.unwrap().unwrap();
    engine.receive(sale, secret.expose_secret(), door, content.into()).await.unwrap();
}

pub(crate) async fn engine(
    folder: &tempfile::TempDir,
    klarna: &Running,
    accounts: Vec<Account>,
) -> Engine {
    engine_with(folder, klarna, accounts, settings()).await
}

/// Nothing is put off: what is not known yet is asked for again at once.
pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new("http://127.0.0.1:1".parse().unwrap());
    settings.retry_after = Duration::ZERO;
    settings.webhooks.pauses = Vec::new();
    settings.webhooks.allow_private = true;
    settings
}

async fn engine_with(
    folder: &tempfile::TempDir,
    klarna: &Running,
    accounts: Vec<Account>,
    settings: Settings,
) -> Engine {
    engine_over(ledger(folder).await, klarna, accounts, settings)
}

async fn ledger(folder: &tempfile::TempDir) -> Arc<dyn Ledger> {
    kvitt_ledger::open(&sqlite_url(folder)).await.unwrap()
}

pub(crate) fn sqlite_url(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("kvitt.sqlite").display())
}

pub(crate) fn engine_over(
    ledger: Arc<dyn Ledger>,
    klarna: &Running,
    accounts: Vec<Account>,
    settings: Settings,
) -> Engine {
    Engine::new(Parts {
        ledger,
        accounts: Accounts::new(accounts).unwrap(),
        clock: Arc::new(SandboxClock(klarna.sandbox().clone())),
        ids: Arc::new(RandomIds),
        settings,
    })
}

fn main_account(klarna: &Running, policy: &ExpiryPolicy) -> Account {
    let mut account = account("main", &klarna.url(), &[]);
    account.expiry = policy.clone();
    account
}

/// An account whose client does not repeat anything by itself, so that a fault is seen at once.
pub(crate) fn account(name: &str, url: &str, countries: &[Country]) -> Account {
    let client = klarna::Client::builder()
        .base_url(klarna::BaseUrl::custom(url).unwrap())
        .credentials(klarna::Credentials::username_password("PK1", "secret"))
        .retry(klarna::retry::Policy::OFF)
        .build()
        .unwrap();
    let mut account = Account::new(name, client);
    account.countries = countries.to_vec();
    account
}

pub(crate) fn merchant() -> Caller {
    Caller::without_key(Cause::Merchant { api_key: ApiKeyId(Uuid::from_u128(1)) })
}

pub(crate) fn keyed(key: &str, request: u8) -> Caller {
    let api_key = ApiKeyId(Uuid::from_u128(1));
    let requester = Requester::ApiKey(api_key);
    let idempotency = Idempotency { requester, key: key.to_owned(), request_hash: [request; 32] };
    Caller { cause: Cause::Merchant { api_key }, idempotency: Some(idempotency) }
}

pub(crate) fn browser(token: &str) -> NewAuthorization {
    NewAuthorization { token: SecretString::from(token), session_id: None, door: Door::Browser }
}

pub(crate) fn pick(line_id: &str, quantity: i64) -> LinePick {
    LinePick { line_id: LineId(line_id.to_owned()), quantity: Some(quantity) }
}

pub(crate) fn capture(lines: &[(&str, i64)]) -> Wish {
    let lines = lines.iter().map(|(id, quantity)| pick(id, *quantity)).collect();
    Wish::Capture(CaptureWish { lines, ..CaptureWish::default() })
}

/// An amount, of no lines.
pub(crate) fn capture_amount(amount: i64) -> Wish {
    Wish::Capture(CaptureWish {
        captured_amount: Some(amount),
        amount_only: true,
        ..CaptureWish::default()
    })
}

pub(crate) fn refund(lines: &[(&str, i64)]) -> Wish {
    let lines = lines.iter().map(|(id, quantity)| pick(id, *quantity)).collect();
    Wish::Refund(RefundWish { lines, ..RefundWish::default() })
}
