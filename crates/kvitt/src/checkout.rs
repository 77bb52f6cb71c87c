//! `kvitt checkout`: open a checkout for a cart, or look at one.

mod cart;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::merchant_api::{Change, MerchantApi, Reach, fresh_idempotency_key, shown};
use crate::output;
use crate::view::Checkout;

const AFTER_HELP: &str = "\
Examples:
  kvitt checkout create --file cart.json
  kvitt checkout create --country SE --locale sv-SE --line \"Shirt,2,24900,2500\"
  kvitt checkout create --country US --line \"Mug,1,1200,0\" --sales-tax 99
  kvitt checkout show chk_0192f0c8111172228333444455556666 --json";

/// `kvitt checkout`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct CheckoutArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: CheckoutCommand,
}

#[derive(Subcommand)]
enum CheckoutCommand {
    /// Open a checkout for a cart
    Create(Box<CreateArgs>),
    /// Show a checkout
    Show {
        /// The checkout's id, chk_…
        id: String,
    },
    /// Tell which order Klarna has for a checkout, where only a person can find it
    Adopt {
        /// The checkout's id, chk_…
        id: String,
        /// Klarna's id of the order
        #[arg(long, value_name = "ID")]
        order: String,
    },
}

#[derive(Args)]
struct CreateArgs {
    #[command(flatten)]
    cart: cart::CartArgs,
    /// Stands for this checkout: repeating it opens no second one; a fresh one unless given
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: CheckoutArgs, context: &Context) -> Result<ExitCode, Failure> {
    let answer = match args.command {
        CheckoutCommand::Create(create) => {
            let body = create.cart.body()?;
            let api = MerchantApi::new(&args.reach, context)?;
            let idempotency_key = match create.idempotency_key {
                Some(key) => key,
                None => fresh_idempotency_key().await,
            };
            let change = Change {
                method: Method::POST,
                path: &["checkouts"],
                body: Some(&body),
                idempotency_key: &idempotency_key,
            };
            api.change(&change).await?
        }
        CheckoutCommand::Adopt { id, order } => {
            let api = MerchantApi::new(&args.reach, context)?;
            let body = json!({"klarna_order_id": order}).to_string();
            let change = Change {
                method: Method::POST,
                path: &["checkouts", &id, "adopt"],
                body: Some(&body),
                idempotency_key: &fresh_idempotency_key().await,
            };
            api.change(&change).await?
        }
        CheckoutCommand::Show { id } => {
            let api = MerchantApi::new(&args.reach, context)?;
            api.get(&["checkouts", &id], &[]).await?
        }
    };
    output::print(&shown(&answer, context.json, Checkout::show)?)?;
    Ok(ExitCode::SUCCESS)
}
