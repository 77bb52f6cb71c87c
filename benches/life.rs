//! One full life (create, authorize, place, capture, refund) through kvitt, against the same calls
//! made directly to the sandbox. kvitt stores every intent and every outcome on disk, with full
//! sync, and reads the order once after placing it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use klarna_sandbox::{Config, Running, Sandbox};
use kvitt_engine::{Account, Accounts, Engine, Parts, RandomIds, Settings, SystemClock};
use kvitt_server::ServerConfig;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::{Ratio, in_turns};

const LIVES: u32 = 128;

/// So many lives at a time.
pub(crate) async fn measure(name: &'static str, at_a_time: u32) -> Ratio {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (server, key) = kvitt(&sandbox, folder.path()).await;
    let http = reqwest::Client::builder().build().unwrap();
    let klarna = Direct { http: http.clone(), url: sandbox.url() };
    let shop = Shop { http, url: format!("http://{server}"), key, sandbox: sandbox.url() };
    let (measured, against) = in_turns(
        LIVES,
        || {
            together(at_a_time, || {
                let shop = shop.clone();
                async move { shop.life().await }
            })
        },
        || {
            together(at_a_time, || {
                let klarna = klarna.clone();
                async move { klarna.life().await }
            })
        },
    )
    .await;
    Ratio { name, unit: "lives", measured, against }
}

/// All lives of a round, so many at a time.
async fn together<F: Future<Output = ()> + Send + 'static>(at_a_time: u32, life: impl Fn() -> F) {
    let mut tasks = JoinSet::new();
    for _ in 0..LIVES {
        if tasks.len() >= at_a_time as usize {
            tasks.join_next().await.unwrap().unwrap();
        }
        tasks.spawn(life());
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

async fn kvitt(sandbox: &Running, folder: &std::path::Path) -> (SocketAddr, String) {
    let client = klarna::Client::builder()
        .base_url(klarna::BaseUrl::custom(&sandbox.url()).unwrap())
        .credentials(klarna::Credentials::username_password("PK1", "secret"))
        .build()
        .unwrap();
    let account = Account::new("bench", client);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = folder.join("kvitt.sqlite");
    let engine = Engine::new(Parts {
        ledger: kvitt_ledger::open(&format!("sqlite:{}", database.display())).await.unwrap(),
        accounts: Accounts::new([account]).unwrap(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        settings: Settings::new(format!("http://{address}").parse().unwrap()),
    });
    let at = engine.now().await;
    let (_, key) =
        kvitt_server::api_keys::create(engine.ledger(), &RandomIds, "bench", at).await.unwrap();
    let router = kvitt_server::router(ServerConfig::new(engine, Arc::new(RandomIds)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, key.expose_secret().to_owned())
}

fn purchase() -> Value {
    json!({
        "purchase_country": "SE", "purchase_currency": "SEK", "locale": "sv-SE",
        "order_amount": 49_800, "order_tax_amount": 9_960,
        "order_lines": [{
            "type": "physical", "reference": "1001", "name": "Shirt", "quantity": 2,
            "unit_price": 24_900, "tax_rate": 2_500, "total_amount": 49_800,
            "total_tax_amount": 9_960
        }]
    })
}

async fn answer(request: reqwest::RequestBuilder) -> (Value, Option<String>) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let location = answer.headers().get("location").map(|it| it.to_str().unwrap().to_owned());
    let text = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    (serde_json::from_str(&text).unwrap_or(Value::Null), location)
}

async fn authorize(http: &reqwest::Client, sandbox: &str, session_id: &Value) -> Value {
    let session_id = session_id.as_str().unwrap();
    let url = format!("{sandbox}/sandbox/v1/sessions/{session_id}/authorize");
    let body = json!({"outcome": "approved", "callback": "never"});
    answer(http.post(url).json(&body)).await.0["authorization_token"].clone()
}

#[derive(Clone)]
struct Direct {
    http: reqwest::Client,
    url: String,
}

impl Direct {
    async fn life(&self) {
        let session = self.post("/payments/v1/sessions", &purchase()).await.0;
        let token = authorize(&self.http, &self.url, &session["session_id"]).await;
        let path = format!("/payments/v1/authorizations/{}/order", token.as_str().unwrap());
        let order = self.post(&path, &purchase()).await.0;
        let order = format!("/ordermanagement/v1/orders/{}", order["order_id"].as_str().unwrap());
        let lines = &purchase()["order_lines"];
        let capture = json!({"captured_amount": 49_800, "order_lines": lines});
        assert!(self.post(&format!("{order}/captures"), &capture).await.1.is_some());
        let refund = json!({"refunded_amount": 49_800, "order_lines": lines});
        assert!(self.post(&format!("{order}/refunds"), &refund).await.1.is_some());
    }

    async fn post(&self, path: &str, body: &Value) -> (Value, Option<String>) {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        answer(request.basic_auth("PK1", Some("secret"))).await
    }
}

#[derive(Clone)]
struct Shop {
    http: reqwest::Client,
    url: String,
    key: String,
    sandbox: String,
}

impl Shop {
    async fn life(&self) {
        let checkout = self.post("/v1/checkouts", &purchase()).await;
        let token = authorize(&self.http, &self.sandbox, &checkout["session"]["session_id"]).await;
        let path = format!("/v1/checkouts/{}/authorization", checkout["id"].as_str().unwrap());
        let placed = self.post(&path, &json!({ "authorization_token": token })).await;
        let order = format!("/v1/orders/{}", placed["order_id"].as_str().unwrap());
        let captured = self.post(&format!("{order}/captures"), &json!({})).await;
        assert_eq!(captured["order"]["captured_amount"], 49_800);
        let refunded = self.post(&format!("{order}/refunds"), &json!({})).await;
        assert_eq!(refunded["order"]["refunded_amount"], 49_800);
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        answer(request.bearer_auth(&self.key)).await.0
    }
}
