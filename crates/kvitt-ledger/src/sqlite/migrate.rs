//! The schema, and the changes that made it.
//!
//! Which of them a file has had stands in the table that sqlx keeps, with sqlx's checksums: its
//! driver brought files up to date before, and a kvitt of that time can still open one.

use std::path::Path;

use rusqlite::{Connection, Error, TransactionBehavior, params};
use sqlx::migrate::MigrateError;

use super::open::opening;
use crate::error::LedgerError;
use crate::migrations::{self, Migration};

const MIGRATIONS: [Migration; 10] = [
    Migration::new(1, "ledger", include_str!("../../migrations/sqlite/0001_ledger.sql")),
    Migration::new(2, "users", include_str!("../../migrations/sqlite/0002_users.sql")),
    Migration::new(3, "looks", include_str!("../../migrations/sqlite/0003_looks.sql")),
    Migration::new(4, "inbox", include_str!("../../migrations/sqlite/0004_inbox.sql")),
    Migration::new(5, "webhooks", include_str!("../../migrations/sqlite/0005_webhooks.sql")),
    Migration::new(6, "state", include_str!("../../migrations/sqlite/0006_state.sql")),
    Migration::new(7, "replicas", include_str!("../../migrations/sqlite/0007_replicas.sql")),
    Migration::new(8, "heard", include_str!("../../migrations/sqlite/0008_heard.sql")),
    Migration::new(
        9,
        "fraud_pending",
        include_str!("../../migrations/sqlite/0009_fraud_pending.sql"),
    ),
    Migration::new(10, "figures", include_str!("../../migrations/sqlite/0010_figures.sql")),
];

/// As sqlx makes it. Its name is [`migrations::TABLE`].
const MAKE_TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Brings the schema up to date, all of it or nothing.
pub(super) fn migrate(path: &Path, db: &mut Connection) -> Result<(), LedgerError> {
    let failed = |error| opening(path, error);
    // Under the write lock, so that whoever opens the same file at the same time waits.
    let transaction =
        db.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    transaction.execute(MAKE_TABLE, []).map_err(failed)?;
    for migration in lacking(path, &transaction)? {
        apply(&transaction, migration).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

fn apply(db: &Connection, migration: Migration) -> Result<(), Error> {
    db.execute_batch(migration.sql)?;
    // How long it took is not worth a second statement: sqlx's mark for what is not known.
    db.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (?, ?, TRUE, ?, -1)",
        params![migration.version, migration.name, migration.checksum()],
    )?;
    Ok(())
}

/// The changes of the schema that the file has not had. Nothing is changed.
pub(super) fn pending(path: &Path, db: &Connection) -> Result<Vec<Migration>, LedgerError> {
    let is_there = db
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = ?")
        .and_then(|mut table| table.exists([migrations::TABLE]))
        .map_err(|error| opening(path, error))?;
    if is_there { lacking(path, db) } else { Ok(all()) }
}

/// All changes of the schema.
pub(super) fn all() -> Vec<Migration> {
    MIGRATIONS.to_vec()
}

/// What a file that has the table has not had.
fn lacking(path: &Path, db: &Connection) -> Result<Vec<Migration>, LedgerError> {
    let applied = applied(db).map_err(|error| opening(path, error))?;
    let half = applied.iter().find(|(_, _, is_whole)| !is_whole);
    let whole = half.map_or(Ok(()), |(version, ..)| Err(MigrateError::Dirty(*version)));
    let applied = applied.iter().map(|(version, checksum, _)| (*version, checksum));
    whole.and_then(|()| migrations::lacking(&MIGRATIONS, applied)).map_err(|error| match error {
        MigrateError::VersionMissing(found) => LedgerError::NewerSchema { found },
        error => LedgerError::CannotOpen {
            path: path.to_owned(),
            problem: format!("its schema is not one of kvitt's ({error}): restore a backup"),
        },
    })
}

/// The changes that a file has had: their numbers and checksums, and whether they came to their end.
fn applied(db: &Connection) -> Result<Vec<(i64, Vec<u8>, bool)>, Error> {
    db.prepare("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE_BY_SQLX: &str = include_str!("migrate/made_by_sqlx.sql");
    /// How many changes sqlx's driver made, before there was another.
    const BY_SQLX: usize = 7;
    const A_PLACE_FOR_WHAT_CAME_SINCE: &str = "
        CREATE TABLE inbox (last_at_us INTEGER, door TEXT);
        CREATE TABLE sale (sale TEXT, created_at_us INTEGER, fraud_status TEXT);";

    fn versions(db: &Connection) -> Vec<i64> {
        applied(db).unwrap().into_iter().map(|(version, ..)| version).collect()
    }

    #[test]
    fn a_file_that_sqlx_brought_up_to_date_lacks_what_came_since() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(MADE_BY_SQLX).unwrap();
        db.execute_batch(A_PLACE_FOR_WHAT_CAME_SINCE).unwrap();
        let path = Path::new("kvitt.db");
        assert_eq!(pending(path, &db).unwrap(), MIGRATIONS[BY_SQLX..]);
        migrate(path, &mut db).unwrap();
        assert_eq!(versions(&db), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        let tables: i64 = db
            .query_row("SELECT count(*) FROM sqlite_schema WHERE type = 'table'", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(
            tables, 5,
            "nothing was carried out again, not even on tables that are not there"
        );
    }

    #[test]
    fn what_is_brought_up_to_date_looks_as_if_sqlx_had_done_it() {
        let (mut ours, theirs) =
            (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        migrate(Path::new("kvitt.db"), &mut ours).unwrap();
        theirs.execute_batch(MADE_BY_SQLX).unwrap();
        let rows = |db: &Connection| -> Vec<(i64, String, Vec<u8>, bool)> {
            db.prepare("SELECT version, description, checksum, success FROM _sqlx_migrations")
                .unwrap()
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap()
        };
        assert_eq!(rows(&ours)[..BY_SQLX], rows(&theirs));
        let columns = |db: &Connection| -> Vec<(String, String, bool, Option<String>, bool)> {
            db.prepare("SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?)")
                .unwrap()
                .query_map([migrations::TABLE], |row| {
                    let (name, of, always) = (row.get(0)?, row.get(1)?, row.get(2)?);
                    Ok((name, of, always, row.get(3)?, row.get(4)?))
                })
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap()
        };
        assert_eq!(columns(&ours), columns(&theirs));
    }

    #[test]
    fn a_change_that_came_half_is_refused() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch(MADE_BY_SQLX).unwrap();
        db.execute_batch("UPDATE _sqlx_migrations SET success = 0 WHERE version = 7").unwrap();
        let error = migrate(Path::new("kvitt.db"), &mut db).unwrap_err();
        assert!(matches!(error, LedgerError::CannotOpen { .. }), "{error}");
    }
}
