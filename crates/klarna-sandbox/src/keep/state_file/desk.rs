//! What the sandbox and the thread that keeps its state tell each other.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::state::parts::PARTS;

/// How keeping goes.
#[derive(Clone, Default)]
pub(crate) struct Status {
    /// The number of the last batch that the disk has.
    pub(crate) sequence: u64,
    /// The file's size.
    pub(crate) bytes: u64,
    /// Something was taken from the store that the disk does not have yet.
    pub(super) is_busy: bool,
    /// Which of the stores, of those that followed one another, the file is about.
    pub(super) epoch: Option<u64>,
    /// The small parts as they were last written.
    pub(super) parts: Option<[String; PARTS.len()]>,
    /// Why nothing can be written at present.
    pub(crate) problem: Option<String>,
}

#[derive(Default)]
struct Notes {
    status: Status,
    /// How often somebody asked for everything to be written, and how often it was done.
    asked: u64,
    done: u64,
    /// What came of the last time.
    outcome: Option<String>,
    stop: bool,
    /// The thread has ended.
    is_over: bool,
}

/// What the thread is asked to do.
#[derive(Clone, Copy)]
pub(super) struct Wish {
    pub(super) asked: u64,
    pub(super) is_asked: bool,
    pub(super) stop: bool,
}

/// Both sides' notes.
#[derive(Default)]
pub(crate) struct Desk {
    notes: Mutex<Notes>,
    news: Condvar,
}

impl Desk {
    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> Status {
        self.notes().status.clone()
    }

    pub(super) fn tell(&self, change: impl FnOnce(&mut Status)) {
        change(&mut self.notes().status);
    }

    /// For the thread: waits for a wish, but no longer than until then.
    pub(super) fn wait_until(&self, until: Instant) -> Wish {
        let mut notes = self.notes();
        loop {
            let is_asked = notes.asked > notes.done;
            let left = until.saturating_duration_since(Instant::now());
            if is_asked || notes.stop || left.is_zero() {
                return Wish { asked: notes.asked, is_asked, stop: notes.stop };
            }
            let waited = self.news.wait_timeout(notes, left);
            notes = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// For the thread: the wishes up to this one were done, or not.
    pub(super) fn answer(&self, asked: u64, problem: Option<String>) {
        let mut notes = self.notes();
        notes.done = asked;
        notes.outcome = problem;
        self.news.notify_all();
    }

    /// For the thread: it ends.
    pub(super) fn leave(&self) {
        self.notes().is_over = true;
        self.news.notify_all();
    }

    /// Asks for everything to be written and waits for it. The answer is what went wrong.
    pub(super) fn ask(&self) -> Option<String> {
        let mut notes = self.notes();
        notes.asked += 1;
        let mine = notes.asked;
        self.news.notify_all();
        while notes.done < mine && !notes.is_over {
            notes = self.news.wait(notes).unwrap_or_else(PoisonError::into_inner);
        }
        if notes.done < mine {
            return Some("keeping it has ended".to_owned());
        }
        notes.outcome.clone()
    }

    /// Asks the thread to write what is left and to end.
    pub(super) fn stop(&self) {
        self.notes().stop = true;
        self.news.notify_all();
    }
}
