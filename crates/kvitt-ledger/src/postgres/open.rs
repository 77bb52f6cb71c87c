//! Opening the database: what it must be like, and its schema.

use sqlx::{Executor as _, Row as _};
use std::fmt;
use std::io::ErrorKind;

use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::postgres::PgConnection;

use super::error::driver;
use super::events;
use super::server::Server;
use super::state;
use super::url::PostgresUrl;
use crate::error::LedgerError;
use crate::migrations::{self, Migration};

/// PostgreSQL 15, as a server tells its version.
const VERSION_MIN: i32 = 150_000;

const MIGRATIONS: [Migration; 7] = [
    Migration::new(1, "ledger", include_str!("../../migrations/postgres/0001_ledger.sql")),
    Migration::new(2, "webhooks", include_str!("../../migrations/postgres/0002_webhooks.sql")),
    Migration::new(3, "state", include_str!("../../migrations/postgres/0003_state.sql")),
    Migration::new(4, "replicas", include_str!("../../migrations/postgres/0004_replicas.sql")),
    Migration::new(5, "heard", include_str!("../../migrations/postgres/0005_heard.sql")),
    Migration::new(
        6,
        "fraud_pending",
        include_str!("../../migrations/postgres/0006_fraud_pending.sql"),
    ),
    Migration::new(7, "figures", include_str!("../../migrations/postgres/0007_figures.sql")),
];

/// Opens the database, and brings its schema up to date.
pub(super) async fn open(url: PostgresUrl) -> Result<Server, LedgerError> {
    let server = Server::find(url).await?;
    let (at, mut connection) = server.connect().await?;
    check(&at, &mut connection).await?;
    if !not_had(&at, &mut connection).await?.is_empty() {
        // Others that start at the same time wait for a lock, and then find nothing to do.
        let migrator = migrations::migrator(&MIGRATIONS);
        // What one of them would be told of the other's work is for nobody.
        let quiet = connection.execute("SET client_min_messages = warning").await;
        quiet.map_err(|error| opening(&at, error))?;
        let done = migrator.run_direct(None, &mut connection, false).await;
        done.map_err(|error| migrating(&at, error))?;
    }
    // The lock, if it was taken, ends with the connection.
    drop(connection);
    state::look_where_it_is(server.connections()).await.map_err(|failed| failed.error)?;
    events::catch_up(server.connections()).await.map_err(|failed| failed.error)?;
    Ok(server)
}

/// The changes of the schema that the database has not had. Nothing is changed.
pub(super) async fn pending(url: PostgresUrl) -> Result<Vec<Migration>, LedgerError> {
    let (at, mut connection) = Server::find(url).await?.connect().await?;
    check(&at, &mut connection).await?;
    not_had(&at, &mut connection).await
}

/// Refuses a server that cannot hold a ledger.
async fn check(at: &str, connection: &mut PgConnection) -> Result<(), LedgerError> {
    let refuse = |problem: &str| LedgerError::CannotConnect {
        server: at.to_owned(),
        problem: problem.to_owned(),
    };
    let row = sqlx::query(
        "SELECT current_setting('server_version_num')::integer AS version,
             current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync",
    )
    .fetch_one(&mut *connection)
    .await
    .map_err(|error| opening(at, error))?;
    let text = |column: &str| row.try_get::<String, _>(column).map_err(|error| opening(at, error));
    let version: i32 = row.try_get("version").map_err(|error| opening(at, error))?;
    if version < VERSION_MIN {
        return Err(refuse("it is older than PostgreSQL 15: use a newer one"));
    }
    if text("encoding")? != "UTF8" {
        return Err(refuse("its encoding is not UTF8: make it with createdb --encoding=UTF8"));
    }
    if text("fsync")? == "off" {
        tracing::warn!(
            server = at,
            "fsync is off on the database's server: a power cut loses what was answered for"
        );
    }
    Ok(())
}

async fn not_had(at: &str, connection: &mut PgConnection) -> Result<Vec<Migration>, LedgerError> {
    let row = sqlx::query("SELECT to_regclass($1) IS NOT NULL AS is_there")
        .bind(migrations::TABLE)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| opening(at, error))?;
    if !row.try_get("is_there").map_err(|error| opening(at, error))? {
        return Ok(MIGRATIONS.to_vec());
    }
    let applied = connection.list_applied_migrations(migrations::TABLE).await;
    let applied = applied.map_err(|error| migrating(at, error))?;
    migrations::lacking(&MIGRATIONS, applied.into_iter().map(|it| (it.version, it.checksum)))
        .map_err(|error| migrating(at, error))
}

fn migrating(at: &str, error: MigrateError) -> LedgerError {
    match error {
        MigrateError::VersionMissing(found) => LedgerError::NewerSchema { found },
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            opening(at, error)
        }
        error => LedgerError::CannotConnect {
            server: at.to_owned(),
            problem: format!("its schema is not one of kvitt's ({error}): restore a backup"),
        },
    }
}

/// An error before the ledger is open, with the server and the way out.
pub(super) fn opening(at: &str, error: sqlx::Error) -> LedgerError {
    let refuse = |problem: String| LedgerError::CannotConnect { server: at.to_owned(), problem };
    let said = error.as_database_error().map(|it| (it.code().unwrap_or_default(), it.message()));
    match said {
        Some((code, message)) if matches!(&*code, "28000" | "28P01") => {
            refuse(format!("{message}: correct the user or the password in the URL"))
        }
        Some((code, message)) if code == "3D000" => {
            refuse(format!("{message}: make it first, with createdb"))
        }
        Some((code, message)) if code == "42501" => {
            refuse(format!("{message}: make kvitt's user the owner of the database"))
        }
        _ => match error {
            sqlx::Error::Tls(error) => refuse(of_certificate(&error)),
            // So rustls hands on what it finds wrong.
            sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                refuse(of_certificate(&error))
            }
            error => match driver(error).error {
                LedgerError::Unavailable { what } => {
                    LedgerError::Unavailable { what: format!("{at}: {what}") }
                }
                other => other,
            },
        },
    }
}

fn of_certificate(problem: &impl fmt::Display) -> String {
    format!("{problem}: correct sslmode and sslrootcert in the URL, or the server's certificate")
}
