//! Users of the dashboard.

use async_trait::async_trait;
use jiff::Timestamp;
use kvitt_core::UserId;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnection;

use super::error::{driver, is_taken};
use super::writer::Write;
use crate::error::LedgerError;
use crate::rows;
use crate::user::{PasswordHash, User};

/// The user of this name.
pub(super) async fn by_name(db: &SqlitePool, name: &str) -> Result<Option<User>, LedgerError> {
    let row = sqlx::query(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         WHERE name = ?",
    )
    .bind(name)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    row.as_ref().map(rows::user).transpose()
}

/// All users, oldest first.
pub(super) async fn all(db: &SqlitePool) -> Result<Vec<User>, LedgerError> {
    let rows = sqlx::query(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         ORDER BY created_at_us, id",
    )
    .fetch_all(db)
    .await
    .map_err(driver)?;
    rows.iter().map(rows::user).collect()
}

/// Stores a user.
pub(super) struct InsertUser {
    pub(super) user: User,
}

#[async_trait]
impl Write for InsertUser {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query(
            "INSERT INTO dashboard_user (id, name, password_hash, created_at_us, revoked_at_us)
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(self.user.id.to_string())
        .bind(&self.user.name)
        .bind(self.user.password_hash.expose())
        .bind(self.user.created_at.as_microsecond())
        .bind(self.user.revoked_at.map(Timestamp::as_microsecond))
        .execute(db)
        .await
        .map_err(|error| if is_taken(&error) { LedgerError::UserExists } else { driver(error) })?;
        Ok(())
    }
}

/// Gives a user another password.
pub(super) struct SetPassword {
    pub(super) id: UserId,
    pub(super) password_hash: PasswordHash,
}

#[async_trait]
impl Write for SetPassword {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let done = sqlx::query("UPDATE dashboard_user SET password_hash = ? WHERE id = ?")
            .bind(self.password_hash.expose())
            .bind(self.id.to_string())
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        end_sessions(db, self.id).await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Revokes a user.
pub(super) struct RevokeUser {
    pub(super) id: UserId,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Write for RevokeUser {
    type Output = bool;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<bool, LedgerError> {
        let done = sqlx::query(
            "UPDATE dashboard_user SET revoked_at_us = coalesce(revoked_at_us, ?) WHERE id = ?",
        )
        .bind(self.at.as_microsecond())
        .bind(self.id.to_string())
        .execute(&mut *db)
        .await
        .map_err(driver)?;
        end_sessions(db, self.id).await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn end_sessions(db: &mut SqliteConnection, user: UserId) -> Result<(), LedgerError> {
    sqlx::query("DELETE FROM dashboard_session WHERE user_id = ?")
        .bind(user.to_string())
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}
