//! The README's commands do what it says, one after the other, against a running demo.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running demo, stopped when it is dropped.
struct Demo {
    process: Child,
    variables: BTreeMap<&'static str, String>,
}

impl Demo {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_kvitt"))
            .args(["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut variables = BTreeMap::new();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        for line in lines.map(Result::unwrap) {
            for (name, before) in [
                ("API", "listening on "),
                ("KLARNA", "Klarna on localhost: "),
                ("KEY", "API key: "),
            ] {
                if let Some(value) = line.strip_prefix(before) {
                    variables.insert(name, value.to_owned());
                }
            }
            if line.starts_with("Stop with") {
                break;
            }
        }
        assert_eq!(variables.len(), 3, "the demo did not say where it is");
        Self { process, variables }
    }

    /// Runs a snippet as a reader would, and gives back the JSON that it printed.
    fn run(&self, snippet: &str) -> Value {
        let output =
            Command::new("bash").args(["-euc", snippet]).envs(&self.variables).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{snippet}\n{text}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{snippet}\nprinted: {text}"))
    }

    fn remember(&mut self, name: &'static str, answer: &Value, pointer: &str) {
        let value = answer.pointer(pointer).and_then(Value::as_str);
        let value = value.unwrap_or_else(|| panic!("no {pointer} in {answer}"));
        self.variables.insert(name, value.to_owned());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The README's `curl` commands, in order.
fn snippets() -> Vec<String> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = std::fs::read_to_string(readme).unwrap();
    let blocks = readme.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .filter(|block| block.contains("curl "))
        .collect()
}

#[test]
fn the_route_of_the_readme_works_as_written() {
    let snippets = snippets();
    let [checkout, authorize, place, capture, refund] = &snippets[..] else {
        panic!("the README has {} curl commands", snippets.len());
    };
    let mut demo = Demo::start();

    let answer = demo.run(checkout);
    assert_eq!(answer["status"], "open", "{answer}");
    assert_eq!(answer["order_amount"], 49_800);
    demo.remember("CHECKOUT", &answer, "/id");
    demo.remember("SESSION", &answer, "/session/session_id");

    let answer = demo.run(authorize);
    assert_eq!(answer["approved"], true, "{answer}");
    demo.remember("TOKEN", &answer, "/authorization_token");

    let answer = demo.run(place);
    demo.remember("ORDER", &answer, "/order_id");

    let answer = demo.run(capture);
    assert_eq!(answer["capture"]["captured_amount"], 24_900, "{answer}");
    assert_eq!(answer["order"]["status"], "PART_CAPTURED");

    let answer = demo.run(refund);
    assert_eq!(answer["refund"]["refunded_amount"], 24_900, "{answer}");
    assert_eq!(answer["order"]["refunded_amount"], 24_900);
}

#[test]
fn cargo_run_in_the_checkout_is_this_program() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let list = |value: &Value, name: &str| value[name].as_array().unwrap().clone();
    let by_default = list(&metadata, "workspace_default_members");
    let programs: Vec<Value> = list(&metadata, "packages")
        .iter()
        .filter(|package| by_default.contains(&package["id"]))
        .flat_map(|package| list(package, "targets"))
        .filter(|target| list(target, "kind").contains(&"bin".into()))
        .map(|target| target["name"].clone())
        .collect();
    assert_eq!(programs, ["kvitt"], "`cargo run` does not know which of them to run");
}

#[test]
fn the_demo_walks_the_route_by_itself() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_kvitt")).args(["demo", "--headless"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}{errors}");
    for step in ["1  session", "2  widget", "3  authorize", "4  order", "5  capture", "6  refund"] {
        assert!(text.contains(step), "no {step:?} in:\n{text}");
    }
    // Written by hand: 89.00 + 199.00 shipped first, 637.00 after, 199.00 given back.
    for amount in ["925.00 SEK", "288.00 SEK", "637.00 SEK", "199.00 SEK"] {
        assert!(text.contains(amount), "no {amount:?} in:\n{text}");
    }
    assert!(text.contains("Timeline of ord_"), "{text}");
    assert!(text.contains("all held"), "{text}");
}

#[test]
fn the_walk_is_one_document_for_a_program() {
    let output = Command::new(env!("CARGO_BIN_EXE_kvitt"))
        .args(["demo", "--headless", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["held"], true, "{document}");
    assert_eq!(document["broken"], serde_json::json!([]));
    let names: Vec<_> =
        document["steps"].as_array().unwrap().iter().map(|it| &it["name"]).collect();
    assert_eq!(names[..4], ["session", "widget", "authorize", "order"]);
    assert_eq!(names.len(), 11, "{names:?}");
    assert_eq!(document["timeline"]["items"].as_array().unwrap().len(), 12);
}

#[test]
fn a_demo_whose_place_is_taken_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = taken.local_addr().unwrap().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_kvitt"))
        .args(["demo", "--listen", &place])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("choose another port"));
}
