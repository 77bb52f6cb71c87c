//! The request of an exchange, addressed to things that exist in the sandbox.

use serde_json::Value;

use super::{
    recorded::Exchange,
    shop::{Answer, Credentials, Shop, Stop},
};
use crate::{
    api::segments,
    json::{Json, Style},
};

/// An exchange that was repeated.
pub(super) struct Replayed {
    /// What the sandbox answered.
    pub(super) answer: Answer,
    /// What of the request is not as it was recorded.
    pub(super) notes: Vec<String>,
}

impl Replayed {
    /// With the remark that the request is not a recorded one.
    pub(super) fn made_up(answer: Answer, why: &str) -> Self {
        Self { answer, notes: vec![format!("request made up: {why}")] }
    }

    pub(super) fn as_recorded(answer: Answer) -> Self {
        Self { answer, notes: Vec::new() }
    }
}

/// Why a request that was not recorded had to be made up.
pub(super) const NOT_RECORDED: &str = "its body was not recorded";

/// An id that nothing in a fresh sandbox has.
pub(super) const UNKNOWN: &str = "0d1e2f3a-4b5c-1d6e-8f70-8192a3b4c5d6";

impl Exchange {
    /// The recorded body, if there is one and it is more than a placeholder.
    pub(super) fn body(&self) -> Option<Value> {
        let body = &self.request.body;
        // Klarna's SDK tests send `{"data": "sent in"}` for whatever would be sent.
        (*body != Json::Null && body.get("data").is_none()).then(|| body.value())
    }

    /// The recorded path with these ids at its places, in order. Slashes stay as they were.
    pub(super) fn path(&self, ids: &[&str]) -> String {
        let recorded = self.request.path.trim_start_matches('/');
        let slashes = &self.request.path[..self.request.path.len() - recorded.len()];
        let (recorded, query) = recorded.split_once('?').unwrap_or((recorded, ""));
        let pattern = self.path_pattern.trim_start_matches('/');
        let mut ids = ids.iter();
        let mut parts: Vec<&str> = recorded.split('/').collect();
        for (part, place) in parts.iter_mut().zip(pattern.split('/')) {
            if place.starts_with('{') {
                *part = ids.next().copied().unwrap_or(*part);
            } else if *part == "credit" {
                *part = "payments";
            }
        }
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{slashes}{}{query}", parts.join("/"))
    }

    /// The ids in the recorded path that are more than placeholders.
    pub(super) fn recorded_ids(&self) -> Vec<&str> {
        let parts = segments(&self.request.path);
        let places = segments(&self.path_pattern);
        let ids = parts.into_iter().zip(places).filter(|(_, place)| place.starts_with('{'));
        ids.map(|(part, _)| part).filter(|part| !part.starts_with('{')).collect()
    }

    /// An id that the sandbox does not know: the recorded one where the answer may repeat it.
    pub(super) fn unknown_id(&self) -> &str {
        self.recorded_ids().first().copied().filter(|id| id.contains('-')).unwrap_or(UNKNOWN)
    }

    /// Sends the recorded request: its own body, letter by letter in its own order.
    pub(super) async fn send(&self, shop: &Shop, path: &str) -> Result<Answer, Stop> {
        self.send_as(shop, Credentials::Right, path).await
    }

    pub(super) async fn send_as(
        &self,
        shop: &Shop,
        credentials: Credentials,
        path: &str,
    ) -> Result<Answer, Stop> {
        let method = self.request.method.as_str();
        let is_write = !matches!(method, "GET" | "DELETE");
        let has_type = self.request.headers.get("content-type").is_some();
        let body = match &self.request.body {
            Json::Null => (is_write && has_type).then(String::new),
            body => Some(Style::Compact.write(body)),
        };
        shop.send(credentials, (method, path), body).await
    }

    /// Sends another body than the recorded one.
    pub(super) async fn send_body(
        &self,
        shop: &Shop,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Stop> {
        shop.call(&self.request.method, path, Some(body)).await
    }
}
