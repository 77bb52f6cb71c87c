//! Users of the dashboard.

use jiff::Timestamp;
use kvitt_core::UserId;
use rusqlite::{Connection, params};

use super::readers::Readers;
use super::statement::{execute, find, insert, list};
use super::writer::Write;
use crate::error::LedgerError;
use crate::rows;
use crate::user::{PasswordHash, User};

/// The user of this name.
pub(super) async fn by_name(readers: &Readers, name: &str) -> Result<Option<User>, LedgerError> {
    let sql = "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         WHERE name = ?";
    let name = name.to_owned();
    readers.read(move |db| find(db, sql, [name], |row| rows::user(row))).await
}

/// All users, oldest first.
pub(super) async fn all(readers: &Readers) -> Result<Vec<User>, LedgerError> {
    let sql = "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         ORDER BY created_at_us, id";
    readers.read(|db| list(db, sql, [], |row| rows::user(row))).await
}

/// Stores a user.
pub(super) struct InsertUser {
    pub(super) user: User,
}

impl Write for InsertUser {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let User { id, name, password_hash, created_at, revoked_at } = &self.user;
        insert(
            db,
            "INSERT INTO dashboard_user (id, name, password_hash, created_at_us, revoked_at_us)
             VALUES (?, ?, ?, ?, ?)",
            params![
                id.to_string(),
                name,
                password_hash.expose(),
                created_at.as_microsecond(),
                revoked_at.map(Timestamp::as_microsecond),
            ],
            LedgerError::UserExists,
        )
    }
}

/// Gives a user another password.
pub(super) struct SetPassword {
    pub(super) id: UserId,
    pub(super) password_hash: PasswordHash,
}

impl Write for SetPassword {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let sql = "UPDATE dashboard_user SET password_hash = ? WHERE id = ?";
        let rows = execute(db, sql, params![self.password_hash.expose(), self.id.to_string()])?;
        end_sessions(db, self.id)?;
        Ok(rows == 1)
    }
}

/// Revokes a user.
pub(super) struct RevokeUser {
    pub(super) id: UserId,
    pub(super) at: Timestamp,
}

impl Write for RevokeUser {
    type Output = bool;

    fn apply(&mut self, db: &Connection) -> Result<bool, LedgerError> {
        let sql =
            "UPDATE dashboard_user SET revoked_at_us = coalesce(revoked_at_us, ?) WHERE id = ?";
        let rows = execute(db, sql, params![self.at.as_microsecond(), self.id.to_string()])?;
        end_sessions(db, self.id)?;
        Ok(rows == 1)
    }
}

fn end_sessions(db: &Connection, user: UserId) -> Result<(), LedgerError> {
    let sql = "DELETE FROM dashboard_session WHERE user_id = ?";
    execute(db, sql, [user.to_string()]).map(drop)
}
