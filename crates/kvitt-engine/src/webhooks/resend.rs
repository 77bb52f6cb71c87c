//! Messages that are sent once more because somebody asked for it.

use jiff::Timestamp;
use kvitt_core::{EventId, WebhookEndpointId};
use kvitt_ledger::{FeedSpan, LedgerError, NewWebhookMessage, WebhookBatch};

use super::WebhookAnswered;
use super::endpoints::request;
use crate::EngineError;
use crate::engine::{Caller, Engine};

/// What to send once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookResend {
    /// The message about an event, which was queued for the endpoint before.
    Event(EventId),
    /// Whatever the endpoint wants of what happened at this time or later, whether it was sent
    /// before or not.
    Since(Timestamp),
}

impl Engine {
    /// Sends an endpoint messages once more, under the ids that they have. A disabled one is sent
    /// them when it is enabled.
    pub async fn resend_webhooks(
        &self,
        id: WebhookEndpointId,
        what: WebhookResend,
        caller: &Caller,
    ) -> Result<WebhookAnswered, EngineError> {
        let answered = match what {
            WebhookResend::Event(event) => self.resend_event(id, event, caller).await?,
            WebhookResend::Since(since) => {
                let until = self.parts.ledger.webhooks().feed_end().await?;
                let after = self.position_before(since, until).await?;
                self.update_webhook(id, caller, |endpoint, _| {
                    // What is under way already is not cut short.
                    let begun = endpoint.again.map_or(after, |span| span.after.min(after));
                    endpoint.again = Some(FeedSpan { after: begun, until });
                    false
                })
                .await?
            }
        };
        self.webhook_wake.notify_one();
        Ok(answered)
    }

    async fn resend_event(
        &self,
        id: WebhookEndpointId,
        event: EventId,
        caller: &Caller,
    ) -> Result<WebhookAnswered, EngineError> {
        let endpoint = self.webhook_endpoint(id).await?;
        if self.replayed_webhook(caller).await?.is_some() {
            return Ok(WebhookAnswered { endpoint, replayed: true });
        }
        let store = self.parts.ledger.webhooks();
        let known = store.webhook_message(id, event).await?;
        let known = known.ok_or_else(|| EngineError::NotFound {
            what: "message of this endpoint about the event",
            id: event.to_string(),
        })?;
        let batch = WebhookBatch {
            sale: known.sale,
            endpoint: id,
            messages: vec![NewWebhookMessage {
                seq: known.seq,
                event,
                name: known.name,
                position: known.position,
            }],
            again: true,
        };
        let request = request(caller, id, self.now().await);
        let replayed = match store.queue_webhooks(&batch, request.as_ref()).await {
            Err(LedgerError::IdempotencyKeyTaken) => {
                self.replayed_webhook(caller).await?.ok_or(EngineError::Conflict)?;
                true
            }
            queued => {
                queued?;
                false
            }
        };
        Ok(WebhookAnswered { endpoint, replayed })
    }

    /// The position in the feed after which everything lies that happened at a time or later.
    /// Times in the feed may be out of order by as much as replicas' clocks differ.
    async fn position_before(&self, since: Timestamp, end: u64) -> Result<u64, EngineError> {
        /// More than the clocks of replicas differ.
        const SLACK: jiff::SignedDuration = jiff::SignedDuration::from_mins(1);
        let since = since.saturating_sub(SLACK).unwrap_or(since);
        let (mut low, mut high) = (0, end);
        while low < high {
            let middle = low + (high - low) / 2;
            let next = self.parts.ledger.feed(middle, 1).await?;
            match next.first() {
                Some(entry) if entry.recorded.at < since => low = entry.position.max(middle + 1),
                _ => high = middle,
            }
        }
        Ok(low)
    }
}
