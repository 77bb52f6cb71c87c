//! The state file: what the sandbox remembers, kept across restarts.
//!
//! A thread of its own adds what has changed, once a second and at the end; a process that is
//! killed loses at most what came after. Nothing of it is there in a sandbox without a state file.

mod batch;
mod desk;
mod disk;
mod lines;
#[cfg(test)]
mod tests;
mod worker;

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
};

use serde_json::{Value, json};

use self::{
    desk::Desk,
    disk::{Log, Place, io_error},
    lines::{Loaded, Unreadable, load},
    worker::Worker,
};
use crate::{
    error::Error,
    state::{State, parts::PARTS},
};

/// A state file that is being kept. When this is dropped, what is left is written.
pub(crate) struct StateFile {
    path: PathBuf,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
    /// Held so that no other sandbox takes the file.
    _lock: File,
}

impl StateFile {
    /// Loads the file into the store, in the place of everything that was there, and keeps it from
    /// now on. Where there is no file, one is made of the store. Gives also whether there was one.
    pub(crate) fn open(path: &Path, store: &Arc<Mutex<State>>) -> Result<(Self, bool), Error> {
        let place = Place::of(path)?;
        let lock = place.lock()?;
        let loaded = match place.open()? {
            None => None,
            Some(file) => load(BufReader::new(file)).map_err(|error| match error {
                Unreadable::Io(source) => io_error(&place.file, "read", source),
                Unreadable::Line(line, problem) => {
                    Error::StateFileUnreadable { path: place.file.clone(), line, problem }
                }
            })?,
        };
        let was_there = loaded.is_some();
        let desk = Arc::<Desk>::default();
        let worker = match loaded {
            Some(loaded) => go_on(loaded, store, &desk, &place)?,
            None => begin(store, &desk, &place)?,
        };
        let thread = thread::Builder::new()
            .name("state file".to_owned())
            .spawn(|| worker.run())
            .map_err(|source| io_error(&place.file, "kept", source))?;
        let kept = Self { path: place.file, desk, thread: Some(thread), _lock: lock };
        Ok((kept, was_there))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what has changed and waits until the disk has it.
    pub(crate) fn write(&self) -> Result<(), Error> {
        match self.desk.ask() {
            None => Ok(()),
            Some(problem) => Err(io_error(&self.path, "written", std::io::Error::other(problem))),
        }
    }

    /// How keeping goes. Whether the disk lacks something is told of exactly this moment.
    pub(crate) fn status(&self, state: &mut State) -> Value {
        let status = self.desk.status();
        let parts = state.parts().ok();
        let is_pending = status.is_busy
            || status.epoch != Some(state.epoch)
            || status.parts != parts
            || state.tables().iter().any(|(_, table)| table.has_changes());
        json!({
            "path": self.path.display().to_string(),
            "sequence": status.sequence,
            "bytes": status.bytes,
            "pending": is_pending,
            "problem": status.problem,
        })
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        self.desk.stop();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was told when it happened.
            let _ = thread.join();
        }
    }
}

/// Takes over what a file held, and goes on adding to it.
fn go_on(
    loaded: Loaded,
    store: &Arc<Mutex<State>>,
    desk: &Arc<Desk>,
    place: &Place,
) -> Result<Worker, Error> {
    let Loaded { mut state, sequence, bytes, lines } = loaded;
    let failed = |source| io_error(&place.file, "written", source);
    let log = Log::continued(place, bytes).map_err(failed)?;
    let rows: usize = state.tables().iter().map(|(_, table)| table.count()).sum();
    let is_tight = lines == u64::try_from(rows + PARTS.len()).unwrap_or(u64::MAX);
    let parts = state.parts().map_err(|error| failed(error.into()))?;
    desk.tell(|status| status.parts = Some(parts));
    state.weigh_all();
    let older = {
        let mut held = store.lock().unwrap_or_else(PoisonError::into_inner);
        state.track();
        held.replace(state)
    };
    drop(older);
    let (store, desk) = (Arc::clone(store), Arc::clone(desk));
    let mut worker = Worker::new(store, desk, place.clone(), Some(log), sequence);
    if !is_tight {
        worker.begin_newer().map_err(failed)?;
    }
    Ok(worker)
}

/// Makes a file of what is remembered.
fn begin(store: &Arc<Mutex<State>>, desk: &Arc<Desk>, place: &Place) -> Result<Worker, Error> {
    store.lock().unwrap_or_else(PoisonError::into_inner).track();
    let (store, desk) = (Arc::clone(store), Arc::clone(desk));
    let mut worker = Worker::new(store, desk, place.clone(), None, 0);
    let written = worker.write_all();
    written.map_err(|problem| io_error(&place.file, "written", std::io::Error::other(problem)))?;
    Ok(worker)
}
