//! Follows the feed for each endpoint, and queues what it passes.

use std::collections::{BTreeMap, HashMap};

use kvitt_core::SaleId;
use kvitt_ledger::{FeedEntry, FeedSpan, NewWebhookMessage, WebhookBatch, WebhookEndpoint};
use tokio::task::JoinSet;

use crate::EngineError;
use crate::engine::Engine;

/// How much of the feed is read at a time.
const PAGE: u32 = 500;

impl Engine {
    /// Queues a part of what is new for the endpoints that are enabled; answers whether there was
    /// anything. Whoever does the same at the same time, here or elsewhere, does no harm: a
    /// message that is queued is not queued again, and a position only moves on after what lies
    /// before it is queued.
    pub(super) async fn follow_feed(
        &self,
        endpoints: &[WebhookEndpoint],
    ) -> Result<bool, EngineError> {
        let mut by_position: BTreeMap<u64, Vec<&WebhookEndpoint>> = BTreeMap::new();
        for endpoint in endpoints {
            by_position.entry(endpoint.position).or_default().push(endpoint);
        }
        let mut any = false;
        let store = self.parts.ledger.webhooks();
        for (position, followers) in by_position {
            let page = self.parts.ledger.feed(position, PAGE).await?;
            let Some(last) = page.last() else { continue };
            any = true;
            for endpoint in followers {
                self.queue(endpoint, &page, false).await?;
                store.move_webhook_position(endpoint.id, position, last.position).await?;
            }
        }
        for (endpoint, span) in endpoints.iter().filter_map(|it| Some((it, it.again?))) {
            any = true;
            let page = self.parts.ledger.feed(span.after, PAGE).await?;
            let within: Vec<_> =
                page.into_iter().take_while(|entry| entry.position <= span.until).collect();
            self.queue(endpoint, &within, true).await?;
            let next = within.last().map(|entry| FeedSpan { after: entry.position, ..span });
            store.move_webhook_again(endpoint.id, span, next).await?;
        }
        Ok(any)
    }

    async fn queue(
        &self,
        endpoint: &WebhookEndpoint,
        page: &[FeedEntry],
        again: bool,
    ) -> Result<(), EngineError> {
        let mut by_sale: HashMap<SaleId, Vec<NewWebhookMessage>> = HashMap::new();
        for entry in page.iter().filter(|entry| endpoint.wants(&entry.name)) {
            by_sale.entry(entry.sale).or_default().push(NewWebhookMessage {
                seq: entry.recorded.seq,
                event: entry.recorded.id,
                name: entry.name.clone(),
                position: entry.position,
            });
        }
        // At once, so that the store can write them together; one sale at a time would wait for
        // the disk each time.
        let mut tasks = JoinSet::new();
        for (sale, messages) in by_sale {
            let batch = WebhookBatch { sale, endpoint: endpoint.id, messages, again };
            let engine = self.clone();
            tasks.spawn(async move {
                engine.parts.ledger.webhooks().queue_webhooks(&batch, None).await
            });
        }
        while let Some(queued) = tasks.join_next().await {
            queued.map_err(|error| EngineError::Internal(error.to_string()))??;
        }
        Ok(())
    }
}
