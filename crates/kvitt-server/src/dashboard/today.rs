//! What came in, what became of it, and what waits: the page that an operator begins with.

mod counted;
mod pictures;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use kvitt_core::{FigureKind, Tally};
use kvitt_engine::{Engine, EngineError};
use kvitt_ledger::SaleQuery;
use serde::Deserialize;

use self::counted::Counted;
use self::pictures::{Drawing, Picture};
use super::message::page;
use super::plot::{HEIGHT, LEFT, RIGHT, WIDTH};
use super::session::SignedIn;
use super::words::{self, moment, money_of};
use super::{HOME, Trouble};
use crate::app::App;

/// How many days the pictures show, as they can be chosen.
const SPANS: [i64; 3] = [7, 30, 90];
const SPAN: i64 = 30;
/// No authorization lives so long, however often it is extended.
const OPEN_DAYS_MAX: i64 = 366;
/// What ends so soon is told of.
const SOON_DAYS: i64 = 3;
const SOON: &str = "Ends within 3 days";
/// How many of what needs a person are counted.
const ATTENTION_MAX: u32 = 99;
/// How old an event may be that is not counted yet without a word about it.
const BEHIND: SignedDuration = SignedDuration::from_secs(60);

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    days: String,
    currency: String,
}

/// A choice, and where it leads.
struct Choice {
    word: String,
    href: String,
    is_chosen: bool,
}

/// A number that is read at a glance.
struct Tile {
    label: &'static str,
    amount: String,
    /// `12 orders`.
    of: String,
    kind: &'static str,
}

#[derive(Template)]
#[template(path = "dashboard/today.html")]
struct TodayPage<'a> {
    signed_in: &'a SignedIn,
    date: String,
    tiles: Vec<Tile>,
    attention: String,
    needs_nobody: bool,
    alarms: Vec<&'static str>,
    spans: Vec<Choice>,
    currencies: Vec<Choice>,
    pictures: Vec<Picture>,
    /// Up to when is counted, where that is a while ago.
    behind: Option<(Timestamp, String)>,
    has_orders: bool,
}

/// `GET /dashboard`
pub(super) async fn today(
    State(app): State<App>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let engine = app.engine();
    let at = engine.now().await;
    let today = at.to_zoned(TimeZone::UTC).date();
    let days = asked.days.parse().ok().filter(|days| SPANS.contains(days)).unwrap_or(SPAN);
    let is_open = |kind: &FigureKind| *kind == FigureKind::Open;
    let (open, others): (Vec<_>, Vec<_>) = FigureKind::ALL.into_iter().partition(is_open);
    let mut figures = engine.figures(&others, today.saturating_sub((days - 1).days())).await?;
    figures.extend(engine.figures(&open, today.saturating_sub(OPEN_DAYS_MAX.days())).await?);
    let all = Counted::by_currency(figures, today, days);
    let chosen = all.iter().find(|it| it.purchase_currency == asked.currency).or(all.first());
    let (attention, needs_nobody) = attention(engine, at).await?;
    let alarms = engine.alarms().await?;
    let href = |days: i64, currency: &str| format!("{HOME}?days={days}&currency={currency}");
    let currency = chosen.map_or("", |it| it.purchase_currency.as_str());
    Ok(page(
        StatusCode::OK,
        &TodayPage {
            signed_in: &signed_in,
            date: today.strftime("%A, %-d %B %Y").to_string(),
            tiles: chosen.map(tiles).unwrap_or_default(),
            attention,
            needs_nobody,
            alarms: alarms.iter().map(|alarm| words::alarm(alarm.kind)).collect(),
            spans: SPANS
                .map(|span| Choice {
                    word: format!("{span} days"),
                    href: href(span, currency),
                    is_chosen: span == days,
                })
                .into(),
            currencies: all
                .iter()
                .map(|it| Choice {
                    word: it.purchase_currency.clone(),
                    href: href(days, &it.purchase_currency),
                    is_chosen: it.purchase_currency == currency,
                })
                .collect(),
            pictures: chosen.map(pictures::pictures).unwrap_or_default(),
            behind: behind(engine, at).await?,
            has_orders: chosen.is_some(),
        },
    ))
}

/// How many need a person, in words, and whether none does.
async fn attention(engine: &Engine, at: Timestamp) -> Result<(String, bool), EngineError> {
    let query = SaleQuery { attention_only: true, limit: ATTENTION_MAX, ..SaleQuery::all(at) };
    let found = engine.ledger().summaries(&query).await?;
    let more = if found.next_cursor.is_some() { "+" } else { "" };
    Ok((format!("{}{more}", found.items.len()), found.items.is_empty()))
}

/// Up to when is counted, where that is a while ago.
async fn behind(
    engine: &Engine,
    at: Timestamp,
) -> Result<Option<(Timestamp, String)>, EngineError> {
    let place = engine.ledger().figures().place().await?;
    let next = engine.ledger().feed(place, 1).await?;
    let since = next.first().map(|entry| entry.recorded.at);
    Ok(since.filter(|since| at.duration_since(*since) > BEHIND).map(|at| (at, moment(at))))
}

fn tiles(counted: &Counted) -> Vec<Tile> {
    let currency = &counted.purchase_currency;
    let tile = |label, kind, Tally { count, amount }, one: &str, many: &str| Tile {
        label,
        amount: money_of(amount, currency),
        of: format!("{count} {}", if count == 1 { one } else { many }),
        kind,
    };
    let soon = counted.open_where(|open| open.ends_within(SOON_DAYS));
    let mut tiles = counted.days.last().map_or_else(Vec::new, |day| {
        vec![
            tile("Came in today", "authorized", day.authorized, "order", "orders"),
            tile("Captured today", "captured", day.captured, "capture", "captures"),
            tile("Refunded today", "refunded", day.refunded, "refund", "refunds"),
        ]
    });
    tiles.push(tile(SOON, "left", soon, "order", "orders"));
    tiles
}
