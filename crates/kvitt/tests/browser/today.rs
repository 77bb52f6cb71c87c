//! The page that an operator begins with, after some days of business.

use serde_json::{Value, json};

use crate::driver::Browser;
use crate::world::{Placed, World};

/// Twelve days on which books were sold for 199.00 each: two or three a day, most of them shipped the
/// day after, one in five sent back.
async fn some_days(world: &World) {
    let mut waiting: Vec<Placed> = Vec::new();
    for day in 0..12_i64 {
        for (index, order) in std::mem::take(&mut waiting).into_iter().enumerate() {
            if (day + i64::try_from(index).unwrap()) % 6 == 0 {
                continue;
            }
            let order_path = format!("/v1/orders/{}", order.id);
            world.api("POST", &format!("{order_path}/captures"), &json!({})).await;
            if (day + i64::try_from(index).unwrap()) % 5 == 0 {
                world.api("POST", &format!("{order_path}/refunds"), &json!({})).await;
            }
        }
        for _ in 0..2 + day % 2 {
            waiting.push(world.placed_order().await);
        }
        if day < 11 {
            world.control("POST", "/clock/advance", &json!({"by": "P1D"})).await;
        }
    }
    world.api("POST", &format!("/v1/orders/{}/cancel", waiting[0].id), &json!({})).await;
    for code in ["CAPTURE_NOT_ALLOWED", "CAPTURE_NOT_ALLOWED", "NO_SUCH_ORDER"] {
        let fault = json!({"match": {"operation": "captureOrder"}, "times": 1,
            "effect": {"kind": "error", "error_code": code}});
        world.control("POST", "/faults", &fault).await;
        let captures = format!("/v1/orders/{}/captures", waiting[1].id);
        world.refused("POST", &captures, &json!({})).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_begins_with_what_came_in_and_what_became_of_it() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.sign_in(&world).await;
    browser.click(r#"nav a[href="/dashboard"]"#).await;
    browser.find("[data-today=none]").await;
    browser.look("dashboard-today-none").await;

    some_days(&world).await;
    browser
        .until("all is counted", async || {
            browser.click(r#"nav a[href="/dashboard"]"#).await;
            let refusals = "[data-picture=refusals] > p";
            (browser.count(refusals).await == 1).then_some(())?;
            browser.text(refusals).await.starts_with("3 acts").then_some(())
        })
        .await;
    assert_eq!(browser.text("[data-tile=authorized] strong").await, "597.00 SEK");
    assert_eq!(browser.text("[data-tile=captured] strong").await, "199.00 SEK");
    browser.look("dashboard-today").await;

    browser.click("[data-picture=captured] summary").await;
    let figures = r#"return [...document.querySelectorAll("[data-picture=captured] tbody tr")]
        .map((row) => [...row.cells].slice(1).map((cell) => cell.textContent))"#;
    let rows = browser.script(figures).await;
    assert_eq!(rows[0], json!(["3", "597.00 SEK", "199.00 SEK", "0.00 SEK"]));
    assert_eq!(rows.as_array().map(Vec::len), Some(12), "{rows}");
    browser.click(r#".choices a[href*="days=7"]"#).await;
    browser.wait_for_text("[data-picture=captured]", "In these 7 days").await;
    let columns = "return document.querySelectorAll('[data-picture=captured] .plot g').length";
    assert_eq!(browser.script(columns).await, Value::from(7));
    browser.close().await;
}
