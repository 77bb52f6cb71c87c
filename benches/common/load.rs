//! The load: kept connections, each with one request under way, on as many threads as there are
//! cores. Requests are bytes, answers are looked at for their status and their end, and each thread
//! is one loop over the sockets that are ready: what the load costs is taken from the server, since
//! they share the cores.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::wire::Answer;

/// Where the requests of one connection come from.
pub(crate) trait Source: Send {
    /// The next one, complete.
    fn next(&mut self) -> &[u8];
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

    /// The latency in milliseconds that so many of a hundred answers kept to; of 100 the longest.
    pub(crate) fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.answers() * percent).div_ceil(100).max(1);
        f64::from(self.latencies[rank - 1]) / 1000.0
    }
}

/// Sends what the sources give, each over a connection of its own. Every answer has to have this
/// status.
pub(crate) fn run(
    address: SocketAddr,
    sources: Vec<impl Source>,
    status: u16,
    until: &Until,
) -> Load {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(sources.len());
    let connected = Barrier::new(threads);
    let mut shares: Vec<Vec<_>> = (0..threads).map(|_| Vec::new()).collect();
    for (index, source) in sources.into_iter().enumerate() {
        shares[index % threads].push(source);
    }
    let parts: Vec<Part> = thread::scope(|scope| {
        let connected = &connected;
        let running: Vec<_> = shares
            .into_iter()
            .map(|share| {
                scope.spawn(move || {
                    let mine = share.into_iter().map(|source| Connection::open(address, source));
                    let mine = mine.collect();
                    connected.wait();
                    one_thread(mine, status, until)
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

struct Connection<S> {
    stream: TcpStream,
    source: S,
    sent: Instant,
    buffer: Vec<u8>,
    /// How much of the buffer has been read.
    filled: usize,
}

impl<S: Source> Connection<S> {
    fn open(address: SocketAddr, source: S) -> Self {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let stream = TcpStream::from_std(stream);
        Self { stream, source, sent: Instant::now(), buffer: vec![0; 64 * 1024], filled: 0 }
    }

    fn send(&mut self, now: Instant) {
        let request = self.source.next();
        // Nothing else is under way, so that the kernel has room for all of it.
        assert_eq!(self.stream.write(request).unwrap(), request.len());
        (self.sent, self.filled) = (now, 0);
    }

    /// Takes what has come. Whether the answer is there.
    fn receive(&mut self, status: u16) -> bool {
        loop {
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => panic!("the connection was closed"),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("{error}"),
            }
            if let Some(answer) = Answer::read(&self.buffer[..self.filled]) {
                assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(answer.body));
                return true;
            }
        }
    }
}

fn one_thread<S: Source>(mut connections: Vec<Connection<S>>, status: u16, until: &Until) -> Part {
    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(connections.len());
    let mut latencies = Vec::with_capacity(1 << 20);
    let start = Instant::now();
    let mut under_way = 0;
    for (index, connection) in connections.iter_mut().enumerate() {
        poll.registry().register(&mut connection.stream, Token(index), Interest::READABLE).unwrap();
        if until.goes_on(Duration::ZERO) {
            connection.send(Instant::now());
            under_way += 1;
        }
    }
    while under_way > 0 {
        poll.poll(&mut events, None).unwrap();
        for event in &events {
            let connection = &mut connections[event.token().0];
            if !connection.receive(status) {
                continue;
            }
            let now = Instant::now();
            let latency = (now - connection.sent).as_micros();
            latencies.push(u32::try_from(latency).unwrap_or(u32::MAX));
            if until.goes_on(now - start) {
                connection.send(now);
            } else {
                under_way -= 1;
            }
        }
    }
    Part { start, end: Instant::now(), latencies }
}
