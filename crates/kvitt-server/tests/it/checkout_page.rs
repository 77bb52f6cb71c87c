//! The shopper's side over HTTP: what it lets browsers load and ask, and what it tells whom.

use std::sync::Arc;

use klarna::{BaseUrl, Client, Credentials, Environment, Region};
use kvitt_engine::{Account, Accounts, Engine, Parts, RandomIds, Settings, SystemClock};
use kvitt_server::ServerConfig;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::shop::{Answer, Shop, cart, send};

async fn get(shop: &Shop, url: &str) -> Answer {
    send(shop.client.get(url)).await
}

fn link(checkout: &Value) -> String {
    checkout["checkout_url"].as_str().unwrap().to_owned()
}

/// A page's policy and its SDK, where the checkout's account is this one of Klarna's. Klarna is not
/// asked: the session was opened before.
async fn with_account(region: Region, environment: Environment) -> (String, String) {
    let shop = Shop::open().await;
    let link = link(&shop.checkout().await);
    let client = Client::builder()
        .base_url(BaseUrl::of(region, environment))
        .credentials(Credentials::username_password("K123_real", "a-real-password"))
        .build()
        .unwrap();
    let account = Account::new("default", client);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let engine = Engine::new(Parts {
        ledger: Arc::clone(&shop.ledger),
        accounts: Accounts::new([account]).unwrap(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        settings: Settings::new(url.parse().unwrap()),
    });
    let router = kvitt_server::router(ServerConfig::new(engine, Arc::new(RandomIds)));
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let link = link.replace(&shop.url, &url);
    let page = get(&shop, &link).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let state = get(&shop, &format!("{link}/state")).await.expect(200);
    serving.abort();
    let policy = page.headers["content-security-policy"].to_str().unwrap().to_owned();
    (policy, state["sdk_url"].as_str().unwrap().to_owned())
}

/// The sources of one directive.
fn sources<'a>(policy: &'a str, directive: &str) -> Vec<&'a str> {
    let mut parts = policy.split(';').map(|part| part.split_whitespace());
    let found = parts.find_map(|mut words| (words.next() == Some(directive)).then_some(words));
    found.map(Iterator::collect).unwrap_or_default()
}

#[tokio::test]
async fn production_loads_klarnas_own_script_and_nothing_of_the_playground() {
    let (policy, sdk_url) = with_account(Region::Europe, Environment::Production).await;
    assert_eq!(sdk_url, "https://x.klarnacdn.net/kp/lib/v1/api.js");
    assert_eq!(sources(&policy, "default-src"), ["'none'"]);
    let scripts = ["'self'", "https://x.klarnacdn.net", "https://js.klarna.com"];
    assert_eq!(sources(&policy, "script-src"), scripts);
    let styles = ["'self'", "'unsafe-inline'", "https://x.klarnacdn.net"];
    assert_eq!(sources(&policy, "style-src"), styles);
    let frames = ["https://*.klarna.com", "https://x.klarnacdn.net"];
    assert_eq!(sources(&policy, "frame-src"), frames);
    let calls =
        ["'self'", "https://*.klarna.com", "https://*.klarnaevt.com", "https://x.klarnacdn.net"];
    assert_eq!(sources(&policy, "connect-src"), calls);
    assert!(!policy.contains("playground") && !policy.contains("127.0.0.1"), "{policy}");
}

#[tokio::test]
async fn the_playground_loads_the_same_script() {
    let (policy, sdk_url) = with_account(Region::Europe, Environment::Playground).await;
    assert_eq!(sdk_url, "https://x.klarnacdn.net/kp/lib/v1/api.js");
    let scripts = [
        "'self'",
        "https://x.klarnacdn.net",
        "https://js.klarna.com",
        "https://js.playground.klarna.com",
    ];
    assert_eq!(sources(&policy, "script-src"), scripts);
}

#[tokio::test]
async fn a_sandboxs_page_loads_from_there_only() {
    let shop = Shop::open().await;
    let link = link(&shop.checkout().await);
    let page = get(&shop, &link).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let sandbox = shop.klarna.url();
    assert_eq!(sources(policy, "script-src"), ["'self'", &sandbox]);
    assert_eq!(sources(policy, "frame-src"), [sandbox.as_str()]);
    assert!(!policy.contains("klarna.com") && !policy.contains("klarnacdn"), "{policy}");
    // The address is the credential: it is not kept, and not told to whom the page leads.
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-robots-tag"], "noindex");
    let state = get(&shop, &format!("{link}/state")).await;
    assert_eq!(state.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn any_shops_page_may_ask_and_only_as_the_page_does() {
    let shop = Shop::open().await;
    let link = link(&shop.checkout().await);
    let asked = shop.client.request(Method::OPTIONS, format!("{link}/session"));
    let asked = asked.header("origin", "https://shop.example");
    let asked = send(asked.header("access-control-request-method", "POST")).await;
    assert_eq!(asked.status, 204);
    assert_eq!(asked.headers["access-control-allow-origin"], "*");
    assert!(asked.headers.get("access-control-allow-credentials").is_none());
    for path in ["state", "fragment"] {
        let answer = get(&shop, &format!("{link}/{path}")).await;
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
    }
    // The page itself is nobody else's, and neither is the merchant API.
    assert!(get(&shop, &link).await.headers.get("access-control-allow-origin").is_none());
    let api = shop.get("/v1/checkouts").await;
    assert!(api.headers.get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_link_is_not_told() {
    let shop = Shop::open().await;
    let (one, other) = (link(&shop.checkout().await), link(&shop.checkout().await));
    let (_, secret_of_other) = other.rsplit_once('/').unwrap();
    let (place, secret) = one.rsplit_once('/').unwrap();
    let short = &secret[1..];
    let unknown = format!("{}/checkout/chk_0192f0c8111172228333444455556666/{secret}", shop.url);
    let mut answers = Vec::new();
    for wrong in [
        format!("{place}/{secret_of_other}"),
        format!("{place}/{short}"),
        format!("{place}/{secret}0"),
        unknown,
        format!("{}/checkout/chk_nonsense/{secret}", shop.url),
    ] {
        let page = get(&shop, &wrong).await;
        assert_eq!(page.status, 404, "{wrong}");
        let state = get(&shop, &format!("{wrong}/state")).await;
        assert_eq!(state.status, 404, "{wrong}");
        answers.push((page.text, state.json["code"].clone(), state.json["detail"].clone()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

#[tokio::test]
async fn what_was_appended_to_a_link_does_no_harm() {
    let shop = Shop::open().await;
    let link = link(&shop.checkout().await);
    for pasted in [format!("{link}/"), format!("{link}?utm_source=mail")] {
        let page = get(&shop, &pasted).await;
        assert_eq!(page.status, 200, "{pasted}");
        // Without a host, since the server may be reached under more than one name.
        let path = link.replace(&shop.url, "");
        assert!(page.text.contains(&format!("data-checkout=\"{path}\"")), "{}", page.text);
    }
    let wrong = format!("{}0/", &link[..link.len() - 1]);
    let wrong = if wrong.starts_with(&link) { format!("{link}1/") } else { wrong };
    assert_eq!(get(&shop, &wrong).await.status, 404);
}

#[tokio::test]
async fn klarna_hears_of_a_person_when_they_authorize_except_in_the_united_states() {
    let shop = Shop::open().await;
    let person = json!({"type": "person", "date_of_birth": "1941-03-21"});
    let address = |country: &str| json!({"given_name": "Ottilia", "email": "ottilia@example.com", "country": country});
    let mut swedish = cart();
    swedish["billing_address"] = address("SE");
    swedish["shipping_address"] = address("SE");
    swedish["customer"] = person;
    let checkout = shop.post("/v1/checkouts", &swedish).await.expect(201);
    let american = json!({
        "purchase_country": "US", "purchase_currency": "USD", "locale": "en-US",
        "order_amount": 1000, "order_tax_amount": 0, "order_lines": [{"line_id": "a",
            "name": "A", "quantity": 1, "unit_price": 1000, "tax_rate": 0,
            "total_amount": 1000, "total_tax_amount": 0}],
        "billing_address": address("US")
    });
    shop.post("/v1/checkouts", &american).await.expect(201);
    let exchanges = shop.control(Method::GET, "/exchanges", &Value::Null).await;
    let exchanges = exchanges.as_array().or_else(|| exchanges["exchanges"].as_array()).unwrap();
    let told: Vec<bool> = exchanges
        .iter()
        .filter(|it| it["path"] == "/payments/v1/sessions")
        .map(|it| it.to_string().contains("ttilia") || it.to_string().contains("1941"))
        .collect();
    assert_eq!(told, [false, true]);
    // The page has what Klarna is to be told.
    let state = get(&shop, &format!("{}/state", link(&checkout))).await.expect(200);
    assert_eq!(state["address_at_load"], false);
    assert_eq!(state["billing_address"], address("SE"));
    assert_eq!(state["shipping_address"], address("SE"));
    assert_eq!(state["customer"]["date_of_birth"], "1941-03-21");
}
