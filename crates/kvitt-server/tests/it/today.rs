//! The page that an operator begins with: numbers of today, pictures of the days before.

use reqwest::Method;
use serde_json::json;

use crate::operator::{Browser, add_user};
use crate::shop::{Shop, id};

async fn desk(shop: &Shop) -> Browser<'_> {
    add_user(shop, "asa").await;
    Browser::signed_in(shop).await
}

async fn count(shop: &Shop) {
    while shop.engine.count_figures().await.unwrap() != Some(0) {}
}

async fn shown(desk: &Browser<'_>, path: &str) -> String {
    let page = desk.get(path).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

/// A tile's number, and what stands below it.
fn tile(page: &str, kind: &str) -> (String, String) {
    let rest = page.split(&format!("data-tile=\"{kind}\"")).nth(1).unwrap();
    let between = |from: &str, to: &str| {
        let rest = rest.split_once(from).unwrap().1;
        rest.split_once(to).unwrap().0.to_owned()
    };
    (
        between("<strong class=\"amount\">", "</strong>"),
        between("</strong> <span class=\"quiet\">", "</span>"),
    )
}

fn says(page: &str, picture: &str) -> String {
    let rest = page.split(&format!("data-picture=\"{picture}\"")).nth(1).unwrap();
    let rest = rest.split_once("<p class=\"quiet\">").unwrap().1;
    rest.split_once("</p>").unwrap().0.to_owned()
}

#[tokio::test]
async fn before_the_first_order_the_page_says_how_to_begin() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    shop.checkout().await;
    count(&shop).await;
    let page = shown(&desk, "/dashboard").await;
    assert!(page.contains("data-today=\"none\""), "{page}");
    assert!(page.contains("POST /v1/checkouts"), "{page}");
}

#[tokio::test]
async fn a_day_is_told_in_numbers_and_the_next_in_pictures() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let one = shop.order().await;
    shop.order().await;
    let captures = format!("/v1/orders/{}/captures", id(&one));
    let part = json!({"captured_amount": 20_000, "amount_only": true});
    shop.post(&captures, &part).await.expect(201);
    let refunds = format!("/v1/orders/{}/refunds", id(&one));
    let back = json!({"refunded_amount": 5_000, "amount_only": true});
    shop.post(&refunds, &back).await.expect(201);
    count(&shop).await;

    let told = |amount: &str, of: &str| (amount.to_owned(), of.to_owned());
    let page = shown(&desk, "/dashboard").await;
    assert_eq!(tile(&page, "authorized"), told("1094.00 SEK", "2 orders"));
    assert_eq!(tile(&page, "captured"), told("200.00 SEK", "1 capture"));
    assert_eq!(tile(&page, "refunded"), told("50.00 SEK", "1 refund"));
    assert_eq!(tile(&page, "left"), told("0.00 SEK", "0 orders"));
    assert_eq!(
        says(&page, "orders-of-days"),
        "Of 1094.00 SEK authorized in these 30 days, 150.00 SEK is captured and kept, 50.00 SEK \
         refunded, 894.00 SEK still open, and 0.00 SEK was freed: cancelled, released, or out of \
         time."
    );
    assert_eq!(
        says(&page, "captured"),
        "In these 30 days 200.00 SEK was captured, and 1094.00 SEK authorized: 18\u{a0}% of it."
    );

    shop.control(Method::POST, "/clock/advance", &json!({"by": "P26D"})).await;
    let page = shown(&desk, "/dashboard?days=90").await;
    assert_eq!(tile(&page, "authorized"), told("0.00 SEK", "0 orders"));
    assert_eq!(tile(&page, "left"), told("894.00 SEK", "2 orders"));
    assert_eq!(
        says(&page, "ages"),
        "894.00 SEK of 2 orders can still be captured. For 894.00 SEK of it the time ends within 3 \
         days."
    );
    let page = shown(&desk, "/dashboard?days=7").await;
    assert!(says(&page, "orders-of-days").starts_with("Of 0.00 SEK authorized in these 7 days"));
    assert_eq!(tile(&page, "left"), told("894.00 SEK", "2 orders"), "however short the pictures");
}

#[tokio::test]
async fn what_klarna_refused_and_what_needs_a_person_is_counted() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    let order = shop.order().await;
    let fault = json!({"match": {"path_contains": "/captures"}, "times": 1,
        "effect": {"kind": "error", "error_code": "CAPTURE_NOT_ALLOWED"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let captures = format!("/v1/orders/{}/captures", id(&order));
    shop.post(&captures, &json!({})).await.refused(409, "klarna_refused");
    let lost = json!({"match": {"path_contains": "/captures"}, "effect": {"kind": "reset_before"}});
    shop.control(Method::POST, "/faults", &lost).await;
    shop.post(&captures, &json!({})).await.expect(202);
    count(&shop).await;
    let page = shown(&desk, "/dashboard").await;
    let refusals = page.split("data-picture=\"refusals\"").nth(1).unwrap();
    assert!(refusals.contains("1 act was refused in these 30 days."), "{refusals}");
    assert!(refusals.contains("Capture <code>CAPTURE_NOT_ALLOWED</code>"), "{refusals}");
    let attention = page.split("data-tile=\"attention\"").nth(1).unwrap();
    assert!(attention.contains("<strong class=\"amount\">1</strong>"), "{attention}");
    assert!(attention.contains("href=\"/dashboard/attention\">See what to do"), "{attention}");
}

#[tokio::test]
async fn what_is_asked_for_in_vain_is_what_is_usual() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    shop.order().await;
    count(&shop).await;
    for query in ["?days=31", "?days=-1&currency=XXX", "?currency=%00", "?days=&currency="] {
        let page = shown(&desk, &format!("/dashboard{query}")).await;
        assert!(says(&page, "captured").contains("In these 30 days"), "{query}");
        assert!(says(&page, "captured").contains("547.00 SEK authorized"), "{query}");
    }
}

#[tokio::test]
async fn what_is_not_counted_yet_is_said() {
    let shop = Shop::open().await;
    let desk = desk(&shop).await;
    shop.order().await;
    let mark = "data-today=\"behind\"";
    assert!(!shown(&desk, "/dashboard").await.contains(mark), "a moment is not worth a word");
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT2M"})).await;
    assert!(shown(&desk, "/dashboard").await.contains(mark));
    count(&shop).await;
    assert!(!shown(&desk, "/dashboard").await.contains(mark));
}
