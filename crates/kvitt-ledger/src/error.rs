//! What can fail in a ledger.

use std::path::PathBuf;
use std::sync::Arc;

use kvitt_core::SaleId;

/// Why a ledger did not do what it was asked to. Whatever it says, nothing was stored half.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// Somebody else wrote to the sale first.
    #[error("sale {sale} is at version {actual}, not {expected}: read its events and decide again")]
    Conflict {
        /// The sale.
        sale: SaleId,
        /// The version that the step was decided on.
        expected: u64,
        /// The version that the sale has.
        actual: u64,
    },
    /// The ledger is frozen, and the step would let something be done.
    #[error(
        "the ledger is frozen, so that nothing is done twice: reconcile it with Klarna (`kvitt \
         reconcile`), after which it acts again"
    )]
    Frozen,
    /// A request under this `Idempotency-Key` was already taken on this sale.
    #[error("this Idempotency-Key was already used on this sale: answer from its record")]
    IdempotencyKeyTaken,
    /// The work was claimed by somebody else, scheduled anew or finished.
    #[error("the claim on this work is lost: drop the attempt, whoever holds it carries on")]
    LeaseLost,
    /// A cursor that no page handed out.
    #[error("cursor is not one that a page handed out: leave it out to start with the newest")]
    BadCursor,
    /// A step whose parts do not fit each other: a mistake of the caller.
    #[error("the step does not fit together: {what}")]
    InvalidAppend {
        /// What does not fit.
        what: String,
    },
    /// An API key of this id or digest is already there.
    #[error("an API key of this id or with this secret exists already: make a new one")]
    ApiKeyExists,
    /// A user of this id or name is already there, revoked or not.
    #[error(
        "a user of this name exists already, in whatever case: use another name, or give that user \
         another password"
    )]
    UserExists,
    /// Something stored cannot be read as what it should be.
    #[error(
        "the database does not hold together: {what}; keep a copy of it, and restore a backup or \
         mend that row"
    )]
    Inconsistent {
        /// Which row, and what is wrong with it.
        what: String,
    },
    /// The disk is full, or takes no more for another reason.
    #[error(
        "the database's disk is full, or takes no more (a quota, a limit on the size of files): make \
         room; nothing was stored and it can be tried again"
    )]
    Full,
    /// The database does not answer in time, or not at all. It can be tried again.
    #[error("the database is not available: {what}; try again")]
    Unavailable {
        /// What was seen of it.
        what: String,
    },
    /// The database cannot be written to.
    #[error("the database is read-only: give kvitt's user write access to the file and its folder")]
    ReadOnly,
    /// The database file cannot be opened or created.
    #[error("cannot open the database {path:?}: {problem}")]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// Why, and the way out.
        problem: String,
    },
    /// The database on a server cannot be used.
    #[error("cannot use the database at {server}: {problem}")]
    CannotConnect {
        /// Where it is, without user and password.
        server: String,
        /// Why, and the way out.
        problem: String,
    },
    /// A backup cannot be written.
    #[error("cannot write the backup {path:?}: {problem}")]
    CannotBackUp {
        /// The file that it should have been.
        path: PathBuf,
        /// Why, and the way out.
        problem: String,
    },
    /// A ledger cannot be moved.
    #[error("cannot copy the ledger: {problem}")]
    CannotCopy {
        /// Why, and the way out.
        problem: String,
    },
    /// A backup of a database that has better means of its own.
    #[error(
        "PostgreSQL makes its own backups: use pg_dump --format=custom for one that pg_restore \
         restores, or base backups with archived WAL (PITR) to lose nothing; kvitt notices a dump \
         that was restored and freezes, and after a PITR run `kvitt ledger freeze` before it starts"
    )]
    NotByKvitt,
    /// The database was made by a newer kvitt.
    #[error(
        "the database has version {found} of its schema, which this kvitt does not know: use a newer kvitt"
    )]
    NewerSchema {
        /// The schema's version in the database.
        found: i64,
    },
    /// A text that names no database. It is not repeated here, since it may hold a password.
    #[error(
        "not a database URL: expected sqlite:PATH, such as sqlite:kvitt.db, or \
         postgres://USER:PASSWORD@HOST/NAME; {problem}"
    )]
    NotADatabaseUrl {
        /// What is wrong with it.
        problem: String,
    },
    /// The database refused for a reason that has no name of its own here.
    #[error("the database refused: {0}")]
    Driver(#[source] Arc<dyn std::error::Error + Send + Sync>),
}
