//! Lists, filters, cursors, and the feed.

use serde_json::{Value, json};

use crate::shop::{Shop, cart, id};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| id(item).to_owned()).collect()
}

#[tokio::test]
async fn orders_are_listed_newest_first_page_by_page() {
    let shop = Shop::open().await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(id(&shop.order().await).to_owned());
    }
    shop.checkout().await; // no order
    orders.sort_unstable();

    let first = shop.get("/v1/orders?limit=2").await.expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = shop.get(&format!("/v1/orders?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(second["next_cursor"], Value::Null);
    let mut listed = [ids(&first), ids(&second)].concat();
    listed.sort_unstable();
    assert_eq!(listed, orders);

    let row = &first["items"][0];
    assert_eq!(row["order_amount"], 54_700);
    assert_eq!(row["status"], "AUTHORIZED");
    assert_eq!(row["merchant_reference1"], "1001");
    assert_eq!(row.get("shopper"), None);
}

#[tokio::test]
async fn filters_let_through_what_they_say() {
    let shop = Shop::open().await;
    let captured = shop.order().await;
    let path = format!("/v1/orders/{}", id(&captured));
    shop.post(&format!("{path}/captures"), &json!({})).await.expect(201);
    shop.patch(&path, &json!({"merchant_reference1": "needle"})).await.expect(200);
    let open = shop.order().await;

    let klarna_order_id = captured["klarna_order_id"].as_str().unwrap();
    for (query, expected) in [
        ("status=CAPTURED".to_owned(), vec![id(&captured)]),
        ("status=AUTHORIZED".to_owned(), vec![id(&open)]),
        ("status=EXPIRED".to_owned(), vec![]),
        ("search=needle".to_owned(), vec![id(&captured)]),
        (format!("search={klarna_order_id}"), vec![id(&captured)]),
        (format!("search={}", id(&open)), vec![id(&open)]),
        ("search=haystack".to_owned(), vec![]),
        ("fraud_status=PENDING".to_owned(), vec![]),
        ("account=default&status=CAPTURED".to_owned(), vec![id(&captured)]),
        ("account=other".to_owned(), vec![]),
        ("purchase_country=de".to_owned(), vec![]),
        ("attention=true".to_owned(), vec![]),
        ("created_before=2020-01-01T00:00:00Z".to_owned(), vec![]),
        ("created_from=2020-01-01T00:00:00Z&status=AUTHORIZED".to_owned(), vec![id(&open)]),
    ] {
        let page = shop.get(&format!("/v1/orders?{query}")).await.expect(200);
        assert_eq!(ids(&page), expected, "{query}");
    }
}

#[tokio::test]
async fn checkouts_are_listed_by_their_state() {
    let shop = Shop::open().await;
    let open = shop.checkout().await;
    let order = shop.order().await;
    let page = shop.get("/v1/checkouts").await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    let page = shop.get("/v1/checkouts?status=open").await.expect(200);
    assert_eq!(ids(&page), [id(&open)]);
    assert_eq!(page["next_cursor"], Value::Null);
    let page = shop.get("/v1/checkouts?status=completed&limit=1").await.expect(200);
    assert_eq!(page["items"][0]["order_id"], id(&order));
    assert!(!page.to_string().contains("client_token"));

    // Page by page, nothing is lost and nothing comes twice.
    let mut seen = Vec::new();
    let mut query = "/v1/checkouts?limit=1".to_owned();
    loop {
        let page = shop.get(&query).await.expect(200);
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("/v1/checkouts?limit=1&cursor={cursor}");
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn the_feed_goes_on_where_it_ended() {
    let shop = Shop::open().await;
    shop.order().await;
    let mut after = 0;
    let mut names = Vec::new();
    loop {
        let part = shop.get(&format!("/v1/events?after={after}&limit=3")).await.expect(200);
        let items = part["items"].as_array().unwrap();
        let next = part["next_after"].as_u64().unwrap();
        if items.is_empty() {
            assert_eq!(next, after);
            break;
        }
        assert_eq!(items.last().unwrap()["position"], next);
        names.extend(items.iter().map(|it| it["type"].as_str().unwrap().to_owned()));
        after = next;
    }
    assert_eq!(names.len(), shop.events().await);
    assert_eq!(names[0], "checkout.created");
    assert!(names.contains(&"place.done".to_owned()), "{names:?}");
    shop.post("/v1/checkouts", &cart()).await.expect(201);
    let part = shop.get(&format!("/v1/events?after={after}")).await.expect(200);
    assert_eq!(part["items"][0]["type"], "checkout.created");
}
