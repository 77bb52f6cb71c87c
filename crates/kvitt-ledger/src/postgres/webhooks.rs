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

use super::{PostgresLedger, events};
use crate::error::LedgerError;
use crate::ledger::LIST_MAX;
use crate::webhook::{
    FeedSpan, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookEndpoint, WebhookMessage,
    WebhookMessageQuery, WebhookRequest, WebhookStore,
};
use crate::work::Late;

#[async_trait]
impl WebhookStore for PostgresLedger {
    async fn insert_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError> {
        self.server.call(endpoints::insert(self.server.connections(), endpoint, request)).await
    }

    async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, LedgerError> {
        self.server.call(endpoints::all(self.server.connections())).await
    }

    async fn webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>, LedgerError> {
        self.server.call(endpoints::one(self.server.connections(), id)).await
    }

    async fn update_webhook_endpoint(
        &self,
        endpoint: &WebhookEndpoint,
        request: Option<&WebhookRequest>,
        wake: bool,
    ) -> Result<bool, LedgerError> {
        self.server
            .call(endpoints::update(self.server.connections(), endpoint, request, wake))
            .await
    }

    async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<bool, LedgerError> {
        self.server.call(endpoints::delete(self.server.connections(), id)).await
    }

    async fn touch_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        self.server.call(endpoints::touch(self.server.connections(), id, at)).await
    }

    async fn webhook_request(
        &self,
        requester: Requester,
        key: &str,
    ) -> Result<Option<WebhookRequest>, LedgerError> {
        self.server.call(requests::find(self.server.connections(), requester, key)).await
    }

    async fn feed_end(&self) -> Result<u64, LedgerError> {
        self.server.call(events::end(self.server.connections())).await
    }

    async fn move_webhook_position(
        &self,
        id: WebhookEndpointId,
        from: u64,
        to: u64,
    ) -> Result<(), LedgerError> {
        self.server.call(endpoints::move_position(self.server.connections(), id, from, to)).await
    }

    async fn move_webhook_again(
        &self,
        id: WebhookEndpointId,
        from: FeedSpan,
        to: Option<FeedSpan>,
    ) -> Result<(), LedgerError> {
        self.server.call(endpoints::move_again(self.server.connections(), id, from, to)).await
    }

    async fn queue_webhooks(
        &self,
        batch: &WebhookBatch,
        request: Option<&WebhookRequest>,
    ) -> Result<(), LedgerError> {
        self.server.call(queue::queue(self.server.connections(), batch, request)).await
    }

    async fn claim_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        limit: u32,
        lease: Duration,
        claim: Uuid,
    ) -> Result<Vec<WebhookClaim>, LedgerError> {
        let limit = limit.clamp(1, LIST_MAX);
        self.server
            .call(queue::claim(self.server.connections(), endpoint, limit, lease, claim))
            .await
    }

    async fn late_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        by: Duration,
    ) -> Result<Option<Late>, LedgerError> {
        self.server.call(queue::late(self.server.connections(), endpoint, by)).await
    }

    async fn next_webhook(
        &self,
        sale: SaleId,
        endpoint: WebhookEndpointId,
    ) -> Result<Option<WebhookMessage>, LedgerError> {
        self.server.call(messages::next(self.server.connections(), sale, endpoint)).await
    }

    async fn record_webhook(&self, attempt: &WebhookAttempt) -> Result<(), LedgerError> {
        self.server.call(queue::record(self.server.connections(), attempt)).await
    }

    async fn release_webhooks(
        &self,
        claim: &WebhookClaim,
        due_in: Duration,
    ) -> Result<(), LedgerError> {
        self.server.call(queue::release(self.server.connections(), claim, due_in)).await
    }

    async fn webhook_messages(
        &self,
        query: &WebhookMessageQuery,
    ) -> Result<Vec<WebhookMessage>, LedgerError> {
        let limit = query.limit.clamp(1, LIST_MAX);
        self.server.call(messages::page(self.server.connections(), query, limit)).await
    }

    async fn webhook_message(
        &self,
        endpoint: WebhookEndpointId,
        event: EventId,
    ) -> Result<Option<WebhookMessage>, LedgerError> {
        self.server.call(messages::of_event(self.server.connections(), endpoint, event)).await
    }
}
