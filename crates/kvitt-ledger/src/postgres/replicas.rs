//! Processes that live.

use std::time::Duration;

use sqlx::Row as _;
use uuid::Uuid;

use super::connections::Connections;
use super::error::{Failed, driver};
use super::row::now_us;
use crate::replica::Replicas;
use crate::row::wait_us;

/// Says that a process lives, drops those that do not, past what others are writing just now, and
/// counts. The statement does not see what it writes itself, so the process is counted apart.
pub(super) async fn tell_alive(
    db: &Connections,
    replica: Uuid,
    lives_for: Duration,
) -> Result<Replicas, Failed> {
    let row = sqlx::query(concat!(
        "WITH told AS (
             INSERT INTO replica (replica, seen_at_us) VALUES ($1, ",
        now_us!(),
        ") ON CONFLICT (replica) DO UPDATE SET seen_at_us = excluded.seen_at_us
         ), dead AS MATERIALIZED (
             SELECT replica FROM replica WHERE replica <> $1 AND seen_at_us <= ",
        now_us!(),
        " - $2 FOR UPDATE SKIP LOCKED
         ), dropped AS (
             DELETE FROM replica USING dead WHERE replica.replica = dead.replica
         )
         SELECT count(*) AS others, count(*) FILTER (WHERE replica < $1) AS place FROM replica
         WHERE replica <> $1 AND seen_at_us > ",
        now_us!(),
        " - $2",
    ))
    .bind(replica)
    .bind(wait_us(lives_for))
    .fetch_one(db)
    .await
    .map_err(driver)?;
    let others: i64 = row.try_get("others").map_err(driver)?;
    let place: i64 = row.try_get("place").map_err(driver)?;
    let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Replicas { live: number(others).saturating_add(1), place: number(place) })
}

/// Says that a process is gone.
pub(super) async fn tell_gone(db: &Connections, replica: Uuid) -> Result<(), Failed> {
    sqlx::query("DELETE FROM replica WHERE replica = $1")
        .bind(replica)
        .execute(db)
        .await
        .map_err(driver)?;
    Ok(())
}
