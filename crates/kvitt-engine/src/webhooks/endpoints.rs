//! Endpoints: made, changed, tried.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{EventId, Requester, WebhookEndpointId};
use kvitt_ledger::{LedgerError, WebhookDisabled, WebhookEndpoint, WebhookRequest};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use super::{BadWebhook, WebhookAnswer, WebhookSecret, check_address};
use crate::EngineError;
use crate::engine::{Caller, Engine};

/// Most endpoints of an installation: each event may be sent to every one of them.
const ENDPOINTS_MAX: usize = 100;
/// Most names of events that an endpoint may list.
const EVENTS_MAX: usize = 100;
/// Longest name of an event, in bytes.
const EVENT_LENGTH_MAX: usize = 100;
/// Longest description, in characters.
const DESCRIPTION_LENGTH_MAX: usize = 255;
/// How long messages are also signed with the secret before, after a rotation.
const PREVIOUS_SECRET_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// How often a change is made anew because somebody else changed the endpoint first.
const CONFLICTS_MAX: u32 = 8;

/// What a shop says of an endpoint.
#[derive(Debug, Clone)]
pub struct WebhookEndpointInput {
    /// Where messages are sent to.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// The names of the events it is told of, each as it is or with a `*` at its end; all where
    /// there are none.
    pub events: Vec<String>,
}

/// An endpoint that was made, or whose secret was changed.
#[derive(Debug, Clone)]
pub struct NewWebhookEndpoint {
    /// The endpoint. Its secret is to be shown, this once.
    pub endpoint: WebhookEndpoint,
    /// Whether an earlier request under the same key is answered again.
    pub replayed: bool,
}

/// What to change of an endpoint. What is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookEndpointChange {
    /// Where messages are sent to.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The names of the events it is told of.
    pub events: Option<Vec<String>>,
    /// Whether anything is sent to it.
    pub enabled: Option<bool>,
}

/// An endpoint as its caller is answered.
#[derive(Debug, Clone)]
pub struct WebhookAnswered {
    /// The endpoint as it is now.
    pub endpoint: WebhookEndpoint,
    /// Whether an earlier request under the same key is answered again.
    pub replayed: bool,
}

impl Engine {
    /// Makes an endpoint. It is told of what happens from now on.
    pub async fn create_webhook_endpoint(
        &self,
        input: WebhookEndpointInput,
        caller: &Caller,
    ) -> Result<NewWebhookEndpoint, EngineError> {
        let store = self.parts.ledger.webhooks();
        if let Some(taken) = self.replayed_webhook(caller).await? {
            let endpoint = self.webhook_endpoint(taken.endpoint).await?;
            return Ok(NewWebhookEndpoint { endpoint, replayed: true });
        }
        self.check_webhook_url(&input.url)?;
        check_description(&input.description)?;
        check_events(&input.events)?;
        if store.webhook_endpoints().await?.len() >= ENDPOINTS_MAX {
            let problem =
                format!("is one too many: there are {ENDPOINTS_MAX} endpoints; delete one");
            return Err(BadWebhook::new("url", problem).into());
        }
        let at = self.now().await;
        let endpoint = WebhookEndpoint {
            id: WebhookEndpointId(self.new_id(at)),
            revision: 0,
            url: input.url,
            description: input.description,
            events: input.events,
            secret: WebhookSecret::generate(self.parts.ids.as_ref()),
            previous_secret: None,
            created_at: at,
            enabled_at: at,
            disabled: None,
            delivered_at: None,
            position: store.feed_end().await?,
            again: None,
        };
        let request = request(caller, endpoint.id, at);
        match store.insert_webhook_endpoint(&endpoint, request.as_ref()).await {
            Err(LedgerError::IdempotencyKeyTaken) => {
                // Another replica was quicker with the same request.
                let taken = self.replayed_webhook(caller).await?.ok_or(EngineError::Conflict)?;
                let endpoint = self.webhook_endpoint(taken.endpoint).await?;
                Ok(NewWebhookEndpoint { endpoint, replayed: true })
            }
            stored => {
                stored?;
                Ok(NewWebhookEndpoint { endpoint, replayed: false })
            }
        }
    }

    /// An endpoint, or `NotFound`.
    pub async fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, EngineError> {
        let found = self.parts.ledger.webhooks().webhook_endpoint(id).await?;
        found.ok_or_else(|| not_found(id))
    }

    /// Changes an endpoint. Where it gets another address or is enabled, what waits for it is sent
    /// at once.
    pub async fn change_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        change: &WebhookEndpointChange,
        caller: &Caller,
    ) -> Result<WebhookAnswered, EngineError> {
        if let Some(url) = &change.url {
            self.check_webhook_url(url)?;
        }
        change.description.as_deref().map_or(Ok(()), check_description)?;
        change.events.as_deref().map_or(Ok(()), check_events)?;
        let answered = self
            .update_webhook(id, caller, |endpoint, at| {
                let before = endpoint.url.clone();
                let set = |target: &mut String, value: &Option<String>| {
                    if let Some(value) = value {
                        target.clone_from(value);
                    }
                };
                set(&mut endpoint.url, &change.url);
                set(&mut endpoint.description, &change.description);
                if let Some(events) = &change.events {
                    endpoint.events.clone_from(events);
                }
                let enables = change.enabled == Some(true) && endpoint.disabled.is_some();
                if enables {
                    endpoint.disabled = None;
                    endpoint.enabled_at = at;
                }
                if change.enabled == Some(false) && endpoint.disabled.is_none() {
                    let reason = "it was disabled by the shop".to_owned();
                    endpoint.disabled = Some(WebhookDisabled { at, reason });
                }
                enables || endpoint.url != before
            })
            .await?;
        self.webhook_wake.notify_one();
        Ok(answered)
    }

    /// Gives an endpoint another secret. For a day messages are signed with the one before, too.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookEndpointId,
        caller: &Caller,
    ) -> Result<NewWebhookEndpoint, EngineError> {
        let secret = WebhookSecret::generate(self.parts.ids.as_ref());
        let answered = self
            .update_webhook(id, caller, |endpoint, at| {
                let before = std::mem::replace(&mut endpoint.secret, secret.clone());
                let until = at.saturating_add(PREVIOUS_SECRET_LIFETIME).unwrap_or(at);
                endpoint.previous_secret = Some((before, until));
                false
            })
            .await?;
        let WebhookAnswered { endpoint, replayed } = answered;
        Ok(NewWebhookEndpoint { endpoint, replayed })
    }

    /// Forgets an endpoint and what waits to be sent to it.
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), EngineError> {
        let known = self.parts.ledger.webhooks().delete_webhook_endpoint(id).await?;
        if known { Ok(()) } else { Err(not_found(id)) }
    }

    /// Sends an endpoint a message of the type `webhook.test`, once, whether it is enabled or not.
    /// Under the same `Idempotency-Key` it has the same id.
    pub async fn test_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        caller: &Caller,
    ) -> Result<(EventId, WebhookAnswer), EngineError> {
        let endpoint = self.webhook_endpoint(id).await?;
        let at = self.now().await;
        let message = EventId(match &caller.idempotency {
            Some(idempotency) => Uuid::new_v5(&id.0, idempotency.key.as_bytes()),
            None => self.new_id(at),
        });
        let body = json!({
            "type": "webhook.test",
            "timestamp": at,
            "data": {"webhook_endpoint_id": id.to_string()},
        });
        let secrets = signing_secrets(&endpoint, at);
        let answer = self
            .courier
            .send(&endpoint.url, &secrets, &message.to_string(), &body.to_string())
            .await;
        Ok((message, answer))
    }

    /// Changes an endpoint as it then is; what `change` answers says whether what waits for it is
    /// due now.
    pub(super) async fn update_webhook(
        &self,
        id: WebhookEndpointId,
        caller: &Caller,
        change: impl Fn(&mut WebhookEndpoint, Timestamp) -> bool + Send,
    ) -> Result<WebhookAnswered, EngineError> {
        let store = self.parts.ledger.webhooks();
        for _ in 0..CONFLICTS_MAX {
            let mut endpoint = self.webhook_endpoint(id).await?;
            if self.replayed_webhook(caller).await?.is_some() {
                return Ok(WebhookAnswered { endpoint, replayed: true });
            }
            let at = self.now().await;
            let wake = change(&mut endpoint, at);
            let request = request(caller, id, at);
            match store.update_webhook_endpoint(&endpoint, request.as_ref(), wake).await {
                Ok(true) => {
                    let endpoint = self.webhook_endpoint(id).await?;
                    return Ok(WebhookAnswered { endpoint, replayed: false });
                }
                // Somebody else changed it first, or took the same request.
                Ok(false) | Err(LedgerError::IdempotencyKeyTaken) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Conflict)
    }

    /// The record of an earlier request under the same key. A different request under it is
    /// refused.
    pub(super) async fn replayed_webhook(
        &self,
        caller: &Caller,
    ) -> Result<Option<WebhookRequest>, EngineError> {
        let Some(idempotency) = &caller.idempotency else { return Ok(None) };
        let store = self.parts.ledger.webhooks();
        match store.webhook_request(idempotency.requester, &idempotency.key).await? {
            Some(taken) if taken.request_hash != idempotency.request_hash => {
                Err(EngineError::IdempotencyKeyReused)
            }
            taken => Ok(taken),
        }
    }

    fn check_webhook_url(&self, url: &str) -> Result<(), BadWebhook> {
        check_address(url, self.settings().webhooks.allow_private).map(drop)
    }
}

/// What messages to the endpoint are signed with now.
pub(super) fn signing_secrets(endpoint: &WebhookEndpoint, at: Timestamp) -> Vec<&SecretString> {
    let previous = endpoint.previous_secret.as_ref().filter(|(_, until)| *until > at);
    std::iter::once(&endpoint.secret).chain(previous.map(|(secret, _)| secret)).collect()
}

/// The record of the caller's request, if it came with a key.
pub(super) fn request(
    caller: &Caller,
    endpoint: WebhookEndpointId,
    at: Timestamp,
) -> Option<WebhookRequest> {
    let idempotency = caller.idempotency.as_ref()?;
    let requester: Requester = idempotency.requester;
    Some(WebhookRequest {
        requester,
        key: idempotency.key.clone(),
        request_hash: idempotency.request_hash,
        endpoint,
        at,
    })
}

fn not_found(id: WebhookEndpointId) -> EngineError {
    EngineError::NotFound { what: "webhook endpoint", id: id.to_string() }
}

fn check_description(text: &str) -> Result<(), BadWebhook> {
    let length = text.chars().count();
    if length > DESCRIPTION_LENGTH_MAX {
        let problem = format!("has {length} characters: use at most {DESCRIPTION_LENGTH_MAX}");
        return Err(BadWebhook::new("description", problem));
    }
    if text.contains(char::is_control) {
        let problem = "has control characters in it: leave them out";
        return Err(BadWebhook::new("description", problem));
    }
    Ok(())
}

/// Names need not be known: another version may have more of them.
fn check_events(events: &[String]) -> Result<(), BadWebhook> {
    if events.len() > EVENTS_MAX {
        let problem = format!("lists {} names: use at most {EVENTS_MAX}", events.len());
        return Err(BadWebhook::new("events", problem));
    }
    for (index, event) in events.iter().enumerate() {
        let letters = event.strip_suffix('*').unwrap_or(event);
        let fits = (1..=EVENT_LENGTH_MAX).contains(&event.len())
            && letters.bytes().all(|it| it.is_ascii_lowercase() || b"_.".contains(&it));
        if !fits {
            let problem = format!("is {event:?}: write it like capture.done, capture.* or *");
            return Err(BadWebhook::new(format!("events[{index}]"), problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_have_their_form() {
        let check = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            check_events(&names).map_err(|bad| bad.member)
        };
        assert_eq!(check(&[]), Ok(()));
        assert_eq!(check(&["capture.done", "capture.*", "*", "add_shipping_info.done"]), Ok(()));
        for bad in ["", "Capture.done", "capture.*.done", "capture done", "capture,done", "**", "é"]
        {
            assert_eq!(check(&["capture.done", bad]), Err("events[1]".to_owned()), "{bad:?}");
        }
        assert_eq!(check(&[&"a".repeat(101)]), Err("events[0]".to_owned()));
        assert_eq!(check(&["a"; 101]), Err("events".to_owned()));
        assert!(check_description(&"å".repeat(255)).is_ok());
        assert!(check_description(&"å".repeat(256)).is_err());
        assert!(check_description("a\0b").is_err());
    }
}
