//! What every store can do.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{ApiKeyId, IntentId, Recorded, Requester, SaleId, UserId};
use uuid::Uuid;

use crate::api_key::ApiKey;
use crate::append::{Append, IdempotencyRecord};
use crate::error::LedgerError;
use crate::event::FeedEntry;
use crate::figure::FigureStore;
use crate::frozen::Frozen;
use crate::heard::Heard;
use crate::inbox::Message;
use crate::private::Private;
use crate::replica::Replicas;
use crate::summary::{Page, SaleQuery, SaleSummary};
use crate::user::{PasswordHash, SessionDigest, User};
use crate::webhook::WebhookStore;
use crate::work::{Late, Work};

/// Longest list that a feed or a claim answers with.
pub(crate) const LIST_MAX: u32 = 1_000;

/// A store of sales, used as `Arc<dyn Ledger>`.
///
/// A call that returned has reached the disk. A write whose future is dropped may or may not be
/// carried out, and is never carried out half.
#[async_trait]
pub trait Ledger: Send + Sync + 'static {
    /// The sale's events, oldest first; empty where the sale is not known. A stream with a hole,
    /// or an event that cannot be read, is [`LedgerError::Inconsistent`].
    async fn events(&self, sale: SaleId) -> Result<Vec<Recorded>, LedgerError>;

    /// The sale that an intent belongs to; none where it is not known.
    async fn sale_of_intent(&self, intent: IntentId) -> Result<Option<SaleId>, LedgerError>;

    /// Stores one step of a sale in one transaction, and answers with its events in their places.
    ///
    /// Where several things stand against it, they are named in this order:
    /// [`Frozen`](LedgerError::Frozen),
    /// [`LeaseLost`](LedgerError::LeaseLost),
    /// [`IdempotencyKeyTaken`](LedgerError::IdempotencyKeyTaken),
    /// [`Conflict`](LedgerError::Conflict).
    async fn append(&self, append: Append) -> Result<Vec<Recorded>, LedgerError>;

    /// The events of all sales after a position (0: from the start), in the order in which they
    /// were committed, at most `limit` (moved into 1 to 1,000). Who follows it by the last
    /// position seen misses none: nothing is ever committed before a position that was shown.
    async fn feed(&self, after: u64, limit: u32) -> Result<Vec<FeedEntry>, LedgerError>;

    /// One page of sales, newest first; sales of one moment in the order of their ids.
    async fn summaries(&self, query: &SaleQuery) -> Result<Page, LedgerError>;

    /// The sale at a glance; none where it is not known.
    async fn summary(&self, sale: SaleId) -> Result<Option<SaleSummary>, LedgerError>;

    /// The request that was taken under this `Idempotency-Key` on this sale.
    async fn idempotency(
        &self,
        sale: SaleId,
        requester: Requester,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, LedgerError>;

    /// The sale's personal data and secrets; empty where it keeps none.
    async fn private(&self, sale: SaleId) -> Result<Private, LedgerError>;

    /// What Klarna sent about the sale, oldest first.
    async fn inbox(&self, sale: SaleId) -> Result<Vec<Message>, LedgerError>;

    /// When Klarna was last heard of about any sale, and what was sold since.
    async fn heard(&self) -> Result<Heard, LedgerError>;

    /// Erases the sale's personal data, and what its messages said. Its books and its secrets stay.
    async fn erase_personal(&self, sale: SaleId) -> Result<(), LedgerError>;

    /// Claims work that is due by the database's clock, what is longest due first, at most
    /// `limit` (moved into 1 to 1,000). Until the lease ends nobody else gets it; each claim
    /// counts an attempt and raises the fence, so that who held it before writes nothing more. A
    /// frozen ledger hands nothing out.
    async fn claim_due(&self, limit: u32, lease: Duration) -> Result<Vec<Work>, LedgerError>;

    /// Claims as [`claim_due`](Self::claim_due) does, but only work of these kinds.
    async fn claim_due_of(
        &self,
        kinds: &[&str],
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Work>, LedgerError>;

    /// Work that was due so long ago, by the database's clock, and that nobody holds. What is held is
    /// due when its lease ends. That a ledger is frozen, and so hands nothing out, is not looked at.
    async fn late_work(&self, by: Duration) -> Result<Option<Late>, LedgerError>;

    /// Makes work of this kind due at once for sales whose [`SaleSummary::look_at`] is `at` or
    /// earlier, those that have waited longest first, at most `limit` (moved into 1 to 1,000), and
    /// says for how many. Their `look_at` is cleared; the step that ends the look sets the next.
    ///
    /// The work's id is the sale's own. Where such work is there already it is left as it is.
    async fn schedule_looks(
        &self,
        at: Timestamp,
        kind: &str,
        limit: u32,
    ) -> Result<usize, LedgerError>;

    /// Puts claimed work back, due again after a while by the database's clock. Its attempts stay
    /// counted and the claim ends. [`LedgerError::LeaseLost`] where the claim had ended before.
    async fn release_work(
        &self,
        sale: SaleId,
        work_id: Uuid,
        fence: u64,
        due_in: Duration,
    ) -> Result<(), LedgerError>;

    /// Notes that a process lives, by the database's clock, and answers how many do: those that
    /// said so within the time given. Of two that say so at once each may miss the other.
    async fn tell_alive(&self, replica: Uuid, lives_for: Duration)
    -> Result<Replicas, LedgerError>;

    /// Notes that a process is gone. One that is not known counts as gone.
    async fn tell_gone(&self, replica: Uuid) -> Result<(), LedgerError>;

    /// Stores an API key. [`LedgerError::ApiKeyExists`] where its id or digest is taken.
    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), LedgerError>;

    /// The API key with this digest, revoked or not.
    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, LedgerError>;

    /// All API keys, oldest first.
    async fn api_keys(&self) -> Result<Vec<ApiKey>, LedgerError>;

    /// Revokes an API key; `false` where it is not known. A key that was revoked before keeps its
    /// time.
    async fn revoke_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, LedgerError>;

    /// Stores a user. [`LedgerError::UserExists`] where its id or name is taken, the name without
    /// regard to the case of ASCII letters.
    async fn insert_user(&self, user: &User) -> Result<(), LedgerError>;

    /// The user of this name, without regard to the case of ASCII letters, revoked or not.
    async fn user_by_name(&self, name: &str) -> Result<Option<User>, LedgerError>;

    /// All users, oldest first, revoked ones too.
    async fn users(&self) -> Result<Vec<User>, LedgerError>;

    /// Gives a user another password, and ends all sessions that the old one opened; `false`
    /// where the user is not known.
    async fn set_password(
        &self,
        id: UserId,
        password_hash: &PasswordHash,
    ) -> Result<bool, LedgerError>;

    /// Revokes a user and ends all its sessions; `false` where it is not known. A user that was
    /// revoked before keeps its time.
    async fn revoke_user(&self, id: UserId, at: Timestamp) -> Result<bool, LedgerError>;

    /// Opens a session for a user whose password was checked, for a while by the database's clock.
    /// `false` where there is no such user, or it was revoked or given another password since it
    /// was read: then no session is opened.
    async fn open_session(
        &self,
        digest: &SessionDigest,
        user: &User,
        lifetime: Duration,
    ) -> Result<bool, LedgerError>;

    /// Whose session it is; none where it has ended, or the user is revoked.
    async fn session(&self, digest: &SessionDigest) -> Result<Option<User>, LedgerError>;

    /// Ends a session. One that is not there counts as ended.
    async fn close_session(&self, digest: &SessionDigest) -> Result<(), LedgerError>;

    /// Whether the ledger is frozen, since when, and why.
    async fn frozen(&self) -> Result<Option<Frozen>, LedgerError>;

    /// Freezes the ledger: what [acts](Append::acts) is refused, and no work is handed out, from
    /// the next step on of whichever process. One that is being stored at this very moment by
    /// another process may still be. `false` where it is frozen already, and keeps its time and its reason.
    async fn freeze(&self, at: Timestamp, because: &str) -> Result<bool, LedgerError>;

    /// Lets a frozen ledger act again; `false` where it is not frozen.
    async fn thaw(&self) -> Result<bool, LedgerError>;

    /// The part that figures are kept in.
    fn figures(&self) -> &dyn FigureStore;

    /// The part that webhooks need.
    fn webhooks(&self) -> &dyn WebhookStore;

    /// Whether the ledger can be read and written just now.
    async fn check(&self) -> Result<(), LedgerError>;
}
