//! The ledger as a whole: backed up while it is in use, frozen and thawed.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Place, Serving, buy, delete, get, post};

const CHECKOUT: [&str; 6] = ["checkout", "create", "--country", "SE", "--line", "Mug,1,100,0"];

/// A sandbox and a server, with a key to the server.
fn serving(place: &mut Place) -> (Serving, Serving) {
    let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    place.set("KVITT_KLARNA_URL", &sandbox.url);
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let key = place.good(&["key", "create"]);
    place.set("KVITT_API_KEY", key.trim()).set("KVITT_SERVER", &server.url);
    (sandbox, server)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    // SQLite may leave its own files beside the ledger.
    names.retain(|name| !name.starts_with("kvitt.db-"));
    names.sort_unstable();
    names
}

fn events(place: &Place) -> Value {
    place.json(&["events", "--limit", "100"])["items"].clone()
}

#[test]
fn a_backup_is_made_while_a_server_runs_and_another_can_serve_it() {
    let mut place = Place::new();
    let (_sandbox, server) = serving(&mut place);
    place.good(&CHECKOUT);
    place.good(&CHECKOUT);
    let before = events(&place);

    let made = place.json(&["ledger", "backup", "copy.db"]);
    assert_eq!((&made["file"], &made["sales"]), (&"copy.db".into(), &2.into()));
    assert_eq!(made["events"], before.as_array().unwrap().len());
    assert_eq!(made["last_position"], before.as_array().unwrap().last().unwrap()["position"]);
    let file = place.path().join("copy.db");
    assert_eq!(made["bytes"], file.metadata().unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    place.good(&CHECKOUT);
    assert_eq!(server.stop(), Some(0));

    let of_copy = ["ledger", "status", "--database-url", "sqlite:copy.db"];
    let frozen = place.json(&of_copy)["frozen"]["because"].as_str().unwrap().to_owned();
    assert!(frozen.contains("it is a backup"), "{frozen}");
    let listen = ["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite:copy.db"];
    let restored = place.start(&listen);
    place.set("KVITT_SERVER", &restored.url);
    assert_eq!(events(&place), before, "what came later is not in it");
    assert_eq!(place.json(&["ledger", "status"])["frozen"], Value::Null, "the ledger acts");
}

#[test]
fn a_file_that_is_there_is_never_replaced() {
    let place = Place::new();
    place.good(&["migrate"]);
    place.write("copy.db", "something else");
    let refused = place.run(&["ledger", "backup", "copy.db"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("name another file"), "{refused:?}");
    assert_eq!(std::fs::read_to_string(place.path().join("copy.db")).unwrap(), "something else");

    let said = place.good(&["ledger", "backup", "./other.db"]);
    assert!(said.contains("last position    0"), "{said}");
    let nowhere = place.run(&["ledger", "backup", "no/such/folder/copy.db"]);
    assert_eq!(nowhere.code, Some(3), "{nowhere:?}");
    assert!(nowhere.stderr.contains("folder does not exist"), "{nowhere:?}");
    assert_eq!(names(place.path()), ["copy.db", "kvitt.db", "other.db"], "and nothing is left");
}

#[test]
fn what_is_not_there_is_not_made() {
    let place = Place::new();
    for args in [
        &["ledger", "backup", "copy.db"][..],
        &["ledger", "status"],
        &["ledger", "freeze"],
        &["ledger", "thaw", "--yes"],
    ] {
        let refused = place.run(args);
        assert_eq!(refused.code, Some(2), "{args:?}: {refused:?}");
        assert!(refused.stderr.contains("no such file"), "{refused:?}");
    }
    assert_eq!(names(place.path()), [""; 0]);
}

#[test]
fn a_ledger_is_frozen_and_thawed_by_hand() {
    let database = kvitt_testing::database();
    for url in ["sqlite:kvitt.db", &database.url()] {
        let mut place = Place::new();
        place.set("KVITT_DATABASE_URL", url);
        place.good(&["migrate"]);
        assert_eq!(place.good(&["ledger", "status"]).trim(), "not frozen");

        let frozen = place.json(&["ledger", "freeze", "--because", "PITR to Friday"]);
        assert_eq!(frozen["frozen"]["because"], "PITR to Friday");
        let again = place.run(&["ledger", "freeze", "--json"]);
        assert_eq!(
            serde_json::from_str::<Value>(&again.stdout).unwrap(),
            frozen,
            "the first stays"
        );
        assert!(again.stderr.contains("already"), "{again:?}");
        let status = place.good(&["ledger", "status"]);
        assert!(status.starts_with("frozen since 2") && status.contains(": PITR to Friday"));

        assert_eq!(place.good(&["ledger", "thaw", "--yes"]).trim(), "not frozen");
        assert_eq!(place.json(&["ledger", "status"])["frozen"], Value::Null);
    }
}

#[test]
fn postgresqls_own_tools_are_named() {
    let mut place = Place::new();
    place.set("KVITT_DATABASE_URL", "postgres://kvitt:hunter2@%2Fno%2Fsuch%2Ffolder/kvitt");
    let refused = place.run(&["ledger", "backup", "copy.db"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    for word in ["pg_dump", "PITR", "kvitt ledger freeze"] {
        assert!(refused.stderr.contains(word), "{refused:?}");
    }
    assert!(!refused.stderr.contains("hunter2"), "{refused:?}");
    assert_eq!(names(place.path()), [""; 0]);
}

/// A capture's answer is lost on the way to the SQLite server; the server on PostgreSQL finds it.
#[test]
fn a_capture_in_doubt_is_finished_after_the_move_exactly_once() {
    let mut place = Place::new();
    let (sandbox, server) = serving(&mut place);
    let checkout = place.json(&["checkout", "create", "--country", "SE", "--line", "Mug,2,100,0"]);
    let order = buy(&checkout, &sandbox, &server, place.variable("KVITT_API_KEY"));
    place.good(&["webhook", "create", "http://127.0.0.1:1/hook"]);
    let lost = json!({
        "match": { "operation": "captureOrder" }, "effect": { "kind": "reset_after" }, "times": 99,
    });
    let faults = format!("{}/sandbox/v1/faults", sandbox.url);
    post(&faults, &lost, None);
    let capture = ["order", "capture", &order, "--line", "l1:1", "--idempotency-key", "parcel"];
    assert_eq!(place.run(&capture).code, Some(5), "nobody knows yet");
    let before = events(&place);
    let known = before.as_array().unwrap().last().unwrap()["position"].to_string();

    let database = kvitt_testing::database();
    let copy = ["ledger", "copy", "sqlite:kvitt.db", &database.url()];
    let in_use = place.run(&copy);
    assert_eq!(in_use.code, Some(3), "{in_use:?}");
    assert!(in_use.stderr.contains("stop `kvitt serve`"), "{in_use:?}");
    assert_eq!(server.stop(), Some(0));
    let moved = place.json(&copy);
    assert_eq!(moved["sales"], 1);
    assert!(moved["tables"][1]["rows"].as_u64() >= Some(before.as_array().unwrap().len() as u64));
    let old = place.good(&["ledger", "status"]);
    assert!(old.contains("it was moved to") && old.contains(database.name()), "{old}");

    delete(&faults);
    // Nobody waits for the claim of a process that is gone.
    database.sql("UPDATE work SET due_at_us = 0");
    place.set("KVITT_DATABASE_URL", &database.url());
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    place.set("KVITT_SERVER", &server.url);
    let show = || place.json(&["order", "show", &order]);
    while show()["captured_amount"] == 0 {}
    assert_eq!(show()["captured_amount"], 100);
    assert_eq!(show()["captures"].as_array().unwrap().len(), 1);
    let id = show()["klarna_order_id"].as_str().unwrap().to_owned();
    let at_klarna = get(&format!("{}/ordermanagement/v1/orders/{id}", sandbox.url));
    assert_eq!(at_klarna["captured_amount"], 100, "once");
    let again = place.json(&capture);
    assert_eq!(again["capture"]["captured_amount"], 100, "the same key answers with the same");
    assert_eq!(show()["captured_amount"], 100);

    let later = place.json(&["events", "--after", &known, "--limit", "100"]);
    let later: Vec<_> = later["items"].as_array().unwrap().iter().map(|it| &it["type"]).collect();
    assert!(later.contains(&&json!("capture.done")), "{later:?}");
    let all = events(&place);
    assert_eq!(
        all.as_array().unwrap()[..before.as_array().unwrap().len()],
        before.as_array().unwrap()[..]
    );
    assert_eq!(all.as_array().unwrap().len(), before.as_array().unwrap().len() + later.len());
    let hooks = place.json(&["webhook", "list"]);
    assert_eq!(hooks["items"].as_array().unwrap().len(), 1);
}

/// The process dies in the middle: nothing of it is there, and the file acts on.
#[test]
fn a_copy_that_is_killed_leaves_nothing_behind() {
    let place = Place::new();
    place.good(&["migrate"]);
    for name in ["one", "two"] {
        place.good(&["key", "create", "--name", name]);
    }
    let database = kvitt_testing::database();
    place.good(&["migrate", "--database-url", &database.url()]);
    database.sql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             PERFORM pg_sleep(3600); RETURN new; END $$;
         CREATE TRIGGER wait BEFORE INSERT ON api_key FOR EACH ROW EXECUTE FUNCTION wait()",
    );
    let copy = ["ledger", "copy", "sqlite:kvitt.db", &database.url()];
    let mut child = place.command(&copy).spawn().unwrap();
    let waiting = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND wait_event = 'PgSleep'",
        database.name()
    );
    while database.sql(&waiting) == "0" {
        assert_eq!(child.try_wait().unwrap(), None, "it ended before it was killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.good(&["ledger", "status"]).trim(), "not frozen");
    database.sql(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'
             AND wait_event = 'PgSleep'",
        database.name()
    ));
    database.sql("DROP TRIGGER wait ON api_key");
    assert_eq!(database.sql("SELECT count(*) FROM api_key"), "0");
    let said = place.good(&copy);
    assert!(said.contains("api_key") && said.contains("SHA-256"), "{said}");
    assert_eq!(database.sql("SELECT count(*) FROM api_key"), "2");
}
