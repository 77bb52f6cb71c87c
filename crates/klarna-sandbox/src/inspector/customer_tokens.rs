//! Customer tokens: the list, and one of them with what a developer may do to it.

use askama::Template;

use super::{
    Visit, exchanges,
    frame::{Frame, render},
    gather::{Begin, Loan, Page, Pager, gather},
    map::{self, Map},
    search::Search,
    sessions,
    words::{self, Badge, Tone},
};
use crate::{
    http::Filter,
    sandbox::Shared,
    state::customer_tokens::{CustomerToken, TokenStatus},
};

pub(super) const PATH: &str = "/inspector/customer-tokens";

const PAGE: usize = 50;
/// How many exchanges are shown.
const SHOWN: usize = 20;

const STATUSES: [&str; 3] = ["ACTIVE", "SUSPENDED", "CANCELLED"];

fn badge(status: TokenStatus) -> Badge {
    let tone = match status {
        TokenStatus::Active => Tone::Good,
        TokenStatus::Suspended => Tone::Wait,
        TokenStatus::Cancelled => Tone::Bad,
    };
    Badge { word: status.as_str(), tone }
}

/// One of them in a list.
struct Row {
    id: String,
    short: String,
    status: Badge,
    declines: bool,
    buyer: String,
    paid_by: &'static str,
    country: String,
}

impl Row {
    /// `None`: it is not looked for.
    fn of(token: &CustomerToken, search: &Search) -> Option<Self> {
        let buyer = token.billing_address.as_ref().and_then(|it| it.get("email"));
        let buyer = buyer.unwrap_or_default();
        let texts = [&token.token_id, &token.payment_method_reference, &*token.session_id, buyer];
        let is_wanted = search.wants("status", token.status.as_str()) && search.finds(&texts);
        is_wanted.then(|| Self {
            short: words::short(&token.token_id).to_owned(),
            id: token.token_id.clone(),
            status: badge(token.status),
            declines: token.declines,
            buyer: buyer.to_owned(),
            paid_by: token.method.description,
            country: token.purchase_country.clone(),
        })
    }
}

#[derive(Template)]
#[template(path = "inspector/customer_tokens.html")]
struct TokensPage {
    frame: Frame,
    search: Search,
    total: usize,
    rows: Vec<Row>,
    pager: Pager,
}

async fn matching(shared: &Shared, search: &Search, begin: Begin) -> Page<Row> {
    gather(begin, PAGE, |at| {
        let state = shared.state();
        let read = |token: &CustomerToken| Row::of(token, search);
        Loan::of_table(&state.customer_tokens, at, PAGE, read)
    })
    .await
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let search = Search::of(visit.call, &["status"]);
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Customer tokens", PATH);
    let frame = if begin == Begin::NEWEST { frame.live(visit, &Filter::default()) } else { frame };
    let found = matching(visit.shared, &search, begin).await;
    render(&TokensPage {
        frame,
        total: visit.shared.state().customer_tokens.len(),
        pager: Pager::of(PATH, &search.said, begin, &found),
        rows: found.rows,
        search,
    })
}

#[derive(Template)]
#[template(path = "inspector/customer_token.html")]
struct TokenPage {
    frame: Frame,
    id: String,
    status: Badge,
    /// Whether it is not cancelled, which is for good.
    is_open: bool,
    is_active: bool,
    declines: bool,
    map: Map,
    facts: Vec<(&'static str, String)>,
    session: Option<(String, String)>,
    address: Vec<String>,
    exchanges: exchanges::Newest,
}

/// The page of the token of this id.
pub(super) async fn one(visit: &Visit<'_>, id: &str) -> Option<String> {
    let filter = Filter::about(&[id]);
    let frame = Frame::of(visit, format!("Customer token {}", words::short(id)), PATH);
    let mut page = {
        let state = visit.shared.state();
        let token = state.customer_tokens.get(id)?;
        let session = state.sessions.get(&token.session_id).map(sessions::way_to);
        TokenPage::of(token, session, frame.live(visit, &filter))
    };
    page.exchanges = exchanges::newest(visit.shared, &filter, SHOWN).await;
    Some(render(&page))
}

impl TokenPage {
    /// Without its exchanges.
    fn of(token: &CustomerToken, session: Option<(String, String)>, frame: Frame) -> Self {
        let status = badge(token.status);
        let facts = [
            ("Token", token.token_id.clone()),
            ("Payment method reference", token.payment_method_reference.clone()),
            ("Paid by", token.method.description.to_owned()),
            ("Country", token.purchase_country.clone()),
            ("Locale", token.locale.clone().unwrap_or_default()),
        ];
        Self {
            frame,
            id: token.token_id.clone(),
            status,
            is_open: token.status != TokenStatus::Cancelled,
            is_active: token.status == TokenStatus::Active,
            declines: token.declines,
            map: Map::new(&map::CUSTOMER_TOKEN, status.word, status.tone),
            facts: facts.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
            session,
            address: token.billing_address.as_ref().map(words::address).unwrap_or_default(),
            exchanges: exchanges::Newest::default(),
        }
    }
}
