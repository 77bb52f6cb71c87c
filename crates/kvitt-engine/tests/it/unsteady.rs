//! A ledger that cannot take Klarna's answers for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{
    ApiKeyId, Event, IntentId, IntentState, Recorded, Requester, Sale, SaleId, UserId,
};
use kvitt_ledger::{
    ApiKey, Append, FeedEntry, FigureStore, Frozen, Heard, IdempotencyRecord, Late, Ledger,
    LedgerError, Message, Page, PasswordHash, Private, Replicas, SaleQuery, SaleSummary,
    SessionDigest, User, WebhookStore, Work,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::shop::{Shop, browser, capture, merchant};

/// A ledger that does not take the appends for which a test says so, and tells of every write.
pub(crate) struct Unsteady {
    ledger: Arc<dyn Ledger>,
    fails: Box<dyn Fn(&Append) -> bool + Send + Sync>,
    how: LedgerError,
    at_write: Box<dyn Fn(u32, Moment) + Send + Sync>,
    writes: AtomicU32,
    reads: Arc<AtomicU32>,
}

/// When a write or a call is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Moment {
    /// It has no effect yet.
    Before,
    /// It has taken effect.
    After,
}

impl Unsteady {
    pub(crate) fn over(
        ledger: Arc<dyn Ledger>,
        fails: impl Fn(&Append) -> bool + Send + Sync + 'static,
    ) -> Arc<dyn Ledger> {
        Self::failing(ledger, LedgerError::Unavailable { what: "a test".to_owned() }, fails)
    }

    /// Fails like this.
    fn failing(
        ledger: Arc<dyn Ledger>,
        how: LedgerError,
        fails: impl Fn(&Append) -> bool + Send + Sync + 'static,
    ) -> Arc<dyn Ledger> {
        Arc::new(Self { fails: Box::new(fails), how, ..Self::steady(ledger) })
    }

    /// Takes everything, and counts how often a sale's events are read.
    pub(crate) fn counting(ledger: Arc<dyn Ledger>, reads: Arc<AtomicU32>) -> Arc<dyn Ledger> {
        Arc::new(Self { reads, ..Self::steady(ledger) })
    }

    /// Takes everything, and says so before and after each write to a sale or its work. Looks are
    /// none: a test that waits for no business time has nothing to look at.
    pub(crate) fn watched(
        ledger: Arc<dyn Ledger>,
        at_write: impl Fn(u32, Moment) + Send + Sync + 'static,
    ) -> Arc<dyn Ledger> {
        Arc::new(Self { at_write: Box::new(at_write), ..Self::steady(ledger) })
    }

    fn steady(ledger: Arc<dyn Ledger>) -> Self {
        let (fails, at_write) = (Box::new(|_: &Append| false), Box::new(|_, _| ()));
        let (writes, reads) = Default::default();
        Self { ledger, fails, how: LedgerError::Full, at_write, writes, reads }
    }

    async fn watch<T>(&self, write: impl Future<Output = T> + Send) -> T {
        let nth = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        (self.at_write)(nth, Moment::Before);
        let written = write.await;
        (self.at_write)(nth, Moment::After);
        written
    }
}

#[async_trait]
impl Ledger for Unsteady {
    async fn append(&self, append: Append) -> Result<Vec<Recorded>, LedgerError> {
        if (self.fails)(&append) {
            return Err(self.how.clone());
        }
        self.watch(self.ledger.append(append)).await
    }
    async fn events(&self, sale: SaleId) -> Result<Vec<Recorded>, LedgerError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.ledger.events(sale).await
    }
    async fn tell_alive(
        &self,
        replica: Uuid,
        lives_for: Duration,
    ) -> Result<Replicas, LedgerError> {
        self.ledger.tell_alive(replica, lives_for).await
    }
    async fn tell_gone(&self, replica: Uuid) -> Result<(), LedgerError> {
        self.ledger.tell_gone(replica).await
    }
    async fn claim_due_of(
        &self,
        kinds: &[&str],
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Work>, LedgerError> {
        self.watch(self.ledger.claim_due_of(kinds, limit, lease)).await
    }
    async fn sale_of_intent(&self, intent: IntentId) -> Result<Option<SaleId>, LedgerError> {
        self.ledger.sale_of_intent(intent).await
    }
    async fn feed(&self, after: u64, limit: u32) -> Result<Vec<FeedEntry>, LedgerError> {
        self.ledger.feed(after, limit).await
    }
    async fn summaries(&self, query: &SaleQuery) -> Result<Page, LedgerError> {
        self.ledger.summaries(query).await
    }
    async fn summary(&self, sale: SaleId) -> Result<Option<SaleSummary>, LedgerError> {
        self.ledger.summary(sale).await
    }
    async fn idempotency(
        &self,
        sale: SaleId,
        requester: Requester,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, LedgerError> {
        self.ledger.idempotency(sale, requester, key).await
    }
    async fn private(&self, sale: SaleId) -> Result<Private, LedgerError> {
        self.ledger.private(sale).await
    }
    async fn inbox(&self, sale: SaleId) -> Result<Vec<Message>, LedgerError> {
        self.ledger.inbox(sale).await
    }
    async fn heard(&self) -> Result<Heard, LedgerError> {
        self.ledger.heard().await
    }
    async fn late_work(&self, by: Duration) -> Result<Option<Late>, LedgerError> {
        self.ledger.late_work(by).await
    }
    async fn erase_personal(&self, sale: SaleId) -> Result<(), LedgerError> {
        self.watch(self.ledger.erase_personal(sale)).await
    }
    async fn claim_due(&self, limit: u32, lease: Duration) -> Result<Vec<Work>, LedgerError> {
        self.watch(self.ledger.claim_due(limit, lease)).await
    }
    async fn schedule_looks(
        &self,
        at: Timestamp,
        kind: &str,
        limit: u32,
    ) -> Result<usize, LedgerError> {
        self.ledger.schedule_looks(at, kind, limit).await
    }

    async fn release_work(
        &self,
        sale: SaleId,
        work_id: Uuid,
        fence: u64,
        due_in: Duration,
    ) -> Result<(), LedgerError> {
        self.watch(self.ledger.release_work(sale, work_id, fence, due_in)).await
    }
    async fn frozen(&self) -> Result<Option<Frozen>, LedgerError> {
        self.ledger.frozen().await
    }
    async fn freeze(&self, at: Timestamp, because: &str) -> Result<bool, LedgerError> {
        self.ledger.freeze(at, because).await
    }
    async fn thaw(&self) -> Result<bool, LedgerError> {
        self.ledger.thaw().await
    }
    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), LedgerError> {
        self.ledger.insert_api_key(key).await
    }
    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, LedgerError> {
        self.ledger.api_key_by_hash(hash).await
    }
    async fn api_keys(&self) -> Result<Vec<ApiKey>, LedgerError> {
        self.ledger.api_keys().await
    }
    async fn revoke_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, LedgerError> {
        self.ledger.revoke_api_key(id, at).await
    }
    async fn insert_user(&self, user: &User) -> Result<(), LedgerError> {
        self.ledger.insert_user(user).await
    }
    async fn user_by_name(&self, name: &str) -> Result<Option<User>, LedgerError> {
        self.ledger.user_by_name(name).await
    }
    async fn users(&self) -> Result<Vec<User>, LedgerError> {
        self.ledger.users().await
    }
    async fn set_password(&self, id: UserId, hash: &PasswordHash) -> Result<bool, LedgerError> {
        self.ledger.set_password(id, hash).await
    }
    async fn revoke_user(&self, id: UserId, at: Timestamp) -> Result<bool, LedgerError> {
        self.ledger.revoke_user(id, at).await
    }
    async fn open_session(
        &self,
        digest: &SessionDigest,
        user: &User,
        lifetime: Duration,
    ) -> Result<bool, LedgerError> {
        self.ledger.open_session(digest, user, lifetime).await
    }
    async fn session(&self, digest: &SessionDigest) -> Result<Option<User>, LedgerError> {
        self.ledger.session(digest).await
    }
    async fn close_session(&self, digest: &SessionDigest) -> Result<(), LedgerError> {
        self.ledger.close_session(digest).await
    }
    fn figures(&self) -> &dyn FigureStore {
        self.ledger.figures()
    }

    fn webhooks(&self) -> &dyn WebhookStore {
        self.ledger.webhooks()
    }
    async fn check(&self) -> Result<(), LedgerError> {
        self.ledger.check().await
    }
}

#[tokio::test]
async fn klarnas_answer_is_offered_to_the_ledger_again_before_klarna_is_asked_again() {
    let shop = Shop::open().await;
    let sale = shop.checkout().await;
    let token = shop.authorize(&sale).await;
    let left = AtomicU32::new(2);
    let fails = move |append: &Append| {
        let answers = append.events.iter().any(|it| matches!(it.event, Event::Done { .. }));
        let less = |left: u32| left.checked_sub(1);
        answers && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    };
    let engine = shop.replica_over(|ledger| Unsteady::over(ledger, fails), |_| ()).await;
    let placed = engine.hand_in_authorization(sale.id, browser(&token), &merchant()).await.unwrap();
    assert!(placed.order.is_some(), "{:?}", placed.intents);
    assert_eq!(shop.exchanges("/order").await[0]["status"], 200);
    let calls = shop.exchanges("/payments/v1/authorizations").await;
    assert_eq!(calls.len(), 1, "it was placed a second time");
}

/// The disk fills up while Klarna makes a capture, and stays full for longer than the answer is
/// kept for.
#[tokio::test]
async fn an_answer_that_the_full_disk_did_not_take_is_found_again_once_there_is_room() {
    let shop = Shop::open().await;
    let sale = shop.order().await;
    let has_room = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&has_room);
    let is_full = move |append: &Append| {
        let asks = append.events.iter().any(|it| matches!(it.event, Event::Requested { .. }));
        !asks && !told.load(Ordering::SeqCst)
    };
    let engine = shop
        .replica_over(
            |ledger| Unsteady::failing(ledger, LedgerError::Full, is_full),
            |settings| (settings.lease, settings.retry_after) = (Duration::ZERO, Duration::ZERO),
        )
        .await;
    let told = engine.act(sale.id, capture(&[("l1", 1)]), None, &merchant()).await.unwrap();
    assert!(matches!(told.state(), Some(IntentState::Requested)), "its outcome is not known yet");
    let before = engine.sale(sale.id).await.unwrap();
    assert!(before.order.unwrap().captures.is_empty(), "nothing is said that is not stored");
    let calls = || shop.exchanges("/captures");
    assert_eq!(calls().await.len(), 1, "the capture is made at Klarna");
    // Its work does not get anywhere either, and is not lost.
    engine.work_once().await.unwrap();

    has_room.store(true, Ordering::SeqCst);
    let is_done = |sale: &Sale| sale.order.as_ref().is_some_and(|it| !it.captures.is_empty());
    let sale = shop.work_until(sale.id, is_done).await;
    assert_eq!(sale.order.as_ref().unwrap().captures.len(), 1);
    let captures = shop.at_klarna(&sale).await["captures"].as_array().unwrap().len();
    assert_eq!(captures, 1, "made once, though asked for {} times", calls().await.len());
    shop.work_off().await;
}
