//! The sandbox's create-session, with validation, state and exchange record, against a bare axum
//! server that answers the same bytes without looking at the request.

use std::net::SocketAddr;

use klarna_sandbox::{Config, Sandbox};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::bare::Recorded;
use crate::wire::{self, Wire};
use crate::{Ratio, in_turns};

const CONNECTIONS: u32 = 32;
const REQUESTS_PER_CONNECTION: u32 = 500;
const PATH: &str = "/payments/v1/sessions";
const BODY: &str = include_str!("session.json");

pub(crate) async fn measure() -> Ratio {
    let sandbox = Sandbox::start(Config::default()).await.unwrap();
    let sandbox_address: SocketAddr = sandbox.url().trim_start_matches("http://").parse().unwrap();
    let request = wire::request(sandbox_address, "POST", PATH, BODY);
    let mut wire = Wire::connect(sandbox_address).await;
    let answer = wire.ask(&request).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
    let bare_address = bare(Recorded::of(&answer)).await;

    let bare_request = wire::request(bare_address, "POST", PATH, BODY);
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
async fn bare(recorded: Recorded) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, recorded.axum()).await });
    address
}

async fn load(address: SocketAddr, request: &[u8]) {
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let request = request.to_vec();
        tasks.spawn(async move {
            let mut wire = Wire::connect(address).await;
            for _ in 0..REQUESTS_PER_CONNECTION {
                assert_eq!(wire.ask(&request).await.status, 200);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}
