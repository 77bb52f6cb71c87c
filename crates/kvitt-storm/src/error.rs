//! Why a storm could not be carried through. What it found is no error but its result.

use std::io;

/// Why a storm could not be carried through.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program could not be started.
    #[error("{program} could not be started ({source}): give the path of a kvitt that was built")]
    NotStarted {
        /// What was to be run.
        program: String,
        /// Why not.
        source: io::Error,
    },
    /// A program that was to serve does not.
    #[error("{program} said {said:?} instead of where it listens: its log is {log}")]
    NotServing {
        /// What was run.
        program: String,
        /// Its first line.
        said: String,
        /// Where it says why.
        log: String,
    },
    /// The temporary folder, a log or a socket.
    #[error("{what}: {source}")]
    Io {
        /// What was to be done.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// Nobody answered who has to.
    #[error("{what} got no answer: {source}")]
    NoAnswer {
        /// What was asked.
        what: String,
        /// Why not.
        source: reqwest::Error,
    },
    /// It was answered otherwise than it has to be.
    #[error("{what} was answered with {status}: {text}")]
    Refused {
        /// What was asked.
        what: String,
        /// How.
        status: u16,
        /// In which words.
        text: String,
    },
    /// An answer lacks what it has to have.
    #[error("the answer to {what} has no {member}")]
    Missing {
        /// What was asked.
        what: String,
        /// What it lacks.
        member: String,
    },
}

impl Error {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
