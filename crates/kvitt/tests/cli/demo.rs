//! The demo, as it greets people and programs.

use std::io::{BufRead as _, BufReader};
use std::process::Child;

use reqwest::redirect::Policy;
use serde_json::Value;

use crate::support::Place;

/// A running demo, ended when this is dropped.
struct Demo {
    process: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Demo {
    fn start(place: &Place, more: &[&str]) -> Self {
        let anywhere = "127.0.0.1:0";
        let args = ["demo", "--data", "data", "--listen", anywhere, "--sandbox-listen", anywhere];
        let args = [&args[..], &["--shop-listen", anywhere], more].concat();
        let mut process = place.command(&args).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    fn line(&mut self) -> String {
        self.lines.next().map(Result::unwrap).expect("the demo says more")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// How the dashboard answers to somebody who signs in.
fn sign_in(url: &str, user: &str, password: &str) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().redirect(Policy::none());
        let request = client.build().unwrap().post(format!("{url}/sign-in"));
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(format!("name={user}&password={password}")).send().await;
        answer.unwrap().status().as_u16()
    })
}

#[test]
fn it_says_who_signs_in_to_the_dashboard_and_anew_each_time() {
    let place = Place::new();
    let mut passwords: Vec<String> = Vec::new();
    for _ in 0..2 {
        let mut demo = Demo::start(&place, &["--json"]);
        assert!(demo.line().starts_with("listening on http://"));
        let doors: Value = serde_json::from_str(&demo.line()).unwrap();
        let text = |name: &str| doors["dashboard"][name].as_str().unwrap();
        assert_eq!(text("url"), format!("{}/dashboard", doors["server"].as_str().unwrap()));
        assert_eq!(text("user"), "demo");
        for earlier in &passwords {
            assert_eq!(sign_in(text("url"), "demo", earlier), 401);
        }
        assert_eq!(sign_in(text("url"), "demo", text("password")), 303);
        passwords.push(text("password").to_owned());
    }

    let mut demo = Demo::start(&place, &[]);
    let url = demo.line().replace("listening on ", "");
    let greeting = format!("Dashboard: {url}/dashboard (user demo, password ");
    let line = loop {
        let line = demo.line();
        if line.starts_with("Dashboard") {
            break line;
        }
    };
    let password = line.strip_prefix(&greeting).and_then(|rest| rest.strip_suffix(')')).unwrap();
    assert_eq!(sign_in(&format!("{url}/dashboard"), "demo", password), 303);
}
