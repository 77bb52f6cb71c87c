//! The command line as a whole: which commands there are, and what they share.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::attention::AttentionArgs;
use crate::checkout::CheckoutArgs;
use crate::demo::DemoArgs;
use crate::events::EventsArgs;
use crate::key::KeyArgs;
use crate::ledger::LedgerArgs;
use crate::migrate::MigrateArgs;
use crate::order::OrderArgs;
use crate::reconcile::ReconcileArgs;
use crate::sandbox::SandboxArgs;
use crate::serve::ServeArgs;
use crate::user::UserArgs;
use crate::webhook::WebhookArgs;

const AFTER_HELP: &str = "\
Try it, without Klarna and without credentials:
  kvitt demo

Or step by step, each in a terminal of its own:
  kvitt sandbox
  KVITT_KLARNA_URL=http://127.0.0.1:4010 kvitt serve
  export KVITT_API_KEY=$(kvitt key create --name shop)
  kvitt checkout create --country SE --locale sv-SE --line \"Shirt,2,24900,2500\"
  kvitt order list

Exit codes:
  0  done
  1  an unexpected error inside kvitt
  2  the command line or the configuration is wrong
  3  refused: by kvitt, by Klarna, or by you when asked
  4  there is no such checkout, order, capture, key or user
  5  the outcome is not known yet: read the order again, or repeat with the same
     --idempotency-key
  6  the server, or what it depends on, cannot be reached: try again
  7  reconciling left something for a person

Settings come from flags, then from KVITT_… variables, then from kvitt.toml.
SSL_CERT_FILE names the authority of a server whose certificate is your own.
Colours are left out where the output is no terminal, or NO_COLOR is set.";

/// Take Klarna payments: one program from checkout to refund, with Klarna on localhost.
#[derive(Parser)]
#[command(name = "kvitt", version, arg_required_else_help = true, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Args)]
pub(crate) struct Common {
    /// Read settings from this file; ./kvitt.toml where it exists [env: KVITT_CONFIG]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub(crate) config: Option<PathBuf>,
    /// Print results as JSON, for programs
    #[arg(long, global = true, help_heading = "Common options")]
    pub(crate) json: bool,
}

/// Every command.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Klarna, a server and a small shop on localhost, in one go
    Demo(DemoArgs),
    /// Run the order server: merchant API, checkout page, dashboard, callbacks, documentation
    Serve(ServeArgs),
    /// Run Klarna on localhost, for tries and tests
    Sandbox(SandboxArgs),
    /// Make, list and revoke keys to the merchant API
    Key(KeyArgs),
    /// Say who may sign in to the dashboard
    User(UserArgs),
    /// Bring the database's schema up to date, or show what that would do
    Migrate(MigrateArgs),
    /// Back up the ledger, move it to PostgreSQL, freeze and thaw it
    Ledger(LedgerArgs),
    /// Open a checkout for a cart, or look at one
    Checkout(CheckoutArgs),
    /// List orders, capture, refund, cancel, release, extend and change them
    Order(OrderArgs),
    /// List what needs a person, and settle it
    Attention(AttentionArgs),
    /// Hold the ledger beside Klarna, name what differs, and repair what can be
    Reconcile(ReconcileArgs),
    /// What happened, to one order or to all
    Events(EventsArgs),
    /// Say where events are sent, send them once more, watch and forward them
    Webhook(WebhookArgs),
}
