//! `kvitt user`: who may sign in to the dashboard, made and revoked where the database is.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

mod password;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use kvitt_engine::{Clock as _, RandomIds, SystemClock};
use kvitt_ledger::{Ledger, User};
use kvitt_server::users::{self, UserName, UsersError};
use serde_json::{Value, json};

use crate::Context;
use crate::config::{Problems, Sources};
use crate::failure::{Exit, Failure};
use crate::output;

const AFTER_HELP: &str = "\
These commands open the database themselves: run them where the server runs, with
the same settings. The server may be running meanwhile. A new password and a
revocation end what the user has open.

Examples:
  kvitt user create asa@example.com
  pass show kvitt/asa | kvitt user create asa@example.com --password-stdin
  kvitt user list
  kvitt user revoke asa@example.com";

/// `kvitt user`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct UserArgs {
    /// The database [env: KVITT_DATABASE_URL]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    #[command(subcommand)]
    command: UserCommand,
}

#[derive(Subcommand)]
enum UserCommand {
    /// Let somebody sign in to the dashboard
    Create(WithPassword),
    /// List all users, those who are revoked too
    List,
    /// Give a user another password
    Password(WithPassword),
    /// Let a user sign in no more; the name stays taken
    Revoke {
        /// The user's name
        name: String,
    },
}

#[derive(Args)]
struct WithPassword {
    /// The user's name, with which to sign in
    name: String,
    /// Read the password from the first line of stdin instead of asking for it
    #[arg(long)]
    password_stdin: bool,
}

/// Runs the command on the database.
pub(crate) async fn run(args: UserArgs, context: &Context) -> Result<ExitCode, Failure> {
    let mut problems = Problems::default();
    let sources = Sources::read(context, &mut problems);
    problems.check()?;
    let database = sources.database_url(args.database_url.as_deref());
    let open = || async { kvitt_ledger::open(&database.value).await.map_err(Failure::of_ledger) };
    match args.command {
        UserCommand::Create(args) => {
            let name: UserName = args.name.parse().map_err(Failure::usage)?;
            create(&open().await?, &name, args.password_stdin, context).await
        }
        UserCommand::List => list(&open().await?, context).await,
        UserCommand::Password(args) => {
            set_password(&open().await?, &args.name, args.password_stdin, context).await
        }
        UserCommand::Revoke { name } => revoke(&open().await?, &name, context).await,
    }
}

async fn create(
    ledger: &Arc<dyn Ledger>,
    name: &UserName,
    from_stdin: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    // Before anybody thinks of a password.
    if let Some(user) = ledger.user_by_name(name.as_str()).await.map_err(Failure::of_ledger)? {
        return Err(Failure::new(Exit::Refused, taken(&user)));
    }
    let password = password::get(from_stdin)?;
    let at = SystemClock.now().await;
    let created = users::create(ledger.as_ref(), &RandomIds, name, &password, at).await;
    let user = created.map_err(of_users)?;
    say(&user, context, "may sign in to the dashboard")
}

fn taken(user: &User) -> String {
    let name = output::plain(&user.name);
    match user.revoked_at {
        None => format!(
            "there is a user {name} already: take another name, or give that user another \
             password with `kvitt user password`"
        ),
        Some(at) => format!(
            "there was a user {name}, revoked at {at}, whose name stays taken: take another name"
        ),
    }
}

async fn list(ledger: &Arc<dyn Ledger>, context: &Context) -> Result<ExitCode, Failure> {
    let users = ledger.users().await.map_err(Failure::of_ledger)?;
    if context.json {
        let items: Vec<_> = users.iter().map(shown).collect();
        output::print(&json!({ "items": items }).to_string())?;
    } else if users.is_empty() {
        output::print("no users: make one with `kvitt user create`")?;
    } else {
        let row = |user: &User| {
            let revoked = user.revoked_at.map(|at| at.to_string()).unwrap_or_default();
            vec![user.id.to_string(), user.name.clone(), user.created_at.to_string(), revoked]
        };
        let table = output::table(&["id", "name", "created", "revoked"], users.iter().map(row));
        output::print(&table)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_password(
    ledger: &Arc<dyn Ledger>,
    name: &str,
    from_stdin: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let user = find(ledger, name).await?;
    if user.revoked_at.is_some() {
        return Err(Failure::new(
            Exit::Refused,
            format_args!(
                "{} is revoked, and no password opens the door again: make another user with \
                 `kvitt user create`",
                output::plain(&user.name)
            ),
        ));
    }
    let password = password::get(from_stdin)?;
    let known = users::set_password(ledger.as_ref(), &RandomIds, user.id, &password).await;
    if !known.map_err(of_users)? {
        return Err(unknown(name));
    }
    say(&user, context, "has another password and is signed out everywhere")
}

async fn revoke(
    ledger: &Arc<dyn Ledger>,
    name: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let user = find(ledger, name).await?;
    let at = SystemClock.now().await;
    if !ledger.revoke_user(user.id, at).await.map_err(Failure::of_ledger)? {
        return Err(unknown(name));
    }
    // As it is kept: whoever was revoked before keeps that time.
    say(&find(ledger, name).await?, context, "is revoked and signed out everywhere")
}

async fn find(ledger: &Arc<dyn Ledger>, name: &str) -> Result<User, Failure> {
    let user = ledger.user_by_name(name).await.map_err(Failure::of_ledger)?;
    user.ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Failure {
    Failure::new(
        Exit::NotFound,
        format_args!(
            "there is no user {} in this database: `kvitt user list` shows them",
            output::plain(name)
        ),
    )
}

fn say(user: &User, context: &Context, what: &str) -> Result<ExitCode, Failure> {
    let said = if context.json {
        shown(user).to_string()
    } else {
        format!("{} ({}) {what}", output::plain(&user.name), user.id)
    };
    output::print(&said)?;
    Ok(ExitCode::SUCCESS)
}

fn shown(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "name": user.name,
        "created_at": user.created_at.to_string(),
        "revoked_at": user.revoked_at.map(|at| at.to_string()),
    })
}

fn of_users(error: UsersError) -> Failure {
    match error {
        UsersError::Ledger(error) => Failure::of_ledger(error),
        UsersError::Hashing(error) => Failure::internal(error),
    }
}
