//! Sends a sale's messages to an endpoint, one after the other.

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{Cause, Event, Recorded, SaleId, WebhookEndpointId};
use kvitt_ledger::{
    LedgerError, WebhookAttempt, WebhookClaim, WebhookDisabled, WebhookEndpoint, WebhookMessage,
    WebhookNext,
};

use super::endpoints::signing_secrets;
use super::{WebhookAnswer, body};
use crate::EngineError;
use crate::engine::{Caller, Draft, Engine};

/// How old the endpoint's note of its last delivery may be: writing it each time would make every
/// delivery write the same row.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// As if after so many attempts in vain, messages are tried again that could not even be sent.
const TRIES_AFTER_ERROR: u32 = 2;
/// The status with which an endpoint says that it is gone for good (Standard Webhooks).
const GONE: u16 = 410;

impl Engine {
    /// Sends what waits of a claimed sale, until nothing does or a message is not taken.
    pub(super) async fn deliver(&self, claim: WebhookClaim) {
        let WebhookClaim { sale, endpoint, .. } = claim;
        match self.send_waiting(claim).await {
            Ok(()) => {}
            // Somebody else holds the sale by now.
            Err(EngineError::Ledger(LedgerError::LeaseLost)) => {
                tracing::debug!(%sale, %endpoint, "a claim on webhooks was lost");
            }
            Err(error) => {
                tracing::error!(%sale, %endpoint, %error, "webhooks are put off");
                let store = self.parts.ledger.webhooks();
                let due_in = self.webhook_pause(TRIES_AFTER_ERROR).await;
                if let Err(error) = store.release_webhooks(&claim, due_in).await {
                    // The claim ends by itself, so the messages are not lost.
                    tracing::warn!(%sale, %endpoint, %error, "webhooks could not be put back");
                }
            }
        }
    }

    async fn send_waiting(&self, claim: WebhookClaim) -> Result<(), EngineError> {
        let store = self.parts.ledger.webhooks();
        loop {
            let endpoint = store.webhook_endpoint(claim.endpoint).await?;
            let enabled = endpoint.filter(|endpoint| endpoint.disabled.is_none());
            let waiting = store.next_webhook(claim.sale, claim.endpoint).await?;
            let (Some(endpoint), Some(message)) = (enabled, waiting) else {
                store.release_webhooks(&claim, std::time::Duration::ZERO).await?;
                return Ok(());
            };
            if !self.send_one(claim, &endpoint, &message).await? {
                return Ok(());
            }
        }
    }

    /// Sends a message. Whether the next one may follow.
    async fn send_one(
        &self,
        claim: WebhookClaim,
        endpoint: &WebhookEndpoint,
        message: &WebhookMessage,
    ) -> Result<bool, EngineError> {
        let store = self.parts.ledger.webhooks();
        let events = self.parts.ledger.events(claim.sale).await?;
        let text = body(claim.sale, &events, message.seq)?;
        let secrets = signing_secrets(endpoint, self.now().await);
        let answer =
            self.courier.send(&endpoint.url, &secrets, &message.event.to_string(), &text).await;
        let at = self.now().await;
        tracing::info!(
            checkout = %claim.sale,
            endpoint = %endpoint.id,
            event = %message.event,
            name = message.name,
            status = answer.status,
            problem = answer.problem,
            "webhook"
        );
        let lease = self.settings().webhooks.lease;
        let end = self.end_of(endpoint, message, &answer, at);
        let next = match end {
            End::Taken => WebhookNext::Delivered { lease },
            End::GivenUp => WebhookNext::GivenUp { lease },
            // Where disabling a dead one fails, it is tried again after the pause.
            End::Again | End::Dead => {
                let attempts = message.attempts.saturating_add(1);
                WebhookNext::Again { due_in: self.webhook_pause(attempts).await }
            }
        };
        let reason = answer.problem.clone().unwrap_or_default();
        // What is given up is told before it is recorded, so that a crash in between does not
        // leave it untold.
        if end == End::GivenUp && is_to_be_told(&events, message) {
            let (endpoint, event, reason) = (endpoint.id, message.event, reason.clone());
            self.tell(claim.sale, Event::WebhookGivenUp { endpoint, event, reason }).await?;
        }
        store
            .record_webhook(&WebhookAttempt {
                claim,
                seq: message.seq,
                at,
                status: answer.status,
                problem: answer.problem,
                next,
            })
            .await?;
        match end {
            End::Taken => {
                let old = endpoint.delivered_at.is_none_or(|last| last + TOUCH_AFTER <= at);
                if old {
                    store.touch_webhook_endpoint(endpoint.id, at).await?;
                }
                Ok(true)
            }
            End::GivenUp => Ok(true),
            End::Again => Ok(false),
            End::Dead => {
                self.disable_dead(claim.sale, endpoint.id, &reason).await?;
                Ok(false)
            }
        }
    }

    /// What the answer means for the message and its endpoint.
    fn end_of(
        &self,
        endpoint: &WebhookEndpoint,
        message: &WebhookMessage,
        answer: &WebhookAnswer,
        at: Timestamp,
    ) -> End {
        if answer.is_taken() {
            return End::Taken;
        }
        if answer.status == Some(GONE) {
            return End::Dead;
        }
        // An endpoint that was enabled again has all the time anew.
        let since = message.first_attempt_at.unwrap_or(at).max(endpoint.enabled_at);
        if at.duration_since(since) < self.settings().webhooks.give_up_after {
            return End::Again;
        }
        // An endpoint that takes other messages lives: it is this one that it does not take.
        let lives = endpoint.delivered_at.is_some_and(|delivered| delivered >= since);
        if lives { End::GivenUp } else { End::Dead }
    }

    /// Sends nothing to an endpoint any more, and tells so in the sale whose message showed it.
    async fn disable_dead(
        &self,
        sale: SaleId,
        id: WebhookEndpointId,
        reason: &str,
    ) -> Result<(), EngineError> {
        // Several sales may show it at the same time: the first one tells.
        let endpoint = self.webhook_endpoint(id).await?;
        if endpoint.disabled.is_some() {
            return Ok(());
        }
        let event = Event::WebhookEndpointDisabled { endpoint: id, reason: reason.to_owned() };
        let (_, events) = self.history(sale).await?;
        let told = events.iter().any(|it| {
            it.at >= endpoint.enabled_at
                && matches!(&it.event,
                    Event::WebhookEndpointDisabled { endpoint, .. } if *endpoint == id)
        });
        if !told {
            self.tell(sale, event).await?;
        }
        tracing::warn!(endpoint = %id, reason, "a webhook endpoint is disabled");
        let disable = |endpoint: &mut WebhookEndpoint, at| {
            if endpoint.disabled.is_none() {
                endpoint.disabled = Some(WebhookDisabled { at, reason: reason.to_owned() });
            }
            false
        };
        let kvitt = Caller::without_key(Cause::Kvitt);
        match self.update_webhook(id, &kvitt, disable).await {
            // It was deleted meanwhile, which is as good.
            Ok(_) | Err(EngineError::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Adds an event to a sale, beside whatever else is done with it.
    async fn tell(&self, sale: SaleId, event: Event) -> Result<(), EngineError> {
        self.write(sale, &Cause::Kvitt, |_| Ok(Draft::of([event.clone()]))).await.map(drop)
    }

    async fn webhook_pause(&self, attempts: u32) -> std::time::Duration {
        let chance = self.new_id(self.now().await).as_u64_pair().1;
        self.settings().webhooks.pause_after(attempts, chance)
    }
}

/// What an attempt led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The message was taken.
    Taken,
    /// It was not, and is sent again later.
    Again,
    /// It was not, for too long.
    GivenUp,
    /// The endpoint takes nothing at all any more.
    Dead,
}

/// Whether it is to be told that a message was given up, and was not told by somebody who died
/// before recording it. Of a message about webhooks it is not told: that would be a message about
/// webhooks again.
fn is_to_be_told(events: &[Recorded], message: &WebhookMessage) -> bool {
    let about_webhooks =
        events.iter().any(|it| it.seq == message.seq && it.event.is_about_webhooks());
    let told = |recorded: &Recorded| {
        message.first_attempt_at.is_some_and(|first| recorded.at >= first)
            && matches!(&recorded.event, Event::WebhookGivenUp { endpoint, event, .. }
                if *endpoint == message.endpoint && *event == message.event)
    };
    !about_webhooks && !events.iter().any(told)
}
