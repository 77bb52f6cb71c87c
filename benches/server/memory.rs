//! What `kvitt serve` holds: while nobody asks, and with many connections.

use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::common::load::{self, Until};
use crate::shop::{CAPTURES_PER_ORDER, Captures, Of, Pool, Shop};
use crate::store::{Kind, Store};
use crate::wire;

const IDLE: Duration = Duration::from_secs(10);

/// How many captures each connection makes, about.
const CAPTURES_EACH: usize = 8;

pub(crate) struct Held {
    pub(crate) kind: Kind,
    /// From the start of the process to its first answer, in milliseconds.
    pub(crate) first_answer: f64,
    /// … to its ready line.
    pub(crate) ready: f64,
    /// In bytes, after ten seconds in which nobody asked.
    pub(crate) idle_resident: u64,
    pub(crate) idle_proportional: u64,
    /// Connections, and the most that it held while all of them captured, in bytes.
    pub(crate) under_load: Vec<(usize, u64)>,
}

pub(crate) fn measure(store: &Store, program: &Path, connections: &[usize]) -> Held {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let (ready, first_answer, idle_resident, idle_proportional) = {
        let home = store.home();
        let shop = Shop::open(program, home.folder(), &home.url());
        let live = wire::request(shop.kvitt.address, "GET", "/healthz", "");
        let first_answer = milliseconds(shop.kvitt.ask(&live));
        thread::sleep(IDLE);
        (
            milliseconds(shop.kvitt.ready_after),
            first_answer,
            shop.kvitt.memory("VmRSS"),
            shop.kvitt.proportional_memory(),
        )
    };
    let under_load = connections.iter().map(|&connections| {
        let home = store.home();
        let shop = Shop::open(program, home.folder(), &home.url());
        let captures = connections * CAPTURES_EACH;
        let orders = shop.place(captures / CAPTURES_PER_ORDER + 2 * connections);
        let pool = Pool::of(orders);
        let until = Until::Sent((captures as u64).into());
        let clients = Captures::clients(&shop, &pool, &Of::Kvitt, connections);
        let load = load::run(shop.kvitt.address, clients, 201, &until);
        let peak = shop.kvitt.memory("VmHWM");
        eprintln!(
            "{}: {connections} connections: {:.0}/s, {} MB",
            store.kind().name(),
            load.per_second(),
            peak / 1_000_000
        );
        (connections, peak)
    });
    let under_load = under_load.collect();
    Held { kind: store.kind(), first_answer, ready, idle_resident, idle_proportional, under_load }
}
