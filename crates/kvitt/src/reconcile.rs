//! `kvitt reconcile`: the ledger beside Klarna, sale by sale.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

mod place;
mod report;
mod walk;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use self::place::{Filters, Place};
use self::report::{Ledger, Report};
use self::walk::Walk;
use crate::Context;
use crate::failure::{Exit, Failure};
use crate::merchant_api::{Change, MerchantApi, Reach, fresh_idempotency_key};
use crate::output;

const AFTER_HELP: &str = "\
Every order, and every checkout that may have one, is read at Klarna and held beside the
ledger. What others did at Klarna, and what came of acts in doubt, is taken over; nothing
is changed at Klarna. What is left for a person is named with what to do.

A frozen ledger (a restored backup) acts again once the whole of it was held beside
Klarna; --keep-frozen leaves it frozen, and a part of it (--since, --order, …) does too.

The place is kept in a file, so that a walk that was stopped goes on with --resume.

Exit codes:
  0  nothing is left for a person
  6  stopped, or some sales could not be read: go on, or try again
  7  something is left for a person
The others are those of `kvitt --help`.

Examples:
  kvitt reconcile
  kvitt reconcile --since 2026-11-01T00:00:00Z --preview
  kvitt reconcile --order ord_… --json
  kvitt reconcile --resume kvitt-reconcile.json";

/// Where the place is kept unless told.
const PLACE: &str = "kvitt-reconcile.json";

/// `kvitt reconcile`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct ReconcileArgs {
    #[command(flatten)]
    reach: Reach,
    /// Only sales whose checkout was opened at this time or later, such as 2026-11-22T00:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only sales whose checkout was opened before this time
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Only orders in this state: AUTHORIZED, PART_CAPTURED, CAPTURED, CANCELLED or EXPIRED
    #[arg(long)]
    status: Option<String>,
    /// Only sales of this Klarna account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Only this sale, ord_… or chk_…
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "until", "status", "account"])]
    order: Option<String>,
    /// Only name what differs, and take nothing over
    #[arg(long)]
    preview: bool,
    /// Keep the place in this file, and go on from there where it is
    #[arg(long, value_name = "FILE", conflicts_with = "order")]
    resume: Option<PathBuf>,
    /// Leave a frozen ledger frozen
    #[arg(long)]
    keep_frozen: bool,
}

/// What the server says of its ledger.
#[derive(Deserialize)]
struct LedgerState {
    frozen: Option<Value>,
}

/// Runs the command.
pub(crate) async fn run(args: ReconcileArgs, context: &Context) -> Result<ExitCode, Failure> {
    let api = Arc::new(MerchantApi::new(&args.reach, context)?);
    let is_frozen = api.get(&["ledger"], &[]).await?.read::<LedgerState>()?.frozen.is_some();
    let filters = Filters {
        since: args.since.as_deref().map(time).transpose()?,
        until: args.until.as_deref().map(time).transpose()?,
        status: args.status.map(|status| status.to_ascii_uppercase()),
        account: args.account,
        preview: args.preview,
    };
    let is_whole = filters == Filters::default() && args.order.is_none();
    let report = if let Some(id) = &args.order {
        walk::one(&api, id, args.preview).await?
    } else {
        let file = args.resume.clone().unwrap_or_else(|| PathBuf::from(PLACE));
        let place = Place::open(file, args.resume.is_some(), &filters, api.server())?;
        let walk = Walk { api: Arc::clone(&api), skips_final: is_frozen };
        Box::pin(walk.walk(place)).await?
    };
    let ledger = end_of(&api, is_frozen, is_whole && !args.keep_frozen, &report).await?;
    let text = if context.json { report.json(ledger)? } else { report.show(ledger) };
    output::print(&text)?;
    Ok(match () {
        () if report.has_unread() => Exit::Unreachable.into(),
        () if report.needs_person() => Exit::NeedsPerson.into(),
        () => ExitCode::SUCCESS,
    })
}

/// A frozen ledger acts again once all of it was held beside Klarna.
async fn end_of(
    api: &MerchantApi,
    is_frozen: bool,
    may_thaw: bool,
    report: &Report,
) -> Result<Ledger, Failure> {
    if !is_frozen {
        return Ok(Ledger::Acts);
    }
    if !may_thaw {
        return Ok(Ledger::StaysFrozen);
    }
    if report.has_unread() {
        return Ok(Ledger::HeldUp);
    }
    let key = fresh_idempotency_key().await;
    let path = &["ledger", "thaw"];
    let thaw = Change { method: Method::POST, path, body: None, idempotency_key: &key };
    api.change(&thaw).await?;
    Ok(Ledger::Thawed)
}

fn time(text: &str) -> Result<jiff::Timestamp, Failure> {
    text.parse().map_err(|_| {
        Failure::usage(format_args!(
            "{text:?} is no time: write it like 2026-11-22T00:00:00Z, with its offset"
        ))
    })
}
