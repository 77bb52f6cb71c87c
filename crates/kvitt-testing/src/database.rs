//! Databases on a server that tests share.

use std::env;
use std::sync::OnceLock;

use crate::binaries;
use crate::server::{Server, psql};

/// The variable that names a server for all tests, as `./test` sets it: the URL of its database
/// `postgres`, in which other databases can be made.
pub const SERVER_URL: &str = "KVITT_TEST_POSTGRES_URL";

/// A database of its own, empty, which is dropped with this.
#[derive(Debug)]
pub struct Database {
    server_url: String,
    name: String,
}

/// Makes an empty database: on the server that [`SERVER_URL`] names, else on one that this process
/// starts for all its tests.
pub fn database() -> Database {
    static OF_PROCESS: OnceLock<Server> = OnceLock::new();
    let server_url = env::var(SERVER_URL)
        .unwrap_or_else(|_| OF_PROCESS.get_or_init(|| Server::start(&[])).url("postgres"));
    Database::make(server_url)
}

impl Database {
    /// Makes one. Its name is the number of a transaction, which no other one has.
    pub(crate) fn make(server_url: String) -> Self {
        let make = "SELECT 'test_' || pg_current_xact_id() AS name \\gset\n\
                    CREATE DATABASE :name;\n\\echo :name";
        let name = psql(&binaries::folder(), &server_url, make).unwrap();
        Self { server_url, name }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (server, _) = self.server_url.rsplit_once('/').unwrap_or((&self.server_url, ""));
        format!("{server}/{}", self.name)
    }

    /// Runs statements in it, as `psql` would, and returns what it prints, unadorned.
    pub fn sql(&self, statements: &str) -> String {
        psql(&binaries::folder(), &self.url(), statements).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A server that is gone has taken it along.
        let _ = psql(&binaries::folder(), &self.server_url, &drop);
    }
}
