//! What the commands on orders say when it does not go well, and with which exit code they end.

use crate::support::{Ended, Place, nobody, server_saying};

const ORDER: &str = "ord_0192f0c8111172228333444455556666";

fn against(server: &str) -> Place {
    let mut place = Place::new();
    place.set("KVITT_SERVER", server).set("KVITT_API_KEY", "kvitt_secret");
    place
}

fn check(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(ended.stdout, "", "{ended:?}");
    for word in words {
        assert!(ended.stderr.contains(word), "{word}: {ended:?}");
    }
    assert!(!ended.stderr.contains("kvitt_secret"), "{ended:?}");
}

#[test]
fn without_a_key_nothing_is_asked() {
    let place = Place::new();
    check(&place.run(&["order", "list"]), 2, &["KVITT_API_KEY", "kvitt key create"]);
    let place = against("kvitt.example");
    check(&place.run(&["order", "list"]), 2, &["KVITT_SERVER", "http://127.0.0.1:4000"]);
}

#[test]
fn a_server_that_is_not_there_is_unreachable_also_for_acts() {
    let url = nobody();
    let place = against(&url);
    let words = [url.as_str(), "kvitt serve", "--server"];
    check(&place.run(&["order", "list"]), 6, &words);
    // Nothing was sent, so nothing is in doubt.
    check(&place.run(&["order", "capture", ORDER]), 6, &words);
}

#[test]
fn an_act_without_an_answer_is_in_doubt_and_can_be_repeated() {
    let place = against(&server_saying(None));
    let args = ["order", "capture", ORDER, "--idempotency-key", "capture-1"];
    check(&place.run(&args), 5, &["--idempotency-key capture-1"]);
    let fresh = place.run(&["order", "capture", ORDER]);
    check(&fresh, 5, &["--idempotency-key cli-"]);
    check(&place.run(&["order", "list"]), 6, &[]);
}

#[test]
fn an_outcome_that_is_not_known_yet_has_an_exit_code_of_its_own() {
    let answer = r#"{"intent":{"id":"int_1","kind":"capture","state":"unknown","amount":24900,
        "problem":"no answer"},"order":{"id":"ord_1","status":"AUTHORIZED",
        "purchase_currency":"SEK","order_amount":49800}}"#;
    let place = against(&server_saying(Some((202, answer))));
    let ended = place.run(&["order", "capture", ORDER, "--idempotency-key", "capture-1"]);
    assert_eq!(ended.code, Some(5), "{ended:?}");
    assert!(ended.stdout.contains("capture of 249.00 SEK: not known yet"), "{ended:?}");
    assert!(ended.stderr.contains("--idempotency-key capture-1"), "{ended:?}");
}

#[test]
fn answers_decide_the_exit_code() {
    let problem = r#"{"code":"over_capture","detail":"too much","allowed_acts":["refund"]}"#;
    for (status, code) in [(400, 3), (401, 3), (404, 4), (409, 3), (422, 3), (500, 1), (503, 6)] {
        let place = against(&server_saying(Some((status, problem))));
        let words = ["error: too much [over_capture]", "possible now: refund"];
        check(&place.run(&["order", "show", ORDER]), code, &words);
        let ended = place.run(&["order", "show", ORDER, "--json"]);
        assert_eq!(ended.code, Some(code));
        assert_eq!(ended.stderr.trim(), problem, "programs get the server's own document");
    }
    let place = against(&server_saying(Some((503, r#"{"code":"timeout","detail":"late"}"#))));
    let args = ["order", "cancel", ORDER, "--idempotency-key", "cancel-1"];
    check(&place.run(&args), 6, &["late", "--idempotency-key cancel-1"]);
}

#[test]
fn what_is_not_kvitt_is_not_taken_for_it() {
    let place = against(&server_saying(Some((404, "<html>"))));
    check(&place.run(&["order", "show", ORDER]), 4, &["not one of kvitt's", "--server"]);
    let place = against(&server_saying(Some((200, "<html>"))));
    check(&place.run(&["order", "show", ORDER]), 1, &["--json"]);
}

#[test]
fn files_that_are_not_json_are_not_sent() {
    let place = against(&nobody());
    let file = place.write("cart.json", "{");
    check(&place.run(&["checkout", "create", "--file", &file]), 2, &["not JSON", "cart.json"]);
    check(&place.run(&["checkout", "create", "--file", "gone.json"]), 2, &["gone.json"]);
    check(&place.run_with(&["order", "update", ORDER, "--file", "-"], "x"), 2, &["stdin"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let answer = format!(r#"{{"items":[{}]}}"#, vec!["{}"; 20_000].join(","));
    let place = against(&server_saying(Some((200, &answer))));
    let mut child = place.command(&["order", "list"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
