//! Keeping what the sandbox remembers: snapshots, and the state file.

pub(crate) mod check;
pub(crate) mod snapshot;
pub(crate) mod state_file;

use std::{
    io::Read,
    path::Path,
    sync::{MutexGuard, PoisonError},
};

use serde::de::{Deserialize, DeserializeOwned};

use self::state_file::StateFile;
use crate::{Error, Sandbox};

impl Sandbox {
    /// Everything that is remembered, as a JSON document for [`Sandbox::restore`]: the sandbox's
    /// time, the switches, sessions, authorizations, orders, first answers to idempotency keys,
    /// faults and notifications. The exchanges, the attempts at callbacks and the windows in which
    /// buyers stand half way are not in it.
    ///
    /// It holds personal data and tokens, as the sandbox does. Requests wait while it is made.
    pub fn snapshot(&self) -> Vec<u8> {
        snapshot::take(&self.0)
    }

    /// Puts a snapshot in the place of everything that is remembered. The sandbox's time goes on
    /// from the snapshot's, whatever the day is. What was exchanged, and how callbacks went, stays
    /// on record.
    ///
    /// # Errors
    /// The snapshot is of another kind or version, or a member is wrong, which the error names by
    /// its path. Nothing was changed then.
    pub fn restore(&self, snapshot: impl Read) -> Result<(), Error> {
        snapshot::restore(&self.0, snapshot)
    }

    /// Forgets everything: what is remembered, what was exchanged, how callbacks went. Clock and
    /// switches stand again as in the [`Config`](crate::Config).
    pub fn reset(&self) {
        self.0.reset();
    }

    /// Keeps what is remembered in a file from now on, across restarts. A file that is there is
    /// loaded first, in the place of everything that is remembered. What changed is written once a
    /// second, and when the file is let go; a process that is killed loses at most the last
    /// second. The clock goes on as if the sandbox had never stopped.
    ///
    /// The file is let go by [`Sandbox::stop_keeping`] or with the last handle. A `FILE.lock`
    /// beside it keeps other sandboxes away, and stays there. Gives whether there was a file.
    ///
    /// # Errors
    /// The file cannot be read or written, another sandbox has it, or it is no state file that this
    /// version reads; it was not touched then.
    pub fn keep_in(&self, file: impl AsRef<Path>) -> Result<bool, Error> {
        let mut held = self.state_file();
        if let Some(kept) = &*held {
            return Err(Error::StateFileGiven { path: kept.path().to_owned() });
        }
        let (kept, was_there) = StateFile::open(file.as_ref(), self.0.store())?;
        *held = Some(kept);
        Ok(was_there)
    }

    /// Writes what has changed to the state file, if there is one, and waits until the disk has it.
    ///
    /// # Errors
    /// The disk failed, or is full.
    pub fn write_state_file(&self) -> Result<(), Error> {
        self.state_file().as_ref().map_or(Ok(()), StateFile::write)
    }

    /// Writes what has changed to the state file, if there is one, and lets it go: another sandbox
    /// may have it, and what changes from now on is not kept.
    ///
    /// # Errors
    /// The disk failed, or is full. The file is let go all the same.
    pub fn stop_keeping(&self) -> Result<(), Error> {
        let kept = self.state_file().take();
        kept.as_ref().map_or(Ok(()), StateFile::write)
    }

    fn state_file(&self) -> MutexGuard<'_, Option<StateFile>> {
        self.0.state_file.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads JSON. What is wrong is told with the path of the member.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    // Keeping the path costs more than reading itself, and is for nothing where nothing is wrong.
    serde_json::from_str(text).or_else(|_| read(serde_json::Deserializer::from_str(text)))
}

/// Reads one JSON document to its end.
pub(crate) fn read<'de, T: Deserialize<'de>>(
    mut document: serde_json::Deserializer<impl serde_json::de::Read<'de>>,
) -> Result<T, String> {
    let value = serde_path_to_error::deserialize(&mut document).map_err(|error| {
        let path = error.path().to_string();
        let problem = described(error.inner());
        if path == "." { problem } else { format!("{path}: {problem}") }
    })?;
    document.end().map_err(|error| described(&error))?;
    Ok(value)
}

/// An error of the JSON library. Where it stands is told only of what is no JSON at all: a member
/// is named by its path.
fn described(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if !error.is_data() {
        return text;
    }
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).map_or(text.clone(), str::to_owned)
}
