//! From page to page, some sales of a page at once.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use kvitt_ledger::Progress as Far;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use super::place::{Filters, Part, Place};
use super::report::Report;
use crate::failure::{Exit, Failure};
use crate::merchant_api::{Answer, Change, MerchantApi, fresh_idempotency_key};
use crate::progress::Progress;
use crate::shutdown;

/// How many sales are held beside Klarna at once. Klarna limits reads to 50 a second in its
/// playground and 200 in production (its documentation on rate limits).
const AT_ONCE: usize = 8;
/// Rows of a page: as many as the API gives.
const PAGE: &str = "100";

/// A walk over every sale.
pub(super) struct Walk {
    pub(super) api: Arc<MerchantApi>,
    /// Whether orders are left out that can no longer change at Klarna: in a restored ledger it is
    /// what happened since that counts.
    pub(super) skips_final: bool,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Row>,
    next_cursor: Option<String>,
}

/// An order or a checkout of a list.
#[derive(Deserialize)]
struct Row {
    id: String,
    status: Option<String>,
    account: Option<String>,
    created_at: Timestamp,
    #[serde(default)]
    order_amount: i64,
    #[serde(default)]
    captured_amount: i64,
    #[serde(default)]
    refunded_amount: i64,
}

impl Row {
    /// Whether nothing can have happened to the order at Klarna since, whenever that was. One that
    /// is expired by now may have been captured before.
    fn is_final(&self) -> bool {
        let is_whole = |amount: i64| amount == self.order_amount;
        match self.status.as_deref() {
            Some("CANCELLED") => true,
            Some("CAPTURED") => is_whole(self.captured_amount) && is_whole(self.refunded_amount),
            _ => false,
        }
    }

    /// Whether there may be an order that is not known here.
    fn may_have_an_order(&self, filters: &Filters) -> bool {
        let waits = matches!(self.status.as_deref(), Some("open" | "authorized" | "placing"));
        waits
            && filters.since.is_none_or(|since| self.created_at >= since)
            && filters.until.is_none_or(|until| self.created_at < until)
            && filters.account.as_ref().is_none_or(|it| self.account.as_ref() == Some(it))
    }
}

impl Walk {
    /// Walks from the place to the end. Asked to stop, it leaves the place where the last whole
    /// page ended.
    pub(super) async fn walk(&self, mut place: Place) -> Result<Report, Failure> {
        let mut stop = Box::pin(shutdown::asked());
        let progress = Progress::new();
        // Only who watches wants to know how far it is.
        let of = if output_is_watched() { self.count(place.filters()).await? } else { 0 };
        loop {
            let part = place.part();
            let page = tokio::select! {
                page = self.page(&place) => page,
                () = &mut stop => return Err(stopped(&place)),
            };
            let page = page.map_err(|failure| with_place(failure, &place))?;
            let wanted = page.items.iter().filter(|row| match part {
                Part::Orders => !(self.skips_final && row.is_final()),
                Part::Checkouts => row.may_have_an_order(place.filters()),
            });
            let ids: VecDeque<_> = wanted.map(|row| row.id.clone()).collect();
            let mut found = Report::default();
            if part == Part::Orders {
                found.skip(page.items.len() - ids.len());
            }
            let looked_at = place.report().sales();
            let show = |done: u64| {
                let done = looked_at + done;
                let part = match part {
                    Part::Orders => "orders",
                    Part::Checkouts => "checkouts",
                };
                progress.show(Far { part, done, of: of.max(done) });
            };
            let held = self.hold(part, ids, place.filters().preview, &mut found, &show);
            tokio::select! {
                held = held => held.map_err(|failure| with_place(failure, &place))?,
                () = &mut stop => return Err(stopped(&place)),
            }
            let (part, cursor) = match (part, page.next_cursor) {
                (part, Some(cursor)) => (part, Some(cursor)),
                // An order's state is none of a checkout without one.
                (Part::Orders, None) if place.filters().status.is_none() => (Part::Checkouts, None),
                _ => {
                    place.advance(found, part, None)?;
                    return Ok(place.end());
                }
            };
            place.advance(found, part, cursor)?;
        }
    }

    /// The next page.
    async fn page(&self, place: &Place) -> Result<Page, Failure> {
        self.list(place.part(), place.filters(), place.cursor()).await
    }

    async fn list(
        &self,
        part: Part,
        filters: &Filters,
        cursor: Option<&str>,
    ) -> Result<Page, Failure> {
        let mut query = vec![("limit", PAGE.to_owned())];
        query.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        let list = match part {
            Part::Checkouts => "checkouts",
            Part::Orders => {
                let times = [("created_from", filters.since), ("created_before", filters.until)];
                let times =
                    times.into_iter().filter_map(|(name, at)| Some((name, at?.to_string())));
                query.extend(times);
                query.extend(filters.status.clone().map(|status| ("status", status)));
                query.extend(filters.account.clone().map(|account| ("account", account)));
                "orders"
            }
        };
        self.api.get(&[list], &query).await?.read()
    }

    /// How many sales there are to look at.
    async fn count(&self, filters: &Filters) -> Result<u64, Failure> {
        let mut count = 0;
        for part in [Part::Orders, Part::Checkouts] {
            if part == Part::Checkouts && filters.status.is_some() {
                break;
            }
            let mut cursor = None;
            loop {
                let page = self.list(part, filters, cursor.as_deref()).await?;
                let is_wanted = |row: &&Row| match part {
                    Part::Orders => !(self.skips_final && row.is_final()),
                    Part::Checkouts => row.may_have_an_order(filters),
                };
                count += page.items.iter().filter(is_wanted).count() as u64;
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(count)
    }

    /// Holds some sales beside Klarna, so many at once.
    async fn hold(
        &self,
        part: Part,
        mut ids: VecDeque<String>,
        preview: bool,
        found: &mut Report,
        show: &impl Fn(u64),
    ) -> Result<(), Failure> {
        let mut under_way = JoinSet::new();
        loop {
            while under_way.len() < AT_ONCE {
                let Some(id) = ids.pop_front() else { break };
                let api = Arc::clone(&self.api);
                under_way.spawn(async move {
                    let held = reconcile(&api, part, &id, preview).await;
                    (id, held)
                });
            }
            let Some(done) = under_way.join_next().await else { return Ok(()) };
            let (id, held) = done.map_err(Failure::internal)?;
            match held {
                Ok(answer) => found.take(answer.read::<Value>()?),
                // The server is gone, or says no to everything: nothing is learnt by going on.
                Err(failure) if !is_about_one_sale(&failure) => return Err(failure),
                Err(failure) => found.miss(id, &failure),
            }
            show(found.sales());
        }
    }
}

/// Holds one sale beside Klarna, whichever of its ids is given.
pub(super) async fn one(api: &MerchantApi, id: &str, preview: bool) -> Result<Report, Failure> {
    let part = if id.starts_with("chk_") { Part::Checkouts } else { Part::Orders };
    let mut report = Report::default();
    report.take(reconcile(api, part, id, preview).await?.read::<Value>()?);
    Ok(report)
}

async fn reconcile(
    api: &MerchantApi,
    part: Part,
    id: &str,
    preview: bool,
) -> Result<Answer, Failure> {
    let list = match part {
        Part::Orders => "orders",
        Part::Checkouts => "checkouts",
    };
    let key = fresh_idempotency_key().await;
    let path = &[list, id, "reconcile"];
    let change = Change { method: Method::POST, path, body: None, idempotency_key: &key };
    if preview { api.preview(&change).await } else { api.change(&change).await }
}

/// The server answered, and what it says is of this sale alone.
fn is_about_one_sale(failure: &Failure) -> bool {
    matches!(failure, Failure::Said { document: Some(_), exit, .. } if *exit != Exit::Usage)
}

fn output_is_watched() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}

fn go_on(place: &Place) -> String {
    let file = place.file().display();
    format!("go on with the same flags and --resume {file}")
}

fn stopped(place: &Place) -> Failure {
    let sales = place.report().sales();
    let said = if place.file().exists() {
        format!("stopped after {sales} sales: {}", go_on(place))
    } else {
        "stopped before the first page was done: begin anew".to_owned()
    };
    Failure::new(Exit::Unreachable, said)
}

/// What went wrong, and that the place is kept.
fn with_place(failure: Failure, place: &Place) -> Failure {
    match failure {
        Failure::Said { exit, message, document } if place.file().exists() => {
            Failure::Said { exit, message: format!("{message}\n{}", go_on(place)), document }
        }
        other => other,
    }
}
