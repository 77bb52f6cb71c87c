//! The sandbox's own pages: what there is, what happened, and buttons for what Klarna's side does.
//!
//! `/` is the overview; everything else is under `/inspector`. A page is made of what the store
//! holds now, works without scripts, and has an address that can be passed on. Its buttons are
//! forms, and each of them is a call of the control API ([`buttons`]): what a page can do, a
//! program can. Personal data shows here, since it is the developer's own, but goes nowhere else.
//!
//! A new kind of thing is a module with its pages, an entry in [`SECTIONS`] and one in [`read`].

mod bars;
mod buttons;
mod callbacks;
mod curl;
mod customer_tokens;
mod exchange;
mod exchanges;
mod faults;
mod frame;
mod gather;
mod hosted_page;
mod hosted_pages;
mod map;
mod order;
mod orders;
mod overview;
mod purchase;
mod search;
mod sent;
mod session;
mod sessions;
mod settings;
mod words;

use std::{collections::HashMap, sync::Arc};

use axum::http::Method;

use crate::{
    answer::Answer,
    http::{Call, is_own},
    sandbox::Shared,
};

const STYLE: &str = include_str!("../../assets/inspector.css");
const SCRIPT: &str = include_str!("../../assets/inspector.js");

/// What may be loaded and where forms may lead: nowhere but here.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The pages that the head of every page leads to.
const SECTIONS: [(&str, &str); 9] = [
    ("Overview", "/"),
    ("Sessions", "/inspector/sessions"),
    ("Hosted pages", hosted_pages::PATH),
    ("Orders", "/inspector/orders"),
    ("Tokens", customer_tokens::PATH),
    ("Exchanges", "/inspector/exchanges"),
    ("Callbacks", "/inspector/callbacks"),
    ("Faults", "/inspector/faults"),
    ("Settings", "/inspector/settings"),
];

/// A form's fields.
type Form = HashMap<String, String>;

/// Somebody who looks at a page, perhaps after a button there that did not work.
struct Visit<'a> {
    shared: &'a Arc<Shared>,
    call: &'a Call,
    /// What was typed into the page's form.
    typed: Form,
    /// Why the button did not work.
    problem: Option<String>,
}

/// Answers a call for a page; `None`: it is for something else.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call) -> Option<Answer> {
    if !matches!(call.parts().next(), None | Some("inspector")) {
        return None;
    }
    let segments = call.segments();
    let path = match segments.as_slice() {
        [] if is_read(call) => &[],
        ["inspector", path @ ..] => path,
        _ => return None,
    };
    let visit = Visit { shared, call, typed: Form::new(), problem: None };
    Some(match (is_read(call), path) {
        (true, ["inspector.css"]) => file("text/css;charset=utf-8", STYLE),
        (true, ["inspector.js"]) => file("text/javascript;charset=utf-8", SCRIPT),
        (true, path) => match read(&visit, path).await {
            Some(page) => html(200, page),
            None => html(404, not_found(&visit)),
        },
        (false, _) if call.method != Method::POST => {
            html(405, frame::message(&visit, "Not that way", "Pages are read with GET."))
                .with("allow", "GET, HEAD, POST")
        }
        (false, _) if !is_own(call) => {
            let text = "This form was sent by a page of another site. Only the sandbox's own pages \
                        may change something here.";
            html(403, frame::message(&visit, "Refused", text))
        }
        (false, path) => buttons::press(&visit, path).await,
    })
}

fn is_read(call: &Call) -> bool {
    call.method == Method::GET || call.method == Method::HEAD
}

/// The page at a path; `None`: there is none, or not of this id.
async fn read(visit: &Visit<'_>, path: &[&str]) -> Option<String> {
    match path {
        [] => Some(overview::page(visit).await),
        ["sessions"] => Some(sessions::page(visit).await),
        ["sessions", id] => session::page(visit, id).await,
        ["hosted-pages"] => Some(hosted_pages::page(visit).await),
        ["hosted-pages", id] => hosted_page::page(visit, id).await,
        ["orders"] => Some(orders::page(visit).await),
        ["orders", id] => order::page(visit, id).await,
        ["customer-tokens"] => Some(customer_tokens::page(visit).await),
        ["customer-tokens", id] => customer_tokens::one(visit, id).await,
        ["exchanges"] => Some(exchanges::page(visit).await),
        ["exchanges", number] => exchange::page(visit, number),
        ["callbacks"] => Some(callbacks::page(visit).await),
        ["callbacks", id] => callbacks::one(visit, id),
        ["faults"] => Some(faults::page(visit)),
        ["settings"] => Some(settings::page(visit)),
        _ => None,
    }
}

fn not_found(visit: &Visit<'_>) -> String {
    let text = "It may have been forgotten, or the sandbox started anew. What there is, the pages \
                above list.";
    frame::message(visit, "There is no such thing here", text)
}

fn file(content_type: &'static str, text: &'static str) -> Answer {
    Answer::document(200, content_type, text)
        .with("cache-control", "no-cache")
        .with("x-content-type-options", "nosniff")
}

fn html(status: u16, page: String) -> Answer {
    Answer::document(status, "text/html;charset=utf-8", page)
        .with("content-security-policy", POLICY)
        // The own pages are told, since a form that does not say where it comes from is refused.
        .with("referrer-policy", "same-origin")
        .with("cross-origin-opener-policy", "same-origin")
        .with("cache-control", "no-store")
        .with("x-content-type-options", "nosniff")
}

#[cfg(test)]
mod tests;
