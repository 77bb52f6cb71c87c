//! The sandbox's own pages about hosted payment pages, as a browser meets them.

use klarna_sandbox::{Config, Settings};
use serde_json::{Value, json};

use crate::{
    hpp::{Hosted, merchant_urls},
    inspector::{page, pressed, problem, said, stands, text},
    qr_reader,
    support::{Inbox, Shop, cart, got, untimed},
};

const PATH: &str = "/inspector/hosted-pages";

/// The outcomes that a page has buttons for.
fn buttons(page: &str) -> Vec<&str> {
    let buttons = page.split("name=\"outcome\" value=\"").skip(1);
    let mut offered: Vec<&str> = buttons.map(|it| it.split('"').next().unwrap()).collect();
    offered.extend(page.contains("/withdraw\"").then_some("withdraw"));
    offered
}

fn rows(page: &str) -> usize {
    page.matches("<tr id=\"hosted-").count()
}

/// The row of a list that is about this page.
fn row<'a>(list: &'a str, hosted: &Hosted) -> &'a str {
    let (_, row) = list.split_once(&format!("<tr id=\"hosted-{}\"", hosted.session_id)).unwrap();
    row.split("</tr>").next().unwrap()
}

/// What stands under a heading's part of the page.
fn part<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, part) = page.split_once(&format!("<div data-renew id=\"{id}\">")).unwrap();
    part.split("</section>").next().unwrap()
}

fn email(to: &str) -> Value {
    json!({"method": "email", "contact_information": {"email": to}})
}

#[tokio::test]
async fn the_buyers_and_the_merchants_buttons_decide() {
    let all = ["approved", "denied", "back", "cancelled", "error", "withdraw"];
    let shop = Shop::open().await;
    for (outcome, status) in [
        ("denied", "FAILED"),
        ("back", "BACK"),
        ("error", "ERROR"),
        ("cancelled", "CANCELLED"),
        ("approved", "COMPLETED"),
    ] {
        let hosted = Hosted::open(&shop).await;
        let path = format!("{PATH}/{}", hosted.session_id);
        let fresh = text(&shop, &path).await;
        assert_eq!(stands(&fresh, "Hosted page"), "WAITING");
        assert_eq!(buttons(&fresh), all);
        let decide = format!("{path}/decide");
        let decided = pressed(&shop, &decide, &[("outcome", outcome)]).await;
        assert!(said(&decided).starts_with("The buyer has decided."), "{decided}");
        assert_eq!(stands(&decided, "Hosted page"), status);
        assert_eq!(hosted.status(&shop).await, status);
        let is_over = matches!(status, "CANCELLED" | "COMPLETED");
        assert_eq!(buttons(&decided), if is_over { vec![] } else { all.to_vec() }, "{status}");
        let told = problem(&shop, &decide, &[("outcome", "approved")]).await;
        if is_over {
            assert_eq!(told.0, 409);
            assert!(told.1.contains(&format!("is {status} and stays so")), "{}", told.1);
        } else {
            assert_eq!(hosted.status(&shop).await, "COMPLETED", "the buyer came again");
        }
    }
    let hosted = Hosted::open(&shop).await;
    let path = format!("{PATH}/{}", hosted.session_id);
    let (status, text) = problem(&shop, &format!("{path}/decide"), &[("outcome", "paid")]).await;
    assert_eq!(status, 400);
    assert!(text.contains("paid"), "{text}");
    let withdrawn = pressed(&shop, &format!("{path}/withdraw"), &[]).await;
    assert!(said(&withdrawn).starts_with("Withdrawn."), "{withdrawn}");
    assert_eq!(stands(&withdrawn, "Hosted page"), "DISABLED");
    assert_eq!(buttons(&withdrawn), [""; 0]);
    assert_eq!(hosted.status(&shop).await, "DISABLED");
}

#[tokio::test]
async fn a_page_shows_all_that_belongs_to_it() {
    let settings = Settings { hpp_callback_pause_milliseconds: 1, ..Settings::default() };
    let shop = Shop::open_with(Config { settings, ..Config::default() }).await;
    let (inbox, url) = Inbox::open(&[500]).await;
    let mut urls = merchant_urls();
    urls["status_update"] = json!(url);
    let body = json!({"merchant_urls": urls, "options": {"place_order_mode": "PLACE_ORDER",
        "page_title": "Boots & more", "purchase_type": "buy",
        "payment_method_categories": ["PAY_NOW", "KLARNA"], "show_subtotal_detail": "HIDE"}});
    let hosted = Hosted::with(&shop, &cart(), &body).await;
    let other = Hosted::open(&shop).await;
    other.distribute(&shop, &email("other@example.com")).await;
    assert_eq!(hosted.distribute(&shop, &email("first@example.com")).await.status, 201);
    shop.advance("PT1M").await;
    let sms = json!({"method": "sms", "template": "INSTORE_PURCHASE",
        "contact_information": {"phone": "+46701740615", "phone_country": "SE"}});
    assert_eq!(hosted.distribute(&shop, &sms).await.status, 201);

    let path = format!("{PATH}/{}", hosted.session_id);
    let open = text(&shop, &path).await;
    for shown in [
        "PLACE_ORDER",
        "Boots &#38; more",
        "pay_now, klarna",
        "BUY",
        "left out",
        "2026-03-03 11:00:00 UTC",
        "<code>https://shop.example/back?s={{session_id}}</code>",
    ] {
        assert!(part(&open, "facts").contains(shown), "{shown}: {open}");
    }
    assert!(open.contains("228.80 SEK"));
    let sent = part(&open, "sent");
    let (second, first) = (sent.find("+46701740615 SE").unwrap(), sent.find("first@").unwrap());
    assert!(second < first && sent.contains("INSTORE_PURCHASE"), "{sent}");
    assert!(!sent.contains("other@"), "{sent}");
    let session_link = format!("href=\"/inspector/sessions/{}\"", hosted.payment_session);
    assert!(open.contains(&session_link), "{open}");

    // The code and the links lead to the page where the buyer pays.
    let code = part(&open, "link").split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    let redirect_url = hosted.created["redirect_url"].as_str().unwrap();
    assert_eq!(qr_reader::read(&format!("<svg{code}</svg>")), redirect_url);
    let links = part(&open, "link").split("href=\"").skip(1);
    let links: Vec<&str> = links.map(|it| it.split('"').next().unwrap()).collect();
    let operators = format!("/eu/hpp/distributions/{}", hosted.session_id);
    assert_eq!(links, [hosted.page(&shop).as_str(), operators.as_str()]);
    assert!(page(&shop, links[1]).await.text.contains("Hand over the payment page"));

    let outcome = json!({"outcome": "approved", "callback": "before"});
    let decided = hosted.decide(&shop, &outcome).await.json();
    let order = decided["session"]["order_id"].as_str().unwrap();
    let paid = text(&shop, &path).await;
    assert!(paid.contains(&format!("It became order <a href=\"/inspector/orders/{order}\">")));
    assert!(!paid.contains("<svg xmlns"), "the code leads nowhere any more");
    assert!(part(&paid, "facts").contains("https://shop.example/success?s="), "{paid}");
    // IN_PROGRESS was refused once and came again, then COMPLETED.
    let attempts = inbox.bodies().len();
    assert_eq!((attempts, part(&paid, "callbacks").matches("<tr id=").count()), (3, 3));
    assert!(part(&paid, "callbacks").contains("attempt 2"), "{paid}");
    let exchanges = part(&paid, "exchanges");
    assert!(exchanges.contains("/payments/v1/sessions"), "{exchanges}");
    assert_eq!(exchanges.matches("/distribution").count(), 2, "{exchanges}");

    // And back: from its payment session and its order.
    let back = format!("<a href=\"{path}\">");
    for linking in [
        format!("/inspector/sessions/{}", hosted.payment_session),
        format!("/inspector/orders/{order}"),
    ] {
        let linking = text(&shop, &linking).await;
        assert_eq!(linking.matches(&back).count(), 1, "{linking}");
        assert_eq!(linking.matches(PATH).count(), 2, "its own page, and all in the head");
    }
    let plain = shop.order().await;
    assert!(!text(&shop, &format!("/inspector/orders/{plain}")).await.contains("Hosted page</dt>"));
}

#[tokio::test]
async fn an_order_that_the_merchant_places_is_led_to() {
    let shop = Shop::open().await;
    let hosted = Hosted::open(&shop).await;
    let decided = hosted.decided(&shop, "approved").await;
    let token = decided["session"]["authorization_token"].as_str().unwrap();
    let path = format!("{PATH}/{}", hosted.session_id);
    let authorized = text(&shop, &path).await;
    assert!(part(&authorized, "facts").contains(token) && !authorized.contains("It became order"));
    let order = shop.place(token, &cart()).await.json()["order_id"].as_str().unwrap().to_owned();
    assert!(text(&shop, &path).await.contains(&format!("/inspector/orders/{order}\"")));
}

#[tokio::test]
async fn pages_are_found_and_paged() {
    let shop = Shop::open().await;
    let mut last = None;
    for n in 0..52 {
        let mut cart = cart();
        cart["merchant_reference1"] = json!(format!("shop-{n}"));
        last = Some(Hosted::with(&shop, &cart, &json!({})).await);
    }
    let last = last.unwrap();
    for to in ["a@example.com", "b@example.com"] {
        last.distribute(&shop, &email(to)).await;
    }
    let code = json!({"method": "token", "contact_information": {"access_id": "278352"}});
    last.distribute(&shop, &code).await;
    let newest = text(&shop, PATH).await;
    assert_eq!(rows(&newest), 50);
    assert!(newest.contains("<span data-renew id=\"kept\">52</span>"), "{newest}");
    let shown = row(&newest, &last);
    for part in ["shop-51", "WAITING", "228.80 SEK", "SE", "customer@email.se"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(shown.contains("2 × email, token"), "{shown}");
    let href = newest.split(r#"rel="next""#).next().unwrap().rsplit("href=\"").next().unwrap();
    let second = text(&shop, href.split('"').next().unwrap()).await;
    assert_eq!(rows(&second), 2);
    assert!(second.contains("shop-0<") && second.contains(r#"rel="prev""#));

    let placing = json!({"options": {"place_order_mode": "PLACE_ORDER"}});
    let placed = Hosted::with(&shop, &cart(), &placing).await;
    let read = placed.decided(&shop, "approved").await["session"].clone();
    let authorized = Hosted::with(&shop, &cart(), &json!({})).await;
    let token = authorized.decided(&shop, "approved").await["session"].clone();
    Hosted::open(&shop).await.decided(&shop, "denied").await;
    let text_of = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let page_id = last.page(&shop).rsplit('/').next().unwrap().to_owned();
    for (query, count) in [
        ("?status=COMPLETED".to_owned(), 2),
        ("?status=FAILED".to_owned(), 1),
        ("?status=FAILED&q=shop-0".to_owned(), 0),
        ("?status=TIMEOUT".to_owned(), 0),
        ("?q=SHOP-49".to_owned(), 1),
        ("?q=shop-4+customer".to_owned(), 11),
        ("?q=nobody".to_owned(), 0),
        ("?q=Boots".to_owned(), 0),
        (format!("?q={page_id}"), 1),
        (format!("?q={}", last.session_id), 1),
        (format!("?q={}", last.payment_session), 1),
        (format!("?q={}", text_of(&read, "order_id")), 1),
        (format!("?q={}", text_of(&read, "klarna_reference")), 1),
        (format!("?q={}", text_of(&token, "authorization_token")), 1),
    ] {
        let page = text(&shop, &format!("{PATH}{query}")).await;
        assert_eq!(rows(&page), count, "{query}");
    }
    let overview = text(&shop, "/").await;
    let count = format!("<a href=\"{PATH}\">Hosted pages</a></dt><dd>55</dd>");
    assert!(overview.contains(&count), "{overview}");
}

#[tokio::test]
async fn a_page_is_shown_as_old_as_it_is() {
    use std::sync::atomic::Ordering;

    let (url, seconds) = untimed().await;
    let shop = Shop::open().await;
    let call = async |path: &str, body: &Value| -> Value {
        let request = shop.client.post(format!("{url}{path}")).basic_auth("a", Some("b"));
        request.json(body).send().await.unwrap().json().await.unwrap()
    };
    let see = async |path: &str| {
        let got = got(shop.client.get(format!("{url}{path}")).send().await.unwrap()).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.text
    };
    let hosted = async || {
        let session = call("/payments/v1/sessions", &cart()).await;
        let session = session["session_id"].as_str().unwrap().to_owned();
        let body = json!({"payment_session_url": format!("{url}/payments/v1/sessions/{session}")});
        let created = call("/hpp/v1/sessions", &body).await;
        (session, created["session_id"].as_str().unwrap().to_owned())
    };
    let (session, paid) = hosted().await;
    let approved = json!({"outcome": "approved"});
    let token = call(&format!("/sandbox/v1/sessions/{session}/authorize"), &approved).await;
    let token = token["authorization_token"].as_str().unwrap();
    call(&format!("/payments/v1/authorizations/{token}/order"), &cart()).await;
    let elsewhere = see(&format!("{PATH}/{paid}")).await;
    assert_eq!(stands(&elsewhere, "Hosted page"), "COMPLETED", "its order was placed elsewhere");
    assert_eq!(buttons(&elsewhere), [""; 0]);

    seconds.fetch_add(47 * 3600, Ordering::Relaxed);
    let (_, unpaid) = hosted().await;
    seconds.fetch_add(47 * 3600 - 1, Ordering::Relaxed);
    assert_eq!(stands(&see(&format!("{PATH}/{unpaid}")).await, "Hosted page"), "WAITING");
    seconds.fetch_add(1, Ordering::Relaxed);
    let (_, fresh) = hosted().await;
    let late = see(&format!("{PATH}/{unpaid}")).await;
    assert_eq!(stands(&late, "Hosted page"), "TIMEOUT");
    assert_eq!((buttons(&late), late.contains("<svg xmlns")), (vec![], false));
    let list = see(&format!("{PATH}?status=TIMEOUT")).await;
    assert_eq!((list.contains(&unpaid), list.contains(&fresh)), (true, false));
}
