//! The ledger in one SQLite file: one writer, many readers.

mod api_keys;
mod append;
mod backup;
mod blocking;
mod copy;
mod dynamic;
mod error;
mod events;
mod figures;
mod inbox;
mod looks;
mod migrate;
mod open;
mod pace;
mod private;
mod readers;
mod replicas;
mod row;
mod sessions;
mod state;
mod statement;
mod summaries;
mod users;
mod webhooks;
mod work;
mod writer;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{ApiKeyId, IntentId, Recorded, Requester, SaleId, UserId};
use uuid::Uuid;

use self::api_keys::{InsertApiKey, RevokeApiKey};
use self::append::Step;
pub(crate) use self::backup::backup;
pub(crate) use self::copy::CopySource;
use self::looks::ScheduleLooks;
use self::private::ErasePersonal;
use self::readers::Readers;
use self::replicas::{TellAlive, TellGone};
use self::sessions::{CloseSession, OpenSession};
use self::state::{Freeze, Thaw};
use self::statement::is_any;
use self::users::{InsertUser, RevokeUser, SetPassword};
use self::work::{ClaimDue, ReleaseWork};
use self::writer::{Check, Writer};
use crate::api_key::ApiKey;
use crate::append::{Append, IdempotencyRecord};
use crate::error::LedgerError;
use crate::event::FeedEntry;
use crate::figure::FigureStore;
use crate::frozen::Frozen;
use crate::heard::Heard;
use crate::inbox::Message;
use crate::ledger::{LIST_MAX, Ledger};
use crate::migrations::Migration;
use crate::private::Private;
use crate::replica::Replicas;
use crate::summary::{Page, SaleQuery, SaleSummary};
use crate::user::{PasswordHash, SessionDigest, User};
use crate::webhook::WebhookStore;
use crate::work::{Late, Work};

/// A ledger in one SQLite file, in WAL mode with full sync.
///
/// All writes of this process go through one thread, which commits together what has queued up, so
/// that many sales share one sync of the disk. Reads go on beside it. Other processes may open the
/// same file.
#[derive(Debug)]
pub struct SqliteLedger {
    readers: Readers,
    writer: Writer,
}

impl SqliteLedger {
    /// Opens the file, makes it where there is none (for its owner only, since it holds secrets),
    /// and brings its schema up to date. The folder must be there.
    ///
    /// It must be called inside a Tokio runtime. Once this is dropped the writer carries out what
    /// it was given, and closes the file.
    pub async fn open(path: &Path) -> Result<Self, LedgerError> {
        let opened = open::open(path).await?;
        Ok(Self { readers: opened.readers, writer: Writer::start(opened.writer)? })
    }

    /// The changes of the schema that the file has not had; all of them where there is no file.
    /// Nothing is changed, or made.
    pub async fn pending_migrations(path: &Path) -> Result<Vec<Migration>, LedgerError> {
        open::pending(path).await
    }

    /// How many transactions this process has committed since it opened the ledger. It is far
    /// below the number of writes when these come all at once.
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn events(&self, sale: SaleId) -> Result<Vec<Recorded>, LedgerError> {
        events::of_sale(&self.readers, sale).await
    }

    async fn append(&self, append: Append) -> Result<Vec<Recorded>, LedgerError> {
        append.check()?;
        let (step, recorded) = Step::of(append)?;
        self.writer.write(step).await?;
        Ok(recorded)
    }

    async fn feed(&self, after: u64, limit: u32) -> Result<Vec<FeedEntry>, LedgerError> {
        events::feed(&self.readers, after, limit.clamp(1, LIST_MAX)).await
    }

    async fn summaries(&self, query: &SaleQuery) -> Result<Page, LedgerError> {
        summaries::page(&self.readers, query).await
    }

    async fn sale_of_intent(&self, intent: IntentId) -> Result<Option<SaleId>, LedgerError> {
        events::sale_of_intent(&self.readers, intent).await
    }

    async fn summary(&self, sale: SaleId) -> Result<Option<SaleSummary>, LedgerError> {
        summaries::of_sale(&self.readers, sale).await
    }

    async fn idempotency(
        &self,
        sale: SaleId,
        requester: Requester,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, LedgerError> {
        append::idempotency(&self.readers, sale, requester, key).await
    }

    async fn private(&self, sale: SaleId) -> Result<Private, LedgerError> {
        private::of_sale(&self.readers, sale).await
    }

    async fn inbox(&self, sale: SaleId) -> Result<Vec<Message>, LedgerError> {
        inbox::of_sale(&self.readers, sale).await
    }

    async fn heard(&self) -> Result<Heard, LedgerError> {
        inbox::heard(&self.readers).await
    }

    async fn erase_personal(&self, sale: SaleId) -> Result<(), LedgerError> {
        self.writer.write(ErasePersonal { sale }).await
    }

    async fn claim_due(&self, limit: u32, lease: Duration) -> Result<Vec<Work>, LedgerError> {
        // Looking before claiming keeps an idle poller out of the writer's way.
        if !work::any_due(&self.readers).await? {
            return Ok(Vec::new());
        }
        self.writer.write(ClaimDue { kinds: None, limit: limit.clamp(1, LIST_MAX), lease }).await
    }

    async fn claim_due_of(
        &self,
        kinds: &[&str],
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Work>, LedgerError> {
        if !work::any_due(&self.readers).await? {
            return Ok(Vec::new());
        }
        let kinds = Some(serde_json::json!(kinds).to_string());
        self.writer.write(ClaimDue { kinds, limit: limit.clamp(1, LIST_MAX), lease }).await
    }

    async fn late_work(&self, by: Duration) -> Result<Option<Late>, LedgerError> {
        work::late(&self.readers, by).await
    }

    async fn schedule_looks(
        &self,
        at: Timestamp,
        kind: &str,
        limit: u32,
    ) -> Result<usize, LedgerError> {
        // As with due work: who only asks does not stand in the writer's way.
        if !looks::any_due(&self.readers, at).await? {
            return Ok(0);
        }
        let limit = limit.clamp(1, LIST_MAX);
        self.writer.write(ScheduleLooks { at, kind: kind.to_owned(), limit }).await
    }

    async fn release_work(
        &self,
        sale: SaleId,
        work_id: Uuid,
        fence: u64,
        due_in: Duration,
    ) -> Result<(), LedgerError> {
        self.writer.write(ReleaseWork { sale, work_id, fence, due_in }).await
    }

    async fn tell_alive(
        &self,
        replica: Uuid,
        lives_for: Duration,
    ) -> Result<Replicas, LedgerError> {
        self.writer.write(TellAlive { replica, lives_for }).await
    }

    async fn tell_gone(&self, replica: Uuid) -> Result<(), LedgerError> {
        self.writer.write(TellGone { replica }).await
    }

    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), LedgerError> {
        self.writer.write(InsertApiKey { key: key.clone() }).await
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, LedgerError> {
        api_keys::by_hash(&self.readers, hash).await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>, LedgerError> {
        api_keys::all(&self.readers).await
    }

    async fn revoke_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, LedgerError> {
        self.writer.write(RevokeApiKey { id, at }).await
    }

    async fn insert_user(&self, user: &User) -> Result<(), LedgerError> {
        self.writer.write(InsertUser { user: user.clone() }).await
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<User>, LedgerError> {
        users::by_name(&self.readers, name).await
    }

    async fn users(&self) -> Result<Vec<User>, LedgerError> {
        users::all(&self.readers).await
    }

    async fn set_password(
        &self,
        id: UserId,
        password_hash: &PasswordHash,
    ) -> Result<bool, LedgerError> {
        self.writer.write(SetPassword { id, password_hash: password_hash.clone() }).await
    }

    async fn revoke_user(&self, id: UserId, at: Timestamp) -> Result<bool, LedgerError> {
        self.writer.write(RevokeUser { id, at }).await
    }

    async fn open_session(
        &self,
        digest: &SessionDigest,
        user: &User,
        lifetime: Duration,
    ) -> Result<bool, LedgerError> {
        self.writer.write(OpenSession { digest: *digest, user: user.clone(), lifetime }).await
    }

    async fn session(&self, digest: &SessionDigest) -> Result<Option<User>, LedgerError> {
        sessions::holder(&self.readers, digest).await
    }

    async fn close_session(&self, digest: &SessionDigest) -> Result<(), LedgerError> {
        self.writer.write(CloseSession { digest: *digest }).await
    }

    async fn frozen(&self) -> Result<Option<Frozen>, LedgerError> {
        self.readers.read_by_key(state::frozen).await
    }

    async fn freeze(&self, at: Timestamp, because: &str) -> Result<bool, LedgerError> {
        self.writer.write(Freeze { at, because: because.to_owned() }).await
    }

    async fn thaw(&self) -> Result<bool, LedgerError> {
        self.writer.write(Thaw).await
    }

    fn figures(&self) -> &dyn FigureStore {
        self
    }

    fn webhooks(&self) -> &dyn WebhookStore {
        self
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.readers.read(|db| is_any(db, "SELECT id FROM readiness", [])).await?;
        self.writer.write(Check).await
    }
}
