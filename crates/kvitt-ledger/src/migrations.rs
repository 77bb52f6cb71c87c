//! Changes of a database's schema. Forward only: one that was released is never changed, the next
//! one is added, such that a kvitt that still runs can go on.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{self, MigrateError, MigrationType, Migrator};

/// Where a database keeps which changes it has had: the driver's own name for it.
pub(crate) const TABLE: &str = "_sqlx_migrations";

/// One change of a database's schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1.
    pub version: i64,
    /// What it is about.
    pub name: &'static str,
    /// What it does.
    pub sql: &'static str,
}

impl Migration {
    pub(crate) const fn new(version: i64, name: &'static str, sql: &'static str) -> Self {
        Self { version, name, sql }
    }

    /// What tells it from another of its number.
    pub(crate) fn checksum(self) -> Cow<'static, [u8]> {
        self.for_driver().checksum
    }

    fn for_driver(self) -> migrate::Migration {
        let Self { version, name, sql } = self;
        let kind = MigrationType::Simple;
        migrate::Migration::new(version, name.into(), kind, sql.into_sql_str(), false)
    }
}

/// Carries out what a database has not had.
pub(crate) fn migrator(all: &[Migration]) -> Migrator {
    Migrator::with_migrations(all.iter().map(|it| it.for_driver()).collect())
}

/// What a database has not had that had these, by their numbers and checksums. Refused where it had
/// something else.
pub(crate) fn lacking(
    all: &[Migration],
    applied: impl IntoIterator<Item = (i64, impl AsRef<[u8]>)>,
) -> Result<Vec<Migration>, MigrateError> {
    let mut lacking = all.to_vec();
    for (version, checksum) in applied {
        let known = all.iter().find(|it| it.version == version);
        let known = known.ok_or(MigrateError::VersionMissing(version))?;
        if *known.checksum() != *checksum.as_ref() {
            return Err(MigrateError::VersionMismatch(version));
        }
        lacking.retain(|it| it.version != version);
    }
    Ok(lacking)
}
