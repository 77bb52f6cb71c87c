//! The list of sessions.

use askama::Template;
use jiff::Timestamp;

use super::{
    Visit,
    frame::{Frame, render},
    gather::{Begin, Loan, Page, Pager, gather},
    search::Search,
    words::{self, Badge, Moment, Tone},
};
use crate::{
    http::Filter,
    sandbox::Shared,
    state::{State, held::HeldPurchase, sessions::Session},
    write::amount,
};

const PAGE: usize = 50;

/// Where a session stands, as its map names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Created,
    Authorized,
    Completed,
    Expired,
}

impl Standing {
    pub(super) fn of(session: &Session, state: &State, now: Timestamp) -> Self {
        if session.order_id.is_some() {
            return Self::Completed;
        }
        match state.read_session(&session.session_id, now) {
            Err(_) => Self::Expired,
            Ok((_, Some(_))) => Self::Authorized,
            Ok((_, None)) => Self::Created,
        }
    }

    pub(super) fn badge(self) -> Badge {
        let (word, tone) = match self {
            Self::Created => ("created", Tone::Plain),
            Self::Authorized => ("authorized", Tone::Wait),
            Self::Completed => ("completed", Tone::Good),
            Self::Expired => ("expired", Tone::Bad),
        };
        Badge { word, tone }
    }
}

/// The standings that can be chosen.
const STANDINGS: [&str; 4] = ["created", "authorized", "completed", "expired"];

/// One of them in a list.
struct Row {
    id: String,
    short: String,
    reference: String,
    buyer: String,
    standing: Badge,
    amount: String,
    country: String,
    expires: Moment,
}

impl Row {
    /// `None`: it is not looked for.
    fn of(session: &Session, state: &State, now: Timestamp, search: &Search) -> Option<Self> {
        let standing = Standing::of(session, state, now).badge();
        if !search.wants("standing", standing.word) || !could_be_found(session, &[], search) {
            return None;
        }
        let purchase = session.purchase.get();
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let (reference, other) =
            (text(&purchase.merchant_reference1), text(&purchase.merchant_reference2));
        let email = purchase.email().unwrap_or_default();
        let mut texts = ids(session).to_vec();
        texts.extend([reference.as_str(), &other, email]);
        search.finds(&texts).then(|| Self {
            short: words::short(&session.session_id).to_owned(),
            id: session.session_id.clone(),
            buyer: email.to_owned(),
            reference,
            standing,
            amount: amount(purchase.amount(), purchase.purchase_currency.as_deref()),
            country: purchase.country(),
            expires: words::moment(session.expires_at),
        })
    }
}

fn ids(session: &Session) -> [&str; 3] {
    [
        &session.session_id,
        session.order_id.as_deref().unwrap_or_default(),
        session.authorization_token.as_deref().unwrap_or_default(),
    ]
}

/// Whether it is worth reading a session's purchase, where it is looked for in these texts as well:
/// what a text does not hold, nothing that is read from it does either.
pub(super) fn could_be_found(session: &Session, others: &[&str], search: &Search) -> bool {
    let HeldPurchase::Sent(body) = &session.purchase else { return true };
    let Ok(text) = std::str::from_utf8(body) else { return true };
    // What is escaped is written otherwise than it reads.
    text.contains('\\') || search.finds(&[ids(session).as_slice(), others, &[text]].concat())
}

/// Where the page of one of them is, and what it is called.
pub(super) fn way_to(session: &Session) -> (String, String) {
    let id = &session.session_id;
    (format!("/inspector/sessions/{id}"), words::short(id).to_owned())
}

/// A table of sessions, the newest first.
#[derive(Template)]
#[template(path = "inspector/session_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// The newest, at most so many.
pub(super) async fn newest(shared: &Shared, max: usize) -> Table {
    Table { rows: matching(shared, &Search::default(), Begin::NEWEST, max).await.rows }
}

async fn matching(shared: &Shared, search: &Search, begin: Begin, max: usize) -> Page<Row> {
    gather(begin, max, |at| {
        let state = shared.state();
        let now = shared.now(&state);
        let read = |session: &Session| Row::of(session, &state, now, search);
        Loan::of_table(&state.sessions, at, max, read)
    })
    .await
}

#[derive(Template)]
#[template(path = "inspector/sessions.html")]
struct SessionsPage {
    frame: Frame,
    search: Search,
    total: usize,
    table: Table,
    pager: Pager,
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let search = Search::of(visit.call, &["standing"]);
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Sessions", "/inspector/sessions");
    let frame = if begin == Begin::NEWEST { frame.live(visit, &Filter::default()) } else { frame };
    let found = matching(visit.shared, &search, begin, PAGE).await;
    render(&SessionsPage {
        frame,
        total: visit.shared.state().sessions.len(),
        pager: Pager::of("/inspector/sessions", &search.said, begin, &found),
        table: Table { rows: found.rows },
        search,
    })
}
