//! How many writes share a transaction. Where few do, the disk is what everybody waits for. Where
//! all that wait do, nobody has anything else to do until they are answered, all at once.

use std::ops::RangeInclusive;
use std::time::Duration;

/// How many writes one transaction takes at least and at most, where so many wait.
const ROOM: RangeInclusive<usize> = 16..=256;

/// What was learned last counts for one in so many.
const MEMORY: u32 = 8;

/// What a transaction took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// To carry its writes out.
    pub(super) writing: Duration,
    /// Until they were on the disk.
    pub(super) commit: Duration,
}

/// What transactions took of late.
#[derive(Debug, Default)]
pub(super) struct Pace {
    write: Duration,
    commit: Duration,
}

impl Pace {
    /// How many writes the next transaction takes at most: as many as are carried out in the time
    /// of a commit. So many share one on a slow disk, and few on a quick one, where the others are
    /// better answered sooner.
    pub(super) fn room(&self) -> usize {
        let (least, most) = ROOM.into_inner();
        let room = self.commit.as_nanos().checked_div(self.write.as_nanos());
        room.and_then(|it| usize::try_from(it).ok()).map_or(most, |it| it.clamp(least, most))
    }

    /// Learns what the transaction of so many writes took.
    pub(super) fn learn(&mut self, writes: usize, times: Times) {
        let Some(writes) = u32::try_from(writes).ok().filter(|it| *it > 0) else { return };
        learn(&mut self.write, times.writing / writes);
        learn(&mut self.commit, times.commit);
    }
}

/// Moves towards what was measured. What is far beyond the others, as the commit is that moves the
/// log into the file, counts as twice theirs.
fn learn(known: &mut Duration, measured: Duration) {
    *known = if known.is_zero() {
        measured
    } else {
        (*known * (MEMORY - 1) + measured.min(*known * 2)) / MEMORY
    };
}

#[cfg(test)]
mod tests {
    use super::{Pace, ROOM, Times};
    use std::time::Duration;

    /// What it has learned from transactions of ten writes.
    fn learned(times: &[(u64, u64)]) -> Pace {
        let mut pace = Pace::default();
        for &(writing_us, commit_us) in times {
            let writing = Duration::from_micros(writing_us);
            pace.learn(10, Times { writing, commit: Duration::from_micros(commit_us) });
        }
        pace
    }

    #[test]
    fn a_transaction_takes_as_many_writes_as_are_carried_out_in_the_time_of_a_commit() {
        assert_eq!(learned(&[(400, 2_000)]).room(), 50);
        assert_eq!(learned(&[(400, 4_000)]).room(), 100);
    }

    #[test]
    fn it_takes_what_is_worth_a_commit_and_no_more_than_others_shall_wait_for() {
        assert_eq!(learned(&[(400, 10)]).room(), *ROOM.start());
        assert_eq!(learned(&[(400, 1_000_000)]).room(), *ROOM.end());
    }

    #[test]
    fn who_knows_nothing_yet_takes_what_comes() {
        assert_eq!(Pace::default().room(), *ROOM.end());
        let mut pace = Pace::default();
        pace.learn(0, Times { writing: Duration::from_secs(1), commit: Duration::from_secs(1) });
        assert_eq!(pace.room(), *ROOM.end());
    }

    #[test]
    fn one_slow_commit_is_an_exception_and_many_are_the_rule() {
        let quick = [(400, 2_000); 20];
        assert_eq!(learned(&[&quick[..], &[(400, 900_000)]].concat()).room(), 56);
        assert_eq!(learned(&[&quick[..], &[(400, 8_000); 40]].concat()).room(), 198);
    }
}
