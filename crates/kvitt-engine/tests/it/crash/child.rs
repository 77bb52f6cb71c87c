//! The process that is killed: an engine as it would run in production, over a store that others
//! have open too.

use std::env;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use kvitt_core::SaleId;
use kvitt_engine::{Accounts, Engine, Parts, RandomIds, SystemClock};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::acts::Act;
use crate::shop::{account, settings};
use crate::unsteady::{Moment, Unsteady};

/// The variable that makes this test binary the process, with a [`Job`].
pub(super) const JOB: &str = "KVITT_CRASH_JOB";

/// How often it looks for work before there must be none.
const ROUNDS_MAX: u32 = 500;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) ledger: String,
    pub(super) klarna: String,
    sale: Uuid,
    /// What the shopper's authorization is known by; empty where it is used up.
    pub(super) token: String,
    pub(super) act: Act,
    /// Whether a process before this one was killed.
    pub(super) again: bool,
    /// At its n-th write.
    pub(super) dies: Option<(u32, Moment)>,
}

impl Job {
    pub(super) fn new(ledger: &str, klarna: String, sale: SaleId, token: String, act: Act) -> Self {
        Self {
            ledger: ledger.to_owned(),
            klarna,
            sale: sale.0,
            token,
            act,
            again: false,
            dies: None,
        }
    }

    pub(super) fn sale(&self) -> SaleId {
        SaleId(self.sale)
    }
}

/// Not a test but the process that the tests of the matrix start and kill, which have to name it
/// one: without a job it has nothing to do.
#[test]
fn child() {
    let Ok(job) = env::var(JOB) else { return };
    let job: Job = serde_json::from_str(&job).unwrap();
    // On one thread, so that nothing goes on beside a point at which it dies.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(carry_out(&job));
}

/// Asks for the act as the shop does, and works off what is due. After a crash the worker comes
/// first: what was stored gets done even if the shop does not ask again.
async fn carry_out(job: &Job) {
    let ledger = kvitt_ledger::open(&job.ledger).await.unwrap();
    let dies = job.dies;
    let at_write = move |nth, moment| {
        if dies == Some((nth, moment)) {
            die();
        }
    };
    let mut settings = settings();
    // Whoever held work before is dead.
    settings.lease = Duration::ZERO;
    let engine = Engine::new(Parts {
        ledger: Unsteady::watched(ledger, at_write),
        accounts: Accounts::new(vec![account("main", &job.klarna, &[])]).unwrap(),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
        settings,
    });
    if !job.again {
        job.act.ask(&engine, job).await;
    }
    let mut is_done = false;
    for _ in 0..ROUNDS_MAX {
        if engine.work_once().await.unwrap() > 0 {
            continue;
        }
        if is_done {
            return;
        }
        is_done = job.act.is_done(&engine, job).await;
    }
    panic!("never done: {:?}", engine.sale(job.sale()).await.unwrap().intents);
}

/// SIGKILL, by another process: std has none for oneself.
fn die() {
    let shell = Command::new("sh").args(["-c", "kill -9 $PPID"]).status();
    panic!("it should be dead: {shell:?}");
}
