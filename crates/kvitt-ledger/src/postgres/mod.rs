//! The ledger in a PostgreSQL database: any number of processes beside each other.

mod api_keys;
mod append;
mod connections;
mod copy;
mod error;
mod events;
mod figures;
mod inbox;
mod looks;
mod open;
mod private;
mod replicas;
mod row;
mod server;
mod sessions;
mod state;
mod summaries;
mod url;
mod users;
mod webhooks;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::{ApiKeyId, IntentId, Recorded, Requester, SaleId, UserId};
use uuid::Uuid;

pub(crate) use self::copy::CopyTarget;
use self::server::Server;
pub(crate) use self::url::PostgresUrl;
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

/// A ledger in a PostgreSQL database, version 15 or newer, which any number of processes share.
///
/// A step of a sale is one statement, so one transaction and one round trip. Where the server's
/// `synchronous_commit` is `off`, kvitt's sessions put it on; other values are the server's choice.
///
/// The feed shows what lies before the oldest transaction that is under way. A transaction of
/// anybody on the same server that has written and stays open holds it up, in whatever database,
/// until it ends; nothing is lost or passed over by that. After another server's dump was restored,
/// opening the ledger lets the feed go on where it ended.
#[derive(Debug)]
pub struct PostgresLedger {
    server: Server,
}

impl PostgresLedger {
    /// Finds the server that can be written to, and brings the database's schema up to date.
    pub(crate) async fn open(url: PostgresUrl) -> Result<Self, LedgerError> {
        Ok(Self { server: open::open(url).await? })
    }

    /// The changes of the schema that the database has not had. Nothing is changed.
    pub(crate) async fn pending_migrations(
        url: PostgresUrl,
    ) -> Result<Vec<Migration>, LedgerError> {
        open::pending(url).await
    }
}

#[async_trait]
impl Ledger for PostgresLedger {
    async fn events(&self, sale: SaleId) -> Result<Vec<Recorded>, LedgerError> {
        self.server.call(events::of_sale(self.server.connections(), sale)).await
    }

    async fn sale_of_intent(&self, intent: IntentId) -> Result<Option<SaleId>, LedgerError> {
        self.server.call(events::sale_of_intent(self.server.connections(), intent)).await
    }

    async fn append(&self, append: Append) -> Result<Vec<Recorded>, LedgerError> {
        append.check()?;
        self.server.call(append::append(self.server.connections(), append)).await
    }

    async fn feed(&self, after: u64, limit: u32) -> Result<Vec<FeedEntry>, LedgerError> {
        let limit = limit.clamp(1, LIST_MAX);
        self.server.call(events::feed(self.server.connections(), after, limit)).await
    }

    async fn summaries(&self, query: &SaleQuery) -> Result<Page, LedgerError> {
        self.server.call(summaries::page(self.server.connections(), query)).await
    }

    async fn summary(&self, sale: SaleId) -> Result<Option<SaleSummary>, LedgerError> {
        self.server.call(summaries::of_sale(self.server.connections(), sale)).await
    }

    async fn idempotency(
        &self,
        sale: SaleId,
        requester: Requester,
        key: &str,
    ) -> Result<Option<IdempotencyRecord>, LedgerError> {
        self.server.call(append::idempotency(self.server.connections(), sale, requester, key)).await
    }

    async fn private(&self, sale: SaleId) -> Result<Private, LedgerError> {
        self.server.call(private::of_sale(self.server.connections(), sale)).await
    }

    async fn inbox(&self, sale: SaleId) -> Result<Vec<Message>, LedgerError> {
        self.server.call(inbox::of_sale(self.server.connections(), sale)).await
    }

    async fn heard(&self) -> Result<Heard, LedgerError> {
        self.server.call(inbox::heard(self.server.connections())).await
    }

    async fn erase_personal(&self, sale: SaleId) -> Result<(), LedgerError> {
        self.server.call(private::erase_personal(self.server.connections(), sale)).await
    }

    async fn claim_due(&self, limit: u32, lease: Duration) -> Result<Vec<Work>, LedgerError> {
        let limit = limit.clamp(1, LIST_MAX);
        self.server.call(work::claim_due(self.server.connections(), None, limit, lease)).await
    }

    async fn claim_due_of(
        &self,
        kinds: &[&str],
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Work>, LedgerError> {
        let limit = limit.clamp(1, LIST_MAX);
        self.server
            .call(work::claim_due(self.server.connections(), Some(kinds), limit, lease))
            .await
    }

    async fn late_work(&self, by: Duration) -> Result<Option<Late>, LedgerError> {
        self.server.call(work::late(self.server.connections(), by)).await
    }

    async fn schedule_looks(
        &self,
        at: Timestamp,
        kind: &str,
        limit: u32,
    ) -> Result<usize, LedgerError> {
        let limit = limit.clamp(1, LIST_MAX);
        self.server.call(looks::schedule(self.server.connections(), at, kind, limit)).await
    }

    async fn release_work(
        &self,
        sale: SaleId,
        work_id: Uuid,
        fence: u64,
        due_in: Duration,
    ) -> Result<(), LedgerError> {
        let pool = self.server.connections();
        self.server.call(work::release(pool, sale, work_id, fence, due_in)).await
    }

    async fn tell_alive(
        &self,
        replica: Uuid,
        lives_for: Duration,
    ) -> Result<Replicas, LedgerError> {
        self.server.call(replicas::tell_alive(self.server.connections(), replica, lives_for)).await
    }

    async fn tell_gone(&self, replica: Uuid) -> Result<(), LedgerError> {
        self.server.call(replicas::tell_gone(self.server.connections(), replica)).await
    }

    async fn insert_api_key(&self, key: &ApiKey) -> Result<(), LedgerError> {
        self.server.call(api_keys::insert(self.server.connections(), key)).await
    }

    async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, LedgerError> {
        self.server.call(api_keys::by_hash(self.server.connections(), hash)).await
    }

    async fn api_keys(&self) -> Result<Vec<ApiKey>, LedgerError> {
        self.server.call(api_keys::all(self.server.connections())).await
    }

    async fn revoke_api_key(&self, id: ApiKeyId, at: Timestamp) -> Result<bool, LedgerError> {
        self.server.call(api_keys::revoke(self.server.connections(), id, at)).await
    }

    async fn insert_user(&self, user: &User) -> Result<(), LedgerError> {
        self.server.call(users::insert(self.server.connections(), user)).await
    }

    async fn user_by_name(&self, name: &str) -> Result<Option<User>, LedgerError> {
        self.server.call(users::by_name(self.server.connections(), name)).await
    }

    async fn users(&self) -> Result<Vec<User>, LedgerError> {
        self.server.call(users::all(self.server.connections())).await
    }

    async fn set_password(
        &self,
        id: UserId,
        password_hash: &PasswordHash,
    ) -> Result<bool, LedgerError> {
        self.server.call(users::set_password(self.server.connections(), id, password_hash)).await
    }

    async fn revoke_user(&self, id: UserId, at: Timestamp) -> Result<bool, LedgerError> {
        self.server.call(users::revoke(self.server.connections(), id, at)).await
    }

    async fn open_session(
        &self,
        digest: &SessionDigest,
        user: &User,
        lifetime: Duration,
    ) -> Result<bool, LedgerError> {
        self.server.call(sessions::open(self.server.connections(), digest, user, lifetime)).await
    }

    async fn session(&self, digest: &SessionDigest) -> Result<Option<User>, LedgerError> {
        self.server.call(sessions::holder(self.server.connections(), digest)).await
    }

    async fn close_session(&self, digest: &SessionDigest) -> Result<(), LedgerError> {
        self.server.call(sessions::close(self.server.connections(), digest)).await
    }

    async fn frozen(&self) -> Result<Option<Frozen>, LedgerError> {
        self.server.call(state::frozen(self.server.connections())).await
    }

    async fn freeze(&self, at: Timestamp, because: &str) -> Result<bool, LedgerError> {
        self.server.call(state::freeze(self.server.connections(), at, because)).await
    }

    async fn thaw(&self) -> Result<bool, LedgerError> {
        self.server.call(state::thaw(self.server.connections())).await
    }

    fn figures(&self) -> &dyn FigureStore {
        self
    }

    fn webhooks(&self) -> &dyn WebhookStore {
        self
    }

    async fn check(&self) -> Result<(), LedgerError> {
        self.server.call(work::check(self.server.connections())).await
    }
}
