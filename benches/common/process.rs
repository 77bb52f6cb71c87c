//! A server as a process of its own, and what the kernel knows of it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::machine;
use crate::wire::Wire;

/// A server that runs until this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// From its start until it said that it is ready.
    pub(crate) ready_after: Duration,
    started: Instant,
}

impl Server {
    /// Starts a server that says by a line on stdout, which ends with its address, that it can be
    /// asked.
    pub(crate) fn start(mut command: Command) -> Self {
        let (mut child, started) = spawn(command.stdout(Stdio::piped()));
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").map(|(_, address)| address);
        let address = address.unwrap_or_else(|| panic!("no ready line, but {line:?}"));
        Self::of(child, started, address.parse().unwrap())
    }

    /// A server that has just become ready.
    pub(crate) fn of(child: Child, started: Instant, address: SocketAddr) -> Self {
        Self { child, address, ready_after: started.elapsed(), started }
    }

    /// Asks once. Gives how long after the start of the process the answer was there.
    pub(crate) fn ask(&self, request: &[u8]) -> Duration {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let mut wire = Wire::connect(self.address).await;
            let answer = wire.ask(request).await;
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        });
        self.started.elapsed()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it used of all cores so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        machine::cpu_time(&self.id().to_string())
    }

    /// In bytes: `VmRSS`, what it holds, and `VmHWM`, the most it held.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        machine::kilobytes(&format!("/proc/{}/status", self.id()), name) * 1024
    }

    /// In bytes, with its share only of what others use as well.
    pub(crate) fn proportional_memory(&self) -> u64 {
        machine::kilobytes(&format!("/proc/{}/smaps_rollup", self.id()), "Pss") * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Starts a process, and notes when.
pub(crate) fn spawn(command: &mut Command) -> (Child, Instant) {
    let started = Instant::now();
    let child = command.stdin(Stdio::null()).spawn();
    let child = child.unwrap_or_else(|error| {
        panic!("{} could not be started: {error}", command.get_program().display())
    });
    (child, started)
}
