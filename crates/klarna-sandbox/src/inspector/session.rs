//! One session: where it stands, what is bought, and the buyer's buttons.

use askama::Template;

use super::{
    Visit, callbacks, exchanges,
    frame::{Frame, render},
    hosted_pages,
    map::{self, Map},
    orders,
    purchase::Lines,
    sessions::Standing,
    words::{self, Badge},
};
use crate::{
    http::Filter,
    rules::{lifetime, texts::MERCHANT_URLS},
    state::{State, sessions::Session},
    write::{amount, client_token},
};

/// How many exchanges and attempts are shown.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "inspector/session.html")]
struct SessionPage {
    frame: Frame,
    id: String,
    standing: Badge,
    /// Whether the buyer may still decide.
    is_open: bool,
    map: Map,
    amount: String,
    lines: Lines,
    /// The order's page and reference.
    order: Option<(String, String)>,
    hosted: Vec<hosted_pages::Link>,
    facts: Vec<(&'static str, String)>,
    urls: Vec<(&'static str, String)>,
    addresses: Vec<(&'static str, Vec<String>)>,
    client_token: String,
    callbacks: callbacks::Table,
    exchanges: exchanges::Newest,
}

/// The page of the session of this id.
pub(super) async fn page(visit: &Visit<'_>, id: &str) -> Option<String> {
    let shared = visit.shared;
    let frame = Frame::of(visit, format!("Session {}", words::short(id)), "/inspector/sessions");
    let (mut page, filter) = {
        let state = shared.state();
        let now = shared.now(&state);
        let session = state.sessions.get(id)?;
        let standing = Standing::of(session, &state, now);
        let ids = [
            Some(session.session_id.as_str()),
            session.authorization_token.as_deref(),
            session.order_id.as_deref(),
        ];
        let ids: Vec<&str> = ids.into_iter().flatten().collect();
        let filter = Filter::about(&ids);
        let frame = frame.live(visit, &filter);
        (SessionPage::of(session, standing, &state, &visit.call.base_url, frame), filter)
    };
    page.exchanges = exchanges::newest(shared, &filter, SHOWN).await;
    page.hosted = hosted_pages::of(shared, &page.id).await;
    Some(render(&page))
}

impl SessionPage {
    /// Without its exchanges and hosted pages.
    fn of(
        session: &Session,
        standing: Standing,
        state: &State,
        base_url: &str,
        frame: Frame,
    ) -> Self {
        let purchase = &*session.purchase.get();
        let badge = standing.badge();
        let currency = purchase.purchase_currency.as_deref();
        let order = session.order_id.as_deref().map(|id| orders::way_to(id, state));
        let urls = purchase.merchant_urls.as_ref();
        let urls = MERCHANT_URLS.iter().filter_map(|member| {
            let url = urls?.get(member.name).filter(|url| !url.is_empty())?;
            Some((member.name, url.to_owned()))
        });
        let addresses = [
            ("Billing address", &purchase.billing_address),
            ("Shipping address", &purchase.shipping_address),
        ];
        let addresses = addresses
            .into_iter()
            .filter_map(|(name, texts)| Some((name, words::address(texts.as_ref()?))))
            .filter(|(_, lines)| !lines.is_empty());
        Self {
            frame,
            id: session.session_id.clone(),
            standing: badge,
            is_open: matches!(standing, Standing::Created | Standing::Authorized),
            map: Map::new(&map::SESSION, badge.word, badge.tone),
            amount: amount(purchase.amount(), currency),
            lines: Lines::of(
                purchase.lines(),
                purchase.amount(),
                purchase.order_tax_amount,
                currency,
            ),
            order,
            hosted: Vec::new(),
            facts: facts(session),
            urls: urls.collect(),
            addresses: addresses.collect(),
            client_token: client_token(&session.session_id, purchase, base_url),
            callbacks: callbacks::about(state, &[&session.session_id], SHOWN),
            exchanges: exchanges::Newest::default(),
        }
    }
}

fn facts(session: &Session) -> Vec<(&'static str, String)> {
    let purchase = &*session.purchase.get();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let created = session.expires_at.checked_sub(lifetime::SESSION).ok();
    let moment = |at| format!("{} UTC", words::moment(at).text);
    let yes = |value: Option<bool>| value.filter(|it| *it).map(|_| "yes".to_owned());
    [
        ("Session", session.session_id.clone()),
        ("Created", created.map(moment).unwrap_or_default()),
        ("Expires", moment(session.expires_at)),
        ("Authorization token", text(&session.authorization_token)),
        ("Waits for finalize", yes(Some(session.to_finalize.is_some())).unwrap_or_default()),
        ("Country", purchase.country()),
        ("Locale", text(&purchase.locale)),
        ("Intent", purchase.intent().to_owned()),
        ("Captured at once", yes(purchase.auto_capture).unwrap_or_default()),
        ("Reference 1", text(&purchase.merchant_reference1)),
        ("Reference 2", text(&purchase.merchant_reference2)),
        ("Merchant data", text(&purchase.merchant_data)),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .collect()
}
