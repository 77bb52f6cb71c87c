//! `kvitt webhook`: where events are sent, and what comes of it.

#![expect(clippy::doc_markdown, reason = "help texts are shown as they stand")]

mod listen;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::json;

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::merchant_api::{Answer, Change, MerchantApi, Reach, fresh_idempotency_key, shown};
use crate::output;
use crate::view::{WebhookDeliveryPage, WebhookEndpoint, WebhookEndpointPage, WebhookTest};

const AFTER_HELP: &str = "\
Messages are in the format of Standard Webhooks (https://www.standardwebhooks.com):
the headers webhook-id (the event's id: the same for every attempt), webhook-timestamp
and webhook-signature. The libraries listed there verify them with the secret.

What is not taken with a status of 200 to 299 is sent again for three days. An
endpoint that takes nothing for so long, or answers 410, is disabled.

Examples:
  kvitt webhook create https://shop.example/webhooks --event place.done --event 'capture.*'
  kvitt webhook deliveries whk_… --state failing
  kvitt webhook resend whk_… --since 2026-11-22T13:45:00Z
  kvitt webhook listen --forward http://127.0.0.1:3000/webhooks";

/// `kvitt webhook`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct WebhookArgs {
    #[command(flatten)]
    reach: Reach,
    #[command(subcommand)]
    command: WebhookCommand,
}

#[derive(Subcommand)]
enum WebhookCommand {
    /// Make an endpoint and print it with its secret, whsec_…, which is not shown again
    Create {
        /// Where messages are sent: an https address, or http on the server's own machine
        url: String,
        /// An event to be told of, such as capture.done or capture.*; may be given often; all
        /// events unless given
        #[arg(long, value_name = "NAME")]
        event: Vec<String>,
        /// What the endpoint is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// Stands for this request: repeating it makes one endpoint; a fresh one unless given
        #[arg(long, value_name = "KEY")]
        idempotency_key: Option<String>,
    },
    /// List the endpoints, oldest first
    List,
    /// Show an endpoint
    Show(Endpoint),
    /// Let messages be sent again, those that were not taken among them
    Enable(Endpoint),
    /// Let no message be sent; what happens is sent when it is enabled
    Disable(Endpoint),
    /// Forget an endpoint, and what waits to be sent to it
    Delete(Endpoint),
    /// Give an endpoint another secret; the one before signs too, for 24 hours
    Rotate(Endpoint),
    /// Send a message of the type webhook.test, and say what came of it
    Test(Endpoint),
    /// Send messages once more, under the ids that they have
    Resend {
        #[command(flatten)]
        endpoint: Endpoint,
        #[command(flatten)]
        what: Wanted,
    },
    /// List what an endpoint is sent, and what came of it; the newest event first
    Deliveries {
        #[command(flatten)]
        endpoint: Endpoint,
        /// Only those that are pending, failing, delivered or given_up
        #[arg(long, value_name = "STATE")]
        state: Option<String>,
        /// How many at most, 1 to 100; 20 unless given
        #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: Option<u32>,
        /// Go on where a list ended
        #[arg(long, value_name = "CURSOR")]
        cursor: Option<String>,
    },
    /// Show messages as they come, and forward them to a server of your own
    Listen(listen::ListenArgs),
}

#[derive(Args)]
struct Endpoint {
    /// The endpoint's id, whk_…
    id: String,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Wanted {
    /// The message about this event, evt_…
    #[arg(long, value_name = "EVENT")]
    event: Option<String>,
    /// All about what happened at this time or later, such as 2026-11-22T13:45:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
}

/// Runs the command.
pub(crate) async fn run(args: WebhookArgs, context: &Context) -> Result<ExitCode, Failure> {
    let api = MerchantApi::new(&args.reach, context)?;
    let endpoint = |answer: &Answer| shown(answer, context.json, WebhookEndpoint::show);
    let text = match args.command {
        WebhookCommand::Listen(listen) => return listen::run(&listen, &api, context).await,
        WebhookCommand::Create { url, event, description, idempotency_key } => {
            let body = json!({"url": url, "events": event, "description": description});
            let key = match idempotency_key {
                Some(key) => key,
                None => fresh_idempotency_key().await,
            };
            let made = change(&api, Method::POST, &[], Some(body.to_string()), &key).await?;
            endpoint(&made)?
        }
        WebhookCommand::List => {
            let answer = api.get(&["webhook-endpoints"], &[]).await?;
            shown(&answer, context.json, WebhookEndpointPage::show)?
        }
        WebhookCommand::Show(Endpoint { id }) => {
            endpoint(&api.get(&["webhook-endpoints", &id], &[]).await?)?
        }
        WebhookCommand::Enable(Endpoint { id }) => endpoint(&enable(&api, &id, true).await?)?,
        WebhookCommand::Disable(Endpoint { id }) => endpoint(&enable(&api, &id, false).await?)?,
        WebhookCommand::Delete(Endpoint { id }) => {
            change_once(&api, Method::DELETE, &[&id], None).await?;
            if context.json {
                json!({"id": id, "deleted": true}).to_string()
            } else {
                format!("{} is deleted", output::plain(&id))
            }
        }
        WebhookCommand::Rotate(Endpoint { id }) => {
            endpoint(&change_once(&api, Method::POST, &[&id, "rotate-secret"], None).await?)?
        }
        WebhookCommand::Test(Endpoint { id }) => return test(&api, &id, context).await,
        WebhookCommand::Resend { endpoint: Endpoint { id }, what } => {
            let body = match what {
                Wanted { event: Some(event), .. } => json!({ "event": event }),
                Wanted { since, .. } => json!({ "since": since }),
            };
            let path = [id.as_str(), "resend"];
            let answer = change_once(&api, Method::POST, &path, Some(body.to_string())).await?;
            if context.json { answer.json().to_owned() } else { "on their way".to_owned() }
        }
        WebhookCommand::Deliveries { endpoint: Endpoint { id }, state, limit, cursor } => {
            let limit = limit.map(|limit| limit.to_string());
            let given = [("state", state), ("limit", limit), ("cursor", cursor)];
            let query: Vec<_> =
                given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let answer = api.get(&["webhook-endpoints", &id, "deliveries"], &query).await?;
            shown(&answer, context.json, WebhookDeliveryPage::show)?
        }
    };
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn enable(api: &MerchantApi, id: &str, enabled: bool) -> Result<Answer, Failure> {
    let body = json!({ "enabled": enabled }).to_string();
    change_once(api, Method::PATCH, &[id], Some(body)).await
}

async fn test(api: &MerchantApi, id: &str, context: &Context) -> Result<ExitCode, Failure> {
    let answer = change_once(api, Method::POST, &[id, "test"], None).await?;
    output::print(&shown(&answer, context.json, WebhookTest::show)?)?;
    let taken = answer.read::<WebhookTest>()?.is_taken();
    Ok(if taken { ExitCode::SUCCESS } else { Exit::Refused.into() })
}

async fn change_once(
    api: &MerchantApi,
    method: Method,
    path: &[&str],
    body: Option<String>,
) -> Result<Answer, Failure> {
    change(api, method, path, body, &fresh_idempotency_key().await).await
}

/// A change at a path below the endpoints.
async fn change(
    api: &MerchantApi,
    method: Method,
    path: &[&str],
    body: Option<String>,
    idempotency_key: &str,
) -> Result<Answer, Failure> {
    let path: Vec<&str> = [&["webhook-endpoints"], path].concat();
    let change = Change { method, path: &path, body: body.as_deref(), idempotency_key };
    api.change(&change).await
}
