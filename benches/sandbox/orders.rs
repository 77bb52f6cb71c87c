//! Reading orders: a few are placed first, and read in turn.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::common::process::Server;
use crate::peers::{Id, SESSION, Sandbox, create_session, keep_answer};
use crate::wire::{self, Wire};

const ORDERS: usize = 100;

/// Keeps the answer to a read order, for the bare servers.
pub(crate) fn record(sandbox: &Sandbox, file: &Path) {
    let server = sandbox.start();
    let orders = place(server.address, 1);
    keep_answer(server.address, &orders[0], file);
}

/// The requests that read orders, which exist where the server is a sandbox.
pub(crate) fn work(server: &Server, id: Id) -> Vec<Vec<u8>> {
    if id == Id::Sandbox { place(server.address, ORDERS) } else { vec![read(server.address, "1")] }
}

fn read(address: SocketAddr, order_id: &str) -> Vec<u8> {
    wire::request(address, "GET", &format!("/ordermanagement/v1/orders/{order_id}"), "")
}

/// Places orders; gives the requests that read them.
fn place(address: SocketAddr, count: usize) -> Vec<Vec<u8>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut wire = Wire::connect(address).await;
        let mut reads = Vec::new();
        for _ in 0..count {
            let session = ask(&mut wire, &create_session(address), "session_id").await;
            let path = format!("/sandbox/v1/sessions/{session}/authorize");
            let body = r#"{"outcome": "approved", "callback": "never"}"#;
            let authorize = wire::request(address, "POST", &path, body);
            let token = ask(&mut wire, &authorize, "authorization_token").await;
            let path = format!("/payments/v1/authorizations/{token}/order");
            let place = wire::request(address, "POST", &path, SESSION);
            reads.push(read(address, &ask(&mut wire, &place, "order_id").await));
        }
        reads
    })
}

/// One member of an answer.
async fn ask(wire: &mut Wire, request: &[u8], member: &str) -> String {
    let answer = wire.ask(request).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
    let body: Value = serde_json::from_slice(answer.body).unwrap();
    body[member].as_str().unwrap().to_owned()
}
