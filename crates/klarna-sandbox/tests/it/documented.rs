//! What FAULTS.md shows works as it stands.

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
