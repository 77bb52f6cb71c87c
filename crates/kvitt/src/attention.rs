//! `kvitt attention`: what needs a person, and settling it.

use std::process::ExitCode;

use clap::{ArgGroup, Args, Subcommand};
use reqwest::Method;
use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::merchant_api::{Change, MerchantApi, Reach, fresh_idempotency_key, shown};
use crate::output;
use crate::view::{AttentionPage, Intent};

const AFTER_HELP: &str = "\
Without a command it lists what needs a person, and why: first what is wrong with the whole
(nobody takes due work, no callback of Klarna's comes in), then the sales.

Examples:
  kvitt attention
  kvitt attention settle int_… --done --id f0e1d2c3-…
  kvitt attention settle int_… --not-done";

/// `kvitt attention`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct AttentionArgs {
    #[command(flatten)]
    reach: Reach,
    /// How many sales at most, 1 to 100; 20 unless given
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: Option<u32>,
    /// Go on where the list before ended
    #[arg(long)]
    cursor: Option<String>,
    #[command(subcommand)]
    command: Option<AttentionCommand>,
}

#[derive(Subcommand)]
enum AttentionCommand {
    /// Settle an act in doubt, once you have looked at Klarna
    Settle(SettleArgs),
}

#[derive(Args)]
#[command(group(ArgGroup::new("outcome").required(true).args(["done", "not_done"])))]
struct SettleArgs {
    /// The act's intent, int_…
    intent: String,
    /// It took effect
    #[arg(long)]
    done: bool,
    /// Klarna's id of the order, capture or refund that came of it
    #[arg(long, value_name = "ID", requires = "done", conflicts_with = "not_done")]
    id: Option<String>,
    /// It did not take effect, and is not wanted any more
    #[arg(long)]
    not_done: bool,
    /// Stands for this request: repeating it does it once; a fresh one unless given
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: AttentionArgs, context: &Context) -> Result<ExitCode, Failure> {
    let api = MerchantApi::new(&args.reach, context)?;
    let text = match args.command {
        None => {
            let limit = args.limit.map(|limit| ("limit", limit.to_string()));
            let cursor = args.cursor.map(|cursor| ("cursor", cursor));
            let query: Vec<_> = limit.into_iter().chain(cursor).collect();
            let answer = api.get(&["attention"], &query).await?;
            shown(&answer, context.json, AttentionPage::show)?
        }
        Some(AttentionCommand::Settle(settle)) => {
            let body = if settle.done {
                json!({"outcome": "done", "id": settle.id})
            } else {
                json!({"outcome": "not_done"})
            };
            let idempotency_key = match settle.idempotency_key {
                Some(key) => key,
                None => fresh_idempotency_key().await,
            };
            let change = Change {
                method: Method::POST,
                path: &["intents", &settle.intent, "settle"],
                body: Some(&body.to_string()),
                idempotency_key: &idempotency_key,
            };
            let answer = api.change(&change).await?;
            shown(&answer, context.json, Intent::sentence)?
        }
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
