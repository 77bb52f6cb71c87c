//! The ledger beside Klarna, by commands: what differs, and a backup that is restored.

use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Place, Serving, get, post};

const CHECKOUT: [&str; 6] = ["checkout", "create", "--country", "SE", "--line", "Mug,2,10000,2500"];

/// A shop with a server and a sandbox of its own.
struct Shop {
    place: Place,
    server: Serving,
    sandbox: Serving,
}

impl Shop {
    fn open() -> Self {
        let mut place = Place::new();
        let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
        place.set("KVITT_KLARNA_URL", &sandbox.url);
        let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
        let key = place.good(&["key", "create"]).trim().to_owned();
        place.set("KVITT_API_KEY", &key).set("KVITT_SERVER", &server.url);
        Self { place, server, sandbox }
    }

    /// The order of a checkout whose shopper authorizes; Klarna's callback places it.
    fn order(&self) -> (String, String) {
        let checkout = self.place.json(&CHECKOUT);
        let session = checkout["session"]["session_id"].as_str().unwrap();
        let url = format!("{}/sandbox/v1/sessions/{session}/authorize", self.sandbox.url);
        post(&url, &json!({"outcome": "approved", "callback": "before"}), None);
        let order = checkout["id"].as_str().unwrap().replace("chk_", "ord_");
        let placed = until(|| {
            let ended = self.place.run(&["order", "show", &order, "--json"]);
            serde_json::from_str::<Value>(&ended.stdout).ok()
        });
        (order, placed["klarna_order_id"].as_str().unwrap().to_owned())
    }

    /// Somebody acts in Klarna's portal.
    fn portal(&self, method: &str, path: &str, body: &Value) {
        let url = format!("{}/ordermanagement/v1/orders/{path}", self.sandbox.url);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let status = runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let request = client.request(method.parse().unwrap(), url).json(body);
            request.basic_auth("any", Some("thing")).send().await.unwrap().status()
        });
        assert!(status.is_success(), "{path}: {status}");
    }

    fn captured(&self, order: &str) -> Value {
        self.place.json(&["order", "show", order])["captured_amount"].clone()
    }
}

/// Waits for something that another process does.
fn until<T>(mut seen: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = seen() {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_others_did_is_taken_over_and_what_is_left_for_a_person_has_an_exit_code_of_its_own() {
    let shop = Shop::open();
    let (captured, klarna_id) = shop.order();
    let (changed, other_id) = shop.order();
    shop.portal("POST", &format!("{klarna_id}/captures"), &json!({"captured_amount": 5_000}));

    let preview = shop.place.good(&["reconcile", "--preview"]);
    for text in [&captured, "capture_external", "nothing", "50.00", "taken over", "1 differ"] {
        assert!(preview.contains(text), "{text}: {preview}");
    }
    assert_eq!(shop.captured(&captured), 0, "only named");
    let done = shop.place.json(&["reconcile"]);
    assert_eq!(
        [&done["sales"], &done["agree"], &done["taken_over"], &done["person"]],
        [&json!(2), &json!(1), &json!(1), &json!(0)],
        "{done}"
    );
    assert_eq!((&done["ledger"], &done["unread"]), (&json!("acts"), &json!([])));
    let sale = &done["sales_that_differ"][0];
    assert_eq!((&sale["order_id"], &sale["looked_at"]), (&json!(captured), &json!("order")));
    let difference = &sale["differences"][0];
    assert_eq!((&difference["kvitt"], &difference["klarna"]), (&json!(null), &json!(5_000)));
    assert_eq!(shop.captured(&captured), 5_000);

    // Without lines Klarna forgets those that it had, so nothing can be taken over.
    shop.portal("PATCH", &format!("{other_id}/authorization"), &json!({"order_amount": 15_000}));
    let left = shop.place.run(&["reconcile"]);
    assert_eq!(left.code, Some(7), "{left:?}");
    for text in [&changed, "order_amount", "200.00", "150.00", "a person: ", "kvitt order update"] {
        assert!(left.stdout.contains(text), "{text}: {left:?}");
    }
    let one = shop.place.run(&["reconcile", "--order", &captured, "--json"]);
    assert_eq!(one.code, Some(0), "{one:?}");
    let none = shop.place.json(&["reconcile", "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(none["sales"], 0);
}

#[test]
fn an_order_that_cannot_be_read_is_named_and_tried_again_later() {
    let shop = Shop::open();
    let (order, klarna_id) = shop.order();
    let faults = format!("{}/sandbox/v1/faults", shop.sandbox.url);
    let fault = json!({"match": {"path_contains": klarna_id}, "times": 20,
        "effect": {"kind": "status", "status": 503}});
    post(&faults, &fault, None);
    let ended = shop.place.run(&["reconcile", "--json"]);
    assert_eq!(ended.code, Some(6), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["unread"][0]["id"], order);
    assert!(report["unread"][0]["problem"].as_str().unwrap().contains("[klarna_unavailable]"));
}

/// Asks a process to stop as Ctrl-C does.
#[cfg(unix)]
fn interrupt(child: Child) -> crate::support::Ended {
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    crate::support::Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[cfg(unix)]
#[test]
fn a_walk_that_is_stopped_says_how_to_go_on_and_goes_on_from_there() {
    let shop = Shop::open();
    let (_, klarna_id) = shop.order();
    shop.portal("POST", &format!("{klarna_id}/captures"), &json!({"captured_amount": 5_000}));
    shop.place.json(&CHECKOUT);
    // The orders are done, and their place is kept; the first checkout's session hangs.
    let faults = format!("{}/sandbox/v1/faults", shop.sandbox.url);
    let fault = json!({"match": {"path_contains": "/payments/v1/sessions/"}, "times": 1,
        "effect": {"kind": "hang"}});
    post(&faults, &fault, None);
    let walk = shop.place.command(&["reconcile"]).spawn().unwrap();
    let place = shop.place.path().join("kvitt-reconcile.json");
    until(|| place.exists().then_some(()));

    let stopped = interrupt(walk);

    assert_eq!((stopped.code, stopped.stdout.as_str()), (Some(6), ""), "{stopped:?}");
    assert!(stopped.stderr.contains("--resume kvitt-reconcile.json"), "{stopped:?}");
    for args in
        [&["reconcile"][..], &["reconcile", "--preview", "--resume", "kvitt-reconcile.json"]]
    {
        let refused = shop.place.run(args);
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
    let done = shop.place.json(&["reconcile", "--resume", "kvitt-reconcile.json"]);
    assert_eq!(
        [&done["sales"], &done["taken_over"]],
        [&json!(2), &json!(1)],
        "what was found before the stop is in the report: {done}"
    );
    assert!(!place.exists());
}

#[test]
fn a_restored_backup_is_read_only_until_it_was_held_beside_klarna() {
    let mut shop = Shop::open();
    let (order, _) = shop.order();
    shop.place.good(&["ledger", "backup", "copy.db"]);
    // What the backup does not know.
    shop.place.good(&["order", "capture", &order, "--amount", "5000", "--amount-only"]);
    let backup = "sqlite:copy.db";
    let mut command = shop.place.command(&["serve", "--listen", "127.0.0.1:0"]);
    let stderr = std::fs::File::create(shop.place.path().join("stderr")).unwrap();
    let server = command.env("KVITT_DATABASE_URL", backup).stderr(stderr).spawn().unwrap();
    let restored = Serving::of(server);
    shop.place.set("KVITT_SERVER", &restored.url);
    std::mem::replace(&mut shop.server, restored).kill();

    let said = std::fs::read_to_string(shop.place.path().join("stderr")).unwrap();
    assert!(said.contains("frozen") && said.contains("kvitt reconcile"), "{said}");
    let ready = get(&format!("{}/readyz", shop.server.url));
    assert!(ready["frozen"]["because"].as_str().unwrap().contains("backup"), "{ready}");
    let capture = ["order", "capture", &order, "--amount", "5000", "--amount-only"];
    let refused = shop.place.run(&capture);
    assert_eq!(refused.code, Some(6), "{refused:?}");
    assert!(refused.stderr.contains("[ledger_frozen]"), "{refused:?}");
    assert_eq!(shop.captured(&order), 0, "it is read all the same");

    let kept = shop.place.json(&["reconcile", "--keep-frozen"]);
    assert_eq!((&kept["ledger"], &kept["taken_over"]), (&json!("frozen"), &json!(1)));
    assert_eq!(shop.place.run(&capture).code, Some(6));
    let part = shop.place.good(&["reconcile", "--order", &order]);
    assert!(part.contains("stays frozen"), "{part}");
    let thawed = shop.place.good(&["reconcile"]);
    assert!(thawed.contains("acts again"), "{thawed}");

    shop.place.good(&capture);
    assert_eq!(shop.captured(&order), 10_000);
    assert_eq!(get(&format!("{}/readyz", shop.server.url)), json!({"status": "ok"}));
}
