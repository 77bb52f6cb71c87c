//! The thread that keeps the state file: it adds what changed, once a second, and now and then
//! writes the file anew, without what is no longer true.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::{
    batch::{Copied, Taken},
    desk::Desk,
    disk::{Log, Place, discard_newer},
    lines,
};
use crate::state::{State, parts::PARTS};

/// How often what changed is written: what a killed process loses at most.
const EVERY: Duration = Duration::from_secs(1);
/// How much is written into memory while requests wait, in bytes: well below a millisecond.
const AT_ONCE: usize = 1 << 18;
/// After so long a batch is finished while requests wait, lest it never ends.
const BATCH_MAX: Duration = Duration::from_millis(500);
/// A file is written anew when it has grown to so many times what lived when it was last.
const GROWTH_MAX: u64 = 4;
/// Below this size, in bytes, it is left to grow.
const SMALL: u64 = 1 << 20;
/// How long nothing is written anew after that failed.
const REST: Duration = Duration::from_secs(10);
/// How often the same trouble is told in the log.
const TELL_EVERY: Duration = Duration::from_mins(1);

/// A file on its way to take the place of the old one.
struct Newer {
    log: Log,
    copied: Copied,
}

pub(super) struct Worker {
    state: Arc<Mutex<State>>,
    desk: Arc<Desk>,
    place: Place,
    /// `None`: the file on disk is about another store than this one.
    log: Option<Log>,
    newer: Option<Newer>,
    /// Which store the file is about.
    epoch: u64,
    sequence: u64,
    /// How much is written at once, in bytes.
    at_once: usize,
    /// Not before then is anything written anew.
    rests_until: Instant,
    told_at: Option<Instant>,
}

impl Worker {
    pub(super) fn new(
        state: Arc<Mutex<State>>,
        desk: Arc<Desk>,
        place: Place,
        log: Option<Log>,
        sequence: u64,
    ) -> Self {
        let epoch = locked(&state).epoch;
        let worker = Self {
            state,
            desk,
            place,
            log,
            newer: None,
            epoch,
            sequence,
            at_once: AT_ONCE,
            rests_until: Instant::now(),
            told_at: None,
        };
        worker.tell_progress();
        worker
    }

    /// Works until it is asked to stop.
    pub(super) fn run(mut self) {
        let desk = Arc::clone(&self.desk);
        // Also if this thread panics, so that nobody waits for it.
        let _leaving = Leaving(&desk);
        let mut next = Instant::now() + EVERY;
        loop {
            let until = if self.newer.is_some() { Instant::now() } else { next };
            let wish = self.desk.wait_until(until);
            if wish.is_asked || wish.stop {
                let problem = self.write_all().err();
                self.desk.answer(wish.asked, problem);
            } else if Instant::now() >= next {
                let kept = self.keep();
                self.judge(kept);
            }
            if wish.stop {
                self.discard();
                return;
            }
            if next <= Instant::now() {
                next = Instant::now() + EVERY;
            }
            if self.newer.is_some() {
                let copied = self.copy_some();
                self.judge(copied);
            }
        }
    }

    /// Writes everything that is remembered now.
    pub(super) fn write_all(&mut self) -> Result<(), String> {
        self.rests_until = Instant::now();
        let mut kept = self.keep();
        while kept.is_ok() && self.log.is_none() {
            kept = match self.newer {
                Some(_) => self.copy_some(),
                // It was about a store that is no more.
                None => self.keep(),
            };
        }
        let problem = kept.as_ref().err().map(io::Error::to_string);
        self.judge(kept);
        problem.map_or(Ok(()), Err)
    }

    /// Begins to write the file anew.
    pub(super) fn begin_newer(&mut self) -> io::Result<()> {
        self.discard();
        self.rests_until = Instant::now() + REST;
        self.newer = Some(Newer { log: Log::newer(&self.place)?, copied: Copied::default() });
        Ok(())
    }

    fn discard(&mut self) {
        if self.newer.take().is_some() {
            discard_newer(&self.place);
        }
    }

    /// Adds what has changed.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        let epoch = locked(&self.state).epoch;
        if epoch != self.epoch {
            // All of it is another: nothing of the old file is true any more.
            self.epoch = epoch;
            self.log = None;
            self.discard();
            self.rests_until = Instant::now();
            self.desk.tell(|status| status.parts = None);
        }
        if self.log.is_none() && self.newer.is_none() {
            if Instant::now() < self.rests_until {
                return Ok(());
            }
            self.begin_newer()?;
        }
        self.add_batch()?;
        let has_grown = self.log.as_ref().is_some_and(|log| {
            log.bytes() > SMALL && log.bytes() > log.base_bytes.saturating_mul(GROWTH_MAX)
        });
        if has_grown && self.newer.is_none() && Instant::now() >= self.rests_until {
            let begun = self.begin_newer();
            self.without_newer(begun)?;
        }
        Ok(())
    }

    /// Adds a batch of what has changed, if anything has, and waits for the disk. Gives whether it
    /// is of one moment: not if everything was replaced meanwhile.
    fn add_batch(&mut self) -> io::Result<bool> {
        let mut taken = Taken::default();
        let added = self.write_batch(&mut taken);
        if added.is_err() {
            let mut state = locked(&self.state);
            if state.epoch == self.epoch {
                for changes in [taken.left, taken.written] {
                    for ((_, table), changes) in state.tables().into_iter().zip(changes) {
                        table.give_back(changes);
                    }
                }
            }
            self.desk.tell(|status| status.parts = None);
        }
        self.tell_progress();
        added
    }

    /// Requests wait only while some of the rows are written into memory, never for the disk. What
    /// changes between two such steps is taken again, and the last step leaves nothing over: the
    /// batch is of one moment.
    fn write_batch(&mut self, taken: &mut Taken) -> io::Result<bool> {
        if let Some(log) = &mut self.log {
            log.mend()?;
        }
        let begun = Instant::now();
        let mut text = String::new();
        let mut is_empty = true;
        let mut is_last = false;
        while !is_last {
            text.clear();
            let budget = if begun.elapsed() < BATCH_MAX { self.at_once } else { usize::MAX };
            {
                let mut state = locked(&self.state);
                if state.epoch != self.epoch {
                    return Ok(false);
                }
                is_last = taken.write(&mut state, &mut text, budget)?;
                if is_last {
                    self.write_parts(&state, &mut text)?;
                }
                self.desk.tell(|status| status.is_busy |= !text.is_empty());
            }
            is_empty &= text.is_empty();
            self.write(&text)?;
        }
        if !is_empty {
            self.close_batch()?;
        }
        Ok(true)
    }

    /// Writes the parts that differ from what was last written.
    fn write_parts(&self, state: &State, text: &mut String) -> io::Result<()> {
        let parts = state.parts()?;
        self.desk.tell(|status| {
            for (place, (name, part)) in PARTS.iter().zip(&parts).enumerate() {
                let held = status.parts.as_ref().and_then(|held| held.get(place));
                if held != Some(part) {
                    lines::part(text, name, part);
                }
            }
            status.parts = Some(parts);
        });
        Ok(())
    }

    /// Writes lines of a batch where they belong.
    fn write(&mut self, text: &str) -> io::Result<()> {
        if let Some(log) = &mut self.log {
            log.write(text)?;
        }
        if let Some(newer) = &mut self.newer {
            let written = newer.log.write(text);
            self.without_newer(written)?;
        }
        Ok(())
    }

    fn close_batch(&mut self) -> io::Result<()> {
        self.write(&lines::commit(self.sequence + 1))?;
        if let Some(newer) = &mut self.newer {
            let closed = newer.log.close();
            self.without_newer(closed)?;
        }
        if let Some(log) = &mut self.log {
            log.sync()?;
            log.close()?;
            self.sequence += 1;
        }
        Ok(())
    }

    /// Copies some of the rows into the newer file. When all are there, it takes the old one's
    /// place.
    pub(super) fn copy_some(&mut self) -> io::Result<()> {
        let Some(newer) = &mut self.newer else { return Ok(()) };
        let begun = Instant::now();
        let mut text = String::new();
        let is_complete = {
            let mut state = locked(&self.state);
            if state.epoch != self.epoch {
                drop(state);
                self.discard();
                return Ok(());
            }
            newer.copied.go_on(&mut state, &mut text, self.at_once)?
        };
        let waited = begun.elapsed();
        text.push_str(&lines::commit(self.sequence));
        let mut copied = newer.log.add(&text);
        if copied.is_ok() && is_complete {
            copied = self.take_over();
        }
        self.without_newer(copied)?;
        if self.log.is_some() && self.newer.is_some() {
            // There is no hurry: requests come first.
            thread::sleep(waited);
        }
        Ok(())
    }

    /// The newer file has every row: with what changed meanwhile it is as good as the old one.
    fn take_over(&mut self) -> io::Result<()> {
        let is_of_one_moment = self.add_batch()?;
        if !is_of_one_moment {
            self.discard();
            return Ok(());
        }
        let Some(mut newer) = self.newer.take() else { return Ok(()) };
        let mut text = String::new();
        for (name, part) in PARTS.iter().zip(self.desk.status().parts.iter().flatten()) {
            lines::part(&mut text, name, part);
        }
        text.push_str(&lines::commit(self.sequence + 1));
        let taken = newer.log.add(&text).and_then(|()| newer.log.take_over(&self.place));
        if taken.is_err() {
            discard_newer(&self.place);
            return taken;
        }
        self.log = Some(newer.log);
        self.sequence += 1;
        self.tell_progress();
        Ok(())
    }

    /// What came of working on the newer file. That it failed is no harm as long as there is the
    /// old one, which then goes on growing.
    fn without_newer(&mut self, outcome: io::Result<()>) -> io::Result<()> {
        let Err(error) = outcome else { return Ok(()) };
        self.discard();
        if self.log.is_none() {
            return Err(error);
        }
        self.rests_until = Instant::now() + TELL_EVERY;
        let path = self.place.file.display();
        tracing::warn!(%path, %error, "the state file cannot be written anew: it goes on growing");
        Ok(())
    }

    fn tell_progress(&self) {
        self.desk.tell(|status| {
            status.is_busy = false;
            status.sequence = self.sequence;
            status.bytes = self.log.as_ref().map_or(0, Log::bytes);
            status.epoch = self.log.is_some().then_some(self.epoch);
        });
    }

    /// Says in the log when trouble begins, once a minute as long as it lasts, and when it is over.
    fn judge(&mut self, outcome: io::Result<()>) {
        let path = self.place.file.display();
        match outcome {
            Ok(()) if self.log.is_some() => {
                if self.told_at.take().is_some() {
                    tracing::warn!(%path, "the state file is written again");
                }
                self.desk.tell(|status| status.problem = None);
            }
            Ok(()) => {}
            Err(error) => {
                self.desk.tell(|status| status.problem = Some(error.to_string()));
                if self.told_at.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
                    self.told_at = Some(Instant::now());
                    tracing::error!(
                        %path, %error,
                        "the state file cannot be written: what changes now is lost when the \
                         sandbox ends"
                    );
                }
            }
        }
    }
}

#[cfg(test)]
impl Worker {
    pub(super) fn write_one_row_at_once(&mut self) {
        self.at_once = 1;
    }

    pub(super) fn is_up_to_date(&self) -> bool {
        self.log.is_some()
    }

    pub(super) fn is_writing_anew(&self) -> bool {
        self.newer.is_some()
    }

    /// Whether the row of this number stands in the newer file, of the table that is being copied.
    pub(super) fn has_copied(&self, number: u64) -> bool {
        self.newer.as_ref().is_some_and(|newer| newer.copied.is_beyond(number))
    }

    pub(super) fn set_log(&mut self, log: Log) -> Log {
        self.log.replace(log).unwrap()
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Leaving<'a>(&'a Desk);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.leave();
    }
}
