//! The list of hosted payment pages.

use askama::Template;
use jiff::Timestamp;

use super::{
    Visit,
    frame::{Frame, render},
    gather::{Begin, Loan, Page, Pager, gather},
    search::Search,
    sent, sessions,
    words::{self, Badge},
};
use crate::{
    http::Filter,
    rules::{hpp::Status, purchase::Purchase},
    sandbox::Shared,
    state::{
        State,
        hpp::{Completion, HppSession},
    },
    write::amount,
};

pub(super) const PATH: &str = "/inspector/hosted-pages";

const PAGE: usize = 50;
/// How many pages of one payment session are led to.
const LINKS: usize = 5;

/// Where the page of one of them is.
pub(super) fn path_of(session_id: &str) -> String {
    format!("{PATH}/{session_id}")
}

/// One of them in a list.
struct Row {
    id: String,
    short: String,
    reference: String,
    buyer: String,
    status: Badge,
    amount: String,
    country: String,
    /// How many messages would have been sent to the buyer, and by which way.
    sent: String,
}

impl Row {
    /// What was sent is not told yet. `None`: it is not looked for.
    fn of(hosted: &HppSession, state: &State, now: Timestamp, search: &Search) -> Option<Self> {
        let status = words::hosted(state.hpp_standing(hosted, now));
        if !search.wants("status", status.word) {
            return None;
        }
        let session = state.sessions.get(&hosted.payment_session_id);
        let own = texts(hosted);
        if session.is_some_and(|it| !sessions::could_be_found(it, &own, search)) {
            return None;
        }
        let purchase = session.map(|session| session.purchase.get());
        let purchase = purchase.as_deref();
        let text =
            |read: fn(&Purchase) -> Option<&str>| purchase.and_then(read).unwrap_or_default();
        let reference = text(|it| it.merchant_reference1.as_deref());
        let other = text(|it| it.merchant_reference2.as_deref());
        let buyer = text(Purchase::email);
        let order_id = session.and_then(|it| it.order_id.as_deref()).unwrap_or_default();
        let found = [&own[..], &[order_id, reference, other, buyer]].concat();
        search.finds(&found).then(|| Self {
            short: words::short(&hosted.session_id).to_owned(),
            id: hosted.session_id.clone(),
            reference: reference.to_owned(),
            buyer: buyer.to_owned(),
            status,
            amount: purchase
                .map(|it| amount(it.amount(), it.purchase_currency.as_deref()))
                .unwrap_or_default(),
            country: purchase.map(Purchase::country).unwrap_or_default(),
            sent: String::new(),
        })
    }
}

/// What a page is found by, besides its purchase.
fn texts(hosted: &HppSession) -> [&str; 5] {
    let (result, reference) = match &hosted.result {
        Some(Completion::Authorized { authorization_token }) => (authorization_token.as_str(), ""),
        Some(Completion::Placed { order_id, klarna_reference }) => {
            (order_id.as_str(), klarna_reference.as_str())
        }
        None => ("", ""),
    };
    [&hosted.session_id, &hosted.page_id, &hosted.payment_session_id, result, reference]
}

async fn matching(shared: &Shared, search: &Search, begin: Begin) -> Page<Row> {
    let mut page = gather(begin, PAGE, |at| {
        let state = shared.state();
        let now = shared.now(&state);
        let read = |hosted: &HppSession| Row::of(hosted, &state, now, search);
        Loan::of_table(&state.hpp_sessions, at, PAGE, read)
    })
    .await;
    let mut sent = sent::counted(shared, page.rows.iter().map(|row| row.id.as_str())).await;
    for row in &mut page.rows {
        row.sent = sent.remove(&row.id).unwrap_or_default();
    }
    page
}

#[derive(Template)]
#[template(path = "inspector/hosted_pages.html")]
struct HostedPagesPage {
    frame: Frame,
    search: Search,
    total: usize,
    rows: Vec<Row>,
    pager: Pager,
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let search = Search::of(visit.call, &["status"]);
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Hosted pages", PATH);
    let frame = if begin == Begin::NEWEST { frame.live(visit, &Filter::default()) } else { frame };
    let found = matching(visit.shared, &search, begin).await;
    render(&HostedPagesPage {
        frame,
        total: visit.shared.state().hpp_sessions.len(),
        pager: Pager::of(PATH, &search.said, begin, &found),
        rows: found.rows,
        search,
    })
}

/// The way to one of them, among the facts about something else.
#[derive(Template)]
#[template(path = "inspector/hosted_link.html")]
pub(super) struct Link {
    href: String,
    short: String,
    status: Badge,
}

/// The newest pages that host a payment session.
pub(super) async fn of(shared: &Shared, payment_session_id: &str) -> Vec<Link> {
    let found = gather(Begin::NEWEST, LINKS, |at| {
        let state = shared.state();
        let now = shared.now(&state);
        let read = |hosted: &HppSession| {
            (hosted.payment_session_id == payment_session_id).then(|| Link {
                href: path_of(&hosted.session_id),
                short: words::short(&hosted.session_id).to_owned(),
                status: words::hosted(state.hpp_standing(hosted, now)),
            })
        };
        Loan::of_table(&state.hpp_sessions, at, LINKS, read)
    });
    found.await.rows
}
