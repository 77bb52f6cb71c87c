//! The first page: the clock, and the newest of everything.

use askama::Template;

use super::{
    Visit, callbacks, customer_tokens, exchanges, faults,
    frame::{Frame, render},
    hosted_pages, orders, sessions,
    words::{self, Moment},
};
use crate::http::Filter;

/// How many of each are shown.
const SHOWN: usize = 5;
const EXCHANGES_SHOWN: usize = 10;

/// How far the clock's buttons move it.
const LEAPS: [(&str, &str); 6] = [
    ("PT1M", "1 minute"),
    ("PT10M", "10 minutes"),
    ("PT1H", "1 hour"),
    ("P1D", "1 day"),
    ("P2D", "2 days"),
    ("P28D", "28 days"),
];
/// How many of its seconds pass in one.
const PACES: [(u32, &str); 4] =
    [(1, "As usual"), (60, "Minutes"), (3600, "Hours"), (86_400, "Days")];

#[derive(Template)]
#[template(path = "inspector/overview.html")]
struct OverviewPage<'a> {
    frame: Frame,
    base_url: &'a str,
    is_strict: bool,
    now: Moment,
    ahead: String,
    pace: u32,
    /// What was typed for a leap.
    leap: &'a str,
    counts: Vec<(&'static str, &'static str, String)>,
    sessions: sessions::Table,
    orders: orders::Table,
    exchanges: exchanges::Table,
    callbacks: callbacks::Table,
    faults: faults::Table,
}

/// The overview as it is now.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let shared = visit.shared;
    let everything = Filter::default();
    let frame = Frame::of(visit, "Overview", "/").live(visit, &everything);
    let exchanges = exchanges::kept(shared);
    let (now, ahead, pace, counts) = {
        let state = shared.state();
        let offset = state.clock.offset(shared.base_time());
        let counts = vec![
            ("Sessions", "/inspector/sessions", state.sessions.len().to_string()),
            ("Hosted pages", hosted_pages::PATH, state.hpp_sessions.len().to_string()),
            ("Orders", "/inspector/orders", state.orders.len().to_string()),
            ("Tokens", customer_tokens::PATH, state.customer_tokens.len().to_string()),
            ("Exchanges", "/inspector/exchanges", exchanges),
            ("Callback attempts", "/inspector/callbacks", state.attempts.len().to_string()),
            ("Faults set", faults::PATH, state.faults.all().len().to_string()),
        ];
        (words::moment(shared.now(&state)), words::ahead(offset), state.clock.pace(), counts)
    };
    render(&OverviewPage {
        frame,
        base_url: &visit.call.base_url,
        is_strict: shared.config.credentials.is_some(),
        now,
        ahead,
        pace,
        leap: visit.typed.get("by").map_or("", String::as_str),
        counts,
        sessions: sessions::newest(shared, SHOWN).await,
        orders: orders::newest(shared, SHOWN).await,
        exchanges: exchanges::newest(shared, &everything, EXCHANGES_SHOWN).await.table,
        callbacks: callbacks::newest(shared, SHOWN).await,
        faults: faults::Table::of(visit),
    })
}
