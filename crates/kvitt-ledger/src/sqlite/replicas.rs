//! Processes that live.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::error::driver;
use super::row::now_us;
use super::writer::Write;
use crate::error::LedgerError;
use crate::replica::Replicas;
use crate::row::wait_us;

/// Says that a process lives, drops those that do not, and counts.
pub(super) struct TellAlive {
    pub(super) replica: Uuid,
    pub(super) lives_for: Duration,
}

#[async_trait]
impl Write for TellAlive {
    type Output = Replicas;

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<Replicas, LedgerError> {
        let replica = self.replica.as_hyphenated().to_string();
        sqlx::query(concat!("DELETE FROM replica WHERE seen_at_us <= ", now_us!(), " - ?"))
            .bind(wait_us(self.lives_for))
            .execute(&mut *db)
            .await
            .map_err(driver)?;
        sqlx::query(concat!(
            "INSERT INTO replica (replica, seen_at_us) VALUES (?1, ",
            now_us!(),
            ") ON CONFLICT (replica) DO UPDATE SET seen_at_us = excluded.seen_at_us",
        ))
        .bind(&replica)
        .execute(&mut *db)
        .await
        .map_err(driver)?;
        let row = sqlx::query(
            "SELECT count(*) AS live, count(*) FILTER (WHERE replica < ?1) AS place FROM replica",
        )
        .bind(&replica)
        .fetch_one(db)
        .await
        .map_err(driver)?;
        Ok(Replicas {
            live: row.try_get("live").map_err(driver)?,
            place: row.try_get("place").map_err(driver)?,
        })
    }
}

/// Says that a process is gone.
pub(super) struct TellGone {
    pub(super) replica: Uuid,
}

#[async_trait]
impl Write for TellGone {
    type Output = ();

    async fn apply(&mut self, db: &mut SqliteConnection) -> Result<(), LedgerError> {
        sqlx::query("DELETE FROM replica WHERE replica = ?")
            .bind(self.replica.as_hyphenated().to_string())
            .execute(db)
            .await
            .map_err(driver)?;
        Ok(())
    }
}
