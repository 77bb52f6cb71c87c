//! Where a walk stands: kept in a file after each page, so that it can be stopped at any moment.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::report::Report;
use crate::failure::Failure;

/// Which sales are walked, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Filters {
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) status: Option<String>,
    pub(super) account: Option<String>,
    pub(super) preview: bool,
}

/// The list that is being walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    Orders,
    Checkouts,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    server: String,
    filters: Filters,
    part: Part,
    cursor: Option<String>,
    report: Report,
}

/// Where a walk stands.
pub(super) struct Place {
    file: PathBuf,
    kept: Kept,
}

impl Place {
    /// The place in a file; the beginning where there is none. One that somebody left is only gone
    /// on from by who asks for it.
    pub(super) fn open(
        file: PathBuf,
        resumes: bool,
        filters: &Filters,
        server: &str,
    ) -> Result<Self, Failure> {
        let shown = file.display();
        let text = match fs::read(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let kept = Kept {
                    server: server.to_owned(),
                    filters: filters.clone(),
                    part: Part::Orders,
                    cursor: None,
                    report: Report::default(),
                };
                return Ok(Self { file, kept });
            }
            Err(error) => {
                return Err(Failure::usage(format_args!("{shown} cannot be read: {error}")));
            }
            Ok(text) => text,
        };
        if !resumes {
            return Err(Failure::usage(format_args!(
                "an earlier walk was stopped, and its place is in {shown}: go on with --resume \
                 {shown}, or delete the file to begin anew"
            )));
        }
        let kept: Kept = serde_json::from_slice(&text).map_err(|error| {
            Failure::usage(format_args!(
                "{shown} holds no place of a walk ({error}): name the right file, or one that is \
                 not there yet"
            ))
        })?;
        if kept.filters != *filters || kept.server != server {
            return Err(Failure::usage(format_args!(
                "{shown} holds the place of another walk, with other flags or of {}: give the same \
                 flags as then, or another file",
                kept.server
            )));
        }
        Ok(Self { file, kept })
    }

    pub(super) fn part(&self) -> Part {
        self.kept.part
    }

    pub(super) fn cursor(&self) -> Option<&str> {
        self.kept.cursor.as_deref()
    }

    pub(super) fn filters(&self) -> &Filters {
        &self.kept.filters
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn report(&self) -> &Report {
        &self.kept.report
    }

    /// Goes on to the next page, or the next list, with what the last one brought.
    pub(super) fn advance(
        &mut self,
        page: Report,
        part: Part,
        cursor: Option<String>,
    ) -> Result<(), Failure> {
        self.kept.report.add(page);
        self.kept.part = part;
        self.kept.cursor = cursor;
        self.keep().map_err(|error| {
            Failure::usage(format_args!(
                "the place cannot be kept in {} ({error}): name a file that can be written with \
                 --resume",
                self.file.display()
            ))
        })
    }

    /// Whole or not at all: a stop while it is written leaves the place before.
    fn keep(&self) -> io::Result<()> {
        let folder = self.file.parent().filter(|it| !it.as_os_str().is_empty());
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(&serde_json::to_vec(&self.kept)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.file)?;
        Ok(())
    }

    /// The walk came to its end.
    pub(super) fn end(self) -> Report {
        // A file that stays says to whoever comes next that a walk was stopped: no harm.
        let _ = fs::remove_file(&self.file);
        self.kept.report
    }
}
