//! Proof that does not come from us: the sandbox held against exchanges that others recorded with
//! the real Klarna ([`replay`]), and against the OpenAPI files that Klarna publishes ([`openapi`]).
//!
//! Nothing here is part of kvitt. The programs `check-replay` and `check-openapi` take folders as
//! arguments, because what they read is not this repository's to keep.
//!
//! Invariants: what is known to differ stands in a table with its reason and its source, never in a
//! branch; an entry of a table that no longer applies is an error of its own.

pub mod api;
pub mod json;
pub mod openapi;
pub mod replay;

use std::path::{Path, PathBuf};

/// Why a check could not be made at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder that cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not what it should be.
    #[error("{}: {problem}", path.display())]
    Content {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it, and what was expected.
        problem: String,
    },
    /// A folder in which nothing was found to check.
    #[error("{}: {missing}", path.display())]
    Nothing {
        /// Which folder.
        path: PathBuf,
        /// What was looked for.
        missing: String,
    },
}

impl Error {
    fn read(path: &Path, source: std::io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    fn content(path: &Path, problem: &impl ToString) -> Self {
        Self::Content { path: path.to_owned(), problem: problem.to_string() }
    }

    fn nothing(path: &Path, missing: &str) -> Self {
        Self::Nothing { path: path.to_owned(), missing: missing.to_owned() }
    }
}

/// The files of a folder whose names end in one of `endings`, by name.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Error> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::read(folder, error))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::read(folder, error))?.path();
        let name = path.to_string_lossy();
        if path.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn text(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|error| Error::read(path, error))
}
