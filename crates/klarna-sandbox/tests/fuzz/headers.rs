//! Headers: credentials, content types, keys, hosts, and any other.

use axum::http::{HeaderName, HeaderValue};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    judge::judged,
    life::{self, Life},
    subject::{Asked, Subject, runner},
    valid,
};

const NAMES: [&str; 16] = [
    "authorization",
    "content-type",
    "klarna-idempotency-key",
    "host",
    "x-forwarded-proto",
    "x-forwarded-host",
    "forwarded",
    "cookie",
    "accept",
    "accept-encoding",
    "expect",
    "origin",
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "klarna-integrator",
];

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "", " ", "Basic", "Basic ", "Basic  c2hvcDpvdGhlcg==", "basic c2hvcDpvdGhlcg==",
            "Basic c2hvcDp3cm9uZw==", "Basic !!!", "Basic klarna_test_api_x", "Basic OnNlY3JldA==",
            "Basic c2hvcDo=", "Basic /////w==", "Bearer x", "Digest username=\"a\"", "text/plain",
            "application/json", "application/json;charset=utf-16", "application/vnd.x+json", "*/*",
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ";;;", "https",
            "javascript", "localhost", "localhost:99999", "[::1]:80", "evil.example\t", "a b", "%",
            "0", "-1", "99999999999999999999", "chunked", "gzip", "100-continue", "null",
        ]).prop_map(|it| it.as_bytes().to_vec()),
        2 => vec(prop_oneof![0x20u8..=0x7e, 0x80u8..=0xff], 0..40),
        1 => (b'a'..=b'z', 0usize..70_000).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

#[test]
fn headers_change_no_more_than_they_may() {
    let header = (any::<Index>(), value());
    let request = (any::<Index>(), vec(header, 0..5));
    let operations = valid::with_bodies();
    let checked = runner(300).run(&vec(request, 1..6), |requests| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        for (operation, headers) in &requests {
            let operation = operation.get(&operations);
            let body = life.filled(&operation.body.to_string());
            let mut asked = Asked::json(operation.method, life.filled(operation.path), body);
            for (name, value) in headers {
                let name = HeaderName::from_static(NAMES[name.index(NAMES.len())]);
                if let Ok(value) = HeaderValue::from_bytes(value) {
                    if name == "authorization" {
                        asked.headers.insert(name, value);
                    } else {
                        asked.headers.append(name, value);
                    }
                }
            }
            judged(&subject, &asked);
        }
        for path in ["/sandbox/v1/exchanges", "/sandbox/v1/exchanges.har"] {
            let got = subject.get(path);
            assert_eq!(got.status, 200);
            assert!(!got.text().contains("c2hvcDpzZWNyZXQ"), "credentials are on record");
            got.json();
        }
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
