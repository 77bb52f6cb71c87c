//! Events as a timeline.

use serde::Deserialize;
use serde_json::Value;

use super::time::to_the_second;
use crate::output;

/// A part of the feed, or all events of one sale.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct EventPage {
    items: Vec<Event>,
    next_after: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    position: Option<u64>,
    seq: u64,
    #[serde(rename = "type")]
    kind: String,
    at: String,
    order_id: String,
    cause: Cause,
    data: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cause {
    by: String,
}

/// The events of one sale, oldest first.
pub(crate) fn events(page: &EventPage) -> String {
    let rows = page.items.iter().map(|event| {
        vec![
            event.seq.to_string(),
            to_the_second(&event.at),
            event.kind.clone(),
            event.cause.by.clone(),
            event.detail(),
        ]
    });
    output::table(&[">seq", "at", "event", "by", "detail"], rows)
}

/// A part of the feed of all sales, and how to go on.
pub(crate) fn page(page: &EventPage) -> String {
    let next = page.next_after.map(|next| format!("more: --after {next}"));
    if page.items.is_empty() {
        return "no events".to_owned();
    }
    let rows = page.items.iter().map(|event| {
        vec![
            event.position.map(|it| it.to_string()).unwrap_or_default(),
            to_the_second(&event.at),
            event.order_id.clone(),
            event.kind.clone(),
            event.cause.by.clone(),
            event.detail(),
        ]
    });
    let table = output::table(&[">position", "at", "sale", "event", "by", "detail"], rows);
    match next {
        None => table,
        Some(next) => format!("{table}\n\n{next}"),
    }
}

impl Event {
    /// What a person would ask for first: which act, and what went wrong.
    fn detail(&self) -> String {
        let text = |pointer: &str| self.data.pointer(pointer)?.as_str().map(str::to_owned);
        let refused = text("/refused/error_code");
        [text("/intent"), refused, text("/problem"), text("/reason")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    }
}
