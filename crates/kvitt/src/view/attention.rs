//! What needs a person.

use serde::Deserialize;

use crate::output;
use crate::view::time::to_the_second;

/// A part of the list.
#[derive(Deserialize)]
pub(crate) struct AttentionPage {
    #[serde(default)]
    alarms: Vec<Alarm>,
    items: Vec<AttentionItem>,
    #[serde(default)]
    disabled_webhook_endpoints: Vec<DisabledEndpoint>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Alarm {
    kind: String,
    since: String,
    message: String,
}

#[derive(Deserialize)]
struct DisabledEndpoint {
    id: String,
    url: String,
    disabled_reason: Option<String>,
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
    /// The alarms, then the reasons as a table, and how to see more.
    pub(crate) fn show(&self) -> String {
        let disabled = self.disabled_webhook_endpoints.iter().map(|it| {
            let why = it.disabled_reason.as_deref().unwrap_or("nobody knows why");
            let text = format!("nothing is sent to webhook endpoint {} ({}): {why}", it.id, it.url);
            output::plain(&text)
        });
        let disabled: Vec<String> = disabled.collect();
        let alarms = self.alarms.iter().map(|it| {
            let text = format!("{} since {}: {}", it.kind, to_the_second(&it.since), it.message);
            output::plain(&text)
        });
        let alarms: Vec<String> = alarms.collect();
        let mut parts = Vec::new();
        if !alarms.is_empty() {
            parts.push(alarms.join("\n"));
        }
        if !self.items.is_empty() {
            parts.push(self.table());
        }
        if !disabled.is_empty() {
            parts.push(disabled.join("\n"));
        }
        if let Some(cursor) = &self.next_cursor {
            parts.push(format!("more: --cursor {}", output::plain(cursor)));
        }
        if parts.is_empty() { "nothing needs a person".to_owned() } else { parts.join("\n\n") }
    }

    fn table(&self) -> String {
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
        output::table(&headings, self.items.iter().map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_come_first_and_are_told_whole() {
        let page = |alarms| -> AttentionPage {
            let page = serde_json::json!({"alarms": alarms, "items": [], "next_cursor": null});
            serde_json::from_value(page).unwrap()
        };
        assert_eq!(page(serde_json::json!([])).show(), "nothing needs a person");
        let alarms = serde_json::json!([
            {"kind": "work_late", "since": "2026-11-30T08:00:00.25Z", "count": 3,
             "message": "Nobody takes due work"},
            {"kind": "no_callbacks", "since": "2026-11-29T08:00:00Z", "count": 5,
             "message": "Klarna's callbacks do not come in"},
        ]);
        assert_eq!(
            page(alarms).show(),
            "work_late since 2026-11-30T08:00:00Z: Nobody takes due work\n\
             no_callbacks since 2026-11-29T08:00:00Z: Klarna's callbacks do not come in"
        );
    }
}
