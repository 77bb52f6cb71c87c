//! What can go wrong with a sandbox as a whole.

use std::{fmt, io, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Why a sandbox could not be restored, seeded or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A snapshot that cannot be restored. Nothing was changed.
    #[error("the snapshot cannot be restored: {0}")]
    Snapshot(String),
    /// A scenario that cannot be seeded. Nothing was changed.
    #[error("the scenario cannot be seeded:{}", listed(.0))]
    Scenario(Vec<ScenarioProblem>),
    /// Another sandbox keeps its state in the file.
    #[error(
        "the state file {} is in use{}: stop that sandbox, or give this one another file",
        path.display(), by_process(*.process)
    )]
    StateFileInUse {
        /// The state file.
        path: PathBuf,
        /// Whose it is, where that is known.
        process: Option<u32>,
    },
    /// This sandbox keeps its state in a file already.
    #[error("the sandbox keeps its state in {} already", path.display())]
    StateFileGiven {
        /// The file in which it does.
        path: PathBuf,
    },
    /// The file is none that this version can read. It was not touched.
    #[error(
        "the state file {} cannot be read, line {line}: {problem}; it was left as it is: give \
         another file, or move it away", path.display()
    )]
    StateFileUnreadable {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// The disk failed, or is full.
    #[error("the state file {} cannot be {action}: {source}{}", path.display(), way_out(.source))]
    StateFileIo {
        /// The file.
        path: PathBuf,
        /// What was tried, such as `written`.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// What helps where a file's folder is not there.
fn way_out(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::NotFound { ": make its folder first" } else { "" }
}

/// One thing that is wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioProblem {
    /// The member, like `orders[2].state`.
    pub path: String,
    /// The name of the order or session, if it has one.
    pub name: Option<String>,
    /// What is wrong with it, and the way out.
    pub message: String,
}

impl fmt::Display for ScenarioProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(name) = &self.name {
            write!(f, " ({name:?})")?;
        }
        write!(f, ": {}", self.message)
    }
}

fn listed(problems: &[ScenarioProblem]) -> String {
    problems.iter().flat_map(|problem| ["\n  - ".to_owned(), problem.to_string()]).collect()
}

fn by_process(process: Option<u32>) -> String {
    process.map(|id| format!(", by process {id}")).unwrap_or_default()
}
