//! `kvitt sandbox` and its commands, with the real program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command};

use serde_json::{Value, json};

use crate::support::{Ended, Place, Serving, ask, get, nobody, post, quiet_address, server_saying};

const ANYWHERE: [&str; 3] = ["sandbox", "--listen", "127.0.0.1:0"];

/// A folder with a running sandbox that commands find by themselves.
fn running(more: &[&str]) -> (Place, Serving) {
    let mut place = Place::new();
    let sandbox = place.start(&[&ANYWHERE[..], more].concat());
    place.set("KVITT_SANDBOX_URL", &sandbox.url);
    (place, sandbox)
}

fn refused(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} in {}", ended.stderr);
    }
}

#[test]
fn the_example_shows_every_state() {
    let (place, sandbox) = running(&[]);
    let example = place.good(&["sandbox", "seed", "--example"]);
    let file = place.write("example.toml", &example);
    let table = place.good(&["sandbox", "seed", &file]);
    let seeded = place.json(&["sandbox", "seed", &file]);
    let orders = seeded["orders"].as_array().unwrap();
    let mut states: Vec<&str> = orders.iter().map(|it| it["status"].as_str().unwrap()).collect();
    states.sort_unstable();
    states.dedup();
    assert_eq!(states, ["AUTHORIZED", "CANCELLED", "CAPTURED", "EXPIRED", "PART_CAPTURED"]);
    assert_eq!((orders.len(), seeded["sessions"].as_array().unwrap().len()), (13, 2));
    // 2 x 249.00 and 49.00, of which 249.00 went back; a mug with its sales tax.
    for row in [
        ["one came back", "CAPTURED", "ACCEPTED", "547.00", "547.00", "249.00", "SEK"],
        ["all came back", "CAPTURED", "ACCEPTED", "12.99", "12.99", "12.99", "USD"],
        ["half shipped", "PART_CAPTURED", "ACCEPTED", "547.00", "498.00", "", "SEK"],
        ["rejected", "AUTHORIZED", "REJECTED", "547.00", "", "", "SEK"],
    ] {
        let line = table.lines().find(|line| line.starts_with(row[0])).unwrap();
        let rest = line.trim_start_matches(row[0]);
        let cells: Vec<&str> = rest.split_whitespace().skip(2).collect();
        let expected: Vec<&str> = row[1..].iter().copied().filter(|it| !it.is_empty()).collect();
        assert_eq!(cells, expected, "{table}");
    }
    let order = &orders[5];
    let url = format!(
        "{}/ordermanagement/v1/orders/{}",
        sandbox.url,
        order["order_id"].as_str().unwrap()
    );
    let read = get(&url);
    assert_eq!(read["klarna_reference"], order["klarna_reference"]);
    assert!(table.contains("AUTHORIZATION TOKEN"), "{table}");
    let page = &seeded["hosted_pages"][1];
    assert_eq!((&page["name"], &page["status"]), (&json!("paid by link"), &json!("COMPLETED")));
    let link = table.lines().find(|line| line.starts_with("link ")).unwrap();
    assert!(link.contains(" WAITING ") && link.contains("/eu/hpp/payments/"), "{table}");

    let token = table.lines().find(|line| line.starts_with("card ran out")).unwrap();
    assert!(token.contains(" ACTIVE ") && token.contains(" declined "), "{table}");
    assert_eq!(seeded["customer_tokens"][1]["name"], "card ran out");

    let (_place, seeded) = running(&["--seed", &file]);
    let snapshot = get(&format!("{}/sandbox/v1/snapshot", seeded.url));
    let count = |rows: &str| snapshot["state"][rows].as_object().unwrap().len();
    // That of the page that was paid is among them.
    assert_eq!((count("orders"), count("hpp_sessions")), (14, 2));
}

#[test]
fn what_the_help_shows_works_with_the_example() {
    let (place, _sandbox) = running(&[]);
    let example = place.good(&["sandbox", "seed", "--example"]);
    place.good(&["sandbox", "seed", &place.write("orders.toml", &example)]);
    let help = place.good(&["sandbox", "--help"]) + &place.good(&["sandbox", "trigger", "--help"]);
    let named: Vec<(&str, &str)> = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("kvitt sandbox trigger "))
        .filter_map(|rest| rest.strip_suffix('"')?.split_once(" \""))
        .collect();
    assert_eq!(named.len(), 3, "{help}");
    for (what, name) in named {
        assert!(place.good(&["sandbox", "trigger", what, name]).contains(name));
    }
}

#[test]
fn a_scenario_that_is_wrong_names_its_lines_and_changes_nothing() {
    let (place, sandbox) = running(&[]);
    let file = place.write(
        "bad.toml",
        "[[orders]]\nname = \"good\"\nstate = \"captured\"\n\n\
         [[orders]]\nname = \"typo\"\nstate = \"shipped\"\n\n\
         [[orders]]\nname = \"dear\"\nstate = \"captured\"\norder_lines = [\n  \"Shirt, 1, 249\",\n]\n",
    );
    let words = [
        "bad.toml cannot be seeded, and nothing was changed",
        "line 7, orders[1].state (\"typo\"): unknown variant `shipped`, expected one of `authorized`",
        "line 13, orders[2].order_lines[0] (\"dear\"): the price \"249\" is no amount with two",
    ];
    refused(&place.run(&["sandbox", "seed", &file]), 2, &words);
    refused(&place.run_unserving(&[&ANYWHERE[..], &["--seed", &file]].concat()), 2, &words);
    let json = place.run(&["sandbox", "seed", &file, "--json"]);
    let document: Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(document["problems"].as_array().unwrap().len(), 2, "{document}");
    let snapshot = get(&format!("{}/sandbox/v1/snapshot", sandbox.url));
    assert_eq!(snapshot["state"]["orders"], json!({}));

    let file = place.write("no.toml", "[[orders]\n");
    refused(&place.run(&["sandbox", "seed", &file]), 2, &["no.toml, line 1, is not TOML"]);
    refused(&place.run(&["sandbox", "seed", "gone.toml"]), 2, &["gone.toml cannot be read"]);
    let ended = place.run_with(&["sandbox", "seed", "-"], "[[orders]]\nstate = \"x\"\n");
    refused(&ended, 2, &["stdin cannot be seeded", "line 2, orders[0].state"]);
}

#[test]
fn folders_that_cannot_be_are_told_before_it_starts() {
    let place = Place::new();
    let file = place.write("a file", "");
    let start = |flag: &str, path: &str| place.run(&[&ANYWHERE[..], &[flag, path]].concat());
    refused(&start("--record", &format!("{file}/in")), 2, &["--record", "cannot be made", "in"]);
    refused(&start("--state", "nowhere/a.jsonl"), 2, &["nowhere/a.jsonl", "make its folder"]);
}

#[test]
fn triggers_fire() {
    let (place, sandbox) = running(&[]);
    let file = place.write(
        "a.toml",
        "[[orders]]\nname = \"first\"\nstate = \"pending\"\n[[orders]]\nname = \"half shipped\"\n\
         state = \"part_captured\"\n[[sessions]]\nname = \"cart\"\n[[sessions]]\nname = \"other\"\n",
    );
    let seeded = place.json(&["sandbox", "seed", &file]);
    let order = |place: usize, member: &str| seeded["orders"][place][member].as_str().unwrap();
    let trigger = |args: &[&str]| place.good(&[&["sandbox", "trigger"], args].concat());
    let fraud = || {
        let url = format!("{}/ordermanagement/v1/orders/{}", sandbox.url, order(0, "order_id"));
        get(&url)["fraud_status"].as_str().unwrap().to_owned()
    };
    assert_eq!(trigger(&["fraud-stopped", "first"]), "order first: fraud control says STOPPED\n");
    assert_eq!(fraud(), "PENDING");
    trigger(&["fraud-rejected", order(0, "klarna_reference")]);
    assert_eq!(fraud(), "REJECTED");
    let said = place.json(&["sandbox", "trigger", "fraud-accepted", order(0, "order_id")]);
    assert_eq!(said, json!({"order": order(0, "order_id"), "decision": "ACCEPTED"}));
    assert_eq!(fraud(), "ACCEPTED");

    assert_eq!(trigger(&["deny", "cart"]), "session cart: denied\n");
    assert_eq!(trigger(&["abort", "cart"]), "session cart: not approved; the form stays\n");
    let approved = trigger(&["approve", "cart", "--payment-method", "card"]);
    assert!(approved.starts_with("session cart: approved, authorization_token "), "{approved}");
    assert_eq!(trigger(&["expire", "half shipped"]), "order half shipped: CAPTURED\n");
    assert_eq!(trigger(&["expire", "cart"]), "session cart: expired\n");

    refused(&place.run(&["sandbox", "trigger", "resend"]), 4, &["nothing was called back"]);
    let shop = server_saying(Some((404, "")));
    let urls = json!({"notification": format!("{shop}/fraud")});
    let scenario =
        json!({"orders": [{"name": "calls", "state": "pending", "merchant_urls": urls}]});
    post(&format!("{}/sandbox/v1/scenarios", sandbox.url), &scenario, None);
    trigger(&["fraud-accepted", "calls"]);
    let said = format!("notification to {shop}/fraud: answered with 404\n");
    assert_eq!(trigger(&["resend"]), said);
    let callbacks = get(&format!("{}/sandbox/v1/callbacks", sandbox.url));
    let id = callbacks[0]["callback_id"].as_str().unwrap();
    assert_eq!(callbacks.as_array().unwrap().len(), 2, "{callbacks}");
    assert_eq!(trigger(&["resend", id]), said);
    assert_eq!(place.json(&["sandbox", "trigger", "resend", id])["status"], 404);

    let clock = format!("{}/sandbox/v1/clock", sandbox.url);
    let said = trigger(&["advance", "P28D"]);
    assert_eq!((said.len(), &said[..8], &said[25..]), (30, "it is 20", " UTC\n"), "{said}");
    assert_eq!(get(&clock)["offset_seconds"], 28 * 86_400);
    assert!(trigger(&["pace", "60"]).contains("60 times as fast"));
    assert_eq!(get(&clock)["pace"], 60);

    let bad = |args: &[&str]| place.run(&[&["sandbox", "trigger"], args].concat());
    refused(
        &bad(&["fraud-accepted", "nobody"]),
        4,
        &["order nobody is not known", "klarna_reference"],
    );
    refused(&bad(&["expire", "nobody"]), 4, &["no order and no session nobody"]);
    refused(&bad(&["approve", "nobody"]), 4, &["session nobody is not known"]);
    refused(&bad(&["expire", "half shipped"]), 3, &["CAPTURED", "run out"]);
    refused(&bad(&["resend", "nobody"]), 4, &["callback nobody is not kept"]);
    refused(&bad(&["advance", "soon"]), 3, &["P28D"]);
    refused(&bad(&["advance", "-P1D"]), 3, &["\"-P1D\"", "P28D"]);
    refused(&bad(&["pace", "0"]), 3, &["pace: 0"]);
    refused(&bad(&["pace", "fast"]), 2, &["<TIMES>", "fast"]);
    refused(&bad(&["approve", "other", "--payment-method", "shells"]), 3, &["shells"]);
}

#[test]
fn snapshots_are_files() {
    let (place, sandbox) = running(&["--pace", "7"]);
    let scenario = place.write("a.toml", "[[orders]]\nname = \"kept\"\nstate = \"captured\"\n");
    place.good(&["sandbox", "seed", &scenario]);
    let said = place.good(&["sandbox", "snapshot", "save", "before.json"]);
    assert!(said.starts_with("saved to before.json, "), "{said}");
    let on_stdout = place.good(&["sandbox", "snapshot", "save", "-"]);
    assert!(on_stdout.contains("\"kept\""));

    assert_eq!(place.good(&["sandbox", "reset"]), "everything is forgotten\n");
    let orders = || {
        let snapshot = get(&format!("{}/sandbox/v1/snapshot", sandbox.url));
        snapshot["state"]["orders"].as_object().unwrap().len()
    };
    assert_eq!(orders(), 0);
    assert_eq!(get(&format!("{}/sandbox/v1/clock", sandbox.url))["pace"], 7, "as it was started");
    let said = place.good(&["sandbox", "snapshot", "restore", "before.json"]);
    assert_eq!((said.as_str(), orders()), ("restored from before.json\n", 1));
    assert_eq!(place.json(&["sandbox", "reset"]), json!({"reset": true}));
    assert_eq!(place.run_with(&["sandbox", "snapshot", "restore", "-"], &on_stdout).code, Some(0));
    assert_eq!(orders(), 1);

    let broken = on_stdout.replace("\"CAPTURED\"", "\"PAID\"");
    let ended = place.run_with(&["sandbox", "snapshot", "restore", "-"], &broken);
    refused(&ended, 3, &["status: unknown variant `PAID`", "BAD_SNAPSHOT"]);
    let gone = place.run(&["sandbox", "snapshot", "restore", "gone.json"]);
    refused(&gone, 2, &["gone.json cannot be read"]);
    let nowhere = place.run(&["sandbox", "snapshot", "save", "no/such/folder.json"]);
    refused(&nowhere, 2, &["no/such/folder.json cannot be written"]);
}

#[test]
fn commands_say_where_they_looked_for_a_sandbox() {
    let place = Place::new();
    let url = nobody();
    let commands: [&[&str]; 5] = [
        &["trigger", "pace", "2"],
        &["reset"],
        &["tail"],
        &["snapshot", "save", "x.json"],
        &["snapshot", "restore", "-"],
    ];
    for command in commands {
        let ended = place.run(&[&["sandbox"], command, &["--url", &url]].concat());
        refused(&ended, 6, &[&url, "kvitt sandbox", "KVITT_SANDBOX_URL"]);
    }
    refused(&place.run(&["sandbox", "reset", "--url", "here"]), 2, &["http://127.0.0.1:4010"]);
    for answer in [(200, "<html>"), (404, "<html>"), (500, "{}")] {
        let url = server_saying(Some(answer));
        let ended = place.run(&["sandbox", "trigger", "pace", "2", "--url", &url]);
        refused(&ended, 1, &["not the sandbox's"]);
    }
}

/// A command that goes on, and what it prints.
struct Going {
    process: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Going {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut process = place.command(args).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A request that the sandbox refuses, and that others can see.
fn look(sandbox: &Serving, path: &str) {
    ask(&format!("{}/ordermanagement/v1/orders/{path}", sandbox.url));
}

#[cfg(unix)]
#[test]
fn tail_follows_also_through_a_restart() {
    let mut place = Place::new();
    let address = quiet_address();
    let sandbox = place.start(&["sandbox", "--listen", &address]);
    place.set("KVITT_SANDBOX_URL", &sandbox.url);
    look(&sandbox, "before");
    look(&sandbox, "last");
    let mut tail = Going::start(&place, &["sandbox", "tail", "--last", "1"]);
    assert!(tail.line().ends_with("/ordermanagement/v1/orders/last"));
    let mut failures = Going::start(
        &place,
        &["sandbox", "tail", "--status", "5xx", "--path", "orders", "--last", "5"],
    );
    let mut bodies = Going::start(&place, &["sandbox", "tail", "--last", "1", "--bodies"]);
    let mut json = Going::start(&place, &["sandbox", "tail", "--last", "1", "--json"]);
    assert!(bodies.line().ends_with("/last"));
    assert!(bodies.line().starts_with("    < {"));
    assert_eq!(serde_json::from_str::<Value>(&json.line()).unwrap()["number"], 2);

    look(&sandbox, "while");
    let line = tail.line();
    assert!(line.contains("  GET    400 ") && line.ends_with("/while"), "{line}");
    // Forgetting everything starts the numbers again.
    place.good(&["sandbox", "reset"]);
    for path in ["r1", "r2", "r3", "r4"] {
        look(&sandbox, path);
        assert!(tail.line().ends_with(path));
    }
    assert_eq!(sandbox.stop(), Some(0));
    let mut said = BufReader::new(tail.process.stderr.take().unwrap()).lines();
    let gone = said.next().unwrap().unwrap();
    assert!(gone.contains(&address) && gone.ends_with("is gone; waiting for it"), "{gone}");
    let sandbox = place.start(&["sandbox", "--listen", &address]);
    let fault = json!({"effect": {"kind": "html_502"}, "times": 1});
    post(&format!("{}/sandbox/v1/faults", sandbox.url), &fault, None);
    look(&sandbox, "after");
    let line = tail.line();
    assert!(line.contains(" 502 ") && line.ends_with("/after  fault html_502"), "{line}");
    assert!(!line.contains('\x1b'), "no colours where there is no terminal");
    assert_eq!(failures.line(), line, "only this one failed");

    let id = tail.process.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(tail.process.wait().unwrap().code(), Some(0));
    let rest: Vec<String> = said.map(Result::unwrap).collect();
    assert_eq!(rest, ["the sandbox is back"]);
}
