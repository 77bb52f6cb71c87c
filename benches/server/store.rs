//! The two stores, each with databases for the occasion on the same disk.

use std::fs;
use std::path::{Path, PathBuf};

use kvitt_testing::{Database, Server};
use tempfile::TempDir;

/// What a server has that is to survive a power cut, unlike those of the tests.
const DURABLE: &[&str] =
    &["fsync = on", "full_page_writes = on", "synchronous_commit = on", "shared_buffers = 128MB"];

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// Where databases are made.
pub(crate) enum Store {
    Sqlite,
    Postgres(Server),
}

impl Store {
    pub(crate) fn start(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::Sqlite,
            Kind::Postgres => Self::Postgres(Server::start(DURABLE)),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Sqlite => Kind::Sqlite,
            Self::Postgres(_) => Kind::Postgres,
        }
    }

    /// A new database, and a folder beside it.
    pub(crate) fn home(&self) -> Home {
        let folder = tempfile::tempdir().unwrap();
        let database = match self {
            Self::Sqlite => None,
            Self::Postgres(server) => Some(server.database()),
        };
        Home { folder, database }
    }
}

/// A database, gone with this.
pub(crate) struct Home {
    folder: TempDir,
    database: Option<Database>,
}

impl Home {
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", self.file().display()),
        }
    }

    /// The database where it is a PostgreSQL one.
    pub(crate) fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// The database where it is a file.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("kvitt.db")
    }

    /// How many bytes it takes on the disk.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.database {
            Some(database) => {
                database.sql("SELECT pg_database_size(current_database())").parse().unwrap()
            }
            None => fs::metadata(self.file()).unwrap().len(),
        }
    }
}
