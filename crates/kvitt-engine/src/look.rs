//! Looks: what kvitt does by itself when a sale's time has come, by business time.

use kvitt_core::{Cause, Look, Sale, SaleId};

use crate::EngineError;
use crate::engine::{Draft, Engine};
use crate::rate::Class;
use crate::work::{self, Claim};

/// How many sales become work at a time.
const BATCH: u32 = 16;

impl Engine {
    /// Makes work of sales whose time has come, and says of how many.
    pub(crate) async fn schedule_looks(&self) -> Result<usize, EngineError> {
        let now = self.now().await;
        Ok(self.parts.ledger.schedule_looks(now, work::LOOK, BATCH).await?)
    }

    /// Looks after a sale; the step that ends it says when to look next.
    pub(crate) async fn look(&self, id: SaleId, claim: Claim) -> Result<Sale, EngineError> {
        let sale = self.sale(id).await?;
        let policy = self.expiry_policy(&sale);
        for look in sale.due_looks(&policy, self.now().await) {
            match look {
                Look::ReadOrder => {
                    self.read_order(id, None, Class::Bulk).await?;
                }
                Look::ReadSession => {
                    self.read_session(id, None).await?;
                }
                Look::ReleaseAuthorizations => {
                    self.release_authorizations(id, None, Class::Bulk).await?;
                }
                Look::Expiry => {
                    self.look_after_expiry(id).await?;
                }
            }
        }
        self.write(id, &Cause::Kvitt, |_| {
            let mut draft = Draft { fence: Some(claim.fence()), ..Draft::default() };
            work::finish_claimed(claim, &mut draft);
            Ok(draft)
        })
        .await
    }
}
