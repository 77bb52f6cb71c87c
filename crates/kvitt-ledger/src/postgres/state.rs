//! Whether the ledger is frozen, and whether it is where it was.

use jiff::Timestamp;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::{now_us, storable};
use crate::frozen::Frozen;
use crate::rows;

/// Why a ledger freezes by itself.
const ELSEWHERE: &str = "the database is not where it was when kvitt last opened it: it was \
    restored from a dump, or moved";

/// Whether it is, since when, and why.
pub(super) async fn frozen(db: &Connections) -> Result<Option<Frozen>, Failed> {
    let row = sqlx::query("SELECT id, frozen_since_us, frozen_because FROM ledger_state")
        .fetch_one(db)
        .await
        .map_err(driver)?;
    Ok(rows::frozen(&row)?)
}

/// Freezes it.
pub(super) async fn freeze(db: &Connections, at: Timestamp, because: &str) -> Result<bool, Failed> {
    let done = sqlx::query(
        "UPDATE ledger_state SET frozen_since_us = $1, frozen_because = $2
         WHERE frozen_since_us IS NULL",
    )
    .bind(at.as_microsecond())
    .bind(storable(because))
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(done.rows_affected() == 1)
}

/// Lets it act again.
pub(super) async fn thaw(db: &Connections) -> Result<bool, Failed> {
    let done = sqlx::query(
        "UPDATE ledger_state SET frozen_since_us = NULL, frozen_because = NULL
         WHERE frozen_since_us IS NOT NULL",
    )
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(done.rows_affected() == 1)
}

/// Freezes a ledger that is not where it was, and takes note of where it is.
///
/// A place is the server's own number, which a standby shares with its primary, the database's in
/// it, and the table's in that. A dump has none of them; a restore of files up to a moment (PITR)
/// has all, and cannot be told from a standby that takes over.
pub(super) async fn look_where_it_is(db: &Connections) -> Result<(), Failed> {
    let row = sqlx::query(concat!(
        "WITH here AS (
             SELECT (SELECT system_identifier FROM pg_control_system()) || '/'
                 || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/'
                 || 'ledger_state'::regclass::oid AS place
         )
         UPDATE ledger_state SET place = here.place,
             frozen_since_us = CASE WHEN ledger_state.place IS NULL THEN frozen_since_us
                 ELSE coalesce(frozen_since_us, ",
        now_us!(),
        ") END,
             frozen_because = CASE WHEN ledger_state.place IS NULL THEN frozen_because
                 ELSE coalesce(frozen_because, $1) END
         FROM here WHERE ledger_state.place IS DISTINCT FROM here.place
         RETURNING id, frozen_since_us, frozen_because",
    ))
    .bind(ELSEWHERE)
    .fetch_optional(db)
    .await;
    let row = match row {
        // A server that keeps its number from kvitt's user: nothing is known then.
        Err(error) if is_forbidden(&error) => return Ok(()),
        row => row.map_err(driver)?,
    };
    if let Some(Frozen { because, .. }) = row.as_ref().map(rows::frozen).transpose()?.flatten() {
        tracing::warn!(because, "the ledger is frozen");
    }
    Ok(())
}

fn is_forbidden(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|it| it.code().as_deref() == Some("42501"))
}
