//! Many sessions in one sandbox: what the next one costs, and what all of them weigh.

use std::sync::atomic::AtomicU64;

use crate::common::load::{self, Until};
use crate::in_turn::in_turn;
use crate::peers::{Sandbox, create_session};

/// In so many equal steps.
const STEPS: u64 = 10;

/// What creating one step's sessions was like.
pub(crate) struct Step {
    /// How many the sandbox keeps after it.
    pub(crate) sessions: u64,
    pub(crate) per_second: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) slowest: f64,
    /// What the sandbox used of all cores for one session, in microseconds.
    pub(crate) cpu_micros: f64,
    /// What it holds, in bytes.
    pub(crate) resident: u64,
}

pub(crate) struct Growth {
    pub(crate) steps: Vec<Step>,
    /// The most memory that it held, in bytes.
    pub(crate) peak: u64,
}

pub(crate) fn measure(sandbox: &Sandbox, sessions: u64, connections: usize) -> Growth {
    let server = sandbox.start();
    let requests = [create_session(server.address)];
    let per_step = sessions / STEPS;
    let steps = (1..=STEPS).map(|step| {
        let before = server.cpu_time();
        let load = load::run(
            server.address,
            in_turn(&requests, connections),
            200,
            &Until::Sent(AtomicU64::new(per_step)),
        );
        let cpu = server.cpu_time().saturating_sub(before);
        eprintln!("{} sessions: {:.0}/s", step * per_step, load.per_second());
        #[expect(clippy::cast_precision_loss, reason = "far fewer answers than 2^52")]
        let answers = load.answers() as f64;
        Step {
            sessions: step * per_step,
            per_second: load.per_second(),
            p50: load.percentile(50),
            p99: load.percentile(99),
            slowest: load.percentile(100),
            cpu_micros: cpu.as_secs_f64() * 1e6 / answers,
            resident: server.memory("VmRSS"),
        }
    });
    let steps = steps.collect();
    Growth { steps, peak: server.memory("VmHWM") }
}
