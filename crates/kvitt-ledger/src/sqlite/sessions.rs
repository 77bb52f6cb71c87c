//! Sessions of the dashboard. They live by the database's clock: the business clock may be a
//! sandbox's, which jumps by weeks.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::readers::Readers;
use super::row::now_us;
use super::statement::{execute, find};
use super::writer::Write;
use crate::error::LedgerError;
use crate::row::wait_us;
use crate::rows;
use crate::user::{SessionDigest, User};

/// Whose session it is, while it lives.
pub(super) async fn holder(
    readers: &Readers,
    digest: &SessionDigest,
) -> Result<Option<User>, LedgerError> {
    let sql = concat!(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us
         FROM dashboard_session JOIN dashboard_user ON id = user_id
         WHERE digest = ? AND revoked_at_us IS NULL AND ends_at_us > ",
        now_us!(),
    );
    let digest = *digest;
    readers.read_by_key(move |db| find(db, sql, [digest.0], |row| rows::user(row))).await
}

/// Opens a session, and drops those that have ended.
pub(super) struct OpenSession {
    pub(super) digest: SessionDigest,
    pub(super) user: User,
    pub(super) lifetime: Duration,
}

impl Write for OpenSession {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let drop_ended = concat!("DELETE FROM dashboard_session WHERE ends_at_us <= ", now_us!());
        execute(db, drop_ended, [])?;
        let open = concat!(
            "INSERT INTO dashboard_session (digest, user_id, ends_at_us)
             SELECT ?1, id, ",
            now_us!(),
            " + ?2 FROM dashboard_user
             WHERE id = ?3 AND password_hash = ?4 AND revoked_at_us IS NULL",
        );
        let user = &self.user;
        let password = user.password_hash.expose();
        let values = params![self.digest.0, wait_us(self.lifetime), user.id.to_string(), password];
        Ok(execute(db, open, values)? == 1)
    }
}

/// Ends a session.
pub(super) struct CloseSession {
    pub(super) digest: SessionDigest,
}

impl Write for CloseSession {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let sql = "DELETE FROM dashboard_session WHERE digest = ?";
        execute(db, sql, [self.digest.0]).map(drop)
    }
}
