//! What every store can do about webhooks.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{EventId, Requester, SaleId, WebhookEndpointId};
use uuid::Uuid;

use super::{
    FeedSpan, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookEndpoint, WebhookMessage,
    WebhookMessageQuery, WebhookRequest,
};
use crate::error::LedgerError;
use crate::work::Late;

/// The part of a ledger that webhooks need.
///
/// The events themselves are what is to be told: they are written with the change that they tell
/// of, and the feed shows each of them once and in order. An endpoint follows the feed by its
/// position; what it passes is queued for the sale that it happened to.
#[async_trait]
pub trait WebhookStore: Send + Sync {
    /// Stores an endpoint. With a request whose key was taken nothing is stored:
    /// [`LedgerError::IdempotencyKeyTaken`].
    async fn insert_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError>;

    /// All endpoints, oldest first, disabled ones too.
    async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, LedgerError>;

    /// One endpoint; none where it is not known.
    async fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>, LedgerError>;

    /// Stores an endpoint as it was changed, if it still has the revision that it carries, which
    /// then grows by one. `false` where it has another or is gone. Its position and the time of
    /// its last delivery stay as they are stored. With `wake`, what waits to be sent to it is due
    /// now. With a request whose key was taken nothing is stored:
    /// [`LedgerError::IdempotencyKeyTaken`].
    async fn update_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
        wake: bool,
    ) -> Result<bool, LedgerError>;

    /// Forgets an endpoint and what waits to be sent to it; `false` where it is not known.
    async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<bool, LedgerError>;

    /// Notes that an endpoint took a message.
    async fn touch_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        at: Timestamp,
    ) -> Result<(), LedgerError>;

    /// The request that was taken under this key.
    async fn webhook_request(
        &self,
        requester: Requester,
        key: &str,
    ) -> Result<Option<WebhookRequest>, LedgerError>;

    /// The position of the feed's last entry; 0 where there is none.
    async fn feed_end(&self) -> Result<u64, LedgerError>;

    /// Moves an endpoint on in the feed. Where somebody else moved it before, nothing changes.
    async fn move_webhook_position(
        &self,
        id: WebhookEndpointId,
        from: u64,
        to: u64,
    ) -> Result<(), LedgerError>;

    /// Moves what is being queued once more from one span to another, or ends it; the revision
    /// grows by one. Where it is not the first any more, nothing changes.
    async fn move_webhook_again(
        &self,
        id: WebhookEndpointId,
        from: FeedSpan,
        to: Option<FeedSpan>,
    ) -> Result<(), LedgerError>;

    /// Queues messages of one sale, due now if nothing of it waits already. A claim is not
    /// disturbed. Nothing is stored where the endpoint is not known. With
    /// a request whose key was taken nothing is stored: [`LedgerError::IdempotencyKeyTaken`].
    async fn queue_webhooks(
        &self,
        batch: &WebhookBatch,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError>;

    /// Claims sales with messages that are due for an endpoint by the database's clock, what is
    /// longest due first, at most `limit` (moved into 1 to 1,000). Until the lease ends nobody
    /// else gets them.
    async fn claim_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        limit: u32,
        lease: Duration,
        claim: Uuid,
    ) -> Result<Vec<WebhookClaim>, LedgerError>;

    /// Sales with messages that were due for an endpoint so long ago, by the database's clock, and
    /// that nobody holds; whether the endpoint is disabled is not looked at.
    async fn late_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        by: Duration,
    ) -> Result<Option<Late>, LedgerError>;

    /// The first message of a sale that is still to be sent.
    async fn next_webhook(
        &self,
        sale: SaleId,
        endpoint: WebhookEndpointId,
    ) -> Result<Option<WebhookMessage>, LedgerError>;

    /// Records an attempt. [`LedgerError::LeaseLost`] where the claim has ended; then somebody
    /// else sends the message once more.
    async fn record_webhook(&self, attempt: &WebhookAttempt) -> Result<(), LedgerError>;

    /// Ends a claim. Where messages wait, they are due again after a while by the database's
    /// clock. [`LedgerError::LeaseLost`] where the claim had ended before.
    async fn release_webhooks(
        &self,
        claim: &WebhookClaim,
        due_in: Duration,
    ) -> Result<(), LedgerError>;

    /// An endpoint's messages, the newest event first.
    async fn webhook_messages(
        &self,
        query: &WebhookMessageQuery,
    ) -> Result<Vec<WebhookMessage>, LedgerError>;

    /// An endpoint's message about an event.
    async fn webhook_message(
        &self,
        endpoint: WebhookEndpointId,
        event: EventId,
    ) -> Result<Option<WebhookMessage>, LedgerError>;
}
