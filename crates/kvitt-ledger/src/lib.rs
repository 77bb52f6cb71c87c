//! The event store of kvitt: events, their projections, idempotency records, due work, personal
//! data and secrets, behind one trait, [`Ledger`].
//!
//! Invariants:
//! - It decides nothing. What is stored was decided by its caller; what it checks is that nothing
//!   was decided meanwhile ([`Append::expected_version`]), that a request is not taken twice
//!   ([`Append::idempotency`]) and that a lost claim writes nothing ([`Append::fence`]).
//! - One [`Append`] is one transaction on one sale: all of it is stored, or nothing.
//! - Events are only ever appended. Summaries, work and private data are bookkeeping beside them.
//! - Only the modules of a store know SQL. Everything else holds for every store, but for `copy`,
//!   which knows the columns of both.

use std::sync::Arc;

mod api_key;
mod append;
mod backup;
mod copy;
mod cursor;
mod database_url;
mod error;
mod event;
mod figure;
mod filter;
mod frozen;
mod heard;
mod inbox;
mod ledger;
mod migrations;
mod postgres;
mod private;
mod progress;
mod replica;
mod row;
mod rows;
mod sqlite;
mod summary;
mod user;
mod webhook;
mod work;

pub use api_key::ApiKey;
pub use append::{Append, IdempotencyRecord};
pub use backup::{Backup, backup};
pub use copy::{Copied, CopiedTable, copy};
use database_url::DatabaseUrl;
pub use error::LedgerError;
pub use event::{FeedEntry, NewEvent};
pub use figure::{Figure, FigureStep, FigureStore};
pub use frozen::Frozen;
pub use heard::Heard;
pub use inbox::{InboxDoor, MESSAGES_MAX, Message, NewMessage};
pub use ledger::Ledger;
pub use migrations::Migration;
pub use postgres::PostgresLedger;
pub use private::{Private, PrivateChange};
pub use progress::{Progress, Report};
pub use replica::Replicas;
pub use sqlite::SqliteLedger;
pub use summary::{Page, SaleQuery, SaleSummary};
pub use user::{PasswordHash, SessionDigest, User};
pub use webhook::{
    FeedSpan, NewWebhookMessage, WebhookAttempt, WebhookBatch, WebhookClaim, WebhookDisabled,
    WebhookEndpoint, WebhookMessage, WebhookMessageQuery, WebhookNext, WebhookRequest,
    WebhookState, WebhookStore, wants_event,
};
pub use work::{Late, Work, WorkChange};

/// Opens the ledger that a URL names, and brings its schema up to date: `sqlite:PATH`, which is
/// made where there is none, or `postgres://USER:PASSWORD@HOST:PORT/NAME`, where several hosts can
/// stand with commas between them.
///
/// It is opened inside a Tokio runtime, on which its writer runs.
pub async fn open(url: &str) -> Result<Arc<dyn Ledger>, LedgerError> {
    match DatabaseUrl::parse(url)? {
        DatabaseUrl::Sqlite(path) => Ok(Arc::new(SqliteLedger::open(&path).await?)),
        DatabaseUrl::Postgres(url) => Ok(Arc::new(PostgresLedger::open(url).await?)),
    }
}

/// Opens a ledger that must be there already: a SQLite file is not made.
pub async fn open_existing(url: &str) -> Result<Arc<dyn Ledger>, LedgerError> {
    if let DatabaseUrl::Sqlite(path) = DatabaseUrl::parse(url)?
        && !path.exists()
    {
        return Err(LedgerError::CannotOpen { path, problem: "there is no such file".to_owned() });
    }
    open(url).await
}

/// The changes of the schema that [`open`] would make, oldest first. None of them is made.
pub async fn pending_migrations(url: &str) -> Result<Vec<Migration>, LedgerError> {
    match DatabaseUrl::parse(url)? {
        DatabaseUrl::Sqlite(path) => SqliteLedger::pending_migrations(&path).await,
        DatabaseUrl::Postgres(url) => PostgresLedger::pending_migrations(url).await,
    }
}
