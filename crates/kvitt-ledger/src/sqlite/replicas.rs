//! Processes that live.

use std::time::Duration;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::row::{id_text, now_us};
use super::statement::{execute, one};
use super::writer::Write;
use crate::error::LedgerError;
use crate::replica::Replicas;
use crate::row::{Read, wait_us};

/// Says that a process lives, drops those that do not, and counts.
pub(super) struct TellAlive {
    pub(super) replica: Uuid,
    pub(super) lives_for: Duration,
}

impl Write for TellAlive {
    type Output = Replicas;

    fn apply(&mut self, db: &Connection) -> Result<Replicas, LedgerError> {
        let drop_dead = concat!("DELETE FROM replica WHERE seen_at_us <= ", now_us!(), " - ?");
        execute(db, drop_dead, [wait_us(self.lives_for)])?;
        let tell = concat!(
            "INSERT INTO replica (replica, seen_at_us) VALUES (?1, ",
            now_us!(),
            ") ON CONFLICT (replica) DO UPDATE SET seen_at_us = excluded.seen_at_us",
        );
        execute(db, tell, [id_text(self.replica)])?;
        let count =
            "SELECT count(*) AS live, count(*) FILTER (WHERE replica < ?1) AS place FROM replica";
        one(db, count, params![id_text(self.replica)], |row| {
            let read = Read::new("replica", row);
            Ok(Replicas { live: read.count("live")?, place: read.count("place")? })
        })
    }
}

/// Says that a process is gone.
pub(super) struct TellGone {
    pub(super) replica: Uuid,
}

impl Write for TellGone {
    type Output = ();

    fn apply(&mut self, db: &Connection) -> Result<(), LedgerError> {
        let sql = "DELETE FROM replica WHERE replica = ?";
        execute(db, sql, [id_text(self.replica)]).map(drop)
    }
}
