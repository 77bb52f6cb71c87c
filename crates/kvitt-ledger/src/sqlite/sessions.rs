//! Sessions of the dashboard. They live by the database's clock: the business clock may be a
//! sandbox's, which jumps by weeks.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::driver;
use super::row::now_us;
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::wait_us;
use crate::rows;
use crate::user::{SessionDigest, User};

/// Whose session it is, while it lives.
pub(super) async fn holder(
    db: &SqlitePool,
    digest: &SessionDigest,
) -> Result<Option<User>, LedgerError> {
    let row = sqlx::query(concat!(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us
         FROM dashboard_session JOIN dashboard_user ON id = user_id
         WHERE digest = ? AND revoked_at_us IS NULL AND ends_at_us > ",
        now_us!(),
    ))
    .bind(digest.0.as_slice())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.as_ref().map(rows::user).transpose()
}

/// Opens a session, and drops those that have ended.
pub(super) struct OpenSession {
    pub(super) digest: SessionDigest,
    pub(super) user: User,
    pub(super) lifetime: Duration,
}

#[async_trait]
impl Write for OpenSession {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        sqlx::query(concat!("DELETE FROM dashboard_session WHERE ends_at_us <= ", now_us!()))
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        let done = sqlx::query(concat!(
            "INSERT INTO dashboard_session (digest, user_id, ends_at_us)
             SELECT ?1, id, ",
            now_us!(),
            " + ?2 FROM dashboard_user
             WHERE id = ?3 AND password_hash = ?4 AND revoked_at_us IS NULL",
        ))
        .bind(self.digest.0.as_slice())
        .bind(wait_us(self.lifetime))
        .bind(self.user.id.to_string())
        .bind(self.user.password_hash.expose())
        .execute(db)
        .await
        .map_err(driver)?;
        Ok(done.rows_affected() == 1)
    }
}

/// Ends a session.
pub(super) struct CloseSession {
    pub(super) digest: SessionDigest,
}

#[async_trait]
impl Write for CloseSession {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query("DELETE FROM dashboard_session WHERE digest = ?")
            .bind(self.digest.0.as_slice())
            .execute(db)
            .await
            .map_err(driver)?;
        Ok(())
    }
}
