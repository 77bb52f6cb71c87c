//! `kvitt sandbox trigger`: what a developer wants to happen now.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::control::{Control, Reach, Trouble};
use crate::Context;
use crate::failure::{Exit, Failure};
use crate::output;

const AFTER_HELP: &str = "\
An ORDER is named by its order_id, klarna_reference or merchant_reference1, a
SESSION by its session_id or merchant_reference1.

Fraud decisions and what becomes due by an advance are called back before the
command ends.

Examples:
  kvitt sandbox trigger fraud-rejected \"waits for fraud control\"
  kvitt sandbox trigger approve 0b1d9815-165e-42e2-8867-35bc03789e00
  kvitt sandbox trigger expire \"half shipped\"
  kvitt sandbox trigger resend
  kvitt sandbox trigger advance P28D
  kvitt sandbox trigger pace 3600";

/// `kvitt sandbox trigger`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct TriggerArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Args)]
struct OrderNamed {
    /// Its order_id, klarna_reference or merchant_reference1
    #[arg(value_name = "ORDER")]
    name: String,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Args)]
struct SessionNamed {
    /// Its session_id or merchant_reference1
    #[arg(value_name = "SESSION")]
    name: String,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Args)]
struct Named {
    /// An order's order_id, klarna_reference or merchant_reference1, or a session's session_id or
    /// merchant_reference1
    #[arg(value_name = "ORDER|SESSION")]
    name: String,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Subcommand)]
enum What {
    /// Fraud control accepts an ORDER
    FraudAccepted(OrderNamed),
    /// Fraud control rejects an ORDER; four hours later it is cancelled
    FraudRejected(OrderNamed),
    /// Fraud control wants an ORDER's shipment stopped
    FraudStopped(OrderNamed),
    /// The buyer of a SESSION agrees; prints the authorization token
    Approve {
        #[command(flatten)]
        session: SessionNamed,
        /// How the buyer pays, such as card or direct_debit; invoice unless given
        #[arg(long, value_name = "TYPE")]
        payment_method: Option<String>,
    },
    /// The buyer of a SESSION is denied
    Deny(SessionNamed),
    /// The buyer of a SESSION leaves
    Abort(SessionNamed),
    /// An ORDER's authorization, or a SESSION, runs out now, and nothing else does
    Expire(Named),
    /// A callback is sent once more, the last one unless told; waits for its answer
    Resend {
        /// Its callback_id, as GET /sandbox/v1/callbacks lists them
        #[arg(value_name = "CALLBACK")]
        callback: Option<String>,
        #[command(flatten)]
        reach: Reach,
    },
    /// The sandbox's clock leaps ahead
    Advance {
        /// How far, as ISO 8601 writes it: PT10M, P3D, P1M
        #[arg(value_name = "DURATION", allow_hyphen_values = true)]
        by: String,
        #[command(flatten)]
        reach: Reach,
    },
    /// The sandbox's clock runs so many times as fast as the machine's
    Pace {
        /// 1 is the machine's own pace, 3600 makes an hour of every second; up to 1000000
        times: u32,
        #[command(flatten)]
        reach: Reach,
    },
}

/// Runs the command.
pub(super) async fn run(args: &TriggerArgs, context: &Context) -> Result<ExitCode, Failure> {
    let (told, answer) = match &args.what {
        What::FraudAccepted(order) => decide(order, "ACCEPTED", context).await?,
        What::FraudRejected(order) => decide(order, "REJECTED", context).await?,
        What::FraudStopped(order) => decide(order, "STOPPED", context).await?,
        What::Approve { session, payment_method } => {
            let method = payment_method.as_ref().map(|name| ("payment_method", json!(name)));
            authorize(session, "approved", method, context).await?
        }
        What::Deny(session) => authorize(session, "denied", None, context).await?,
        What::Abort(session) => authorize(session, "aborted", None, context).await?,
        What::Expire(named) => expire(named, context).await?,
        What::Resend { callback, reach } => {
            resend(callback.as_deref(), &Control::new(reach, context)?).await?
        }
        What::Advance { by, reach } => {
            let sandbox = Control::new(reach, context)?;
            clock(sandbox.post(&["clock", "advance"], Some(&json!({ "by": by }))).await?)
        }
        What::Pace { times, reach } => {
            let body = json!({ "pace": times }).to_string();
            let sandbox = Control::new(reach, context)?;
            clock(sandbox.change(Method::PATCH, &["clock"], body).await?)
        }
    };
    output::print(&if context.json { answer.to_string() } else { output::plain(&told) })?;
    // What was wanted and did not happen, such as an approval of somebody who is denied.
    let refused = matches!(args.what, What::Approve { .. }) && answer["approved"] != json!(true);
    Ok(if refused { Exit::Refused.into() } else { ExitCode::SUCCESS })
}

type Done = (String, Value);

async fn decide(order: &OrderNamed, decision: &str, context: &Context) -> Result<Done, Failure> {
    let sandbox = Control::new(&order.reach, context)?;
    let path = ["orders", &order.name, "fraud"];
    sandbox.post(&path, Some(&json!({ "decision": decision }))).await?;
    let told = format!("order {}: fraud control says {decision}", order.name);
    Ok((told, json!({ "order": order.name, "decision": decision })))
}

async fn authorize(
    session: &SessionNamed,
    outcome: &str,
    more: Option<(&str, Value)>,
    context: &Context,
) -> Result<Done, Failure> {
    let mut body = json!({ "outcome": outcome });
    if let Some((name, value)) = more {
        body[name] = value;
    }
    let sandbox = Control::new(&session.reach, context)?;
    let answer = sandbox.post(&["sessions", &session.name, "authorize"], Some(&body)).await?;
    let said = match answer["authorization_token"].as_str() {
        Some(token) => format!("approved, authorization_token {token}"),
        None if answer["show_form"] == json!(true) => match &answer["error"] {
            Value::Null => "not approved; the form stays".to_owned(),
            error => format!("not approved; to be mended: {error}"),
        },
        None => "denied".to_owned(),
    };
    Ok((format!("session {}: {said}", session.name), answer))
}

/// An order if there is one of this name, else a session.
async fn expire(named: &Named, context: &Context) -> Result<Done, Failure> {
    let sandbox = Control::new(&named.reach, context)?;
    let (what, answer) = match sandbox.post(&["orders", &named.name, "expire"], None).await {
        Ok(answer) => ("order", answer),
        Err(Trouble::Refused(404, _)) => {
            match sandbox.post(&["sessions", &named.name, "expire"], None).await {
                Ok(answer) => ("session", answer),
                Err(Trouble::Refused(404, _)) => {
                    return Err(Failure::new(
                        Exit::NotFound,
                        format_args!(
                            "there is no order and no session {}: give the id, or its \
                             merchant_reference1",
                            output::plain(&named.name)
                        ),
                    ));
                }
                Err(trouble) => return Err(trouble.into()),
            }
        }
        Err(trouble) => return Err(trouble.into()),
    };
    let status = answer["status"].as_str().unwrap_or_default();
    Ok((format!("{what} {}: {status}", named.name), answer))
}

/// The callback of this id, or the one that was last sent.
async fn resend(callback: Option<&str>, sandbox: &Control) -> Result<Done, Failure> {
    let id = if let Some(id) = callback {
        id.to_owned()
    } else {
        let attempts: Vec<Value> = sandbox.get(&["callbacks"], &[]).await?;
        let last = attempts.last().and_then(|attempt| attempt["callback_id"].as_str());
        last.map(str::to_owned).ok_or_else(|| {
            let text = "nothing was called back so far: has an order or session a URL for it?";
            Failure::new(Exit::NotFound, text)
        })?
    };
    let attempt = sandbox.post(&["callbacks", &id, "resend"], None).await?;
    let text = |name: &str| attempt[name].as_str().unwrap_or_default();
    let answer = match attempt["status"].as_u64() {
        Some(status) => format!("answered with {status}"),
        None => text("error").to_owned(),
    };
    Ok((format!("{} to {}: {answer}", text("kind"), text("url")), attempt))
}

fn clock(answer: Value) -> Done {
    let now = to_the_second(answer["now"].as_str().unwrap_or_default());
    let told = match answer["pace"].as_u64() {
        Some(1) | None => format!("it is {now}"),
        Some(pace) => format!("it is {now}, {pace} times as fast as the machine's clock"),
    };
    (told, answer)
}

/// A moment without the part of its second, which tells people nothing.
fn to_the_second(now: &str) -> String {
    match now.parse::<jiff::Timestamp>() {
        Ok(now) => now.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => now.to_owned(),
    }
}
