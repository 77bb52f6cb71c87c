//! Users of the dashboard.

use jiff::Timestamp;
use kvitt_core::UserId;
use sqlx::PgConnection;

use super::connections::Connections;
use super::error::{Failed, driver, violated};
use super::row::{is_storable, storable};
use crate::error::LedgerError;
use crate::rows;
use crate::user::{PasswordHash, User};

/// The user of this name.
pub(super) async fn by_name(db: &Connections, name: &str) -> Result<Option<User>, Failed> {
    if !is_storable(name) {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         WHERE lower(name) = $1",
    )
    .bind(name.to_ascii_lowercase())
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.as_ref().map(rows::user).transpose()?)
}

/// All users, oldest first.
pub(super) async fn all(db: &Connections) -> Result<Vec<User>, Failed> {
    let rows = sqlx::query(
        "SELECT id, name, password_hash, created_at_us, revoked_at_us FROM dashboard_user
         ORDER BY created_at_us, id",
    )
    .fetch_all(db)
    .await
    .map_err(driver)?;
    Ok(rows.iter().map(rows::user).collect::<Result<_, _>>()?)
}

/// Stores a user.
pub(super) async fn insert(db: &Connections, user: &User) -> Result<(), Failed> {
    sqlx::query(
        "INSERT INTO dashboard_user (id, name, password_hash, created_at_us, revoked_at_us)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(user.id.0)
    .bind(storable(&user.name))
    .bind(user.password_hash.expose())
    .bind(user.created_at.as_microsecond())
    .bind(user.revoked_at.map(Timestamp::as_microsecond))
    .execute(db)
    .await
    .map_err(|error| match violated(&error) {
        Some(_) => LedgerError::UserExists.into(),
        None => driver(error),
    })?;
    Ok(())
}

/// Gives a user another password.
pub(super) async fn set_password(
    db: &Connections,
    id: UserId,
    password_hash: &PasswordHash,
) -> Result<bool, Failed> {
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    let done = sqlx::query("UPDATE dashboard_user SET password_hash = $1 WHERE id = $2")
        .bind(password_hash.expose())
        .bind(id.0)
        .execute(&mut *transaction)
        .await
        .map_err(driver)?;
    end_sessions(&mut transaction, id).await?;
    transaction.commit().await.map_err(driver)?;
    connection.give_back();
    Ok(done.rows_affected() == 1)
}

/// Revokes a user.
pub(super) async fn revoke(db: &Connections, id: UserId, at: Timestamp) -> Result<bool, Failed> {
    let mut connection = db.acquire().await.map_err(driver)?;
    let mut transaction = connection.begin().await.map_err(driver)?;
    let done = sqlx::query(
        "UPDATE dashboard_user SET revoked_at_us = coalesce(revoked_at_us, $1) WHERE id = $2",
    )
    .bind(at.as_microsecond())
    .bind(id.0)
    .execute(&mut *transaction)
    .await
    .map_err(driver)?;
    end_sessions(&mut transaction, id).await?;
    transaction.commit().await.map_err(driver)?;
    connection.give_back();
    Ok(done.rows_affected() == 1)
}

/// A statement of its own, after the user's row is locked: only so does it see the sessions that
/// were opened while the lock was waited for.
async fn end_sessions(db: &mut PgConnection, user: UserId) -> Result<(), Failed> {
    sqlx::query("DELETE FROM dashboard_session WHERE user_id = $1")
        .bind(user.0)
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}
