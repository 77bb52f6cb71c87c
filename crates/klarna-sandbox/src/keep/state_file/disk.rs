//! The file itself: locked against other sandboxes, added to, and replaced as a whole.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::lines;
use crate::error::Error;

/// Where a state file is, and what stands beside it.
#[derive(Clone)]
pub(super) struct Place {
    /// The file, wherever links lead.
    pub(super) file: PathBuf,
    /// What is written to take its place.
    newer: PathBuf,
    lock: PathBuf,
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let file = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            found => found.map_err(|source| io_error(path, "opened", source))?,
        };
        let beside = |ending: &str| {
            let mut name = OsString::from(&file);
            name.push(ending);
            PathBuf::from(name)
        };
        Ok(Self { newer: beside(".new"), lock: beside(".lock"), file })
    }

    /// Makes sure that no other sandbox has the file, for as long as the answer lives. The lock is
    /// a file of its own, since the state file is replaced now and then.
    pub(super) fn lock(&self) -> Result<File, Error> {
        let failed = |source| io_error(&self.lock, "opened", source);
        let mut lock = options().read(true).open(&self.lock).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {
                let written = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
                written.map_err(|source| io_error(&self.lock, "written", source))?;
                Ok(lock)
            }
            Err(TryLockError::WouldBlock) => {
                let mut process = String::new();
                // Where nothing can be read, the message goes without it.
                let _ = lock.read_to_string(&mut process);
                let process = process.trim().parse().ok();
                Err(Error::StateFileInUse { path: self.file.clone(), process })
            }
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// Opens the file for reading. `None`: there is none.
    pub(super) fn open(&self) -> Result<Option<File>, Error> {
        let failed = |source| io_error(&self.file, "opened", source);
        let file = match File::open(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        if file.metadata().map_err(failed)?.is_file() {
            return Ok(Some(file));
        }
        Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")))
    }
}

pub(super) fn io_error(path: &Path, action: &'static str, source: io::Error) -> Error {
    Error::StateFileIo { path: path.to_owned(), action, source }
}

/// How files are made: what stands in them is personal.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A file to which batches are added.
pub(super) struct Log {
    file: File,
    /// Up to the end of the last whole batch.
    bytes: u64,
    /// How large it was when it held nothing but what lives.
    pub(super) base_bytes: u64,
    /// Something stands behind the last whole batch that is none of it.
    is_torn: bool,
}

impl Log {
    /// A file that was read, of which so many bytes count.
    pub(super) fn continued(place: &Place, bytes: u64) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).open(&place.file)?;
        let is_torn = file.metadata()?.len() != bytes;
        let mut log = Self { file, bytes, base_bytes: bytes, is_torn };
        log.mend()?;
        Ok(log)
    }

    #[cfg(test)]
    pub(super) fn of(file: File, bytes: u64) -> Self {
        Self { file, bytes, base_bytes: bytes, is_torn: false }
    }

    /// A new file that will take the place of the old one.
    pub(super) fn newer(place: &Place) -> io::Result<Self> {
        // Not emptied but made anew: who was allowed to read an earlier one is not any more.
        match fs::remove_file(&place.newer) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = options().append(true).create_new(true).open(&place.newer)?;
        let mut log = Self { file, bytes: 0, base_bytes: 0, is_torn: false };
        log.add(&lines::header())?;
        Ok(log)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Cuts off what stands behind the last whole batch.
    pub(super) fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.file.set_len(self.bytes)?;
            self.is_torn = false;
        }
        Ok(())
    }

    /// Adds lines of a batch. Until it is closed they do not count.
    pub(super) fn write(&mut self, lines: &str) -> io::Result<()> {
        self.is_torn = true;
        self.file.write_all(lines.as_bytes())
    }

    /// Adds lines and counts them.
    pub(super) fn add(&mut self, lines: &str) -> io::Result<()> {
        self.write(lines)?;
        self.close()
    }

    /// All that was written counts from now on.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.bytes = self.file.metadata()?.len();
        self.is_torn = false;
        Ok(())
    }

    /// Waits until the disk has it.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Lets this file, which is complete, take the place of the old one.
    pub(super) fn take_over(&mut self, place: &Place) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&place.newer, &place.file)?;
        self.base_bytes = self.bytes;
        // Without it the name may still lead to the old file after the machine has lost power. It is
        // there already: systems that cannot do this lose nothing else.
        let folder = place.file.parent().filter(|it| !it.as_os_str().is_empty());
        let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// Removes a file that does not take the old one's place after all. One that stays is made anew
/// the next time.
pub(super) fn discard_newer(place: &Place) {
    let _ = fs::remove_file(&place.newer);
}
