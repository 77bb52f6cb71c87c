//! The list of exchanges: searched, filtered, and page by page by their numbers.

use std::sync::Arc;

use askama::Template;

use super::{
    Visit,
    frame::{Frame, render},
    gather::{Begin, LOAN, Loan, Page, Pager, gather},
    words::{self, Moment, Tone},
};
use crate::{exchanges::Exchange, http::Filter, sandbox::Shared};

const PATH: &str = "/inspector/exchanges";

/// How many a page holds.
const PAGE: usize = 50;

/// What the address may ask for besides words.
const METHODS: [&str; 5] = ["GET", "POST", "PATCH", "PUT", "DELETE"];
const STATUSES: [(&str, &str); 5] = [
    ("2xx", "2xx, done"),
    ("3xx", "3xx, elsewhere"),
    ("4xx", "4xx, refused"),
    ("5xx", "5xx, failed"),
    ("none", "no answer"),
];
/// By the first part of the path.
const APIS: [(&str, &str); 4] = [
    ("payments", "Klarna Payments"),
    ("hpp", "Hosted Payment Page"),
    ("ordermanagement", "Order Management"),
    ("customer-token", "Customer Token"),
];

/// One of them in a list.
pub(super) struct Row {
    number: u64,
    at: Moment,
    method: String,
    path: String,
    status: Option<u16>,
    tone: Tone,
    took: String,
    fault: Option<&'static str>,
}

impl Row {
    fn of(it: &Exchange) -> Self {
        let status = it.answer.as_ref().map(|answer| answer.status);
        Self {
            number: it.number,
            at: words::exact_moment(it.at),
            method: it.method.to_string(),
            path: it.path.clone(),
            status,
            tone: words::answered(status),
            took: words::milliseconds(it.duration_milliseconds),
            fault: it.fault,
        }
    }
}

/// A table of exchanges, the newest first.
#[derive(Default, Template)]
#[template(path = "inspector/exchange_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// The newest of those that fit.
#[derive(Default, Template)]
#[template(path = "inspector/newest_exchanges.html")]
pub(super) struct Newest {
    pub(super) table: Table,
    /// Where all of them are, if there are more.
    all: Option<String>,
}

/// The newest that fit, at most so many.
pub(super) async fn newest(shared: &Shared, filter: &Filter, max: usize) -> Newest {
    let Page { rows, older, .. } = matching(shared, filter, Begin::NEWEST, max).await;
    let all = older.map(|_| format!("{PATH}{}", filter.said().query(&[])));
    Newest { table: Table { rows }, all }
}

/// How many are kept, and of how many where some were forgotten.
pub(super) fn kept(shared: &Shared) -> String {
    let (kept, total) = {
        let exchanges = shared.exchanges();
        (exchanges.len(), exchanges.total())
    };
    if u64::try_from(kept) == Ok(total) {
        return total.to_string();
    }
    format!("{kept} of {total}")
}

async fn matching(shared: &Shared, filter: &Filter, begin: Begin, max: usize) -> Page<Row> {
    gather(begin, max, |at| {
        let lent: Vec<Arc<Exchange>> = match at {
            Begin::Below(number) => shared.exchanges().below(number, LOAN),
            Begin::Above(number) => shared.exchanges().above(number, LOAN),
        };
        let rows = lent.iter().map(|it| (it.number, it));
        Loan::of(rows, max, |it| filter.fits(it).then(|| Row::of(it)))
    })
    .await
}

#[derive(Template)]
#[template(path = "inspector/exchanges.html")]
struct ExchangesPage {
    frame: Frame,
    filter: Filter,
    kept: String,
    table: Table,
    pager: Pager,
}

impl ExchangesPage {
    fn is_chosen(&self, parameter: &str, value: &str) -> bool {
        self.filter.said().get(parameter).eq_ignore_ascii_case(value)
    }

    fn query(&self) -> String {
        self.filter.said().query(&[])
    }
}

/// The list that the address asks for.
pub(super) async fn page(visit: &Visit<'_>) -> String {
    let filter = Filter::of(visit.call);
    let begin = Begin::of(visit.call);
    let frame = Frame::of(visit, "Exchanges", PATH);
    // Older ones do not change.
    let frame = if begin == Begin::NEWEST { frame.live(visit, &filter) } else { frame };
    let found = matching(visit.shared, &filter, begin, PAGE).await;
    render(&ExchangesPage {
        frame,
        kept: kept(visit.shared),
        pager: Pager::of(PATH, filter.said(), begin, &found),
        table: Table { rows: found.rows },
        filter,
    })
}
