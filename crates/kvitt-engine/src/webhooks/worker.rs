//! The worker that sends webhooks. It is apart from the one that carries acts out, so that a slow
//! shop delays nothing at Klarna, and holds so many sales of each endpoint at a time that a slow
//! endpoint delays no other.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kvitt_core::WebhookEndpointId;
use kvitt_ledger::{WebhookClaim, WebhookEndpoint};
use tokio::task::JoinSet;

use crate::EngineError;
use crate::engine::Engine;

/// How long the worker rests when nothing is due and nobody wakes it.
const REST: Duration = Duration::from_secs(1);

/// What is being sent, by endpoint.
type UnderWay = HashMap<WebhookEndpointId, JoinSet<()>>;

/// How it goes on after a look around.
enum Turn {
    /// There may be more right away.
    Busy,
    /// Nothing is new.
    Idle,
    /// There is nobody to be told anything.
    Alone,
}

impl Engine {
    /// Sends webhooks until the returned future is dropped.
    pub(crate) async fn work_webhooks(&self) {
        let mut under_way = UnderWay::new();
        loop {
            match self.look_around(&mut under_way).await {
                Ok(Turn::Busy) => {}
                Ok(Turn::Idle) => {
                    // Whoever stores an event or ends a delivery wakes the worker; the rest
                    // closes the gaps.
                    let _ = tokio::time::timeout(REST, self.webhook_wake.notified()).await;
                }
                // Without endpoints no event is worth waking up for.
                Ok(Turn::Alone) => tokio::time::sleep(REST).await,
                Err(error) => {
                    tracing::error!(%error, "webhooks could not be looked for");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    async fn look_around(&self, under_way: &mut UnderWay) -> Result<Turn, EngineError> {
        // What a frozen ledger says may have been overtaken. Nothing is lost: positions stand still.
        if self.frozen().await?.is_some() {
            return Ok(Turn::Alone);
        }
        let enabled = self.enabled_webhook_endpoints().await?;
        for tasks in under_way.values_mut() {
            while tasks.try_join_next().is_some() {}
        }
        let known: HashSet<_> = enabled.iter().map(|endpoint| endpoint.id).collect();
        under_way.retain(|id, tasks| known.contains(id) || !tasks.is_empty());
        if enabled.is_empty() {
            return Ok(Turn::Alone);
        }
        let mut turn = if self.follow_feed(&enabled).await? { Turn::Busy } else { Turn::Idle };
        for endpoint in &enabled {
            let tasks = under_way.entry(endpoint.id).or_default();
            let free = self.settings().webhooks.at_once.saturating_sub(tasks.len());
            let claims = self.claim_webhooks(endpoint.id, free).await?;
            if claims.len() == free && free > 0 {
                turn = Turn::Busy;
            }
            for claim in claims {
                let engine = self.clone();
                tasks.spawn(async move {
                    engine.deliver(claim).await;
                    engine.webhook_wake.notify_one();
                });
            }
        }
        Ok(turn)
    }

    async fn claim_webhooks(
        &self,
        endpoint: WebhookEndpointId,
        free: usize,
    ) -> Result<Vec<WebhookClaim>, EngineError> {
        if free == 0 {
            return Ok(Vec::new());
        }
        let limit = u32::try_from(free).unwrap_or(u32::MAX);
        let claim = self.new_id(self.now().await);
        let lease = self.settings().webhooks.lease;
        let store = self.parts.ledger.webhooks();
        Ok(store.claim_webhooks(endpoint, limit, lease, claim).await?)
    }

    pub(crate) async fn enabled_webhook_endpoints(
        &self,
    ) -> Result<Vec<WebhookEndpoint>, EngineError> {
        let mut endpoints = self.parts.ledger.webhooks().webhook_endpoints().await?;
        endpoints.retain(|endpoint| endpoint.disabled.is_none());
        Ok(endpoints)
    }

    /// Queues what is new, sends what is due, once, and says how many sales' messages that were.
    pub async fn webhooks_once(&self) -> Result<usize, EngineError> {
        if self.frozen().await?.is_some() {
            return Ok(0);
        }
        loop {
            let enabled = self.enabled_webhook_endpoints().await?;
            if !self.follow_feed(&enabled).await? {
                break;
            }
        }
        let mut tasks = JoinSet::new();
        for endpoint in self.enabled_webhook_endpoints().await? {
            let at_once = self.settings().webhooks.at_once;
            for claim in self.claim_webhooks(endpoint.id, at_once).await? {
                let engine = self.clone();
                tasks.spawn(async move { engine.deliver(claim).await });
            }
        }
        let count = tasks.len();
        while tasks.join_next().await.is_some() {}
        Ok(count)
    }
}
