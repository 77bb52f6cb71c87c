//! What the crate's documents show works as it stands, and nothing is missing in their lists.

use serde_json::Value;

use crate::support::Shop;

const DOCUMENT: &str = include_str!("../../FAULTS.md");

#[tokio::test]
async fn every_rule_that_is_shown_can_be_set() {
    let shop = Shop::open().await;
    let mut set = 0;
    for line in DOCUMENT.lines().filter_map(|line| line.strip_prefix("curl \"$SANDBOX")) {
        let (path, body) = line.split_once("\" -d '").unwrap();
        let body: Value = serde_json::from_str(body.strip_suffix('\'').unwrap()).unwrap();
        let got = shop.post(path, &body).await;
        assert_eq!(got.status, 201, "{line}: {}", got.text);
        let got = got.json();
        if set == 0 {
            let shown = DOCUMENT.split("```json\n").nth(1).unwrap();
            let shown = shown.split("```").next().unwrap();
            assert_eq!(got, serde_json::from_str::<Value>(shown).unwrap());
        }
        set += 1;
    }
    assert_eq!(set, 11);
}

const FIDELITY: &str = include_str!("../../FIDELITY.md");
const CONTROL: &str = include_str!("../../CONTROL.md");

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[tokio::test]
async fn every_switch_stands_in_the_table_with_its_default_and_values() {
    let shop = Shop::open().await;
    let (_, section) = FIDELITY.split_once("\n## Switches\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split(" | ").collect())
        .collect();
    let mut defaults = Vec::new();
    for row in &rows {
        let (name, default) = (quoted(row[0])[0], quoted(row[1])[0]);
        defaults.push((name.to_owned(), default.to_owned()));
        for value in [default].into_iter().chain(quoted(row[2])) {
            let mut settings = klarna_sandbox::Settings::default();
            settings.set(name, value).unwrap();
        }
        let elsewhere = FIDELITY.replace(section, "");
        assert!(elsewhere.contains(&format!("`{name}`")), "{name} has no behaviour's row");
    }
    let settings = shop.get("/sandbox/v1/settings").await.json();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let held: Vec<(String, String)> = settings
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    assert_eq!(defaults, held);
}

#[tokio::test]
async fn every_call_of_the_control_api_is_listed_documented_and_there() {
    let shop = Shop::open().await;
    let listed = shop.get("/sandbox/v1").await.json();
    let listed: Vec<&str> =
        listed.as_array().unwrap().iter().map(|it| it["call"].as_str().unwrap()).collect();
    let rows = CONTROL.lines().filter(|line| line.starts_with("| `"));
    let mut documented: Vec<&str> = rows.map(|line| quoted(line)[0]).collect();
    documented.push("GET /sandbox/v1");
    let sorted = |calls: &[&str]| {
        let mut calls = calls.to_vec();
        calls.sort_unstable();
        calls.join("\n")
    };
    assert_eq!(sorted(&documented), sorted(&listed));
    for call in listed.into_iter().filter(|call| !call.ends_with("/live")) {
        let (method, path) = call.split_once(' ').unwrap();
        let got = shop.call(method, &path.replace(['{', '}'], ""), None).await;
        assert!(!got.text.contains(&format!("no {method} /")), "{call}: {}", got.text);
    }
    for (method, path, way_out) in [
        ("PUT", "/sandbox/v1/clock", "no PUT /sandbox/v1/clock; there is GET, PATCH"),
        ("GET", "/sandbox/v1/orders/1001/fraud", "; there is POST"),
        ("DELETE", "/sandbox/v1/faults/1/2", "; GET /sandbox/v1 lists the calls"),
        ("GET", "/sandbox/v1/orders", "; GET /sandbox/v1 lists the calls"),
    ] {
        let got = shop.call(method, path, None).await;
        assert_eq!(got.status, 404);
        assert!(got.json()["message"].as_str().unwrap().ends_with(way_out), "{}", got.text);
    }
}
