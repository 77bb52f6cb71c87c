//! Paths and methods.

use proptest::{collection::vec, prelude::*};

use crate::{
    judge::judged,
    life::{self, Life},
    mutation,
    subject::{Asked, Subject, runner},
    valid,
};

/// A part of a path: those that exist, ids of all kinds, and what is none.
fn part() -> impl Strategy<Value = String> {
    let known = [
        "payments",
        "ordermanagement",
        "customer-token",
        "hpp",
        "sandbox",
        "kp",
        "eu",
        "na",
        "v1",
        "v2",
        "sessions",
        "orders",
        "tokens",
        "authorizations",
        "order",
        "captures",
        "refunds",
        "cancel",
        "acknowledge",
        "authorization",
        "shipping-info",
        "extend-due-date",
        "extend-due-date-options",
        "trigger-send-out",
        "customer-details",
        "status",
        "flow",
        "purchase-flows",
        "redirect",
        "widget",
        "lib",
        "api.js",
        "faults",
        "callback-faults",
        "callbacks",
        "exchanges",
        "exchanges.har",
        "clock",
        "advance",
        "settings",
        "fraud",
        "{session}",
        "{token}",
        "{open}",
        "{captured}",
        "{capture}",
        "{refund}",
        "{customer}",
        "{flow}",
        "{hpp}",
        "",
        ".",
        "..",
        "%2e%2e",
        "%2F",
        "%",
        "%zz",
        "%00",
        "%ff",
        "*",
        ";a=b",
        "1-1-1-1-1",
        "-",
        "----",
        "0",
        "00000000-0000-0000-0000-000000000000",
        "é",
        "\u{202e}",
    ];
    prop_oneof![
        8 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => mutation::text(),
        1 => ("[a-z%]", 0usize..10_000).prop_map(|(it, count)| it.repeat(count)),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let operations: Vec<String> = valid::with_bodies()
        .iter()
        .map(|it| it.path.to_owned())
        .chain(valid::WITHOUT_BODIES.iter().map(|(_, path)| (*path).to_owned()))
        .chain(valid::control().iter().map(|it| it.path.to_owned()))
        .collect();
    let changed = (prop::sample::select(operations), any::<prop::sample::Index>(), part())
        .prop_map(|(path, at, part)| {
            let mut parts: Vec<&str> = path.split('/').collect();
            let at = at.index(parts.len());
            parts[at] = &part;
            parts.join("/")
        });
    let made = vec(part(), 0..8).prop_map(|parts| format!("/{}", parts.join("/")));
    let query = prop_oneof![
        4 => Just(String::new()),
        1 => mutation::text().prop_map(|text| format!("?{text}")),
        1 => "\\?(after|limit|path_contains|country)=[0-9a-z%&+=;-]{0,20}",
    ];
    (prop_oneof![changed, made], query).prop_map(|(path, query)| path + &query)
}

#[test]
fn no_path_and_no_method_breaks_anything() {
    let methods = [
        "GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND",
        "get", "X",
    ];
    let request = (prop::sample::select(methods.to_vec()), path());
    let checked = runner(600).run(&vec(request, 1..8), |requests| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        for (method, path) in &requests {
            judged(&subject, &Asked::json(method, life.filled(path), "{}"));
        }
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
