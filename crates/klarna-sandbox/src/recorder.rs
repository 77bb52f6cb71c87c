//! Writes every exchange into a file, for a look at a whole test run afterwards.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{exchanges::Exchange, http};

/// Counts this process's sandboxes, each of which has a file of its own.
static SANDBOXES: AtomicU64 = AtomicU64::new(0);

/// A file of exchanges, one JSON object a line.
pub(crate) struct Recorder(Mutex<File>);

impl Recorder {
    /// A new file in the folder, which is made where it is missing. `None`, with a warning: it
    /// cannot be written.
    pub(crate) fn in_folder(folder: &Path) -> Option<Self> {
        let number = SANDBOXES.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}.jsonl", process::id()));
        let made = fs::create_dir_all(folder).and_then(|()| File::create(&path));
        made.inspect_err(|error| {
            tracing::warn!(path = %path.display(), %error, "exchanges cannot be recorded");
        })
        .ok()
        .map(|file| Self(Mutex::new(file)))
    }

    /// Writes one. What cannot be written is told, once for each.
    pub(crate) fn write(&self, exchange: &Exchange) {
        let line = http::exchange_line(exchange) + "\n";
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "an exchange was not recorded");
        }
    }
}
