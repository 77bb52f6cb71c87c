//! What would have been sent to the buyers of hosted payment pages.

use std::collections::{BTreeMap, HashMap};

use askama::Template;

use super::{
    gather::{Begin, Loan, gather},
    words::{self, Moment},
};
use crate::{
    rules::distribution::Method,
    sandbox::Shared,
    state::distributions::{DISTRIBUTIONS_MAX, Distribution},
};

/// One message.
struct Row {
    method: &'static str,
    to: String,
    template: String,
    at: Moment,
}

impl Row {
    fn of(it: &Distribution) -> Self {
        Self {
            method: it.method.as_str(),
            to: it.contact_information.of(it.method),
            template: it.template.clone().unwrap_or_default(),
            at: words::moment(it.at),
        }
    }
}

/// The messages of one page, the newest first.
#[derive(Default, Template)]
#[template(path = "inspector/sent_table.html")]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// Those of which `read` gives something, the newest first, at most so many.
async fn matching<R>(
    shared: &Shared,
    max: usize,
    read: impl Fn(&Distribution) -> Option<R>,
) -> Vec<R> {
    let found = gather(Begin::NEWEST, max, |at| {
        let state = shared.state();
        Loan::of_table(&state.distributions, at, max, &read)
    });
    found.await.rows
}

/// The newest messages of a page, at most so many.
pub(super) async fn newest(shared: &Shared, session_id: &str, max: usize) -> Table {
    let of_page = |it: &Distribution| (it.session_id == session_id).then(|| Row::of(it));
    Table { rows: matching(shared, max, of_page).await }
}

/// How many went which way, in words, by the pages that they are about.
pub(super) async fn counted(
    shared: &Shared,
    session_ids: impl Iterator<Item = &str>,
) -> HashMap<String, String> {
    let mut counts: HashMap<String, BTreeMap<Method, usize>> =
        session_ids.map(|id| (id.to_owned(), BTreeMap::new())).collect();
    let of_pages = |it: &Distribution| {
        counts.contains_key(&it.session_id).then(|| (it.session_id.clone(), it.method))
    };
    for (session_id, method) in matching(shared, DISTRIBUTIONS_MAX, of_pages).await {
        if let Some(counts) = counts.get_mut(&session_id) {
            *counts.entry(method).or_default() += 1;
        }
    }
    counts.into_iter().map(|(id, counts)| (id, in_words(&counts))).collect()
}

fn in_words(counts: &BTreeMap<Method, usize>) -> String {
    let parts = counts.iter().map(|(method, count)| match count {
        1 => method.as_str().to_owned(),
        count => format!("{count} × {}", method.as_str()),
    });
    parts.collect::<Vec<_>>().join(", ")
}
