//! `kvitt key`: keys to the merchant API, made and revoked where the database is.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use kvitt_core::ApiKeyId;
use kvitt_engine::{Clock as _, RandomIds, SystemClock};
use kvitt_ledger::{ApiKey, Ledger};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::Context;
use crate::config::{Problems, Sources};
use crate::failure::{Exit, Failure};
use crate::output;

/// Most characters in a key's name.
const NAME_LENGTH_MAX: usize = 100;

const AFTER_HELP: &str = "\
These commands open the database themselves: run them where the server runs, with
the same settings. The server may be running meanwhile.

Examples:
  export KVITT_API_KEY=$(kvitt key create --name shop)
  kvitt key list
  kvitt key revoke key_0192f0c8111172228333444455556666";

/// `kvitt key`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct KeyArgs {
    /// The database [env: KVITT_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Make a key and print it, once
    Create {
        /// What the key is for, as `key list` shows it
        #[arg(long, default_value = "merchant")]
        name: String,
    },
    /// List all keys, without what is secret in them
    List,
    /// Let a key open no door any more
    Revoke {
        /// The key's id, key_…
        id: String,
    },
}

/// Runs the command on the database.
pub(crate) async fn run(args: KeyArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut problems = Problems::default();
    let sources = Sources::read(context, &mut problems);
    problems.check()?;
    let database = sources.database_url(args.database_url.as_deref());
    let open = || async { kvitt_ledger::open(&database.value).await.map_err(Failure::of_ledger) };
    match args.command {
        KeyCommand::Create { name } => {
            let name = name.trim();
            if !(1..=NAME_LENGTH_MAX).contains(&name.chars().count()) {
                return Err(Failure::usage(format_args!(
                    "--name has {} characters: use 1 to {NAME_LENGTH_MAX}",
                    name.chars().count()
                )));
            }
            create(&open().await?, name, context).await
        }
        KeyCommand::List => list(&open().await?, context).await,
        KeyCommand::Revoke { id } => {
            let id: ApiKeyId = id.parse().map_err(|error| {
                Failure::usage(format_args!("{error}; `kvitt key list` shows the ids"))
            })?;
            revoke(&open().await?, id, context).await
        }
    }
}

async fn create(
    ledger: &Arc<dyn Ledger>,
    name: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let at = SystemClock.now().await;
    let created = kvitt_server::api_keys::create(ledger.as_ref(), &RandomIds, name, at).await;
    let (stored, key) = created.map_err(Failure::of_ledger)?;
    let key = key.expose_secret();
    if context.json {
        let mut document = shown(&stored);
        document["key"] = json!(key);
        output::print(&document.to_string())?;
    } else {
        // The key alone on stdout, so that a shell can take it into a variable.
        output::print(key)?;
        output::note(&format!(
            "{} ({}): keep it, it is not shown again",
            stored.id,
            output::plain(&stored.name)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(ledger: &Arc<dyn Ledger>, context: &Context) -> Result<ExitCode, Failure> {
    let keys = ledger.api_keys().await.map_err(Failure::of_ledger)?;
    if context.json {
        let items: Vec<_> = keys.iter().map(shown).collect();
        output::print(&json!({ "items": items }).to_string())?;
    } else if keys.is_empty() {
        output::print("no keys: make one with `kvitt key create`")?;
    } else {
        let row = |key: &ApiKey| {
            let revoked = key.revoked_at.map(|at| at.to_string()).unwrap_or_default();
            vec![key.id.to_string(), key.name.clone(), key.created_at.to_string(), revoked]
        };
        let table = output::table(&["id", "name", "created", "revoked"], keys.iter().map(row));
        output::print(&table)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(
    ledger: &Arc<dyn Ledger>,
    id: ApiKeyId,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let at = SystemClock.now().await;
    if !ledger.revoke_api_key(id, at).await.map_err(Failure::of_ledger)? {
        return Err(Failure::new(
            Exit::NotFound,
            format_args!("there is no key {id} in this database: `kvitt key list` shows them"),
        ));
    }
    let said = if context.json {
        json!({ "id": id.to_string(), "revoked": true }).to_string()
    } else {
        let within = kvitt_server::api_keys::REVOKED_WITHIN.as_secs();
        format!("{id} is revoked: servers that run refuse it within {within} second")
    };
    output::print(&said)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(key: &ApiKey) -> Value {
    json!({
        "id": key.id.to_string(),
        "name": key.name,
        "created_at": key.created_at.to_string(),
        "revoked_at": key.revoked_at.map(|at| at.to_string()),
    })
}
