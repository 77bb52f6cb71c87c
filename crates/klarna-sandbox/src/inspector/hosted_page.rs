//! One hosted payment page: where it stands, where it leads, and the buyer's buttons.

use askama::Template;
use jiff::Timestamp;

use super::{
    Visit, callbacks, exchanges,
    frame::{Frame, render},
    hosted_pages::PATH,
    map::{self, Map},
    orders, sent, sessions,
    words::{self, Badge},
};
use crate::{
    http::Filter,
    state::{
        State,
        hpp::{Completion, HppSession},
    },
    write::{amount, qr},
};

/// How many exchanges, messages and attempts are shown.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "inspector/hosted_page.html")]
struct HostedPage {
    frame: Frame,
    id: String,
    status: Badge,
    /// Whether the buyer may still pay.
    is_open: bool,
    map: Map,
    amount: String,
    /// Where the buyer pays, seen from here, and as the merchant was told.
    buyers_page: (String, String),
    operators_page: String,
    /// The QR code's picture, while it leads somewhere.
    code: Option<String>,
    session: Option<(String, String)>,
    /// The order's page and reference.
    order: Option<(String, String)>,
    facts: Vec<(&'static str, String)>,
    urls: Vec<(&'static str, String)>,
    sent: sent::Table,
    callbacks: callbacks::Table,
    exchanges: exchanges::Newest,
}

/// The page of the hosted payment page of this session id.
pub(super) async fn page(visit: &Visit<'_>, id: &str) -> Option<String> {
    let shared = visit.shared;
    let frame = Frame::of(visit, format!("Hosted page {}", words::short(id)), PATH);
    let (mut page, filter) = {
        let state = shared.state();
        let now = shared.now(&state);
        let hosted = state.hpp_sessions.get(id)?;
        let session = state.sessions.get(&hosted.payment_session_id);
        let ids = [
            Some(hosted.session_id.as_str()),
            Some(hosted.payment_session_id.as_str()),
            session.and_then(|it| it.authorization_token.as_deref()),
            session.and_then(|it| it.order_id.as_deref()),
        ];
        let ids: Vec<&str> = ids.into_iter().flatten().collect();
        let filter = Filter::about(&ids);
        (HostedPage::of(hosted, &state, now, frame.live(visit, &filter)), filter)
    };
    page.sent = sent::newest(shared, id, SHOWN).await;
    page.exchanges = exchanges::newest(shared, &filter, SHOWN).await;
    Some(render(&page))
}

impl HostedPage {
    /// Without its messages and exchanges.
    fn of(hosted: &HppSession, state: &State, now: Timestamp, frame: Frame) -> Self {
        let standing = state.hpp_standing(hosted, now);
        let status = words::hosted(standing);
        let session = state.sessions.get(&hosted.payment_session_id);
        let purchase = session.map(|it| it.purchase.get());
        let order = session.and_then(|it| it.order_id.as_deref());
        let url = hosted.redirect_url();
        Self {
            frame,
            id: hosted.session_id.clone(),
            status,
            is_open: standing.is_open(),
            map: Map::new(&map::HOSTED_PAGE, status.word, status.tone),
            amount: purchase
                .map(|it| amount(it.amount(), it.purchase_currency.as_deref()))
                .unwrap_or_default(),
            code: qr::svg(&url).filter(|_| standing.is_open()),
            buyers_page: (seen_from_here(hosted, &url), url),
            operators_page: seen_from_here(hosted, &hosted.operators_url()),
            session: session.map(sessions::way_to),
            order: order.map(|id| orders::way_to(id, state)),
            facts: facts(hosted),
            urls: hosted.merchant_urls.named().map(|(name, url)| (name, url.to_owned())).collect(),
            sent: sent::Table::default(),
            callbacks: callbacks::about(
                state,
                &[&hosted.session_id, &hosted.payment_session_id],
                SHOWN,
            ),
            exchanges: exchanges::Newest::default(),
        }
    }
}

/// The address of a page of the sandbox's own, under whatever host it is looked at.
fn seen_from_here(hosted: &HppSession, url: &str) -> String {
    url.strip_prefix(&hosted.base_url).unwrap_or(url).to_owned()
}

fn facts(hosted: &HppSession) -> Vec<(&'static str, String)> {
    let options = &hosted.options;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let moment = |at| format!("{} UTC", words::moment(at).text);
    let token = match &hosted.result {
        Some(Completion::Authorized { authorization_token }) => authorization_token.clone(),
        Some(Completion::Placed { .. }) | None => String::new(),
    };
    let hides = if options.hides_subtotals { "left out" } else { "" };
    [
        ("Hosted page", hosted.session_id.clone()),
        ("Changed", moment(hosted.updated_at)),
        ("Expires", moment(hosted.expires_at)),
        ("Place order mode", options.place_order_mode.as_str().to_owned()),
        ("Authorization token", token),
        ("Page title", text(&options.page_title)),
        ("Categories", options.payment_method_categories.join(", ")),
        ("Purchase type", text(&options.purchase_type)),
        ("Lines", hides.to_owned()),
        ("Leads the browser to", hosted.leads_to().unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .collect()
}
