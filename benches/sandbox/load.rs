//! The load: kept connections, each with one request under way, on as many threads as there are
//! cores. Requests are bytes made beforehand; an answer is only looked at for its status.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::wire::Wire;

/// What stays the same over all servers.
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// When a load is over.
#[derive(Clone)]
pub(crate) enum Until {
    Elapsed(Duration),
    /// So many requests are still to be sent.
    Sent(Arc<AtomicU64>),
}

impl Until {
    pub(crate) fn sent(requests: u64) -> Self {
        Self::Sent(Arc::new(AtomicU64::new(requests)))
    }

    fn goes_on(&self, since_start: Duration) -> bool {
        match self {
            Self::Elapsed(duration) => since_start < *duration,
            Self::Sent(left) => left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                .is_ok(),
        }
    }
}

/// What a load found.
pub(crate) struct Load {
    took: Duration,
    /// Of every answer, in microseconds, the shortest first.
    latencies: Vec<u32>,
}

impl Load {
    pub(crate) fn answers(&self) -> usize {
        self.latencies.len()
    }

    #[expect(clippy::cast_precision_loss, reason = "far fewer answers than 2^52")]
    pub(crate) fn per_second(&self) -> f64 {
        self.answers() as f64 / self.took.as_secs_f64()
    }

    /// The latency in milliseconds that so many of a hundred answers kept to.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.answers() * percent).div_ceil(100).max(1);
        f64::from(self.latencies[rank - 1]) / 1000.0
    }
}

/// Sends these requests, each connection in turn from another of them on. Every answer has to be
/// a 200.
pub(crate) fn run(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    until: &Until,
) -> Load {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(connections);
    let connected = Barrier::new(threads);
    let parts: Vec<(Instant, Instant, Vec<u32>)> = thread::scope(|scope| {
        let connected = &connected;
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let mine: Vec<usize> = (thread..connections).step_by(threads).collect();
                scope.spawn(move || one_thread(address, requests, &mine, until, connected))
            })
            .collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let start = parts.iter().map(|part| part.0).min().unwrap();
    let end = parts.iter().map(|part| part.1).max().unwrap();
    let mut latencies: Vec<u32> = parts.into_iter().flat_map(|part| part.2).collect();
    latencies.sort_unstable();
    Load { took: end - start, latencies }
}

fn one_thread(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: &[usize],
    until: &Until,
    connected: &Barrier,
) -> (Instant, Instant, Vec<u32>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let wires: Vec<Wire> = runtime.block_on(async {
        let mut wires = Vec::new();
        for _ in connections {
            wires.push(Wire::connect(address).await);
        }
        wires
    });
    connected.wait();
    let start = Instant::now();
    let requests: Arc<[Vec<u8>]> = requests.into();
    let tasks = LocalSet::new();
    let handles: Vec<_> = wires
        .into_iter()
        .zip(connections)
        .map(|(wire, first)| {
            let (requests, until) = (Arc::clone(&requests), until.clone());
            tasks.spawn_local(one_connection(wire, requests, *first, until, start))
        })
        .collect();
    let latencies = runtime.block_on(tasks.run_until(async {
        let mut latencies = Vec::new();
        for handle in handles {
            latencies.extend(handle.await.unwrap());
        }
        latencies
    }));
    (start, Instant::now(), latencies)
}

async fn one_connection(
    mut wire: Wire,
    requests: Arc<[Vec<u8>]>,
    first: usize,
    until: Until,
    start: Instant,
) -> Vec<u32> {
    let mut latencies = Vec::with_capacity(1 << 16);
    let mut sent = Instant::now();
    for request in requests.iter().cycle().skip(first % requests.len()) {
        if !until.goes_on(sent - start) {
            break;
        }
        let answer = wire.ask(request).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        let answered = Instant::now();
        latencies.push(u32::try_from((answered - sent).as_micros()).unwrap_or(u32::MAX));
        sent = answered;
    }
    latencies
}
