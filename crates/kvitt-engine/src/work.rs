//! Due work: what a crash, a lost answer or a callback left to be done.

use std::time::Duration;

use kvitt_core::{Act, ActKind, IntentId, SaleId};
use kvitt_ledger::{Append, Work, WorkChange};
use uuid::Uuid;

use crate::EngineError;
use crate::engine::{Draft, Engine};
use crate::rate::Class;

/// Finish an intent.
pub(crate) const INTENT: &str = "intent";
/// Read the order from Klarna.
pub(crate) const READ_ORDER: &str = "read_order";
/// What a read that news from Klarna asked for is known by.
const NEWS: &str = "news";
/// Give authorizations back that placed no order.
pub(crate) const RELEASE_AUTHORIZATIONS: &str = "release_authorizations";
/// See what a sale needs, its time having come. The work's id is the sale's own.
pub(crate) const LOOK: &str = "look";
/// Read the session: what came of it may not have been told.
pub(crate) const READ_SESSION: &str = "read_session";
/// Place the order, if that happens by itself.
pub(crate) const PLACE: &str = "place";

/// Go on with an undo.
pub(crate) const UNDO: &str = "undo";

/// Release what is left after the last shipment.
pub(crate) const RELEASE_REST: &str = "release_rest";

/// Cancel once more what is cancelled and came alive at Klarna.
pub(crate) const CANCEL_AGAIN: &str = "cancel_again";

/// What is claimed past everything else: somebody waits for it, or money does.
const SOON: [&str; 5] = [INTENT, PLACE, UNDO, RELEASE_REST, CANCEL_AGAIN];

/// How much work is claimed at a time.
const BATCH: u32 = 16;
/// How long the worker rests when nothing is due and nobody wakes it.
const REST: Duration = Duration::from_secs(1);

/// A piece of work that this worker holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Claim {
    work_id: Uuid,
    fence: u64,
    attempts: u32,
}

impl Claim {
    /// Whether somebody claimed the same work before and never said what came of it.
    pub(crate) fn follows_silence(self) -> bool {
        self.attempts > 1
    }

    /// What the ledger checks before it believes the holder.
    pub(crate) fn fence(self) -> (Uuid, u64) {
        (self.work_id, self.fence)
    }
}

/// What the ledger checks before it believes who stored an intent and carries it out at once:
/// nobody took its work over meanwhile.
pub(crate) fn unclaimed(intent: IntentId) -> (Uuid, u64) {
    (intent.0, Append::UNCLAIMED)
}

/// The claimed work is done.
pub(crate) fn finish_claimed(claim: Claim, draft: &mut Draft) {
    draft.work.push(WorkChange::Finish { work_id: claim.work_id });
}

/// The id of the one piece of such work that a sale can have.
fn work_id(sale: SaleId, kind: &str) -> Uuid {
    Uuid::new_v5(&sale.0, kind.as_bytes())
}

/// Schedules work that is done at once by whoever schedules it, and by the worker if that one dies.
fn schedule(sale: SaleId, kind: &str, due_in: Duration, draft: &mut Draft) {
    draft.work.push(WorkChange::Schedule {
        work_id: work_id(sale, kind),
        kind: kind.to_owned(),
        due_in,
    });
}

pub(crate) fn finish(sale: SaleId, kind: &str, draft: &mut Draft) {
    draft.work.push(WorkChange::Finish { work_id: work_id(sale, kind) });
}

/// What has to happen after an act was carried out.
pub(crate) fn schedule_follow_up(act: &Act, sale: SaleId, engine: &Engine, draft: &mut Draft) {
    let lease = engine.settings().lease;
    // Only a read tells when the authorization now ends; an update may have changed it too.
    if matches!(act.kind(), ActKind::Place | ActKind::Extend | ActKind::UpdateAuthorization) {
        schedule_read(sale, engine, draft);
    }
    if act.kind() == ActKind::Place {
        schedule(sale, RELEASE_AUTHORIZATIONS, lease, draft);
    }
}

/// Klarna refused an act on an order: it may know something of the order that is not known here.
pub(crate) fn schedule_read_after_refusal(
    act: &Act,
    sale: SaleId,
    engine: &Engine,
    draft: &mut Draft,
) {
    if wants_read_when_refused(act.kind()) {
        schedule_read(sale, engine, draft);
    }
}

/// Whether a refusal of such an act may mean that somebody else changed the order.
pub(crate) fn wants_read_when_refused(kind: ActKind) -> bool {
    kind.moves_money() && kind != ActKind::Place
}

/// Authorizations that lost have to be given back.
pub(crate) fn schedule_release(sale: SaleId, engine: &Engine, draft: &mut Draft) {
    schedule(sale, RELEASE_AUTHORIZATIONS, engine.settings().lease, draft);
}

/// An undo has to go on: at once by whoever came so far with it, by the worker if that one dies.
pub(crate) fn schedule_undo(sale: SaleId, engine: &Engine, draft: &mut Draft) {
    schedule(sale, UNDO, engine.settings().lease, draft);
}

/// The rest has to be released: at once by whoever captured, by the worker if that one dies.
pub(crate) fn schedule_release_rest(sale: SaleId, engine: &Engine, draft: &mut Draft) {
    schedule(sale, RELEASE_REST, engine.settings().lease, draft);
}

/// The order came alive at Klarna after it was cancelled: the worker cancels it there.
pub(crate) fn schedule_cancel_again(sale: SaleId, draft: &mut Draft) {
    schedule(sale, CANCEL_AGAIN, Duration::ZERO, draft);
}

/// The order has to be read: at once by whoever asks for it, by the worker if that one dies.
pub(crate) fn schedule_read(sale: SaleId, engine: &Engine, draft: &mut Draft) {
    schedule(sale, READ_ORDER, engine.settings().lease, draft);
}

/// The order has to be read by the worker, because of news. This is work of its own: a read that
/// was under way when the news came may be older than the news, and must not count as having
/// followed it.
pub(crate) fn schedule_news(sale: SaleId, due_in: Duration, draft: &mut Draft) {
    draft.work.push(WorkChange::Schedule {
        work_id: work_id(sale, NEWS),
        kind: READ_ORDER.to_owned(),
        due_in,
    });
}

/// The session has to be read by the worker, now.
pub(crate) fn schedule_read_session(sale: SaleId, draft: &mut Draft) {
    schedule(sale, READ_SESSION, Duration::ZERO, draft);
}

/// An intent has to be looked at again.
pub(crate) fn schedule_intent(intent: IntentId, due_in: Duration, draft: &mut Draft) {
    let kind = INTENT.to_owned();
    draft.work.push(WorkChange::Schedule { work_id: intent.0, kind, due_in });
}

/// The order has to be placed: by the caller at once, by the worker if the caller dies.
pub(crate) fn schedule_place(sale: SaleId, due_in: Duration, draft: &mut Draft) {
    schedule(sale, PLACE, due_in, draft);
}

impl Engine {
    /// Works until the returned future is dropped: claims what is due, carries it out, rests;
    /// and beside it sends webhooks, which delay nothing of it, watches whether an alarm is due,
    /// and counts the figures.
    pub async fn work(&self) {
        tokio::join!(
            self.work_off(),
            self.work_webhooks(),
            self.keep_telling_alive(),
            self.keep_watching(),
            self.keep_counting(),
        );
    }

    async fn work_off(&self) {
        loop {
            match self.work_once().await {
                Ok(0) => {
                    // Whoever stores work wakes the worker; the rest closes the gaps.
                    let _ = tokio::time::timeout(REST, self.wake.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "due work could not be claimed");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Carries out what is due now, once, and says how many pieces of work that were.
    ///
    /// Nothing is due while the ledger is frozen, which the ledger itself sees to: it hands out none.
    pub async fn work_once(&self) -> Result<usize, EngineError> {
        if self.frozen().await?.is_some() {
            return Ok(0);
        }
        self.schedule_looks().await?;
        let (ledger, lease) = (&self.parts.ledger, self.settings().lease);
        let mut claimed = ledger.claim_due_of(&SOON, BATCH, lease).await?;
        let room = BATCH.saturating_sub(u32::try_from(claimed.len()).unwrap_or(BATCH));
        if room > 0 {
            claimed.extend(ledger.claim_due(room, lease).await?);
        }
        let count = claimed.len();
        let mut tasks = tokio::task::JoinSet::new();
        for work in claimed {
            let engine = self.clone();
            tasks.spawn(async move { engine.carry_out_work(work).await });
        }
        while tasks.join_next().await.is_some() {}
        Ok(count)
    }

    async fn carry_out_work(&self, work: Work) {
        let _alone = self.alone_with(work.sale).await;
        let claim = Claim { work_id: work.work_id, fence: work.fence, attempts: work.attempts };
        let done = match work.kind.as_str() {
            INTENT => self.finish_intent(work.sale, IntentId(work.work_id), claim).await.map(drop),
            READ_ORDER => self.read_order(work.sale, Some(claim), Class::Bulk).await.map(drop),
            RELEASE_AUTHORIZATIONS => {
                self.release_authorizations(work.sale, Some(claim), Class::Bulk).await.map(drop)
            }
            RELEASE_REST => self.release_rest(work.sale).await.map(drop),
            CANCEL_AGAIN => self.cancel_again(work.sale).await.map(drop),
            UNDO => self.go_on_undoing(work.sale).await.map(drop),
            READ_SESSION => self.read_session(work.sale, Some(claim)).await.map(drop),
            LOOK => self.look(work.sale, claim).await.map(drop),
            PLACE => self.place_by_itself(work.sale, Some(claim)).await.map(drop),
            other => Err(EngineError::Internal(format!("work of unknown kind {other}"))),
        };
        if let Err(error) = done {
            let (sale, kind) = (work.sale, work.kind.as_str());
            tracing::warn!(%sale, kind, attempts = work.attempts, %error, "work is put off");
            let due_in = match error {
                // It had no turn; nothing speaks for waiting ever longer.
                EngineError::Busy { retry_after, .. } => retry_after,
                _ => self.pause_after(work.attempts),
            };
            let put_back = self.parts.ledger.release_work(sale, work.work_id, work.fence, due_in);
            if let Err(error) = put_back.await {
                // The claim ends by itself, so the work is not lost.
                tracing::warn!(%sale, kind, %error, "work could not be put back");
            }
        }
    }

    /// The pause after so many tries.
    pub(crate) fn pause_after(&self, attempts: u32) -> Duration {
        let settings = self.settings();
        let doublings = attempts.saturating_sub(1).min(16);
        (settings.retry_after * 2_u32.pow(doublings)).min(settings.retry_after_max)
    }
}
