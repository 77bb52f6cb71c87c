//! Snapshots and the state file, over HTTP and in process.

use std::{fs, path::Path};

use klarna_sandbox::{Config, Error, Sandbox};
use serde_json::{Value, json};

use crate::support::{Inbox, Shop, cart};

/// A sandbox with something of everything, its snapshot, and the order that was captured in part.
async fn lived() -> (Shop, Value, String) {
    let shop = Shop::open().await;
    shop.session(&cart()).await;
    let captured = shop.order().await;
    shop.done(
        &captured,
        "captures",
        &json!({"captured_amount": 17_980,
        "order_lines": [cart()["order_lines"][0]]}),
    )
    .await;
    shop.done(&captured, "refunds", &json!({"refunded_amount": 1000})).await;
    let mut pending = cart();
    pending["billing_address"]["email"] = json!("customer+pend-accept-30@email.se");
    pending["merchant_urls"]["notification"] = json!("http://127.0.0.1:9/nobody");
    // Decided after half an hour; its notification is still repeated a day from now.
    shop.order_of(&pending, &json!({"outcome": "approved"})).await;
    shop.post(
        "/sandbox/v1/faults",
        &json!({"match": {"method": "DELETE"}, "times": 3,
        "effect": {"kind": "delay", "milliseconds": 5}}),
    )
    .await;
    shop.call("PATCH", "/sandbox/v1/settings", Some(&json!({"authorization_days": 7}))).await;
    shop.call("PATCH", "/sandbox/v1/clock", Some(&json!({"pace": 2}))).await;
    shop.advance("PT2H").await;
    let cancelled = shop.order().await;
    let path = format!("/ordermanagement/v1/orders/{cancelled}/cancel");
    let cancel = shop.request("POST", &path).header("klarna-idempotency-key", "k-1");
    assert_eq!(cancel.send().await.unwrap().status(), 204);
    let got = shop.get("/sandbox/v1/snapshot").await;
    assert_eq!((got.status, got.header("content-type")), (200, "application/json"));
    let snapshot = got.json();
    (shop, snapshot, captured)
}

async fn put(shop: &Shop, snapshot: &Value) -> (u16, Value) {
    let got = shop.call("PUT", "/sandbox/v1/snapshot", Some(snapshot)).await;
    (got.status, serde_json::from_str(&got.text).unwrap_or_default())
}

#[tokio::test]
async fn a_snapshot_brings_everything_back() {
    let (shop, snapshot, order) = lived().await;
    assert_eq!(snapshot["kind"], "klarna-sandbox snapshot");
    assert_eq!(snapshot["version"], 1);
    assert_eq!(snapshot["now"], "2026-03-01T14:00:00.25Z");
    let tables = ["sessions", "authorizations", "orders", "idempotency", "repeats"];
    let counts = tables.map(|name| snapshot["state"][name].as_object().unwrap().len());
    assert_eq!(counts, [4, 3, 3, 1, 1]);

    let other = Shop::open().await;
    other.order().await;
    assert_eq!(put(&other, &snapshot).await, (204, Value::Null));
    for path in ["/sandbox/v1/settings", "/sandbox/v1/faults", "/sandbox/v1/clock"] {
        assert_eq!(other.get(path).await.text, shop.get(path).await.text, "{path}");
    }
    for id in snapshot["state"]["orders"].as_object().unwrap().keys() {
        assert_eq!(other.read(id).await, shop.read(id).await);
    }
    let again = other.get("/sandbox/v1/snapshot").await.json();
    for name in snapshot["state"].as_object().unwrap().keys().filter(|it| *it != "clock") {
        assert_eq!(again["state"][name], snapshot["state"][name], "{name}");
    }
    // What is read is one thing, what can still be done another.
    other.done(&order, "captures", &json!({"captured_amount": 4900})).await;
}

#[tokio::test]
async fn time_goes_on_from_the_snapshots() {
    struct Later;
    impl klarna_sandbox::Clock for Later {
        fn now(&self) -> jiff::Timestamp {
            "2031-07-01T00:00:00Z".parse().unwrap()
        }
    }
    let (shop, snapshot, _) = lived().await;
    let sandbox = Sandbox::with_sources(Config::default(), Later, klarna_sandbox::RandomIds);
    sandbox.restore(snapshot.to_string().as_bytes()).unwrap();
    assert_eq!(sandbox.now(), shop.running.sandbox().now());
    let again: Value = serde_json::from_slice(&sandbox.snapshot()).unwrap();
    assert_eq!((&again["now"], &again["state"]["clock"]["pace"]), (&snapshot["now"], &json!(2)));
}

#[tokio::test]
async fn a_snapshot_that_is_wrong_is_refused_whole() {
    let (shop, snapshot, order) = lived().await;
    let before = shop.get("/sandbox/v1/snapshot").await.text;
    let session = snapshot["state"]["sessions"].as_object().unwrap().keys().next().unwrap().clone();
    let sessions = snapshot["state"]["sessions"].as_object().unwrap();
    let sent = sessions.iter().find(|(_, it)| !it["purchase"]["sent"].is_null()).unwrap().0;
    let of_order = |member: &str| format!("/state/orders/{order}/{member}");
    let at_order = |member: &str| format!("state.orders.{order}.{member}");
    for (pointer, value, part) in [
        ("/state/faults/rules/0/matched", json!(u64::MAX), "state.faults: a rule's".to_owned()),
        ("/version", json!(2), "version: 2 is not known here, but 1".to_owned()),
        (
            "/kind",
            json!("klarna-sandbox state file"),
            "kind: \"klarna-sandbox state file\" is no".into(),
        ),
        ("/now", json!("yesterday"), "now: ".into()),
        (
            "/state/settings/authorization_days",
            json!(-1),
            "state.settings.authorization_days: ".into(),
        ),
        ("/state/clock/pace", json!(0), "state.clock: ".into()),
        ("/state/clock/offset_seconds", json!(i64::MIN), "state.clock: ".into()),
        ("/state/clock/offset_nanoseconds", json!(i32::MIN), "state.clock: ".into()),
        (
            &format!("/state/sessions/{sent}/purchase/sent/order_amount"),
            json!(1),
            format!("state.sessions.{sent}.purchase"),
        ),
        (&of_order("status"), json!("PAID"), at_order("status: unknown variant `PAID`")),
        (&of_order("order_id"), json!("x"), at_order("order_id: ")),
        (&of_order("captured_amount"), json!(17_981), at_order("captured_amount: not its")),
        (&of_order("refunded_amount"), json!(i64::MAX), at_order("refunded_amount: not its")),
        (&of_order("order_amount"), json!(1), at_order("order_amount: less than")),
        (
            &of_order("remaining_authorized_amount"),
            json!(-1),
            at_order("remaining_authorized_amount: it is neg"),
        ),
        (
            &of_order("captures/0/captured_amount"),
            json!(-1),
            at_order("captures: an amount is neg"),
        ),
        (
            &of_order("captures/0/refunded_amount"),
            json!(17_981),
            at_order("captures: one has more"),
        ),
        (
            &of_order("captures/0/refunded_amount"),
            json!(1001),
            at_order("captures: they have more"),
        ),
        (&of_order("refunds/0/refunded_amount"), json!(-1), at_order("refunds: an amount is neg")),
        (&of_order("billing_address"), json!({"colour": "red"}), at_order("billing_address")),
        (
            &format!("/state/sessions/{session}/session_id"),
            json!("y"),
            format!("state.sessions.{session}.session_id"),
        ),
    ] {
        let mut broken = snapshot.clone();
        *broken.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value;
        let (status, answer) = put(&shop, &broken).await;
        let message = answer["message"].as_str().unwrap_or_default().to_owned();
        assert_eq!((status, answer["code"].as_str()), (400, Some("BAD_SNAPSHOT")), "{pointer}");
        assert!(message.contains(&part), "{pointer}: {message}");
    }
    for (broken, part) in [
        (json!({}), "missing field `kind`"),
        (json!([]), "invalid"),
        (
            json!({"kind": "klarna-sandbox snapshot", "version": 1, "now": "2026-01-01T00:00:00Z",
            "state": {"carts": {}}}),
            "state.carts: unknown field `carts`",
        ),
    ] {
        let (status, answer) = put(&shop, &broken).await;
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(status == 400 && message.contains(part), "{broken}: {status} {message}");
    }
    let half = &before[..before.len() / 2];
    for text in [half, "", &format!("{before} x")] {
        let request = shop.request("PUT", "/sandbox/v1/snapshot").body(text.to_owned());
        assert_eq!(request.send().await.unwrap().status(), 400);
    }
    let elsewhere =
        shop.request("PUT", "/sandbox/v1/snapshot").header("origin", "http://a.example");
    let empty = Shop::open().await.get("/sandbox/v1/snapshot").await.text;
    assert_eq!(elsewhere.body(empty).send().await.unwrap().status(), 403);
    assert_eq!(shop.get("/sandbox/v1/snapshot").await.text, before);
}

#[tokio::test]
async fn a_snapshot_may_be_large_and_nothing_else() {
    let shop = Shop::open_with(Config { body_bytes_max: 2000, ..Config::default() }).await;
    let mut small = cart();
    for member in ["billing_address", "merchant_urls", "order_lines"] {
        small.as_object_mut().unwrap().remove(member);
    }
    small["order_lines"] = json!([{"name": "x", "quantity": 1, "unit_price": 22_880,
        "total_amount": 22_880}]);
    small.as_object_mut().unwrap().remove("order_tax_amount");
    for _ in 0..5 {
        shop.session(&small).await;
    }
    let snapshot = shop.get("/sandbox/v1/snapshot").await.json();
    assert!(snapshot.to_string().len() > 2000);
    assert_eq!(put(&shop, &snapshot).await.0, 204);
    let elsewhere = shop.post("/sandbox/v1/snapshot", &snapshot).await;
    assert_ne!(elsewhere.status, 204);
    let got = shop.post("/payments/v1/sessions", &json!({"merchant_data": "x".repeat(2000)})).await;
    assert_eq!(got.status, 413);

    let limit = u64::try_from(snapshot.to_string().len()).unwrap();
    let shop = Shop::open_with(Config { snapshot_bytes_max: limit, ..Config::default() }).await;
    assert_eq!(put(&shop, &snapshot).await.0, 204);
    let shop = Shop::open_with(Config { snapshot_bytes_max: limit - 1, ..Config::default() }).await;
    let (status, answer) = put(&shop, &snapshot).await;
    assert_eq!((status, &answer["code"]), (413, &json!("REQUEST_TOO_LARGE")));
    let empty = shop.get("/sandbox/v1/snapshot").await.json();
    assert_eq!(empty["state"]["sessions"], json!({}));
}

#[tokio::test]
async fn what_was_exchanged_and_called_back_stays_on_record() {
    let shop = Shop::open().await;
    let snapshot = shop.get("/sandbox/v1/snapshot").await.json();
    let (inbox, url) = Inbox::open(&[]).await;
    let mut with_callback = cart();
    with_callback["merchant_urls"]["authorization"] = json!(url);
    let session = shop.session(&with_callback).await;
    shop.authorize(&session, &json!({"outcome": "approved", "callback": "before"})).await;
    inbox.wait_for(1).await;
    assert_eq!(put(&shop, &snapshot).await.0, 204);
    assert_eq!(shop.get(&format!("/payments/v1/sessions/{session}")).await.status, 404);
    assert_eq!(shop.get("/sandbox/v1/callbacks").await.json().as_array().unwrap().len(), 1);
    assert_eq!(shop.get("/sandbox/v1/exchanges").await.json().as_array().unwrap().len(), 2);
}

/// What the status says, once the disk has everything.
async fn written(shop: &Shop) -> Value {
    loop {
        let status = shop.get("/sandbox/v1/state-file").await.json();
        if status["pending"] == false {
            return status;
        }
        tokio::task::yield_now().await;
    }
}

async fn kept(file: &Path) -> Shop {
    let sandbox = Sandbox::new(Config::default());
    sandbox.keep_in(file).unwrap();
    Shop::open_as(sandbox).await
}

#[tokio::test]
async fn the_state_file_outlives_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.jsonl");
    let sandbox = Sandbox::new(Config::default());
    assert!(!sandbox.keep_in(&file).unwrap(), "there was none");
    let shop = Shop::open_as(sandbox).await;
    let first = written(&shop).await;
    assert_eq!(first["path"], file.canonicalize().unwrap().display().to_string());
    let orders = [shop.order().await, shop.order().await, shop.order().await];
    shop.advance("P2D").await;
    let after = written(&shop).await;
    assert!(after["sequence"].as_u64() > first["sequence"].as_u64(), "{first} {after}");
    assert_eq!(after["bytes"].as_u64(), Some(fs::metadata(&file).unwrap().len()));
    assert_eq!(after["problem"], Value::Null);
    shop.done(&orders[0], "cancel", &json!({})).await;
    let before = shop.get("/sandbox/v1/snapshot").await.json()["state"].clone();
    // What came last is written when the last handle goes.
    shop.close().await;

    let shop = kept(&file).await;
    assert_eq!(shop.get("/sandbox/v1/snapshot").await.json()["state"], before);
    let listed = shop.get("/sandbox/v1/snapshot").await.text;
    let places = orders.map(|id| listed.find(&format!("\"order_id\":\"{id}\"")).unwrap());
    assert!(places.is_sorted(), "in the order in which they came: {places:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else's business");
    }
}

#[tokio::test]
async fn starting_over_and_restoring_reach_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.jsonl");
    let shop = kept(&file).await;
    let order = shop.order().await;
    let snapshot = shop.get("/sandbox/v1/snapshot").await.json();
    shop.post("/sandbox/v1/reset", &json!({})).await;
    let late = shop.order().await;
    written(&shop).await;
    let copy = folder.path().join("copy.jsonl");
    fs::copy(&file, &copy).unwrap();
    let other = kept(&copy).await;
    assert_eq!(other.get(&format!("/ordermanagement/v1/orders/{order}")).await.status, 404);
    assert_eq!(other.read(&late).await, shop.read(&late).await);

    assert_eq!(put(&shop, &snapshot).await.0, 204);
    shop.running.sandbox().write_state_file().unwrap();
    assert_eq!(shop.get("/sandbox/v1/state-file").await.json()["pending"], false);
    fs::copy(&file, folder.path().join("third.jsonl")).unwrap();
    let third = kept(&folder.path().join("third.jsonl")).await;
    assert_eq!(third.read(&order).await, shop.read(&order).await);
    assert_eq!(third.get(&format!("/ordermanagement/v1/orders/{late}")).await.status, 404);
}

#[tokio::test]
async fn a_file_that_cannot_be_kept_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let refused = |name: &str| Sandbox::new(Config::default()).keep_in(path(name)).unwrap_err();

    let shop = kept(&path("taken")).await;
    let error = refused("taken");
    assert!(
        matches!(&error, Error::StateFileInUse { process, .. } if *process == Some(std::process::id()))
    );
    assert!(error.to_string().contains("another file"), "{error}");
    let twice = shop.running.sandbox().keep_in(path("other")).unwrap_err();
    assert!(matches!(twice, Error::StateFileGiven { .. }), "{twice}");
    assert!(!path("other").exists());

    for (name, text, line) in [
        ("notes.txt", "buy milk\n", 1),
        ("snapshot.json", "{\"kind\":\"klarna-sandbox snapshot\",\"version\":1}\n", 1),
        ("newer", "{\"kind\":\"klarna-sandbox state file\",\"version\":99}\n", 1),
        (
            "broken",
            "{\"kind\":\"klarna-sandbox state file\",\"version\":1}\n{\"x\":1}\n{\"commit\":1}\n",
            2,
        ),
    ] {
        fs::write(path(name), text).unwrap();
        let error = refused(name);
        assert!(
            matches!(&error, Error::StateFileUnreadable { line: at, .. } if *at == line),
            "{error}"
        );
        assert!(error.to_string().contains("left as it is"), "{error}");
        assert_eq!(fs::read_to_string(path(name)).unwrap(), text);
    }
    fs::create_dir(path("folder")).unwrap();
    for name in ["folder", "no/such/folder"] {
        let error = refused(name);
        assert!(matches!(error, Error::StateFileIo { action: "opened", .. }), "{error}");
    }
    // An empty file, as a program may make it beforehand, is as good as none.
    fs::write(path("empty"), "").unwrap();
    assert!(!Sandbox::new(Config::default()).keep_in(path("empty")).unwrap());
    assert!(Sandbox::new(Config::default()).keep_in(path("empty")).unwrap());
}

#[tokio::test]
async fn without_a_state_file_there_is_none_to_tell_of() {
    let shop = Shop::open().await;
    let got = shop.get("/sandbox/v1/state-file").await;
    assert_eq!((got.status, &got.json()["code"]), (404, &json!("NO_STATE_FILE")));
    shop.running.sandbox().write_state_file().unwrap();
}

#[tokio::test]
async fn the_clock_starts_and_starts_over_at_its_pace() {
    let shop = Shop::open_with(Config { pace: 60, ..Config::default() }).await;
    let pace = async || shop.get("/sandbox/v1/clock").await.json()["pace"].clone();
    assert_eq!(pace().await, 60);
    shop.call("PATCH", "/sandbox/v1/clock", Some(&json!({"pace": 2}))).await;
    shop.running.sandbox().reset();
    assert_eq!(pace().await, 60);
}
