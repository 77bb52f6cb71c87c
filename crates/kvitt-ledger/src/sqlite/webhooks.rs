//! Webhooks: what the store can do, by the files that do it.

mod endpoints;
mod messages;
mod queue;
mod requests;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{EventId, Requester, SaleId, WebhookEndpointId};
use uuid::Uuid;

use self::endpoints::{Delete, Insert, MoveAgain, MovePosition, Touch, Update};
use self::queue::{Claim, Queue, Record, Release};
use super::SqliteLedger;
use crate::error::LedgerError;
use crate::ledger::LIST_MAX;
use crate::webhook::{
    FeedSpan, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookEndpoint, WebhookMessage,
    WebhookMessageQuery, WebhookRequest, WebhookStore,
};
use crate::work::Late;

#[async_trait]
impl WebhookStore for SqliteLedger {
    async fn insert_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError> {
        let insert = Insert { endpoint: endpoint.clone(), request: request.cloned() };
        self.writer.write(insert).await
    }

    async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, LedgerError> {
        endpoints::all(&self.readers).await
    }

    async fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>, LedgerError> {
        endpoints::one(&self.readers, id).await
    }

    async fn update_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
        wake: bool,
    ) -> Result<bool, LedgerError> {
        let update = Update { endpoint: endpoint.clone(), request: request.cloned(), wake };
        self.writer.write(update).await
    }

    async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<bool, LedgerError> {
        self.writer.write(Delete { id }).await
    }

    async fn touch_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.writer.write(Touch { id, at }).await
    }

    async fn webhook_request(
        &self,
        requester: Requester,
        key: &str,
    ) -> Result<Option<WebhookRequest>, LedgerError> {
        requests::of_key(&self.readers, requester, key).await
    }

    async fn feed_end(&self) -> Result<u64, LedgerError> {
        super::events::end(&self.readers).await
    }

    async fn move_webhook_position(
        &self,
        id: WebhookEndpointId,
        from: u64,
        to: u64,
    ) -> Result<(), LedgerError> {
        self.writer.write(MovePosition { id, from, to }).await
    }

    async fn move_webhook_again(
        &self,
        id: WebhookEndpointId,
        from: FeedSpan,
        to: Option<FeedSpan>,
    ) -> Result<(), LedgerError> {
        self.writer.write(MoveAgain { id, from, to }).await
    }

    async fn queue_webhooks(
        &self,
        batch: &WebhookBatch,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError> {
        self.writer.write(Queue { batch: batch.clone(), request: request.cloned() }).await
    }

    async fn claim_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        limit: u32,
        lease: Duration,
        claim: Uuid,
    ) -> Result<Vec<WebhookClaim>, LedgerError> {
        // Looking before claiming keeps an idle poller out of the writer's way.
        if !queue::any_due(&self.readers, endpoint).await? {
            return Ok(Vec::new());
        }
        let limit = limit.clamp(1, LIST_MAX);
        self.writer.write(Claim { endpoint, limit, lease, id: claim }).await
    }

    async fn late_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        by: Duration,
    ) -> Result<Option<Late>, LedgerError> {
        queue::late(&self.readers, endpoint, by).await
    }

    async fn next_webhook(
        &self,
        sale: SaleId,
        endpoint: WebhookEndpointId,
    ) -> Result<Option<WebhookMessage>, LedgerError> {
        messages::next(&self.readers, sale, endpoint).await
    }

    async fn record_webhook(&self, attempt: &WebhookAttempt) -> Result<(), LedgerError> {
        self.writer.write(Record { attempt: attempt.clone() }).await
    }

    async fn release_webhooks(
        &self,
        claim: &WebhookClaim,
        due_in: Duration,
    ) -> Result<(), LedgerError> {
        self.writer.write(Release { claim: *claim, due_in }).await
    }

    async fn webhook_messages(
        &self,
        query: &WebhookMessageQuery,
    ) -> Result<Vec<WebhookMessage>, LedgerError> {
        messages::page(&self.readers, query, query.limit.clamp(1, LIST_MAX)).await
    }

    async fn webhook_message(
        &self,
        endpoint: WebhookEndpointId,
        event: EventId,
    ) -> Result<Option<WebhookMessage>, LedgerError> {
        messages::of_event(&self.readers, endpoint, event).await
    }
}
