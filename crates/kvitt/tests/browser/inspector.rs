//! The sandbox's own pages.

use serde_json::json;

use crate::driver::Browser;
use crate::inspected::Inspected;

/// Also on a small phone nothing sticks out.
async fn look(page: &Browser, name: &str) {
    page.look(name).await;
    page.resize(360, 640).await;
    page.fits(name, "small phone").await;
    page.chromium("Emulation.clearDeviceMetricsOverride", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inspector_pictures() {
    let inspected = Inspected::open().await;
    let page = &inspected.browser;
    inspected.goto("/").await;
    look(page, "inspector-empty").await;
    let filled = inspected.fill().await;
    let fault = json!({"match": {"method": "POST", "path_contains": "/captures"}, "skip": 1,
        "times": 2, "effect": {"kind": "reset_after"}});
    inspected.call("POST", "/sandbox/v1/faults", &fault).await;
    for (path, name) in [
        ("/".to_owned(), "inspector-overview"),
        ("/inspector/sessions".to_owned(), "inspector-sessions"),
        (format!("/inspector/sessions/{}", filled.session), "inspector-session"),
        ("/inspector/orders".to_owned(), "inspector-orders"),
        (format!("/inspector/orders/{}", filled.part), "inspector-order"),
        (format!("/inspector/orders/{}", filled.pending), "inspector-order-pending"),
        ("/inspector/exchanges".to_owned(), "inspector-exchanges"),
        ("/inspector/exchanges?q=captures&status=4xx".to_owned(), "inspector-exchanges-searched"),
        ("/inspector/exchanges/1".to_owned(), "inspector-exchange"),
        ("/inspector/callbacks".to_owned(), "inspector-callbacks"),
        ("/inspector/faults".to_owned(), "inspector-faults"),
        ("/inspector/settings".to_owned(), "inspector-settings"),
        ("/inspector/nothing".to_owned(), "inspector-not-found"),
    ] {
        inspected.goto(&path).await;
        look(page, name).await;
    }
    inspected.browser.close().await;
}
