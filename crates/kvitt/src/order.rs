//! `kvitt order`: list orders, show one, and act on it.

mod act;
mod list;
mod money;
mod update;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::Context;
use crate::failure::Failure;
use crate::merchant_api::{MerchantApi, Reach, shown};
use crate::order::act::{ActArgs, Wanted};
use crate::output;
use crate::view::{Order, OrderPage};

const AFTER_HELP: &str = "\
Amounts are minor units of the order's currency: 249.00 kr is 24900.

Refund, cancel, release and undo ask first where somebody sits at the terminal,
unless --yes is given. An act whose outcome is not known yet exits with 5 and prints the
key with which it can be repeated without doing it twice.

Examples:
  kvitt order list --status AUTHORIZED --limit 50
  kvitt order capture ord_… --line shirt:1 --tracking PostNord:XYZ123
  kvitt order refund ord_… --line shirt:1 --preview
  kvitt order release ord_… --yes
  kvitt order undo ord_… --preview
  kvitt order update ord_… --reference1 1001-B
  kvitt order trigger-send-out ord_… --capture 4ba2…";

/// `kvitt order`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct OrderArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: OrderCommand,
}

#[derive(Subcommand)]
enum OrderCommand {
    /// List orders, newest first
    List(list::ListArgs),
    /// Show an order: its state, its lines, what was captured and refunded
    Show {
        /// The order's id, ord_…
        id: String,
    },
    /// Capture: take the money for what ships; everything that is left, unless told
    Capture {
        #[command(flatten)]
        money: money::MoneyArgs,
        /// Tracking of a parcel
        #[arg(long, value_name = "COMPANY:NUMBER")]
        tracking: Vec<money::Tracking>,
        /// Nothing else will ship: release what is left afterwards
        #[arg(long = "final")]
        is_final: bool,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Refund: give captured money back; all of it, unless told
    Refund {
        #[command(flatten)]
        money: money::MoneyArgs,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Cancel an order of which nothing was captured
    Cancel {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Release what is left to capture
    Release {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Undo an order: cancel it, or release what is left and refund what is captured
    Undo {
        /// The shop's reference for a refund
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
        /// Shown to the customer with a refund
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Extend the time in which can be captured
    Extend {
        #[command(flatten)]
        act: ActArgs,
    },
    /// Have Klarna send the customer's message of a capture, such as the invoice, once more
    TriggerSendOut {
        /// The capture, as `kvitt order show` names it
        #[arg(long, value_name = "CAPTURE_ID")]
        capture: String,
        #[command(flatten)]
        act: ActArgs,
    },
    /// Change an order's lines, references or shipping address, one of them at a time
    Update {
        #[command(flatten)]
        update: update::UpdateArgs,
        #[command(flatten)]
        act: ActArgs,
    },
}

/// Runs the command.
pub(crate) async fn run(args: OrderArgs, context: &Context) -> Result<ExitCode, Failure> {
    let api = MerchantApi::new(&args.reach, context)?;
    let (wanted, act) = match args.command {
        OrderCommand::List(list) => {
            let answer = api.get(&["orders"], &list.query()).await?;
            output::print(&shown(&answer, context.json, OrderPage::show)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        OrderCommand::Show { id } => {
            let answer = api.get(&["orders", &id], &[]).await?;
            output::print(&shown(&answer, context.json, Order::show)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        OrderCommand::Capture { money, tracking, is_final, act } => {
            (Wanted::post("captures", Some(money.capture(&tracking, is_final))), act)
        }
        OrderCommand::Refund { money, yes, act } => {
            (Wanted::post("refunds", Some(money.refund())).asking(!yes, "Refund"), act)
        }
        OrderCommand::Cancel { yes, act } => {
            (Wanted::post("cancel", None).asking(!yes, "Cancel"), act)
        }
        OrderCommand::Release { yes, act } => {
            (Wanted::post("release", None).asking(!yes, "Release"), act)
        }
        OrderCommand::Undo { reference, description, yes, act } => {
            let body = money::texts(reference.as_deref(), description.as_deref()).to_string();
            (Wanted::post("undo", Some(body)).asking(!yes, "Undo"), act)
        }
        OrderCommand::Extend { act } => (Wanted::post("extend", None), act),
        OrderCommand::TriggerSendOut { capture, act } => (Wanted::send_out(&capture), act),
        OrderCommand::Update { update, act } => (Wanted::patch(update.body()?), act),
    };
    act::carry_out(&api, &wanted, act, context).await
}
