//! What needs a person.

use serde::Deserialize;

use crate::output;
use crate::view::time::to_the_second;

/// A part of the list.
#[derive(Deserialize)]
pub(crate) struct AttentionPage {
    items: Vec<AttentionItem>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct AttentionItem {
    order_id: String,
    kind: String,
    reason: String,
    intent_id: Option<String>,
    since: Option<String>,
    merchant_reference1: Option<String>,
}

impl AttentionPage {
    /// The reasons as a table, and how to see more.
    pub(crate) fn show(&self) -> String {
        if self.items.is_empty() {
            return "nothing needs a person".to_owned();
        }
        let row = |item: &AttentionItem| {
            vec![
                item.order_id.clone(),
                item.kind.clone(),
                item.since.as_deref().map(to_the_second).unwrap_or_default(),
                item.merchant_reference1.clone().unwrap_or_default(),
                item.intent_id.clone().unwrap_or_default(),
                item.reason.clone(),
            ]
        };
        let headings = ["order", "kind", "since", "reference", "intent", "reason"];
        let table = output::table(&headings, self.items.iter().map(row));
        match &self.next_cursor {
            None => table,
            Some(cursor) => format!("{table}\n\nmore: --cursor {}", output::plain(cursor)),
        }
    }
}
