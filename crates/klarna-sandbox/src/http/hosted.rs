//! The hosted payment page: the buyer's pages at an address of their own, its QR code, and the
//! page from which an operator hands it over. It works without scripts.

use std::sync::Arc;

use askama::Template;
use axum::http::Method;

use super::{Call, browser, buyer, control::settled};
use crate::{
    answer::Answer,
    callback,
    rules::hpp::Status,
    sandbox::Shared,
    state::{State, hpp::HppSession, hpp_buyers::Shown},
    write::{amount, qr},
};

/// Answers a call under `/eu/hpp`, or another region's; `path` is what follows.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Answer {
    match (call.method.as_str(), path) {
        ("GET" | "POST", ["payments", page_id]) => page(shared, call, page_id).await,
        ("GET", ["payments", id, "qr"]) => code(shared, call, id),
        ("GET", ["distributions", id]) => operators_page(shared, call, id),
        _ => buyer::no_such_page(),
    }
}

/// The page on which the buyer stands, after what they did on the one before.
async fn page(shared: &Arc<Shared>, call: &Call, page_id: &str) -> Answer {
    let form = (call.method == Method::POST).then(|| call.form());
    let (answer, status_updates, authorization) = {
        let mut state = shared.state();
        let moment = settled(shared, &mut state, call);
        let Some(id) = state.hpp_session_of_page(page_id).map(|it| it.session_id.clone()) else {
            return buyer::no_such_page();
        };
        let (shown, authorization) = match form {
            Some(form) => state.press_on_hpp_page(&id, form, &moment),
            None => (state.enter_hpp_page(&id, &moment), None),
        };
        let way_out = state.on_leaving(&id);
        let answer = show(&mut state, &id, &shown, way_out);
        (answer, std::mem::take(&mut state.outbox), authorization)
    };
    callback::send_in_background(shared, status_updates);
    if let Some(delivery) = authorization {
        browser::call_back(shared, delivery).await;
    }
    answer
}

fn show(state: &mut State, id: &str, shown: &Shown, way_out: Status) -> Answer {
    let Some(session) = state.hpp_sessions.get(id) else { return buyer::no_such_page() };
    match shown {
        Shown::Flow(flow_id) => {
            let Some(flow) = state.flows.get(flow_id) else { return buyer::no_such_page() };
            buyer::hosted_page(flow, &session.options, way_out)
        }
        Shown::Leaving => match session.leads_to() {
            Some(url) => Answer::empty(303).with("location", url).with("cache-control", "no-store"),
            None => closing_page(session),
        },
        Shown::Closing => closing_page(session),
    }
}

#[derive(Template)]
#[template(path = "hosted_closing.html")]
struct ClosingPage<'a> {
    step: &'static str,
    title: &'static str,
    text: &'static str,
    /// What can still be done: the action and what its button says.
    button: Option<(&'static str, &'static str)>,
    page_title: Option<&'a str>,
}

/// What the buyer reads where the merchant has no page for it, or who comes too late.
fn closing_page(session: &HppSession) -> Answer {
    let again = |words| Some(("enter", words));
    let (step, title, text, button) = match session.status {
        Status::Completed => (
            "done",
            "Thank you",
            "Your purchase is complete, and the shop knows. You can close this page.",
            session.leads_to().map(|_| ("leave", "Back to the shop")),
        ),
        Status::Failed => (
            "denied",
            "This purchase cannot be accepted",
            "Nothing was paid. Pay the shop in another way, or try again.",
            again("Try again"),
        ),
        Status::Back => (
            "left",
            "You have left the purchase",
            "Nothing was paid. You can close this page, or go on.",
            again("Go on"),
        ),
        Status::Error => (
            "error",
            "Something went wrong",
            "Nothing was paid. Ask the shop, or try again.",
            again("Try again"),
        ),
        Status::Cancelled => (
            "cancelled",
            "The purchase was cancelled",
            "Nothing was paid, and this link cannot be used any more.",
            None,
        ),
        Status::Disabled => (
            "disabled",
            "This purchase was withdrawn",
            "The shop has withdrawn it, and nothing can be paid here. Ask the shop for another link.",
            None,
        ),
        Status::Waiting | Status::InProgress | Status::Timeout => (
            "expired",
            "This link has expired",
            "Nothing can be paid here any more. Ask the shop for another link.",
            None,
        ),
    };
    let page_title = session.options.page_title.as_deref();
    let page = ClosingPage { step, title, text, button, page_title };
    let status = if matches!(step, "disabled" | "expired") { 404 } else { 200 };
    // Writing texts into a text cannot fail.
    buyer::hosted(status, page.render().unwrap_or_default())
}

/// The QR code of a page, for whoever asks: it is shown on other screens and printed.
fn code(shared: &Shared, call: &Call, session_id: &str) -> Answer {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let code = state
        .read_hpp_session(session_id, &moment)
        .ok()
        .filter(|session| session.status.is_open())
        .and_then(|session| qr::svg(&session.redirect_url()));
    match code {
        Some(picture) => Answer::document(200, "image/svg+xml", picture)
            .with("access-control-allow-origin", "*")
            .with("cache-control", "no-store"),
        None => Answer::document(404, "text/plain;charset=utf-8", "There is no such code.\n"),
    }
}

#[derive(Template)]
#[template(path = "hosted_operator.html")]
struct OperatorsPage<'a> {
    session_id: &'a str,
    status: &'static str,
    is_open: bool,
    total: String,
    redirect_url: String,
}

/// The distribution module's page: the code and the link, and how the session stands.
fn operators_page(shared: &Shared, call: &Call, session_id: &str) -> Answer {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    if state.read_hpp_session(session_id, &moment).is_err() {
        return buyer::no_such_page();
    }
    let Some(session) = state.hpp_sessions.get(session_id) else { return buyer::no_such_page() };
    let purchase = state.sessions.get(&session.payment_session_id).map(|it| it.purchase.get());
    let page = OperatorsPage {
        session_id,
        status: session.status.as_str(),
        is_open: session.status.is_open(),
        total: purchase
            .map(|it| amount(it.amount(), it.purchase_currency.as_deref()))
            .unwrap_or_default(),
        redirect_url: session.redirect_url(),
    };
    buyer::hosted(200, page.render().unwrap_or_default())
}
