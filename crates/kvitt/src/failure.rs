//! Why a command did not do what it was asked to, and the exit code that says so.

use std::fmt;
use std::process::ExitCode;

use kvitt_ledger::LedgerError;

use crate::output;

/// What an exit code means. The numbers are part of the command line: they do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// An unexpected error inside kvitt.
    Internal = 1,
    /// The command line or the configuration is wrong. clap's own code for it, too.
    Usage = 2,
    /// kvitt, Klarna or the user said no.
    Refused = 3,
    /// There is no such thing.
    NotFound = 4,
    /// Nobody knows yet whether it was done.
    Unknown = 5,
    /// The server, or what it depends on, cannot be reached.
    Unreachable = 6,
    /// Something is left that only a person can do.
    NeedsPerson = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something to be said.
    Said {
        /// What kind of failure it is.
        exit: Exit,
        /// What went wrong and the way out, for people. The first line says the most.
        message: String,
        /// The same for programs, as a JSON document, where there is more to it than the message.
        document: Option<String>,
    },
    /// Whoever read the output has had enough.
    OutputClosed,
}

impl Failure {
    /// A failure of this kind.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self::Said { exit, message: message.to_string(), document: None }
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What the ledger says, by what it asks of the user.
    pub(crate) fn of_ledger(error: LedgerError) -> Self {
        match error {
            LedgerError::NotADatabaseUrl { .. }
            | LedgerError::CannotConnect { .. }
            | LedgerError::CannotOpen { .. }
            | LedgerError::ReadOnly
            | LedgerError::NewerSchema { .. } => Self::usage(format_args!("database_url: {error}")),
            LedgerError::Unavailable { .. } | LedgerError::Full => {
                Self::new(Exit::Unreachable, error)
            }
            LedgerError::UserExists
            | LedgerError::CannotBackUp { .. }
            | LedgerError::CannotCopy { .. }
            | LedgerError::NotByKvitt => Self::new(Exit::Refused, error),
            other => Self::internal(other),
        }
    }

    /// Something that should not happen; its causes are told, too.
    pub(crate) fn internal(error: impl Into<anyhow::Error>) -> Self {
        Self::new(Exit::Internal, format_args!("{:#}", error.into()))
    }

    /// Says it on stderr, and with which code to leave.
    pub(crate) fn report(self, json: bool) -> ExitCode {
        match self {
            Self::OutputClosed => ExitCode::SUCCESS,
            Self::Said { exit, message, document } => {
                if json {
                    let said = serde_json::json!({ "error": message, "exit_code": exit as u8 });
                    output::note(&document.unwrap_or_else(|| said.to_string()));
                } else {
                    output::note(&format!("{} {message}", output::red("error:")));
                }
                exit.into()
            }
        }
    }
}
