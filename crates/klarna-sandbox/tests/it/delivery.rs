//! How callbacks are sent: to any local address, by the switches, and nobody waits for a receiver
//! but its own callbacks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::{
    receiver::{Receiver, silent},
    support::{Shop, cart, decimals},
};

async fn shop() -> Shop {
    let settings = Settings { callback_pause_milliseconds: 1, ..Settings::default() };
    Shop::open_with(Config { settings, ..Config::default() }).await
}

/// Approves, with the callback before the answer, and gives what was noted of it.
async fn approved(shop: &Shop, url: &str) -> Value {
    let mut cart = cart();
    cart["merchant_urls"] = json!({"authorization": url});
    let session = shop.session(&cart).await;
    shop.authorize(&session, &json!({"outcome": "approved", "callback": "before"})).await;
    let all = shop.get("/sandbox/v1/callbacks").await.json();
    let told = all.as_array().unwrap().last().unwrap().clone();
    assert!(decimals(&told["duration_milliseconds"]) <= 3, "{told}");
    told
}

#[tokio::test]
async fn who_calls_and_with_what_is_switched() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    approved(&shop, &merchant.url).await;
    let change = json!({"callback_user_agent": "Klarna/2", "callback_content_type": "text/json"});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&change)).await.status, 200);
    approved(&shop, &merchant.url).await;
    let got: Vec<_> = merchant
        .all()
        .iter()
        .map(|it| {
            (
                it.header("user-agent").map(str::to_owned),
                it.header("content-type").map(str::to_owned),
            )
        })
        .collect();
    let pair = |agent: &str, kind: &str| (Some(agent.to_owned()), Some(kind.to_owned()));
    assert_eq!(got, [pair("klarna-sandbox", "application/json"), pair("Klarna/2", "text/json")]);
    assert!(merchant.all()[0].body.starts_with(r#"{"authorization_token":""#));
    let bad = json!({"callback_user_agent": "a\nb"});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&bad)).await.status, 400);
}

#[tokio::test]
async fn localhost_is_called_by_every_name() {
    let shop = shop().await;
    let merchant = Receiver::open().await;
    let port = merchant.url.rsplit(':').next().unwrap();
    let noted = approved(&shop, &format!("http://localhost:{port}/")).await;
    assert_eq!(noted["outcome"], "arrived");
    let merchant = Receiver::at("[::1]:0").await;
    assert!(merchant.url.starts_with("http://[::1]:"));
    assert_eq!(approved(&shop, &merchant.url).await["outcome"], "arrived");
    assert_eq!(merchant.count(), 1);
}

#[tokio::test]
async fn a_certificate_of_ones_own_making_passes_by_the_switch() {
    let shop = shop().await;
    let merchant = Receiver::with_tls().await;
    let noted = approved(&shop, &merchant.url).await;
    assert_eq!(noted["error"], "the receiver's certificate was not accepted");
    assert_eq!((&noted["outcome"], &noted["attempt"]), (&json!("failed"), &json!(3)));
    let change = json!({"callback_certificates_are_checked": false});
    assert_eq!(shop.call("PATCH", "/sandbox/v1/settings", Some(&change)).await.status, 200);
    assert_eq!(approved(&shop, &merchant.url).await["outcome"], "arrived");
    assert_eq!(merchant.count(), 1);
}

/// A connection that was kept open would be of no use then.
#[tokio::test]
async fn a_merchant_that_was_started_anew_is_reached() {
    let shop = shop().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        let mut open = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            let mut request = vec![0; 4096];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            open.push(stream);
        }
    });
    for _ in 0..3 {
        let noted = approved(&shop, &url).await;
        assert_eq!((&noted["outcome"], &noted["attempt"]), (&json!("arrived"), &json!(1)));
    }
    assert_eq!(connections.load(Ordering::Relaxed), 3, "each has its own connection");
}

/// Forty notifications, more than go to one receiver at once, find one that never answers.
#[tokio::test]
async fn a_slow_receiver_holds_nothing_up() {
    let shop = shop().await;
    let (_listener, slow) = silent().await;
    let merchant = Receiver::open().await;
    let mut cart = cart();
    cart["merchant_urls"] = json!({"notification": slow});
    cart["billing_address"]["email"] = json!("user+pend-accept-01@email.se");
    for _ in 0..40 {
        shop.order_of(&cart, &json!({})).await;
    }
    let started = Instant::now();
    let advancing = shop.advance("PT1M");
    let others = async {
        while shop.get("/sandbox/v1/clock").await.json()["offset_seconds"] == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(approved(&shop, &merchant.url).await["outcome"], "arrived");
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    };
    tokio::join!(advancing, others);
    let all = shop.get("/sandbox/v1/callbacks").await.json();
    let timed_out = all.as_array().unwrap().iter().filter(|it| it["error"] == "timed out");
    assert_eq!(timed_out.count(), 40);
    // The first 32 had their two seconds, then the other 8.
    assert!(started.elapsed() >= Duration::from_secs(4));
}
