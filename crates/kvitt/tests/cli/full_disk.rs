//! A server whose disk takes nothing any more, and then does again.
//!
//! The disk is filled by a limit on the size of the server's files that is put on the running
//! process and taken off again (`RLIMIT_FSIZE`): it needs no rights and no file system of its own,
//! and it is the operating system that refuses the real program's real writes. What it refuses with
//! is not what a full disk does (EFBIG, not ENOSPC); SQLite has other words for it, and the ledger
//! has one for both.

use std::process::{Child, Stdio};

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use crate::support::{Ended, Place, Serving, ask, buy, get, post};

/// A shop whose server can be kept from writing.
struct Shop {
    place: Place,
    key: String,
    sandbox: Serving,
    server: Serving,
}

impl Shop {
    fn open() -> Self {
        let mut place = Place::new();
        let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
        place.set("KVITT_KLARNA_URL", &sandbox.url);
        let server = serve(&mut place);
        let key = place.good(&["key", "create"]).trim().to_owned();
        place.set("KVITT_API_KEY", &key);
        Self { place, key, sandbox, server }
    }

    /// Nothing can be written from now on, or everything again.
    fn set_room(&self, is_there: bool) {
        let server = Pid::from_raw(i32::try_from(self.server.id()).unwrap());
        let room = if is_there { None } else { Some(0) };
        let limit = Rlimit { current: room, maximum: None };
        prlimit(server, Resource::Fsize, limit).unwrap();
    }

    fn readiness(&self) -> u16 {
        ask(&format!("{}/readyz", self.server.url)).0
    }

    fn create(&self, key: &str) -> Ended {
        let args = ["checkout", "create", "--country", "SE", "--line", "Mug,2,10000,2500"];
        self.place.run(&[&args[..], &["--idempotency-key", key, "--json"]].concat())
    }

    fn events(&self) -> Vec<Value> {
        self.place.json(&["events", "--limit", "100"])["items"].as_array().unwrap().clone()
    }

    /// An order of 200.00.
    fn order(&self) -> String {
        let checkout: Value = serde_json::from_str(&self.create("order").stdout).unwrap();
        buy(&checkout, &self.sandbox, &self.server, &self.key)
    }

    /// Begins a capture of 100.00 whose answer Klarna keeps for a moment, and fills the disk when
    /// it is under way.
    fn capture_into_a_full_disk(&self, order: &str) -> Child {
        let late = json!({
            "match": { "operation": "captureOrder" }, "times": 1,
            "effect": { "kind": "delay", "milliseconds": 1_000, "when": "after" },
        });
        post(&format!("{}/sandbox/v1/faults", self.sandbox.url), &late, None);
        let capture = ["order", "capture", order, "--line", "l1:1"];
        let capture = self.place.command(&capture).spawn().unwrap();
        while self.captured_at_klarna(order) == 0 {}
        self.set_room(false);
        capture
    }

    fn captured_at_klarna(&self, order: &str) -> i64 {
        let order = self.place.json(&["order", "show", order]);
        let id = order["klarna_order_id"].as_str().unwrap();
        let url = format!("{}/ordermanagement/v1/orders/{id}", self.sandbox.url);
        get(&url)["captured_amount"].as_i64().unwrap()
    }

    fn captured(&self, order: &str) -> i64 {
        self.place.json(&["order", "show", order])["captured_amount"].as_i64().unwrap()
    }

    /// The ledger holds together: a backup of it can be made, which looks through all of it.
    fn check_books(&self) {
        self.place.good(&["ledger", "backup", "copy.db"]);
    }
}

/// Starts a server that is refused its writes instead of being ended for them.
fn serve(place: &mut Place) -> Serving {
    const IGNORE_THE_SIGNAL: &str = "trap '' XFSZ; exec \"$0\" \"$@\"";
    let kvitt = env!("CARGO_BIN_EXE_kvitt");
    let args = ["-c", IGNORE_THE_SIGNAL, kvitt, "serve", "--listen", "127.0.0.1:0"];
    let mut command = place.command_of("sh", &args);
    let server = Serving::of(command.stderr(Stdio::null()).spawn().unwrap());
    place.set("KVITT_SERVER", &server.url);
    server
}

#[test]
fn a_full_disk_is_told_and_over_as_soon_as_there_is_room() {
    let shop = Shop::open();
    assert_eq!(shop.create("one").code, Some(0));
    let before = shop.events();
    assert_eq!(shop.readiness(), 200);

    shop.set_room(false);
    for _ in 0..3 {
        let refused = shop.create("two");
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(6), ""), "{refused:?}");
        assert!(refused.stderr.contains("the database's disk is full"), "{refused:?}");
        assert!(refused.stderr.contains("make room"), "{refused:?}");
    }
    assert_eq!(shop.readiness(), 503);
    assert_eq!(shop.events(), before, "what is there can be read, and nothing else is");

    shop.set_room(true);
    assert_eq!(shop.readiness(), 200);
    let made = shop.create("two");
    assert_eq!(made.code, Some(0), "the same request: {made:?}");
    assert_eq!(shop.create("two").stdout, made.stdout);
    let events = shop.events();
    let opened: Vec<_> = events.iter().filter(|it| it["type"] == "checkout.created").collect();
    assert_eq!(opened.len(), 2, "{events:?}");
    assert_eq!(events[..before.len()], before);
    shop.check_books();
    assert_eq!(shop.server.stop(), Some(0));
}

#[test]
fn a_captures_answer_waits_for_room() {
    let shop = Shop::open();
    let order = shop.order();
    let capture = shop.capture_into_a_full_disk(&order);
    // It tries until it is written.
    while shop.readiness() != 503 {}
    assert_eq!(shop.captured(&order), 0, "nothing is said that is not stored");
    shop.set_room(true);
    let said = capture.wait_with_output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!((shop.captured(&order), shop.captured_at_klarna(&order)), (10_000, 10_000));
    shop.check_books();
}

#[test]
fn a_server_that_dies_on_a_full_disk_finds_its_capture_again() {
    let mut shop = Shop::open();
    let order = shop.order();
    let mut capture = shop.capture_into_a_full_disk(&order);
    while shop.readiness() != 503 {}
    shop.server.end();
    assert!(!capture.wait().unwrap().success());

    bring_leases_to_their_end(&shop.place);
    shop.server = serve(&mut shop.place);
    while shop.captured(&order) == 0 {}
    assert_eq!((shop.captured(&order), shop.captured_at_klarna(&order)), (10_000, 10_000));
    let captures = shop.place.json(&["order", "show", &order])["captures"].clone();
    assert_eq!(captures.as_array().unwrap().len(), 1, "{captures}");
    shop.check_books();
}

/// Nobody waits two minutes for the claim of a process that is dead.
pub(crate) fn bring_leases_to_their_end(place: &Place) {
    let other = Connection::open(place.path().join("kvitt.db")).unwrap();
    other.execute_batch("UPDATE work SET due_at_us = 0").unwrap();
}
