//! `kvitt sandbox --state`: what is remembered outlives the process, however that ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Place, Serving, ask, get, post};

const KEPT: [&str; 5] = ["sandbox", "--listen", "127.0.0.1:0", "--state", "state.jsonl"];

/// A new session's id.
fn session(sandbox: &Serving) -> String {
    let scenario = json!({"sessions": [{}]});
    let seeded = post(&format!("{}/sandbox/v1/scenarios", sandbox.url), &scenario, None);
    seeded["sessions"][0]["session_id"].as_str().unwrap().to_owned()
}

fn knows(sandbox: &Serving, session: &str) -> bool {
    ask(&format!("{}/payments/v1/sessions/{session}", sandbox.url)).0 == 200
}

fn status(sandbox: &Serving) -> Value {
    get(&format!("{}/sandbox/v1/state-file", sandbox.url))
}

/// The status that holds for good, or until something happens.
fn status_when(sandbox: &Serving, holds: impl Fn(&Value) -> bool) -> Value {
    loop {
        let status = status(sandbox);
        if holds(&status) {
            return status;
        }
        std::thread::yield_now();
    }
}

fn is_written(status: &Value) -> bool {
    status["pending"] == false
}

#[test]
fn what_was_answered_outlives_a_kill() {
    let place = Place::new();
    let sandbox = place.start(&KEPT);
    let mut sequence = status_when(&sandbox, is_written)["sequence"].as_u64();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(session(&sandbox));
        let written = status_when(&sandbox, is_written)["sequence"].as_u64();
        assert!(written > sequence, "{written:?} {sequence:?}");
        sequence = written;
    }
    sandbox.kill();
    // As if the process had been killed in the middle of a line.
    let file = place.path().join("state.jsonl");
    let mut torn = fs::OpenOptions::new().append(true).open(&file).unwrap();
    torn.write_all(b"{\"table\":\"sessions\",\"num").unwrap();
    let sandbox = place.start(&KEPT);
    assert!(sessions.iter().all(|id| knows(&sandbox, id)));
    let last = session(&sandbox);
    status_when(&sandbox, is_written);
    sandbox.kill();
    let sandbox = place.start(&KEPT);
    assert!(knows(&sandbox, &last) && knows(&sandbox, &sessions[0]));
}

#[cfg(unix)]
#[test]
fn asked_to_stop_it_loses_nothing_whoever_is_connected() {
    let place = Place::new();
    let sandbox = place.start(&KEPT);
    let mut open = TcpStream::connect(sandbox.address()).unwrap();
    open.write_all(b"GET /sandbox/v1/clock HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    assert!(open.read(&mut [0; 1000]).unwrap() > 0);
    let silent = TcpStream::connect(sandbox.address()).unwrap();
    let last = session(&sandbox);
    assert_eq!(sandbox.stop(), Some(0));
    drop((open, silent));
    let sandbox = place.start(&KEPT);
    assert!(knows(&sandbox, &last));
}

#[test]
fn two_sandboxes_do_not_share_a_file() {
    let place = Place::new();
    let sandbox = place.start(&KEPT);
    let ended = place.run_unserving(&KEPT);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    let holder = format!("in use, by process {}", sandbox.id());
    assert!(ended.stderr.contains(&holder), "{}", ended.stderr);
    assert!(ended.stderr.contains("another file"), "{}", ended.stderr);
    sandbox.kill();
    // A lock does not outlive its process.
    place.start(&KEPT);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let place = Place::new();
    let of_version_2 = "{\"kind\":\"klarna-sandbox state file\",\"version\":2}\n";
    for (text, words) in [(of_version_2, "version 2"), ("buy milk\n", "no state file")] {
        let file = place.write("state.jsonl", text);
        let ended = place.run_unserving(&KEPT);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("state.jsonl cannot be read, line 1: "), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(file).unwrap(), text);
    }
    let ended =
        place.run_unserving(&["sandbox", "--listen", "127.0.0.1:0", "--state", "no/such/file"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("no/such/file"), "{}", ended.stderr);
}

#[test]
fn it_begins_with_a_scenario_once_and_flags_outweigh_the_file() {
    let place = Place::new();
    let scenario = place.write("a.toml", "[clock]\npace = 5\n[[orders]]\nstate = \"captured\"\n");
    let seeded = [&KEPT[..], &["--seed", &scenario]].concat();
    let orders = |sandbox: &Serving| {
        let snapshot = get(&format!("{}/sandbox/v1/snapshot", sandbox.url));
        snapshot["state"]["orders"].as_object().unwrap().len()
    };
    let days = |sandbox: &Serving| {
        get(&format!("{}/sandbox/v1/settings", sandbox.url))["authorization_days"].clone()
    };
    let times =
        |sandbox: &Serving| get(&format!("{}/sandbox/v1/clock", sandbox.url))["pace"].clone();
    let sandbox = place.start(&[&seeded[..], &["--set", "authorization_days=7"]].concat());
    assert_eq!((orders(&sandbox), days(&sandbox), times(&sandbox)), (1, json!(7), json!(5)));
    status_when(&sandbox, is_written);
    sandbox.kill();
    let sandbox = place.start(&seeded);
    assert_eq!((orders(&sandbox), days(&sandbox), times(&sandbox)), (1, json!(7), json!(5)));
    sandbox.kill();
    let sandbox =
        place.start(&[&KEPT[..], &["--set", "authorization_days=9", "--pace", "2"]].concat());
    assert_eq!((orders(&sandbox), days(&sandbox), times(&sandbox)), (1, json!(9), json!(2)));
}

/// The limit on the size of files stands for a disk that is full: the system then refuses to write.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_and_does_not_stop_it() {
    use std::io::{BufRead as _, BufReader};
    let place = Place::new();
    let kvitt = place.command(&KEPT);
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -S -f 32; exec \"$@\"", "bash"]);
    command.arg(kvitt.get_program()).args(kvitt.get_args()).current_dir(place.path());
    for (name, _) in kvitt.get_envs() {
        command.env_remove(name);
    }
    // The limit strikes every file, and this is about one of them.
    command.env_remove("KLARNA_SANDBOX_RECORD");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let sandbox = Serving::of(child);
    let first = session(&sandbox);
    status_when(&sandbox, is_written);
    let mut later = Vec::new();
    let failing = loop {
        later.push(session(&sandbox));
        let status = status(&sandbox);
        if status["problem"] != Value::Null {
            break status;
        }
    };
    assert_eq!(failing["pending"], true, "{failing}");
    assert!(later.iter().all(|id| knows(&sandbox, id)), "it goes on");
    // What is there by now can be read, and is all that was written.
    fs::copy(place.path().join("state.jsonl"), place.path().join("copy.jsonl")).unwrap();
    let copy = place.start(&["sandbox", "--listen", "127.0.0.1:0", "--state", "copy.jsonl"]);
    assert!(knows(&copy, &first) && !knows(&copy, later.last().unwrap()));

    let mut lift = Command::new("prlimit");
    lift.args(["--fsize=unlimited", "--pid", &sandbox.id().to_string()]);
    assert!(lift.status().unwrap().success());
    let mended = status_when(&sandbox, is_written);
    assert_eq!(mended["problem"], Value::Null);
    sandbox.kill();
    let said: Vec<String> = stderr.lines().map(Result::unwrap).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("cannot be written") && said[1].contains("written again"), "{said:?}");
    let sandbox = place.start(&KEPT);
    assert!(later.iter().all(|id| knows(&sandbox, id)));
}
