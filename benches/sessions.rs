//! The sandbox's create-session, with validation, state and exchange record, against a bare axum
//! server that answers the same bytes without looking at the request.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use klarna_sandbox::{Config, Sandbox};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::wire::{self, Wire};
use crate::{Ratio, in_turns};

const CONNECTIONS: u32 = 32;
const REQUESTS_PER_CONNECTION: u32 = 500;
const PATH: &str = "/payments/v1/sessions";

const BODY: &str = r#"{"purchase_country":"SE","purchase_currency":"SEK","locale":"sv-SE","order_amount":74700,"order_tax_amount":14223,"order_lines":[{"type":"physical","reference":"1001","name":"Shirt","quantity":2,"unit_price":24900,"tax_rate":2500,"total_amount":49800,"total_tax_amount":9960},{"type":"physical","reference":"1002","name":"Book","quantity":1,"unit_price":5000,"tax_rate":600,"total_amount":5000,"total_tax_amount":283},{"type":"shipping_fee","name":"Shipping","quantity":1,"unit_price":19900,"tax_rate":2500,"total_amount":19900,"total_tax_amount":3980}]}"#;

pub(crate) async fn measure() -> Ratio {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let sandbox_address: SocketAddr = sandbox.url().trim_start_matches("http://").parse().unwrap();
    let request = wire::post(sandbox_address, PATH, BODY);
    let (status, answer) = Wire::connect(sandbox_address).await.ask(&request).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    let bare_address = bare(answer.into()).await;

    let bare_request = wire::post(bare_address, PATH, BODY);
    let requests = CONNECTIONS * REQUESTS_PER_CONNECTION;
    let (measured, against) = in_turns(
        requests,
        || load(sandbox_address, &request),
        || load(bare_address, &bare_request),
    )
    .await;
    Ratio {
        name: "sandbox creates a session, against bare axum with the same bytes",
        unit: "requests",
        measured,
        against,
    }
}

/// A server that knows one answer.
async fn bare(answer: Bytes) -> SocketAddr {
    let content_type = (CONTENT_TYPE, "application/json;charset=utf-8");
    let handler = move |_: Bytes| async move { ([content_type], answer) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route(PATH, post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn load(address: SocketAddr, request: &[u8]) {
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let request = request.to_vec();
        tasks.spawn(async move {
            let mut wire = Wire::connect(address).await;
            for _ in 0..REQUESTS_PER_CONNECTION {
                let (status, _) = wire.ask(&request).await;
                assert_eq!(status, 200);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
