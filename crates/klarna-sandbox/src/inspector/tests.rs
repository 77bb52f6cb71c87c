//! The pages over as much as a sandbox keeps.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue},
};
use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    config::Config,
    exchanges::Exchange,
    rules::read::Body,
    sandbox::Sandbox,
    source::{RandomIds, SystemClock},
};

const KEPT: u64 = 100_000;

/// The `number`th of them: a capture of so many minor units.
fn exchange(number: u64) -> Exchange {
    let order = format!("{number:08x}-0000-4000-8000-000000000000");
    let body = format!(r#"{{"captured_amount":{number},"description":"<b>Parcel {number}</b>"}}"#);
    let mut request_headers = HeaderMap::new();
    request_headers.insert("content-type", HeaderValue::from_static("application/json"));
    let status = if number.is_multiple_of(10) { 403 } else { 201 };
    let answer = Answer::document(status, "application/json", format!(r#"{{"n":"c-{number}"}}"#))
        .with("klarna-correlation-id", format!("correlated-{number}-end"));
    Exchange {
        number: 0,
        at: Timestamp::UNIX_EPOCH,
        duration_milliseconds: 1.0,
        method: Method::POST,
        path: format!("/ordermanagement/v1/orders/{order}/captures"),
        base_url: "http://127.0.0.1:4010".into(),
        request_headers,
        request_body: Some(Bytes::from(body)),
        answer: Some(answer),
        fault: None,
    }
}

fn full() -> Arc<Shared> {
    let config = Config { record_folder: None, ..Config::default() };
    let sandbox = Sandbox::with_sources(config, SystemClock, RandomIds);
    // Some were forgotten already.
    for number in 1..=KEPT + 500 {
        sandbox.shared().remember(exchange(number));
    }
    Arc::clone(sandbox.shared())
}

fn call(path: &str) -> Call {
    let (path, query) = path.split_once('?').map_or((path, None), |(it, query)| (it, Some(query)));
    Call {
        method: Method::GET,
        path: path.to_owned(),
        query: query.map(str::to_owned),
        headers: HeaderMap::new(),
        body: None,
        base_url: "http://127.0.0.1:4010".into(),
    }
}

/// The page at a path, and how often others got their turn while it was made.
fn get(shared: &Arc<Shared>, path: &str) -> (String, usize) {
    let call = call(path);
    let mut page = pin!(answer(shared, &call));
    let mut turns = 0;
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(answer) = page.as_mut().poll(&mut context) {
            let answer = answer.unwrap();
            assert_eq!(answer.status, 200, "{path}");
            let page = String::from_utf8(answer.body.to_vec()).unwrap();
            // The whole page, and no more than a page.
            assert!(page.ends_with("</html>") && page.len() < 100_000, "{}", page.len());
            return (page, turns);
        }
        turns += 1;
    }
}

/// The numbers of the exchanges that a page lists.
fn listed(page: &str) -> Vec<u64> {
    let rows = page.split(r#"id="exchange-"#).skip(1);
    rows.map(|row| row.split('"').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn lists_of_a_hundred_thousand_stay_short() {
    let shared = full();
    let (page, turns) = get(&shared, "/inspector/exchanges");
    assert_eq!(listed(&page), ((KEPT + 451)..=KEPT + 500).rev().collect::<Vec<_>>());
    assert_eq!(turns, 0, "the newest are at hand");
    assert!(page.contains("100000 of 100500"));
    assert!(page.contains(r#"href="/inspector/exchanges?before=100451""#));
    let (page, _) = get(&shared, "/inspector/exchanges?before=551");
    assert_eq!(listed(&page), (501..551).rev().collect::<Vec<_>>());
    assert!(!page.contains(r#"rel="next""#), "there are no older ones");
    assert!(page.contains(r#"href="/inspector/exchanges?after=550""#));
    let (page, _) = get(&shared, "/inspector/exchanges?after=550");
    assert_eq!(listed(&page), (551..601).rev().collect::<Vec<_>>());
    for path in ["/", "/inspector/exchanges/501", "/inspector/exchanges/100500"] {
        get(&shared, path);
    }
}

#[test]
fn what_is_rare_is_found_among_a_hundred_thousand() {
    let shared = full();
    for (query, numbers) in [
        ("q=correlated-501-END", vec![501]),
        ("q=PARCEL+AMOUNT%22:777,", vec![777]),
        ("q=c-77777%22+captures", vec![77_777]),
        ("q=%22captured_amount%22:600,&status=4xx", vec![600]),
        ("q=nowhere", vec![]),
        ("about=000003e7-0000-4000-8000-000000000000,nothing", vec![999]),
    ] {
        let (page, turns) = get(&shared, &format!("/inspector/exchanges?{query}"));
        assert_eq!(listed(&page), numbers, "{query}");
        assert!(turns >= 99, "others get their turn: {turns}");
    }
    let (page, _) = get(&shared, "/inspector/exchanges?status=403&method=post");
    assert_eq!(listed(&page).len(), 50);
    assert!(page.contains("status=403&#38;before=100010"), "{page}");
}

#[test]
fn programs_get_as_many_as_they_ask_for() {
    let shared = full();
    let ask = |path: &str| -> serde_json::Value {
        let call = call(path);
        let mut asked = pin!(crate::http::control(&shared, &call));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(answer) = asked.as_mut().poll(&mut context) {
                return serde_json::from_slice(&answer.unwrap().body).unwrap();
            }
        }
    };
    let lines = ask("/sandbox/v1/exchanges?limit=1500&after=900&status=403");
    let numbers: Vec<u64> =
        lines.as_array().unwrap().iter().map(|it| it["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (91..1591).map(|n| n * 10).collect::<Vec<_>>());
    let archive = ask("/sandbox/v1/exchanges.har?limit=1001");
    assert_eq!(archive["log"]["entries"].as_array().unwrap().len(), 1001);
}

/// So many hosted pages, each with a message to its buyer; their session ids, the oldest first.
fn hosting(shared: &Shared, count: usize) -> Vec<(String, String)> {
    let call = call("/");
    let mut state = shared.state();
    let moment = shared.moment(&state, &call);
    let made = (0..count).map(|number| {
        let cart = json!({"purchase_country": "SE", "purchase_currency": "SEK",
            "order_amount": 100, "merchant_reference1": format!("shop-{number}-end"),
            "order_lines": [
                {"name": "Boots", "quantity": 1, "unit_price": 100, "total_amount": 100}]});
        let session = state.create_session(&Body::of(&cart), &moment).unwrap();
        let url = format!("http://127.0.0.1:4010/payments/v1/sessions/{session}");
        let page = json!({"payment_session_url": url});
        let page = state.create_hpp_session(&Body::of(&page), &moment).unwrap().session_id.clone();
        let to = json!({"method": "email", "contact_information": {"email": "test@example.com"}});
        state.distribute(&page, &Body::of(&to), &moment).unwrap();
        (session, page)
    });
    made.collect()
}

#[test]
fn hosted_pages_are_found_among_thousands() {
    let config = Config { record_folder: None, ..Config::default() };
    let sandbox = Sandbox::with_sources(config, SystemClock, RandomIds);
    let shared = sandbox.shared();
    let made = hosting(shared, 4000);
    let (session, page) = &made[0];
    let rows = |page: &str| page.matches("<tr id=\"hosted-").count();
    let sent = |page: &str| page.matches("<td class=\"wide\">email</td>").count();
    let (newest, _) = get(shared, hosted_pages::PATH);
    assert_eq!((rows(&newest), sent(&newest)), (50, 50));
    let (found, turns) = get(shared, &format!("{}?q=shop-0-end", hosted_pages::PATH));
    assert_eq!((rows(&found), sent(&found)), (1, 1));
    assert!(found.contains(page.as_str()), "{found}");
    assert!(turns >= 6, "others get their turn: {turns}");
    let (found, turns) = get(shared, &format!("/inspector/sessions/{session}"));
    assert!(found.contains(&hosted_pages::path_of(page)), "{found}");
    assert!(turns >= 3, "others get their turn: {turns}");
    let (found, turns) = get(shared, &hosted_pages::path_of(page));
    assert!(found.contains("test@example.com"), "{found}");
    assert!(turns >= 3, "others get their turn: {turns}");
}
