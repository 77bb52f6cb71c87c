//! Callbacks: every attempt, and one callback with all of its attempts.

use std::ops::RangeInclusive;

use askama::Template;
use serde_json::{Value, json};

use super::{
    Visit,
    frame::{Frame, render},
    gather::{Begin, Loan, Page, Pager, gather},
    words::{self, Moment, Tone},
};
use crate::{
    http::{Filter, Parameters},
    indent,
    sandbox::Shared,
    state::{State, callbacks::Attempt},
};

const PAGE: usize = 50;
/// How many attempts of one callback are shown.
const SHOWN: usize = 200;

/// One attempt in a list. It is read as the control API writes it.
struct Row {
    /// Its place among those that are kept, counted from 1.
    place: u64,
    callback_id: String,
    kind: String,
    url: String,
    attempt: Option<u64>,
    at: Moment,
    outcome: String,
    tone: Tone,
    fault: Option<String>,
}

impl Row {
    fn of((place, attempt): (u64, &Attempt)) -> Self {
        Self::read(place, &json!(attempt))
    }

    fn read(place: u64, attempt: &Value) -> Self {
        let text = |name: &str| attempt[name].as_str().map(str::to_owned);
        let status = attempt["status"].as_u64();
        let at = attempt["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_default();
        let tone = match status {
            Some(200..=299) => Tone::Good,
            Some(_) => Tone::Wait,
            None => Tone::Bad,
        };
        let outcome = status.map(|status| status.to_string()).or_else(|| text("error"));
        Self {
            place,
            callback_id: text("callback_id").unwrap_or_default(),
            kind: text("kind").unwrap_or_default(),
            url: text("url").unwrap_or_default(),
            attempt: attempt["attempt"].as_u64(),
            at: words::exact_moment(at),
            outcome: outcome.or_else(|| text("outcome")).unwrap_or_default(),
            tone,
            fault: text("fault"),
        }
    }
}

/// A table of attempts, the newest first.
#[derive(Template)]
#[template(path = "inspector/callback_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// The newest attempts that are about one of these ids, at most so many.
pub(super) fn about(state: &State, ids: &[&str], max: usize) -> Table {
    let all = places(state).rev().zip(state.attempts.iter().rev());
    let found = all.filter(|(_, it)| ids.iter().any(|id| it.is_about(id)));
    Table { rows: found.take(max).map(Row::of).collect() }
}

fn places(state: &State) -> RangeInclusive<u64> {
    1..=u64::try_from(state.attempts.len()).unwrap_or(u64::MAX)
}

/// The newest, at most so many.
pub(super) async fn newest(shared: &Shared, max: usize) -> Table {
    Table { rows: all(shared, Begin::NEWEST, max).await.rows }
}

/// By their places.
async fn all(shared: &Shared, begin: Begin, max: usize) -> Page<Row> {
    gather(begin, max, |at| {
        let state = shared.state();
        let numbered = |(place, attempt)| (place, (place, attempt));
        match at {
            Begin::Below(number) => {
                let rows = places(&state).rev().zip(state.attempts.iter().rev());
                let rows = rows.skip_while(|(place, _)| *place >= number).map(numbered);
                Loan::of(rows, max, |row| Some(Row::of(row)))
            }
            Begin::Above(number) => {
                let rows = places(&state).zip(state.attempts.iter());
                let rows = rows.skip_while(|(place, _)| *place <= number).map(numbered);
                Loan::of(rows, max, |row| Some(Row::of(row)))
            }
        }
    })
    .await
}

#[derive(Template)]
#[template(path = "inspector/callbacks.html")]
struct CallbacksPage {
    frame: Frame,
    total: usize,
    table: Table,
    pager: Pager,
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Callbacks", "/inspector/callbacks");
    let frame = if begin == Begin::NEWEST { frame.live(visit, &Filter::default()) } else { frame };
    let found = all(visit.shared, begin, PAGE).await;
    render(&CallbacksPage {
        frame,
        total: visit.shared.state().attempts.len(),
        pager: Pager::of("/inspector/callbacks", &Parameters::default(), begin, &found),
        table: Table { rows: found.rows },
    })
}

#[derive(Template)]
#[template(path = "inspector/callback.html")]
struct CallbackPage {
    frame: Frame,
    id: String,
    kind: String,
    url: String,
    body: Option<String>,
    rows: Vec<Row>,
}

/// The page of the callback of this id.
pub(super) fn one(visit: &Visit<'_>, id: &str) -> Option<String> {
    let attempts: Vec<(u64, Value)> = {
        let state = visit.shared.state();
        let all = places(&state).rev().zip(state.attempts.iter().rev());
        let found = all.filter(|(_, it)| it.callback_id == id);
        found.take(SHOWN).map(|(place, it)| (place, json!(it))).collect()
    };
    let (place, newest) = attempts.first()?;
    let body = Some(newest["body"].to_string()).filter(|_| !newest["body"].is_null());
    let Row { kind, url, .. } = Row::read(*place, newest);
    let title = format!("Callback {}", words::short(id));
    let frame = Frame::of(visit, title, "/inspector/callbacks");
    Some(render(&CallbackPage {
        frame: frame.live(visit, &Filter::default()),
        id: id.to_owned(),
        kind,
        url,
        body: body.map(|body| indent::json(&body).unwrap_or(body)),
        rows: attempts.iter().map(|(place, it)| Row::read(*place, it)).collect(),
    }))
}
