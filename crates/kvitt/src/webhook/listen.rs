//! `kvitt webhook listen`: messages as they come, shown and forwarded.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use kvitt_engine::RandomIds;
use kvitt_engine::webhooks::{Courier, WebhookAnswer, WebhookSecret, WebhookSettings};
use kvitt_ledger::wants_event;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use url::Url;

use crate::Context;
use crate::failure::{Exit, Failure};
use crate::merchant_api::MerchantApi;
use crate::{output, shutdown};

/// How often the server is asked for what is new.
const EVERY: Duration = Duration::from_millis(300);
/// How many messages are asked for at once.
const AT_ONCE: usize = 100;

const AFTER_HELP: &str = "\
One line for each event: when, what, of which sale. With --forward each is sent on,
signed as an endpoint of its own would be sent it, and the line ends with the answer.
It is sent once: what a server of your own does not take is not repeated. No endpoint
has to be made for it. It goes on until ctrl-c, also when the server is started anew.

Examples:
  kvitt webhook listen
  kvitt webhook listen --event 'capture.*' --forward http://127.0.0.1:3000/webhooks
  kvitt webhook listen --after 0 --json | jq -c '.message.type'";

/// `kvitt webhook listen`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ListenArgs {
    /// Send each message on to this address
    #[arg(long, value_name = "URL")]
    forward: Option<String>,
    /// Sign with this secret, whsec_…; a fresh one, which is printed, unless given
    /// [env: KVITT_WEBHOOK_SECRET]
    #[arg(long, value_name = "SECRET", requires = "forward")]
    secret: Option<String>,
    /// Only this event, such as capture.done or capture.*; may be given often
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,
    /// Begin after this position in the feed, 0 for its start; with what happens from now on
    /// unless given
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
}

/// Where messages are sent on to.
struct Forward {
    url: String,
    secret: SecretString,
    courier: Courier,
}

/// A part of the feed.
#[derive(Deserialize)]
struct Feed {
    items: Vec<Entry>,
    next_after: u64,
}

#[derive(Deserialize)]
struct Entry {
    position: u64,
    webhook_id: String,
    /// As it is sent, byte for byte.
    message: Box<RawValue>,
}

/// What of a message is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    timestamp: String,
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    event: Event,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    order_id: String,
}

/// Runs the command.
pub(super) async fn run(
    args: &ListenArgs,
    api: &MerchantApi,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let asked = shutdown::asked();
    let forward = args.forward.as_deref().map(|url| forward(url, args, context)).transpose()?;
    tokio::select! {
        ended = follow(args, api, forward.as_ref(), context) => ended.map(|never| match never {}),
        () = asked => Ok(ExitCode::SUCCESS),
    }
}

fn forward(url: &str, args: &ListenArgs, context: &Context) -> Result<Forward, Failure> {
    let fits = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    if !fits {
        return Err(Failure::usage(
            "--forward is no address: write it like http://127.0.0.1:3000/webhooks",
        ));
    }
    let given = args.secret.as_deref().or_else(|| context.environment.get("KVITT_WEBHOOK_SECRET"));
    let secret = if let Some(given) = given {
        SecretString::from(given)
    } else {
        let fresh = WebhookSecret::generate(&RandomIds);
        output::note(&format!("signing with {}", fresh.expose_secret()));
        fresh
    };
    WebhookSecret::parse(&secret).map_err(|error| {
        Failure::usage(format_args!("--secret or KVITT_WEBHOOK_SECRET is {error}"))
    })?;
    let settings = WebhookSettings { allow_private: true, ..WebhookSettings::default() };
    Ok(Forward { url: url.to_owned(), secret, courier: Courier::new(settings) })
}

async fn follow(
    args: &ListenArgs,
    api: &MerchantApi,
    forward: Option<&Forward>,
    context: &Context,
) -> Result<std::convert::Infallible, Failure> {
    let mut after = match args.after {
        Some(after) => after,
        None => read(api, "end".to_owned()).await?.next_after,
    };
    // Whoever waits for this line knows that nothing is overlooked from here on.
    output::note(&format!("listening after position {after}; ctrl-c ends it"));
    let mut is_gone = false;
    loop {
        let feed = match read(api, after.to_string()).await {
            Ok(feed) => feed,
            Err(Failure::Said { exit: Exit::Unreachable, message, .. }) => {
                if !is_gone {
                    output::note(&format!("{message}\nwaiting for it"));
                }
                is_gone = true;
                tokio::time::sleep(EVERY).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        if is_gone {
            output::note("the server is back");
            is_gone = false;
        }
        let more = feed.items.len() == AT_ONCE;
        for entry in &feed.items {
            tell(entry, args, forward, context).await?;
        }
        after = feed.next_after;
        if !more {
            tokio::time::sleep(EVERY).await;
        }
    }
}

async fn read(api: &MerchantApi, after: String) -> Result<Feed, Failure> {
    let query = [("after", after), ("limit", AT_ONCE.to_string())];
    api.get(&["webhook-messages"], &query).await?.read()
}

/// Sends a message on, if it is to be, and shows it.
async fn tell(
    entry: &Entry,
    args: &ListenArgs,
    forward: Option<&Forward>,
    context: &Context,
) -> Result<(), Failure> {
    let told: Told = serde_json::from_str(entry.message.get()).map_err(Failure::internal)?;
    if !wants_event(&args.event, &told.kind) {
        return Ok(());
    }
    let mut sent = None;
    if let Some(Forward { url, secret, courier }) = forward {
        let begun = Instant::now();
        let answer = courier.send(url, &[secret], &entry.webhook_id, entry.message.get()).await;
        sent = Some((answer, begun.elapsed()));
    }
    let text = if context.json {
        document(entry, sent.as_ref())
    } else {
        line(&told, sent.as_ref(), output::colours_on_stdout())
    };
    output::print(&text)
}

fn document(entry: &Entry, sent: Option<&(WebhookAnswer, Duration)>) -> String {
    let mut document = json!({
        "position": entry.position,
        "webhook_id": entry.webhook_id,
        "message": entry.message,
    });
    if let Some((answer, took)) = sent {
        document["forwarded"] = json!({
            "taken": answer.is_taken(),
            "status": answer.status,
            "problem": answer.problem,
            "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
    }
    document.to_string()
}

fn line(told: &Told, sent: Option<&(WebhookAnswer, Duration)>, colours: bool) -> String {
    let at = match told.timestamp.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => output::plain(&told.timestamp),
    };
    let coloured = |colour: &str, text: &str| {
        if colours { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    };
    let kind = output::plain(&told.kind);
    let colour = match kind.rsplit_once('.').map(|(_, what)| what) {
        Some("done") => "32",
        Some("refused" | "needs_human" | "disabled" | "given_up" | "shipment_stopped") => "31",
        Some("unknown" | "lost") => "33",
        _ => "36",
    };
    let kind = coloured(colour, &format!("{kind:24}"));
    let mut line = format!("{at}  {kind}  {}", output::plain(&told.data.event.order_id));
    if let Some((answer, took)) = sent {
        let said = match (&answer.problem, answer.status) {
            (None, Some(status)) => coloured("32", &status.to_string()),
            (problem, _) => {
                coloured("31", &output::plain(problem.as_deref().unwrap_or("no answer")))
            }
        };
        line = format!("{line}  {said} in {} ms", took.as_millis());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str) -> Told {
        let message = json!({"type": kind, "timestamp": "2026-03-01T12:00:00.25Z",
            "data": {"event": {"order_id": "ord_1"}}});
        serde_json::from_value(message).unwrap()
    }

    #[test]
    fn a_message_is_one_line_with_what_was_answered() {
        assert_eq!(
            line(&told("capture.done"), None, false),
            "2026-03-01 12:00:00  capture.done              ord_1"
        );
        let took = Duration::from_millis(12);
        let fine = (WebhookAnswer { status: Some(204), problem: None }, took);
        let text = line(&told("capture.done"), Some(&fine), false);
        assert!(text.ends_with("ord_1  204 in 12 ms"), "{text}");
        let problem = Some("it answered 500\x1b[2J".to_owned());
        let bad = (WebhookAnswer { status: Some(500), problem }, took);
        let text = line(&told("a\x1b[2J"), Some(&bad), false);
        assert!(text.ends_with("it answered 500\u{fffd}[2J in 12 ms"), "{text}");
        assert!(!text.contains('\x1b'), "{text:?}");
    }

    #[test]
    fn colours_tell_how_it_went() {
        for (kind, colour) in [
            ("capture.done", "32"),
            ("capture.refused", "31"),
            ("capture.unknown", "33"),
            ("capture.requested", "36"),
            ("odd", "36"),
        ] {
            let text = line(&told(kind), None, true);
            assert!(text.contains(&format!("\x1b[{colour}m{kind}")), "{text:?}");
        }
    }

    #[test]
    fn a_document_holds_the_message_as_it_was_sent() {
        let body = r#"{"type":"a","z":1.50}"#;
        let entry = Entry {
            position: 7,
            webhook_id: "evt_1".to_owned(),
            message: RawValue::from_string(body.to_owned()).unwrap(),
        };
        let plain: serde_json::Value = serde_json::from_str(&document(&entry, None)).unwrap();
        assert_eq!(
            plain,
            json!({"position": 7, "webhook_id": "evt_1",
            "message": {"type": "a", "z": 1.5}})
        );
        let answer = WebhookAnswer { status: None, problem: Some("gone".to_owned()) };
        let sent = (answer, Duration::from_millis(3));
        let text = document(&entry, Some(&sent));
        let with_answer: serde_json::Value = serde_json::from_str(&text).unwrap();
        let forwarded =
            json!({"taken": false, "status": null, "problem": "gone", "milliseconds": 3});
        assert_eq!(with_answer["forwarded"], forwarded);
    }
}
