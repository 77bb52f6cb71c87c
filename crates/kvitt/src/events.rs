//! `kvitt events`: what happened, to one order or to all.

use std::process::ExitCode;

use clap::Args;

use crate::Context;
use crate::failure::Failure;
use crate::merchant_api::{MerchantApi, Reach, shown};
use crate::{output, view};

const AFTER_HELP: &str = "\
Examples:
  kvitt events
  kvitt events --after 120 --limit 100 --json
  kvitt events ord_0192f0c8111172228333444455556666";

/// `kvitt events`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct EventsArgs {
    /// Only of this order, ord_…, or this checkout, chk_…
    id: Option<String>,
    /// Only what was committed after this position in the feed
    #[arg(long, value_name = "POSITION", conflicts_with = "id")]
    after: Option<u64>,
    /// How many at most, 1 to 100; 20 unless given
    #[arg(long, value_name = "COUNT", conflicts_with = "id",
        value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: Option<u32>,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(crate) async fn run(args: EventsArgs, context: &Context) -> Result<ExitCode, Failure> {
    let api = MerchantApi::new(&args.reach, context)?;
    let text = if let Some(id) = &args.id {
        let face = if id.starts_with("chk_") { "checkouts" } else { "orders" };
        let answer = api.get(&[face, id, "events"], &[]).await?;
        shown(&answer, context.json, view::events)?
    } else {
        let after = args.after.map(|after| ("after", after.to_string()));
        let limit = args.limit.map(|limit| ("limit", limit.to_string()));
        let query: Vec<_> = after.into_iter().chain(limit).collect();
        let answer = api.get(&["events"], &query).await?;
        shown(&answer, context.json, view::event_page)?
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
