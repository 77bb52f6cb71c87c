//! The dashboard's orders and acts, as a browser without scripts would use them.

use kvitt_core::{OrderId, Requester};
use reqwest::Method;
use serde_json::json;

use crate::operator::{Browser, add_user};
use crate::shop::{Answer, Shop, cart, id};

/// An operator who is signed in.
struct Desk<'a> {
    browser: Browser<'a>,
    user_id: String,
}

/// Members of a form, as they are filled in.
type Filled<'a> = &'a [(&'a str, &'a str)];

/// The hidden members of the only form with a confirm button.
fn hidden(page: &str) -> Vec<(String, String)> {
    let form = page.split("data-act=\"preview\"").nth(1).unwrap_or_else(|| panic!("{page}"));
    form.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|rest| {
            let (name, rest) = rest.split_once("\" value=\"").unwrap();
            (unescaped(name), unescaped(rest.split_once("\">").unwrap().0))
        })
        .collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
}

/// The sums of an order in the merchant API: order, captured, refunded, left.
async fn sums(shop: &Shop, order: &str) -> [i64; 4] {
    let order = shop.get(&format!("/v1/orders/{order}")).await.expect(200);
    ["order_amount", "captured_amount", "refunded_amount", "remaining_authorized_amount"]
        .map(|name| order[name].as_i64().unwrap())
}

impl<'a> Desk<'a> {
    async fn open(shop: &'a Shop) -> Self {
        let user_id = add_user(shop, "asa").await.id.to_string();
        Self { browser: Browser::signed_in(shop).await, user_id }
    }

    async fn get(&self, path: &str) -> Answer {
        self.browser.get(path).await
    }

    /// Sends a form as a page of the dashboard would.
    async fn post(&self, path: &str, members: &[(&str, &str)]) -> Answer {
        let others = members.iter().copied().filter(|(name, _)| *name != "csrf_token");
        self.browser.submit(path, &others.collect::<Vec<_>>()).await
    }

    /// Fills a form in and says yes to what it would do; answers with the page it leads to.
    async fn act(&self, order: &str, kind: &str, filled: &[(&str, &str)]) -> String {
        let path = format!("/dashboard/orders/{order}/acts/{kind}");
        let preview =
            if filled.is_empty() { self.get(&path).await } else { self.post(&path, filled).await };
        assert_eq!(preview.status, 200, "{}", preview.text);
        let mut form = hidden(&preview.text);
        form.push(("step".to_owned(), "confirm".to_owned()));
        let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
        let done = self.post(&path, &form).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let location = done.headers["location"].to_str().unwrap().to_owned();
        let page = self.get(&location).await;
        assert_eq!(page.status, 200);
        page.text
    }
}

#[tokio::test]
async fn an_act_is_looked_over_and_then_done_once() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let path = format!("/dashboard/orders/{order}/acts/capture");
    let preview = desk
        .post(&path, &[("by", "lines"), ("quantity.shirt", "1"), ("quantity.freight", "0")])
        .await;
    assert_eq!(preview.status, 200);
    assert!(preview.text.contains("Klarna bills the customer for it and pays it out."));
    assert!(preview.text.contains("Capture 249.00 SEK"), "{}", preview.text);
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls), "not done");

    let mut form = hidden(&preview.text);
    form.push(("step".to_owned(), "confirm".to_owned()));
    let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (one, two) = tokio::join!(desk.post(&path, &form), desk.post(&path, &form));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303), "{}{}", one.text, two.text);
    assert_eq!(one.headers["location"], two.headers["location"], "both lead to the one act");
    assert_eq!(sums(&shop, &order).await, [54_700, 24_900, 0, 29_800]);

    // It is the operator's own key: a shop's API key may use the same one for something else.
    let (_, key) = form.iter().find(|(name, _)| *name == "idempotency_key").unwrap();
    let user = Requester::User(desk.user_id.parse().unwrap());
    let sale = order.parse::<OrderId>().unwrap().into();
    assert!(shop.ledger.idempotency(sale, user, key).await.unwrap().is_some());

    // The same yes to something else is none.
    let other: Vec<_> = form
        .iter()
        .map(|(name, value)| (*name, if *name == "quantity.freight" { "1" } else { *value }))
        .collect();
    let refused = desk.post(&path, &other).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert_eq!(sums(&shop, &order).await, [54_700, 24_900, 0, 29_800]);
    // And a yes without its key is not one either.
    let keyless: Vec<_> =
        form.iter().copied().filter(|(name, _)| *name != "idempotency_key").collect();
    assert_eq!(desk.post(&path, &keyless).await.status, 400);
}

#[tokio::test]
async fn every_act_is_done_from_its_form() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let page = desk
        .act(
            &order,
            "update_references",
            &[("merchant_reference1", " 1001-B "), ("merchant_reference2", "")],
        )
        .await;
    assert!(page.contains("<h1>Order 1001-B</h1>"), "{page}");
    desk.act(&order, "extend", &[]).await;
    let address = [
        ("given_name", "Astrid"),
        ("family_name", "Lind"),
        ("street_address", "Nygatan 2"),
        ("postal_code", "11122"),
        ("city", "Stockholm"),
        ("country", "SE"),
        ("email", "astrid@example.com"),
        ("phone", "+46700000000"),
    ];
    let path = format!("/dashboard/orders/{order}/acts/update_shipping_address");
    let preview = desk.post(&path, &address).await.text;
    assert!(preview.contains("<dt>Street and number</dt><dd>Nygatan 2</dd>"), "{preview}");
    let page = desk.act(&order, "update_shipping_address", &address).await;
    assert!(page.contains("Nygatan 2"), "{page}");
    // One shirt less: 249.00 and 49.00 stay.
    let fewer = [("quantity.shirt", "1"), ("quantity.freight", "1"), ("description", "Sold out")];
    desk.act(&order, "update_authorization", &fewer).await;
    assert_eq!(sums(&shop, &order).await, [29_800, 0, 0, 29_800]);
    let page = desk
        .act(
            &order,
            "capture",
            &[
                ("by", "lines"),
                ("quantity.shirt", "1"),
                ("shipping_company", "PostNord"),
                ("tracking_number", "XYZ"),
            ],
        )
        .await;
    assert!(page.contains("Done: capture 249.00 SEK") && page.contains("PostNord XYZ"), "{page}");
    let captures = shop.get(&format!("/v1/orders/{order}/captures")).await.expect(200);
    let capture = captures["items"][0]["capture_id"].as_str().unwrap();
    let page = desk
        .act(&order, "add_shipping_info", &[("capture_id", capture), ("tracking_number", "ABC")])
        .await;
    assert!(page.contains("ABC"), "{page}");
    let again = "trigger_send_out";
    let path = format!("/dashboard/orders/{order}/acts/{again}");
    let form = desk.get(&path).await.text;
    assert!(form.contains("The message of") && !form.contains("The order as a whole"), "{form}");
    assert!(form.contains("Capture 1, 249.00 SEK"), "{form}");
    let nothing = desk.post(&path, &[]).await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.text.contains("Pick the capture whose message it is."), "{}", nothing.text);
    let picked = [("capture_id", capture)];
    let preview = desk.post(&path, &picked).await.text;
    assert!(preview.contains("Klarna sends the customer its message"), "{preview}");
    assert!(preview.contains(&format!("<dt>Capture</dt><dd>{capture}</dd>")), "{preview}");
    let page = desk.act(&order, again, &picked).await;
    assert!(page.contains("Done: send the customer&#39;s message again"), "{page}");
    desk.act(
        &order,
        "refund",
        &[("by", "amount"), ("amount", "12.34"), ("description", "A scratch")],
    )
    .await;
    assert_eq!(sums(&shop, &order).await, [29_800, 24_900, 1_234, 4_900]);
    desk.act(&order, "release", &[]).await;
    assert_eq!(sums(&shop, &order).await, [29_800, 24_900, 1_234, 0]);

    let other = id(&shop.order().await).to_owned();
    let page = desk.act(&other, "cancel", &[]).await;
    assert!(page.contains(">Cancelled</span>"), "{page}");
    assert!(page.contains("Nothing, for the reasons below.") || page.contains("Add tracking"));
    // Who did it stands in the books.
    let events = shop.get(&format!("/v1/orders/{other}/events")).await.expect(200);
    let wanted = events["items"].as_array().unwrap().iter();
    let cancel = wanted.clone().find(|it| it["type"] == "cancel.requested").unwrap();
    assert_eq!(cancel["cause"], json!({"by": "operator", "user": desk.user_id}));
}

#[tokio::test]
async fn a_page_says_what_became_of_each_line_and_what_shows_it() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let all = [("by", "lines"), ("quantity.shirt", "2"), ("quantity.freight", "0")];
    desk.act(&order, "capture", &all).await;
    let back = [("by", "lines"), ("quantity.shirt", "1")];
    let page = desk.act(&order, "refund", &back).await;
    let cells = |page: &str, name: &str| -> Vec<String> {
        let row = page.split(&format!("<th scope=\"row\">{name}")).nth(1).unwrap();
        let row = row.split("</tr>").next().unwrap();
        let cells = row.split("<td class=\"number").skip(1);
        cells.map(|cell| cell.split(['>', '<']).nth(1).unwrap().to_owned()).collect()
    };
    assert_eq!(cells(&page, "Shirt"), ["2", "2", "1", "498.00 SEK"], "pieces, captured, refunded");
    assert_eq!(cells(&page, "Freight"), ["1", "0", "0", "49.00 SEK"]);
    assert!(page.contains("capture answered 201") && page.contains("refund answered 201"));
    assert!(page.contains("<strong>May ship</strong>"), "{page}");
    let page = desk.act(&order, "refund", &back).await;
    assert_eq!(cells(&page, "Shirt")[..3], ["2", "2", "2"]);
    // What is left of it may still ship: the freight is authorized.
    assert!(page.contains("data-minor=\"49800\"") && page.contains("data-allowed=\"true\""));
    let other = id(&shop.order().await).to_owned();
    let page = desk.act(&other, "cancel", &[]).await;
    assert!(page.contains("data-allowed=\"false\"") && page.contains("Do not ship"), "{page}");
}

#[tokio::test]
async fn a_preview_that_is_changed_asks_for_a_new_yes() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let path = format!("/dashboard/orders/{order}/acts/capture");
    let preview = desk.post(&path, &[("by", "lines"), ("quantity.shirt", "1")]).await.text;
    let mut form = hidden(&preview);
    form.push(("step".to_owned(), "edit".to_owned()));
    let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let again = desk.post(&path, &form).await.text;
    assert!(again.contains("name=\"quantity.shirt\" type=\"number\""), "{again}");
    let mut form: Vec<_> = form.into_iter().filter(|(name, _)| *name != "step").collect();
    form.push(("step", "preview"));
    let second = hidden(&desk.post(&path, &form).await.text);
    let keys: Vec<_> = second.iter().filter(|(name, _)| name == "idempotency_key").collect();
    assert_eq!(keys.len(), 1);
    assert!(!hidden(&preview).contains(keys[0]), "another key");
}

#[tokio::test]
async fn a_tax_line_is_typed_anew_when_pieces_go() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let body = json!({
        "purchase_country": "US", "purchase_currency": "USD", "locale": "en-US",
        "order_amount": 4_320, "order_tax_amount": 320,
        "billing_address": {"given_name": "Test", "family_name": "Person-us",
            "email": "customer@email.us", "phone": "+13106683312",
            "street_address": "509 Amsterdam Ave", "postal_code": "10024-3941",
            "city": "New York", "region": "NY", "country": "US"},
        "order_lines": [
            {"line_id": "book", "name": "Book", "quantity": 2, "unit_price": 2_000,
             "tax_rate": 0, "total_amount": 4_000, "total_tax_amount": 0},
            {"line_id": "tax", "type": "sales_tax", "name": "Sales tax", "quantity": 1,
             "unit_price": 320, "tax_rate": 0, "total_amount": 320, "total_tax_amount": 0},
        ],
    });
    let checkout = shop.post("/v1/checkouts", &body).await.expect(201);
    let token = shop.authorize(&checkout).await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let placed = shop.post(&path, &json!({"authorization_token": token})).await.expect(201);
    let order = id(&placed["order"]).to_owned();
    let form = desk.get(&format!("/dashboard/orders/{order}/acts/update_authorization")).await.text;
    assert!(form.contains("It is 3.20 USD now"), "{form}");
    desk.act(&order, "update_authorization", &[("quantity.book", "1"), ("amount.tax", "1.60")])
        .await;
    assert_eq!(sums(&shop, &order).await, [2_160, 0, 0, 2_160]);
}

#[tokio::test]
async fn what_is_wrong_is_told_and_nothing_is_done() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let capture = format!("/dashboard/orders/{order}/acts/capture");
    let tries: [(Filled, u16, &str); 8] = [
        (&[("by", "lines")], 422, "Pick at least one piece"),
        (&[("by", "lines"), ("quantity.shirt", "two")], 422, "is not a number of pieces"),
        (&[("by", "lines"), ("quantity.shirt", "-1")], 422, "is not a number of pieces"),
        (&[("by", "lines"), ("quantity.shirt", "3")], 409, "quantity is 3 for line_id shirt"),
        (&[("by", "amount"), ("amount", "12,50")], 422, "write it like 149.90"),
        (&[("by", "amount"), ("amount", "0")], 422, "it must be 1 or more"),
        (&[("by", "amount"), ("amount", "547.01")], 409, "54700 SEK is left to capture"),
        (&[("by", "amount"), ("amount", "1"), ("shipping_method", "Rocket")], 422, "Rocket"),
    ];
    for (form, status, text) in tries {
        let answer = desk.post(&capture, form).await;
        assert_eq!(answer.status.as_u16(), status, "{form:?}");
        assert!(answer.text.contains(text), "{form:?}: {}", answer.text);
        // What was typed is still there.
        for (name, value) in form.iter().filter(|(name, _)| name.contains("quantity.")) {
            assert!(answer.text.contains(&format!("value=\"{value}\"")), "{name}");
        }
    }
    // The state does not allow it: told as a page of its own.
    let refund = desk.get(&format!("/dashboard/orders/{order}/acts/refund")).await;
    assert_eq!(refund.status, 409);
    assert!(refund.text.contains("nothing is captured yet; cancel it instead"));
    for path in [
        "/dashboard/orders/ord_0192f0c8111172228333444455556666".to_owned(),
        "/dashboard/orders/nonsense".to_owned(),
        format!("/dashboard/orders/{order}/acts/place"),
        format!("/dashboard/orders/{order}/acts/explode"),
        "/dashboard/orders/ord_0192f0c8111172228333444455556666/acts/capture".to_owned(),
    ] {
        let answer = desk.get(&path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.starts_with("<!doctype html>"), "{path}: {}", answer.text);
    }
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls));
}

#[tokio::test]
async fn lists_are_searched_and_filtered_by_their_address() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let page = desk.get("/dashboard/orders").await.text;
    assert!(page.contains("There is no order yet"), "{page}");
    let mut body = cart();
    for reference in ["A-1", "A-2", "B-1"] {
        body["merchant_reference1"] = json!(reference);
        let checkout = shop.post("/v1/checkouts", &body).await.expect(201);
        let token = shop.authorize(&checkout).await;
        let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
        shop.post(&path, &json!({"authorization_token": token})).await.expect(201);
    }
    let shown = async |path: &str| {
        let answer = desk.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        ["A-1", "A-2", "B-1"].map(|name| answer.text.contains(&format!(">{name}</a>")))
    };
    assert_eq!(shown("/dashboard/orders").await, [true, true, true]);
    assert_eq!(shown("/dashboard/orders?search=a-").await, [true, true, false]);
    assert_eq!(shown("/dashboard/orders?search=+B-1+").await, [false, false, true]);
    assert_eq!(shown("/dashboard/orders?status=AUTHORIZED").await, [true, true, true]);
    assert_eq!(shown("/dashboard/orders?status=CAPTURED").await, [false, false, false]);
    assert_eq!(shown("/dashboard/orders?attention=true").await, [false, false, false]);
    let broken = desk.get("/dashboard/orders?cursor=zzz").await;
    assert_eq!(broken.status, 400, "{}", broken.text);
}

#[tokio::test]
async fn a_long_list_is_turned_page_by_page() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    for _ in 0..51 {
        shop.order().await;
    }
    let rows = |page: &str| page.matches("<th scope=\"row\">").count();
    let first = desk.get("/dashboard/orders?search=1001").await.text;
    assert_eq!(rows(&first), 50);
    let next = first.split("button other\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(next.contains("search=1001"), "{next}");
    let second = desk.get(&unescaped(next)).await.text;
    assert_eq!(rows(&second), 1);
    assert!(!second.contains("Older orders"));
}

#[tokio::test]
async fn an_alarm_stands_above_the_list_of_what_needs_a_person() {
    let shop = Shop::easily_alarmed().await;
    let desk = Desk::open(&shop).await;
    let pages = ["/dashboard/orders", "/dashboard/attention"];
    for page in pages {
        assert!(!desk.get(page).await.text.contains("data-alarm"), "{page}");
    }
    for _ in 0..5 {
        shop.order().await;
    }
    shop.control(Method::POST, "/clock/advance", &json!({"by": "PT6H"})).await;

    let [all, needing] = pages.map(|page| desk.get(page));
    let (all, needing) = (all.await.text, needing.await.text);
    assert!(needing.contains("data-alarm=\"no_callbacks\""), "{needing}");
    assert!(needing.contains("5 orders were placed"), "{needing}");
    let hint = all.split("data-alarms=\"1\"").nth(1).unwrap();
    assert!(hint.starts_with("><a href=\"/dashboard/attention\">"), "{hint}");
    assert!(hint.contains("Klarna is not heard of: see what to do"), "{hint}");
    assert!(!all.contains("5 orders were placed"), "{all}");
}

#[tokio::test]
async fn what_shops_send_stays_text() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let mut body = cart();
    let script = "<script>alert(1)</script>";
    body["merchant_reference1"] = json!(script);
    body["order_lines"][0]["name"] = json!("\"><img src=x onerror=alert(1)>");
    body["order_lines"][0]["line_id"] = json!("\"' onfocus=alert(1) x=\"");
    let checkout = shop.post("/v1/checkouts", &body).await.expect(201);
    let token = shop.authorize(&checkout).await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let placed = shop.post(&path, &json!({"authorization_token": token})).await.expect(201);
    let order = id(&placed["order"]);
    for path in [
        "/dashboard/orders".to_owned(),
        format!("/dashboard/orders?search={}", "%22%3E%3Cscript%3Ealert(1)"),
        format!("/dashboard/orders/{order}"),
        format!("/dashboard/orders/{order}/acts/capture"),
    ] {
        let page = desk.get(&path).await.text;
        assert!(!page.contains("<script") && !page.contains("<img"), "{path}: {page}");
        assert!(!page.contains("\" onfocus"), "{path}: {page}");
    }
    // And the odd line can be captured by its odd name.
    let name = "quantity.\"' onfocus=alert(1) x=\"";
    let page = desk.act(order, "capture", &[("by", "lines"), (name, "2")]).await;
    assert!(page.contains("Done: capture 498.00 SEK"), "{page}");
}

#[tokio::test]
async fn a_checkout_whose_placing_is_in_doubt_is_found_among_those_that_need_a_person() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let checkout = shop.checkout().await;
    let token = shop.authorize(&checkout).await;
    let fault = json!({"match": {"method": "POST", "path_contains": "/order"},
        "effect": {"kind": "reset_after"}});
    shop.control(Method::POST, "/faults", &fault).await;
    let path = format!("/v1/checkouts/{}/authorization", id(&checkout));
    let answer = shop.post(&path, &json!({"authorization_token": token})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let list = desk.get("/dashboard/orders?attention=true").await.text;
    let order = id(&checkout).replace("chk_", "ord_");
    let href = format!("/dashboard/orders/{order}");
    assert!(list.contains(&href), "{list}");
    let page = desk.get(&href).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("There is no order at Klarna yet"), "{}", page.text);
    assert!(page.text.contains("Being placed"));
    let act = desk.get(&format!("{href}/acts/capture")).await;
    assert_eq!(act.status, 404);
    assert!(act.text.contains("The checkout has no order yet"), "{}", act.text);
}

#[tokio::test]
async fn an_undo_is_looked_over_and_then_done_once() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    desk.act(&order, "capture", &[("by", "lines"), ("quantity.shirt", "1")]).await;
    let page = desk.get(&format!("/dashboard/orders/{order}")).await.text;
    let link = format!("href=\"/dashboard/orders/{order}/acts/undo\">Undo the order</a>");
    assert!(page.contains(&link), "{page}");
    assert!(page.contains("release what is left, then refund 249.00 SEK"), "{page}");

    let (events, calls) = (shop.events().await, shop.calls_to_klarna().await);
    let path = format!("/dashboard/orders/{order}/acts/undo");
    let preview = desk.get(&path).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert_eq!((shop.events().await, shop.calls_to_klarna().await), (events, calls), "not done");
    for text in [
        "<li>Release what is left: Klarna frees what is left to capture, for good.</li>",
        "<li>Refund 249.00 SEK: Klarna gives it back to the customer.</li>",
        "298.00 SEK",
    ] {
        assert!(preview.text.contains(text), "{text}: {}", preview.text);
    }
    let mut form = hidden(&preview.text);
    let again: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(desk.post(&path, &again).await.status, 200, "without a yes it is shown again");
    assert_eq!(shop.events().await, events);
    form.push(("step".to_owned(), "confirm".to_owned()));
    let form: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let (one, two) = tokio::join!(desk.post(&path, &form), desk.post(&path, &form));
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (303, 303), "{}{}", one.text, two.text);
    assert_eq!(one.headers["location"], two.headers["location"], "both lead to the one undo");
    assert_eq!(sums(&shop, &order).await, [54_700, 24_900, 24_900, 0]);
    let page = desk.get(one.headers["location"].to_str().unwrap()).await.text;
    for text in [
        "Done: undo the order",
        "Wanted: undo the order",
        "data-event=\"undo.done\"",
        "Done: undo the order; nothing is left of it",
        "nothing is left to undo on an order that is CAPTURED",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert_eq!(desk.get(&path).await.status, 409, "there is nothing left to undo");
}

#[tokio::test]
async fn an_undo_in_doubt_and_one_that_klarna_refused_are_told() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let fault = |times, effect| json!({"match": {"operation": "cancelOrder"}, "times": times, "effect": effect});
    let refused = json!({"kind": "error", "error_code": "CANCEL_NOT_ALLOWED"});
    shop.control(Method::POST, "/faults", &fault(2, refused)).await;
    let page = desk.act(&order, "undo", &[]).await;
    assert!(page.contains("Klarna refused to undo the order"), "{page}");
    assert!(page.contains("CANCEL_NOT_ALLOWED"), "{page}");

    shop.control(Method::POST, "/faults", &fault(1, json!({"kind": "reset_after"}))).await;
    let page = desk.act(&order, "undo", &[]).await;
    assert!(page.contains("Not known yet: undo the order"), "{page}");
    let page = desk.get(&format!("/dashboard/orders/{order}")).await.text;
    assert!(page.contains("Not known yet: undo the order"), "a warning without the act's id");
    shop.engine.work_once().await.unwrap();
    let page = desk.get(&format!("/dashboard/orders/{order}")).await.text;
    assert!(!page.contains("Not known yet"), "{page}");
    assert_eq!(sums(&shop, &order).await, [54_700, 0, 0, 0]);
}

#[tokio::test]
async fn the_last_shipment_is_ticked_and_the_end_is_shown() {
    let shop = Shop::open().await;
    let desk = Desk::open(&shop).await;
    let order = id(&shop.order().await).to_owned();
    let page = desk.get(&format!("/dashboard/orders/{order}")).await.text;
    assert!(page.contains("<dt>Extended</dt><dd>Not by itself: possible until "), "{page}");
    let form = desk.get(&format!("/dashboard/orders/{order}/acts/capture")).await.text;
    assert!(form.contains("<label for=\"final\">Nothing else will ship</label>"), "{form}");
    let refund = format!("/dashboard/orders/{order}/acts/refund");
    let filled =
        [("by", "lines"), ("quantity.shirt", "1"), ("quantity.freight", "0"), ("final", "true")];
    let page = desk.act(&order, "capture", &filled).await;
    assert!(page.contains("data-event=\"release.done\""), "{page}");
    assert_eq!(sums(&shop, &order).await, [54_700, 24_900, 0, 0]);
    assert!(!page.contains("<dt>Extended</dt>"), "nothing is left that could run out");
    assert!(!desk.get(&refund).await.text.contains("id=\"final\""), "only captures ship");
}
