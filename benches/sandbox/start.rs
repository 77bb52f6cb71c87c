//! From the start of the process to its first answer, and what it holds while nobody asks.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::peers::Sandbox;
use crate::wire;

const STARTS: usize = 20;
const IDLE: Duration = Duration::from_secs(5);

pub(crate) struct Start {
    /// Medians, in milliseconds from the start of the process.
    pub(crate) ready: f64,
    pub(crate) first_answer: f64,
    /// The slowest of all starts, to its first answer.
    pub(crate) slowest: f64,
    /// In bytes, after a few seconds in which nobody asked.
    pub(crate) idle_resident: u64,
    pub(crate) idle_proportional: u64,
    /// Of the program, in bytes.
    pub(crate) program: u64,
}

pub(crate) fn measure(sandbox: &Sandbox) -> Start {
    let (mut readies, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = sandbox.start();
        readies.push(server.ready_after);
        answers.push(server.ask(&wire::request(server.address, "GET", "/sandbox/v1/clock", "")));
    }
    let server = sandbox.start();
    thread::sleep(IDLE);
    Start {
        ready: median(&mut readies),
        first_answer: median(&mut answers),
        slowest: milliseconds(answers.iter().max().copied().unwrap()),
        idle_resident: server.memory("VmRSS"),
        idle_proportional: server.proportional_memory(),
        program: fs::metadata(&sandbox.program).unwrap().len(),
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    milliseconds(times[times.len() / 2])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
