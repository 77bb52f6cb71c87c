//! Webhook endpoints and what they are sent.

use serde::Deserialize;

use super::time::to_the_second;
use crate::output;

/// An endpoint.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WebhookEndpoint {
    id: String,
    url: String,
    description: String,
    events: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    disabled_at: Option<String>,
    delivered_at: Option<String>,
    previous_secret_until: Option<String>,
    created_at: String,
    secret: Option<String>,
}

/// All endpoints.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WebhookEndpointPage {
    items: Vec<WebhookEndpoint>,
}

/// A part of what an endpoint is sent.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WebhookDeliveryPage {
    items: Vec<WebhookDelivery>,
    next_cursor: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WebhookDelivery {
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    order_id: String,
    state: String,
    attempts: u32,
    last_attempt_at: Option<String>,
    problem: Option<String>,
}

/// What came of a test message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct WebhookTest {
    webhook_id: String,
    delivered: bool,
    status: Option<u16>,
    problem: Option<String>,
}

impl WebhookEndpoint {
    /// The endpoint with all that is known of it.
    pub(crate) fn show(&self) -> String {
        let moment = |at: &Option<String>| at.as_deref().map(to_the_second);
        let state = if self.enabled { "enabled" } else { "disabled" };
        output::list([
            ("id", Some(self.id.clone())),
            ("url", Some(self.url.clone())),
            ("description", Some(self.description.clone()).filter(|it| !it.is_empty())),
            ("events", Some(self.wanted())),
            ("state", Some(state.to_owned())),
            ("disabled at", moment(&self.disabled_at)),
            ("because", self.disabled_reason.clone()),
            ("last delivery", moment(&self.delivered_at)),
            ("created", Some(to_the_second(&self.created_at))),
            ("old secret until", moment(&self.previous_secret_until)),
            ("secret", self.secret.clone()),
        ])
    }

    fn wanted(&self) -> String {
        if self.events.is_empty() { "all".to_owned() } else { self.events.join(", ") }
    }
}

impl WebhookEndpointPage {
    /// One row an endpoint.
    pub(crate) fn show(&self) -> String {
        if self.items.is_empty() {
            return "no webhook endpoints: make one with `kvitt webhook create`".to_owned();
        }
        let rows = self.items.iter().map(|it| {
            let state = if it.enabled { "enabled" } else { "disabled" };
            let why = it.disabled_reason.clone().unwrap_or_default();
            vec![
                it.id.clone(),
                it.url.clone(),
                it.wanted(),
                state.to_owned(),
                why,
                it.description.clone(),
            ]
        });
        output::table(&["id", "url", "events", "state", "because", "description"], rows)
    }
}

impl WebhookDeliveryPage {
    /// One row a message, and how to go on.
    pub(crate) fn show(&self) -> String {
        if self.items.is_empty() {
            return "no deliveries".to_owned();
        }
        let rows = self.items.iter().map(|it| {
            vec![
                it.event_id.clone(),
                it.kind.clone(),
                it.order_id.clone(),
                it.state.clone(),
                it.attempts.to_string(),
                it.last_attempt_at.as_deref().map(to_the_second).unwrap_or_default(),
                it.problem.clone().unwrap_or_default(),
            ]
        });
        let headings = ["event", "type", "sale", "state", ">attempts", "last attempt", "problem"];
        let table = output::table(&headings, rows);
        match &self.next_cursor {
            None => table,
            Some(next) => format!("{table}\n\nmore: --cursor {}", output::plain(next)),
        }
    }
}

impl WebhookTest {
    /// Whether the message was taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.delivered
    }

    /// What came of it.
    pub(crate) fn show(&self) -> String {
        let said = match (&self.problem, self.status) {
            (None, Some(status)) => format!("taken, with {status}"),
            (problem, _) => format!("not taken: {}", problem.as_deref().unwrap_or("no answer")),
        };
        output::plain(&format!("{} {said}", self.webhook_id))
    }
}
