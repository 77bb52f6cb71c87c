//! The loop on SQLite without any of kvitt's code: one thread writes, and commits together what
//! waits. Tables, statements and durability are kvitt's, as in the loop of `pgbench`.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use crate::bare::{Loop, Turn, number};
use crate::sample::{LEASE, Sample, intent};

/// Writes that one transaction takes at most, as in kvitt.
const BATCH_MAX: usize = 256;

// kvitt's own statements, as its ledger has them.

const CHECK: &str = "
    SELECT coalesce(max(seq), 0) AS version,
        (SELECT count(*) FROM idempotency WHERE sale = ?1 AND api_key = ?2 AND key = ?3) AS taken,
        (SELECT count(*) FROM ledger_state WHERE frozen_since_us IS NOT NULL) AS frozen
    FROM event WHERE sale = ?1";

const SUMMARY: &str = "
    UPDATE sale SET
        version = ?2, updated_at_us = ?4, account = ?5, purchase_country = ?6,
        purchase_currency = ?7, checkout_status = ?8, order_status = ?9, fraud_status = ?10,
        order_amount = ?15, captured_amount = ?16, refunded_amount = ?17,
        remaining_authorized_amount = ?18, placed_at_us = ?19, expires_at_us = ?20,
        look_at_us = ?22
    WHERE sale = ?1 AND +created_at_us = ?3
        AND klarna_order_id IS ?11 COLLATE BINARY AND klarna_reference IS ?12 COLLATE BINARY
        AND merchant_reference1 IS ?13 COLLATE BINARY AND merchant_reference2 IS ?14 COLLATE BINARY
        AND attention IS ?21";

const SCHEDULE: &str = "
    INSERT INTO work (sale, work_id, kind, attempts, fence, due_at_us)
    VALUES (?1, ?2, ?3, 0, (SELECT fence_floor + 1 FROM sale WHERE sale = ?1),
        CAST(unixepoch('subsec') * 1000000 AS INTEGER) + ?4)
    ON CONFLICT (sale, work_id) DO UPDATE SET
        kind = excluded.kind, attempts = 0, fence = fence + 1, due_at_us = excluded.due_at_us";

const REMEMBER_FENCE: &str = "
    UPDATE sale SET fence_floor = max(fence_floor, coalesce(
        (SELECT fence FROM work WHERE sale = ?1 AND work_id = ?2), 0))
    WHERE sale = ?1";

/// One of a capture's two commits.
struct Write {
    order: u64,
    version: u64,
    number: u64,
    step: Step,
    done: oneshot::Sender<()>,
}

#[derive(Clone, Copy)]
enum Step {
    Intent,
    Outcome,
}

pub(crate) async fn run(
    file: &Path,
    sample: &Arc<Sample>,
    clients: u64,
    orders: u64,
    duration: Duration,
) -> Loop {
    let (queue, writes) = mpsc::channel(1024);
    let thread = {
        let (file, sample) = (file.to_owned(), Arc::clone(sample));
        thread::spawn(move || write_all(&file, &sample, writes))
    };
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for client in 0..clients {
        let (queue, sample) = (queue.clone(), Arc::clone(sample));
        tasks.spawn(async move {
            let mut commits = Vec::new();
            let mut turns = (0..).map(|turn| Turn::of(turn, client, clients, orders, &sample));
            while start.elapsed() < duration {
                let Turn { order, mut version } = turns.next().unwrap();
                let number = number(order, version);
                for step in [Step::Intent, Step::Outcome] {
                    let begun = Instant::now();
                    let (done, is_done) = oneshot::channel();
                    let write = Write { order, version, number, step, done };
                    queue.send(write).await.unwrap();
                    is_done.await.unwrap();
                    commits.push(begun.elapsed());
                    version += 1;
                }
            }
            commits
        });
    }
    drop(queue);
    let commits: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let took = start.elapsed();
    thread.join().unwrap();
    Loop::of(took, &commits)
}

fn write_all(file: &Path, sample: &Sample, mut writes: mpsc::Receiver<Write>) {
    let mut db = Connection::open(file).unwrap();
    // As kvitt sets it.
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; \
         PRAGMA wal_autocheckpoint = 8192;",
    )
    .unwrap();
    db.set_prepared_statement_cache_capacity(32);
    let rows = Rows::of(sample);
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while writes.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
        let together = db.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
        for write in &batch {
            rows.write(&together, write);
        }
        together.commit().unwrap();
        for write in batch.drain(..) {
            write.done.send(()).unwrap();
        }
    }
}

/// The texts of a capture's rows, made once.
struct Rows<'a> {
    sample: &'a Sample,
    at_us: i64,
    requested: (String, String, String),
    done: (String, String, String),
}

impl<'a> Rows<'a> {
    fn of(sample: &'a Sample) -> Self {
        let texts = |recorded: &kvitt_core::Recorded| {
            (
                recorded.event.name(Some(kvitt_core::ActKind::Capture)),
                serde_json::to_string(&recorded.cause).unwrap(),
                serde_json::to_string(&recorded.event).unwrap(),
            )
        };
        Self {
            sample,
            at_us: sample.requested.at.as_microsecond(),
            requested: texts(&sample.requested),
            done: texts(&sample.done),
        }
    }

    fn write(&self, db: &Transaction<'_>, write: &Write) {
        let Write { order, version, number, step, .. } = write;
        let sale = self.sample.sale(*order).0.as_simple().to_string();
        let intent = intent(self.sample, *number);
        let seq = i64::try_from(version + 1).unwrap();
        let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
            let rows = db.prepare_cached(sql).unwrap().execute(values).unwrap();
            assert_eq!(rows, 1, "{sql}");
        };
        let key = match step {
            Step::Intent => Some(self.sample.numbered_key(*number)),
            Step::Outcome => None,
        };
        let requester = key.is_some().then(|| self.sample.requester.to_string());
        let stands_against_it = params![sale, requester, key];
        let (last, taken, frozen): (i64, i64, i64) = db
            .prepare_cached(CHECK)
            .unwrap()
            .query_row(stands_against_it, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .unwrap();
        assert_eq!((last, taken, frozen), (seq - 1, 0, 0));
        let time = jiff::Timestamp::as_microsecond;
        let summary = &self.sample.summary;
        run(
            SUMMARY,
            params![
                sale,
                seq,
                time(summary.created_at),
                self.at_us,
                summary.account,
                summary.purchase_country,
                summary.purchase_currency,
                summary.checkout_status,
                summary.order_status,
                summary.fraud_status,
                summary.klarna_order_id,
                summary.klarna_reference,
                summary.merchant_reference1,
                summary.merchant_reference2,
                summary.order_amount,
                summary.captured_amount,
                summary.refunded_amount,
                summary.remaining_authorized_amount,
                summary.placed_at.map(time),
                summary.expires_at.map(time),
                summary.attention,
                summary.look_at.map(time),
            ],
        );
        let (like, (name, cause, event)) = match step {
            Step::Intent => (&self.sample.requested, &self.requested),
            Step::Outcome => (&self.sample.done, &self.done),
        };
        let id = kvitt_core::EventId(crate::sample::numbered(like.id.0, *number)).to_string();
        let event = self.with_intent(event, &intent.to_string());
        run(
            "INSERT INTO event (sale, seq, id, at_us, name, cause, event) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![sale, seq, id, self.at_us, name, cause, event],
        );
        let secret = format!("call@{intent}");
        let work = intent.0.to_string();
        match step {
            Step::Intent => {
                let lease_us = i64::try_from(LEASE.as_micros()).unwrap();
                run(
                    "INSERT INTO idempotency (sale, api_key, key, request_hash, intent, at_us) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                    params![
                        sale,
                        requester,
                        key,
                        self.sample.request_hash,
                        intent.to_string(),
                        self.at_us
                    ],
                );
                run(
                    "INSERT INTO secret (sale, name, value) VALUES (?, ?, ?) \
                     ON CONFLICT (sale, name) DO UPDATE SET value = excluded.value",
                    params![sale, secret, self.sample.call],
                );
                run(SCHEDULE, params![sale, work, self.sample.work_kind, lease_us]);
            }
            Step::Outcome => {
                run("DELETE FROM secret WHERE sale = ? AND name = ?", params![sale, secret]);
                run(REMEMBER_FENCE, params![sale, work]);
                run("DELETE FROM work WHERE sale = ? AND work_id = ?", params![sale, work]);
            }
        }
    }

    /// The event of this capture: each one's intent is another.
    fn with_intent(&self, event: &str, intent: &str) -> String {
        let sample = self.sample.requested.event.intent().unwrap().to_string();
        event.replace(&sample, intent)
    }
}
