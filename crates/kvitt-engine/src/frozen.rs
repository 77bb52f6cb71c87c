//! A frozen ledger: read, learnt about, and not acted on.
//!
//! What may change something at Klarna begins with a step that the ledger itself refuses while it is
//! frozen, or with work that it does not hand out then. The few calls that begin with neither ask
//! here first.

use kvitt_core::Event;
use kvitt_ledger::{Frozen, LedgerError};

use crate::EngineError;
use crate::engine::Engine;

impl Engine {
    /// Whether the ledger is frozen, since when, and why.
    pub async fn frozen(&self) -> Result<Option<Frozen>, EngineError> {
        Ok(self.parts.ledger.frozen().await?)
    }

    /// Lets a frozen ledger act again; `false` where it was not frozen. What waited is due at once.
    pub async fn thaw(&self) -> Result<bool, EngineError> {
        let thawed = self.parts.ledger.thaw().await?;
        self.wake.notify_one();
        self.webhook_wake.notify_one();
        Ok(thawed)
    }

    /// Refuses while the ledger is frozen: before a call that no stored step comes before.
    pub(crate) async fn check_not_frozen(&self) -> Result<(), EngineError> {
        match self.frozen().await? {
            None => Ok(()),
            Some(_) => Err(LedgerError::Frozen.into()),
        }
    }
}

/// Whether an event is somebody's wish, and no fact that was learnt: because of it something is done
/// at Klarna, or promised.
pub(crate) fn acts(event: &Event) -> bool {
    matches!(
        event,
        Event::CheckoutCreated { .. }
            | Event::CartChanged { .. }
            | Event::MarketChanged { .. }
            | Event::CheckoutAbandoned
            | Event::Requested { .. }
            | Event::UndoRequested { .. }
    )
}
