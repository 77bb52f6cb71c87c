//! The load: kept connections, each with one request under way, on as many threads as there are
//! cores. Requests are bytes made beforehand, answers are looked at for their status and their
//! end, and each thread is one loop over the sockets that are ready: what the load costs is taken
//! from the server, since they share the cores.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::wire::Answer;

/// What stays the same over all servers.
pub(crate) struct Settings {
    pub(crate) connections: usize,
    pub(crate) duration: Duration,
}

/// When a load is over.
pub(crate) enum Until {
    Elapsed(Duration),
    /// So many requests are still to be sent.
    Sent(AtomicU64),
}

impl Until {
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

    /// The longest latency in milliseconds.
    pub(crate) fn slowest(&self) -> f64 {
        self.percentile(100)
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
    let parts: Vec<Part> = thread::scope(|scope| {
        let connected = &connected;
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    let mine = (thread..connections).step_by(threads);
                    let mine = mine.map(|first| Connection::open(address, first)).collect();
                    connected.wait();
                    one_thread(mine, requests, until)
                })
            })
            .collect();
        running.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let start = parts.iter().map(|part| part.start).min().unwrap();
    let end = parts.iter().map(|part| part.end).max().unwrap();
    let mut latencies: Vec<u32> = parts.into_iter().flat_map(|part| part.latencies).collect();
    latencies.sort_unstable();
    Load { took: end - start, latencies }
}

/// What one thread saw.
struct Part {
    start: Instant,
    end: Instant,
    latencies: Vec<u32>,
}

struct Connection {
    stream: TcpStream,
    /// The request that is sent next; there are fewer of them, and they come round again.
    next: usize,
    sent: Instant,
    buffer: Vec<u8>,
    /// How much of the buffer has been read.
    filled: usize,
}

impl Connection {
    fn open(address: SocketAddr, next: usize) -> Self {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let stream = TcpStream::from_std(stream);
        Self { stream, next, sent: Instant::now(), buffer: vec![0; 64 * 1024], filled: 0 }
    }

    fn send(&mut self, requests: &[Vec<u8>], now: Instant) {
        let request = &requests[self.next % requests.len()];
        // Nothing else is under way, so that the kernel has room for all of it.
        assert_eq!(self.stream.write(request).unwrap(), request.len());
        (self.next, self.sent, self.filled) = (self.next + 1, now, 0);
    }

    /// Takes what has come. Whether the answer is there.
    fn receive(&mut self) -> bool {
        loop {
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => panic!("the connection was closed"),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
            if let Some(answer) = Answer::read(&self.buffer[..self.filled]) {
                assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
                return true;
            }
        }
    }
}

fn one_thread(mut connections: Vec<Connection>, requests: &[Vec<u8>], until: &Until) -> Part {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(connections.len());
    let mut latencies = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    let mut under_way = 0;
    for (index, connection) in connections.iter_mut().enumerate() {
        poll.registry().register(&mut connection.stream, Token(index), Interest::READABLE).unwrap();
        if until.goes_on(Duration::ZERO) {
            connection.send(requests, Instant::now());
            under_way += 1;
        }
    }
    while under_way > 0 {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            let connection = &mut connections[event.token().0];
            if !connection.receive() {
                continue;
            }
            let now = Instant::now();
            let latency = (now - connection.sent).as_micros();
            latencies.push(u32::try_from(latency).unwrap_or(u32::MAX));
            if until.goes_on(now - start) {
                connection.send(requests, now);
            } else {
                under_way -= 1;
            }
        }
    }
    Part { start, end: Instant::now(), latencies }
}
