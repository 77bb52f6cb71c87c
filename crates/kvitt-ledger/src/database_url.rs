//! Which database a URL names.

use std::path::PathBuf;

use crate::error::LedgerError;

/// A database that a URL names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
}

impl DatabaseUrl {
    /// Reads `sqlite:PATH`, also written `sqlite://PATH`.
    pub(crate) fn parse(url: &str) -> Result<Self, LedgerError> {
        let refuse =
            |problem: &str| Err(LedgerError::NotADatabaseUrl { problem: problem.to_owned() });
        let Some((scheme, rest)) = url.split_once(':') else {
            return refuse("there is no scheme in front");
        };
        match scheme {
            "sqlite" => {}
            "postgres" | "postgresql" => {
                return Err(LedgerError::NotInThisVersion { database: "PostgreSQL" });
            }
            _ => return refuse("the scheme is another"),
        }
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() {
            refuse("the path is missing")
        } else if path == ":memory:" {
            refuse("a database in memory would be lost; name a file in a temporary folder")
        } else if path.contains('?') {
            refuse("settings after ? are not read; name the file only")
        } else if path.contains('\0') {
            refuse("the path holds a NUL character")
        } else {
            Ok(Self::Sqlite(PathBuf::from(path)))
        }
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
            assert_eq!(DatabaseUrl::parse(url).unwrap(), DatabaseUrl::Sqlite(path.into()));
        }
    }

    #[test]
    fn what_names_no_database_is_refused_and_not_repeated() {
        let hold_a_secret = ["mysql://root:hunter2@db/kvitt", "hunter2", "sqlite:hunter2?x=1"];
        for url in ["", "kvitt.db", "sqlite:", "sqlite://", "sqlite::memory:", "sqlite:a\0b"]
            .iter()
            .chain(&hold_a_secret)
        {
            let error = DatabaseUrl::parse(url).unwrap_err();
            assert!(matches!(error, LedgerError::NotADatabaseUrl { .. }), "{url:?}: {error}");
            assert!(error.to_string().contains("sqlite:PATH"), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let error = DatabaseUrl::parse("postgres://kvitt:hunter2@db/kvitt").unwrap_err();
        assert!(matches!(error, LedgerError::NotInThisVersion { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
