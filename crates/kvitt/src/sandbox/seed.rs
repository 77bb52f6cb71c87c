//! `kvitt sandbox seed`: orders, sessions, hosted payment pages and customer tokens in chosen states.

use std::process::ExitCode;

use clap::Args;
use klarna_sandbox::{
    ScenarioProblem, Seeded, SeededCustomerToken, SeededHostedPage, SeededOrder, SeededSession,
};
use serde::Deserialize;

use super::control::{Control, Reach, Trouble};
use super::document::Document;
use crate::Context;
use crate::failure::Failure;
use crate::{output, view};

/// A scenario that shows what there is.
const EXAMPLE: &str = include_str!("example.toml");

const AFTER_HELP: &str = "\
A scenario is a TOML file of [[orders]], [[sessions]], [[hosted_pages]] and
[[customer_tokens]]. Each has the members of Klarna's session (purchase_country,
order_lines, merchant_urls, …), of which what is left out is filled in: a test person
of the country, a shirt and its postage. And some of its own:

  name             by which it is found again: its merchant_reference1
  state            an order: authorized, extended, pending, rejected,
                   part_captured, captured, auto_captured, part_refunded,
                   refunded, released, cancelled, expired
                   a session: open, authorized, expired
                   a hosted page: waiting, in_progress, completed, failed, back,
                   error, cancelled, disabled, timeout
                   a customer token: active, suspended, cancelled, declining
  age              how long ago it was placed or created: PT10M, P3D
  payment_method   invoice unless given: card, direct_debit, fixed_amount, …
  captured_amount, refunded_amount     of a part, in minor units
  decision, decision_in                of one that is pending: accepted, PT10M
  page             of a hosted page: its merchant_urls and options

A line is short, \"Shirt, 2, 249.00, 25%\" (name, quantity, price of one with tax,
tax rate), or has Klarna's members, with amounts in minor units. [defaults] hold
for all, [settings] and [clock] (advance, pace) and [[faults]] come first.

Nothing is made if anything is wrong.

Examples:
  kvitt sandbox seed --example > orders.toml
  kvitt sandbox seed orders.toml
  kvitt sandbox seed orders.toml --json | jq -r '.orders[].order_id'";

/// `kvitt sandbox seed`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct SeedArgs {
    /// The scenario; - reads stdin
    #[arg(required_unless_present = "example")]
    file: Option<String>,
    /// Print a scenario to begin with
    #[arg(long, conflicts_with = "file")]
    example: bool,
    #[command(flatten)]
    reach: Reach,
}

/// Runs the command.
pub(super) async fn run(args: &SeedArgs, context: &Context) -> Result<ExitCode, Failure> {
    let Some(file) = args.file.as_deref() else {
        output::print(EXAMPLE)?;
        return Ok(ExitCode::SUCCESS);
    };
    let document = Document::read(file)?;
    let sandbox = Control::new(&args.reach, context)?;
    let seeded = match sandbox.post(&["scenarios"], Some(&document.scenario)).await {
        Ok(seeded) => seeded,
        Err(Trouble::Refused(_, failure)) => return Err(explained(failure, &document)),
        Err(trouble) => return Err(trouble.into()),
    };
    let text = if context.json {
        seeded.to_string()
    } else {
        let seeded = serde_json::from_value(seeded).map_err(Failure::internal)?;
        shown(&seeded)
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// A refusal with the file's lines, where it is the scenario's.
fn explained(failure: Failure, document: &Document) -> Failure {
    #[derive(Deserialize)]
    struct Refused {
        problems: Vec<ScenarioProblem>,
    }
    let Failure::Said { document: Some(answer), .. } = &failure else { return failure };
    let Ok(Refused { problems }) = serde_json::from_str(answer) else { return failure };
    match document.refused(&problems) {
        Failure::Said { exit, message, .. } => {
            Failure::Said { exit, message, document: Some(answer.clone()) }
        }
        other @ Failure::OutputClosed => other,
    }
}

/// What was made, for people.
pub(super) fn shown(seeded: &Seeded) -> String {
    let orders = seeded.orders.iter().map(order_row);
    let sessions = seeded.sessions.iter().map(session_row);
    let mut tables = Vec::new();
    if !seeded.orders.is_empty() {
        let headings = [
            "name",
            "order",
            "klarna reference",
            "status",
            "fraud",
            ">amount",
            ">captured",
            ">refunded",
            "currency",
        ];
        tables.push(output::table(&headings, orders));
    }
    if !seeded.sessions.is_empty() {
        let headings = ["name", "session", ">amount", "currency", "authorization token"];
        tables.push(output::table(&headings, sessions));
    }
    if !seeded.hosted_pages.is_empty() {
        let headings = ["name", "hosted page", "status", ">amount", "currency", "link"];
        tables.push(output::table(&headings, seeded.hosted_pages.iter().map(page_row)));
    }
    if !seeded.customer_tokens.is_empty() {
        let headings = ["name", "customer token", "status", "orders", "payment method", "country"];
        tables.push(output::table(&headings, seeded.customer_tokens.iter().map(token_row)));
    }
    if tables.is_empty() { "the scenario has no orders".to_owned() } else { tables.join("\n\n") }
}

fn order_row(order: &SeededOrder) -> Vec<String> {
    let amount = |minor| view::digits(minor, &order.purchase_currency);
    let if_any = |minor: i64| if minor == 0 { String::new() } else { amount(minor) };
    vec![
        order.name.clone().or_else(|| order.merchant_reference1.clone()).unwrap_or_default(),
        order.order_id.clone(),
        order.klarna_reference.clone(),
        order.status.clone(),
        order.fraud_status.clone(),
        amount(order.order_amount),
        if_any(order.captured_amount),
        if_any(order.refunded_amount),
        order.purchase_currency.clone(),
    ]
}

fn session_row(session: &SeededSession) -> Vec<String> {
    vec![
        session.name.clone().unwrap_or_default(),
        session.session_id.clone(),
        view::digits(session.order_amount, &session.purchase_currency),
        session.purchase_currency.clone(),
        session.authorization_token.clone().unwrap_or_default(),
    ]
}

fn page_row(page: &SeededHostedPage) -> Vec<String> {
    vec![
        page.name.clone().unwrap_or_default(),
        page.session_id.clone(),
        page.status.clone(),
        view::digits(page.order_amount, &page.purchase_currency),
        page.purchase_currency.clone(),
        page.redirect_url.clone(),
    ]
}

fn token_row(token: &SeededCustomerToken) -> Vec<String> {
    vec![
        token.name.clone().unwrap_or_default(),
        token.token_id.clone(),
        token.status.clone(),
        if token.declines { "declined".to_owned() } else { String::new() },
        token.payment_method_type.clone(),
        token.purchase_country.clone(),
    ]
}
