//! Sessions of the dashboard. They live by the database's clock: the business clock may be a
//! sandbox's, which jumps by weeks.

use std::time::Duration;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::now_us;
use crate::row::wait_us;
use crate::rows;
use crate::user::{SessionDigest, User};

/// Whose session it is, while it lives.
pub(super) async fn holder(
    db: &Connections,
    digest: &SessionDigest,
) -> Result<Option<User>, Failed> {
    let row = sqlx::query(concat!(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us
         FROM dashboard_session JOIN dashboard_user ON id = user_id
         WHERE digest = $1 AND revoked_at_us IS NULL AND ends_at_us > ",
        now_us!(),
    ))
    .bind(digest.0.as_slice())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::user).transpose()?)
}

/// Opens a session, and drops those that have ended.
pub(super) async fn open(
    db: &Connections,
    digest: &SessionDigest,
    user: &User,
    lifetime: Duration,
) -> Result<bool, Failed> {
    sqlx::query(concat!(
        "DELETE FROM dashboard_session WHERE digest IN (
             SELECT digest FROM dashboard_session WHERE ends_at_us <= ",
        now_us!(),
        " FOR UPDATE SKIP LOCKED)",
    ))
    .execute(db)
    .await
    .map_err(driver)?;
    // The lock keeps the user as it was checked until the session is there to be ended.
    let done = sqlx::query(concat!(
        "INSERT INTO dashboard_session (digest, user_id, ends_at_us)
         SELECT $1, id, ",
        now_us!(),
        " + $2 FROM dashboard_user
         WHERE id = $3 AND password_hash = $4 AND revoked_at_us IS NULL FOR SHARE",
    ))
    .bind(digest.0.as_slice())
    .bind(wait_us(lifetime))
    .bind(user.id.0)
    .bind(user.password_hash.expose())
    .execute(db)
    .await
    .map_err(driver)?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session.
pub(super) async fn close(db: &Connections, digest: &SessionDigest) -> Result<(), Failed> {
    sqlx::query("DELETE FROM dashboard_session WHERE digest = $1")
        .bind(digest.0.as_slice())
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}
