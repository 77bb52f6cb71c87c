//! Which database a URL names.

use std::path::PathBuf;

use crate::error::LedgerError;
use crate::postgres::PostgresUrl;

/// A database that a URL names.
#[derive(Debug)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, also written `sqlite://PATH`, or
    /// `postgres://USER:PASSWORD@HOST:PORT,…/NAME`.
    pub(crate) fn parse(url: &str) -> Result<Self, LedgerError> {
        let refuse = |problem: &str| LedgerError::NotADatabaseUrl { problem: problem.to_owned() };
        let (scheme, rest) =
            url.split_once(':').ok_or_else(|| refuse("there is no scheme in front"))?;
        match scheme {
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" => PostgresUrl::parse(rest).map(Self::Postgres),
            _ => Err("the scheme is another"),
        }
        .map_err(refuse)
    }
}

fn sqlite_path(rest: &str) -> Result<PathBuf, &'static str> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.is_empty() {
        Err("the path is missing")
    } else if path == ":memory:" {
        Err("a database in memory would be lost; name a file in a temporary folder")
    } else if path.contains('?') {
        Err("settings after ? are not read; name the file only")
    } else if path.contains('\0') {
        Err("the path holds a NUL character")
    } else {
        Ok(PathBuf::from(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_with_and_without_slashes() {
        for (url, path) in [
            ("sqlite:kvitt.db", "kvitt.db"),
            ("sqlite:./data/kvitt.db", "./data/kvitt.db"),
            ("sqlite:/var/lib/kvitt.db", "/var/lib/kvitt.db"),
            ("sqlite:///var/lib/kvitt.db", "/var/lib/kvitt.db"),
            ("sqlite://kvitt.db", "kvitt.db"),
        ] {
            let read = DatabaseUrl::parse(url).unwrap();
            assert!(matches!(&read, DatabaseUrl::Sqlite(read) if read == path), "{read:?}");
        }
    }

    #[test]
    fn a_server_is_read_by_either_name() {
        for url in ["postgres://kvitt@db/kvitt", "postgresql://kvitt@db/kvitt"] {
            assert!(matches!(DatabaseUrl::parse(url).unwrap(), DatabaseUrl::Postgres(_)));
        }
    }

    #[test]
    fn what_names_no_database_is_refused_and_not_repeated() {
        let hold_a_secret = [
            "mysql://root:hunter2@db/kvitt",
            "hunter2",
            "sqlite:hunter2?x=1",
            "postgres://kvitt:hunter2@db",
            "postgres:kvitt:hunter2@db/kvitt",
        ];
        for url in ["", "kvitt.db", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a\0b"]
            .iter()
            .chain(&hold_a_secret)
        {
            let error = DatabaseUrl::parse(url).unwrap_err();
            assert!(matches!(error, LedgerError::NotADatabaseUrl { .. }), "{url:?}: {error}");
            for way_out in ["sqlite:PATH", "postgres://"] {
                assert!(error.to_string().contains(way_out), "{error}");
            }
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }
}
