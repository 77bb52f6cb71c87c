//! Addresses for callbacks that are none, and callbacks to them.

use proptest::prelude::*;
use serde_json::json;

use crate::{
    judge::judged,
    life,
    mutation::text,
    subject::{Asked, Subject, runner},
    valid,
};

/// Nobody answers at any of these, and no name has to be looked up.
fn url() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://[::1]:1/", "http://[::1", "//",
            "http://", "http:", "file:///etc/passwd", "javascript:alert(1)", "mailto:a@b.c",
            "http://127.0.0.1:99999/", "http://127.0.0.1:1/a b", "http://user:pass@127.0.0.1:1/",
            "HTTP://127.0.0.1:1", "http://0x7f.1:1/", "http://127.0.0.1:1/?{order.id}#{session.id}",
            "{session.id}", "http://127.0.0.1:1/{{order.id}}", "data:text/plain,x", "ws://127.0.0.1:1/",
        ])
        .prop_map(str::to_owned),
        2 => text().prop_map(|text| format!("http://127.0.0.1:1/{text}")),
        1 => (0usize..1900).prop_map(|count| format!("http://127.0.0.1:1/{}", "x".repeat(count))),
        1 => text().prop_map(|text| text.replace("http", "")),
    ]
}

#[test]
fn no_address_breaks_a_callback() {
    let checked = runner(150).run(&(url(), url(), url()), |(authorization, notification, push)| {
        let subject = Subject::new();
        let mut cart = valid::cart();
        cart["merchant_urls"] =
            json!({"authorization": authorization, "notification": notification, "push": push});
        let asked = Asked::json("POST", "/payments/v1/sessions", cart.to_string());
        let session = judged(&subject, &asked).unwrap();
        prop_assert_eq!(session.status, 200);
        let session = session.json()["session_id"].as_str().unwrap().to_owned();
        let path = format!("/sandbox/v1/sessions/{session}/authorize");
        let body = json!({"outcome": "approved", "callback": "before"});
        let agreed = judged(&subject, &Asked::json("POST", path, body.to_string())).unwrap();
        let token = agreed.json()["authorization_token"].as_str().unwrap().to_owned();
        let path = format!("/payments/v1/authorizations/{token}/order");
        let placed = judged(&subject, &Asked::json("POST", path, cart.to_string())).unwrap();
        let order = placed.json()["order_id"].as_str().unwrap().to_owned();
        let path = format!("/sandbox/v1/orders/{order}/fraud");
        let body = json!({"decision": "STOPPED"}).to_string();
        judged(&subject, &Asked::json("POST", path, body)).unwrap();
        let body = json!({"by": "PT2M"}).to_string();
        judged(&subject, &Asked::json("POST", "/sandbox/v1/clock/advance", body)).unwrap();
        let attempts = subject.get("/sandbox/v1/callbacks").json();
        let attempts = attempts.as_array().unwrap();
        let count = |kind: &str| attempts.iter().filter(|it| it["kind"] == kind).count();
        let expected = |url: &str, count: usize| if url.is_empty() { 0 } else { count };
        prop_assert_eq!(count("authorization"), expected(&authorization, 3));
        prop_assert_eq!(count("notification"), expected(&notification, 1));
        prop_assert_eq!(count("push"), expected(&push, 1));
        prop_assert!(attempts.iter().all(|it| it["outcome"] == "failed"));
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
