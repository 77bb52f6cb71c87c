//! What the kernel tells in /proc: of a process, and of the whole machine.

use std::fs;
use std::time::Duration;

/// `USER_HZ`, the unit of times in /proc: 100 on every machine that kvitt is built for.
const TICKS_PER_SECOND: u64 = 100;

fn ticks(count: u64) -> Duration {
    Duration::from_millis(count * 1000 / TICKS_PER_SECOND)
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{path}: {error}; this bench needs Linux' /proc"))
}

/// What a process (an id, or `self`) has used of all cores, in the kernel and outside. A thread of one
/// is `ID/task/ID`.
pub(crate) fn cpu_time(process: &str) -> Duration {
    let text = read(&format!("/proc/{process}/stat"));
    // The program's name stands in parentheses and may hold spaces.
    let (_, rest) = text.rsplit_once(')').unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let [user, system] = [11, 12].map(|at| fields[at].parse::<u64>().unwrap());
    ticks(user + system)
}

/// What everybody together has used of all cores, what the hypervisor took included.
pub(crate) fn busy_time() -> Duration {
    let text = read("/proc/stat");
    let fields = text.lines().next().unwrap().split_whitespace().skip(1);
    let fields: Vec<u64> = fields.map(|field| field.parse().unwrap()).collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user already.
    ticks([0, 1, 2, 5, 6, 7].iter().map(|at| fields[*at]).sum())
}

/// The figure behind a name in one of /proc's tables.
pub(crate) fn kilobytes(path: &str, name: &str) -> u64 {
    let text = read(path);
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()).unwrap().parse().unwrap()
}

/// The processor's name and how many cores may be used, for the head of a table.
pub(crate) fn description() -> String {
    let text = read("/proc/cpuinfo");
    let model = text.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {model}")
}

/// How many processes wanted to run, on average of the last minute.
pub(crate) fn load_average() -> String {
    read("/proc/loadavg").split_whitespace().next().unwrap().to_owned()
}
