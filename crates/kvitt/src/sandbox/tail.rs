//! `kvitt sandbox tail`: requests and answers as they come.

mod line;

use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use serde_json::value::RawValue;

use self::line::Exchange;
use super::control::{Control, Reach, Trouble};
use crate::Context;
use crate::failure::Failure;
use crate::{output, shutdown};

/// How often the sandbox is asked for what is new.
const EVERY: Duration = Duration::from_millis(200);
/// How many exchanges are asked for at once.
const AT_ONCE: usize = 500;

const AFTER_HELP: &str = "\
One line for each: the sandbox's time, method, path, status, how long it took,
and the fault that struck, if one did. Calls under /sandbox/v1 and what browsers
load do not show. It goes on until ctrl-c, also when the sandbox is started anew.

Examples:
  kvitt sandbox tail
  kvitt sandbox tail --path /captures --bodies
  kvitt sandbox tail --status 4xx --status 5xx
  kvitt sandbox tail --json | jq -c '[.method, .path, .status]'";

/// `kvitt sandbox tail`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct TailArgs {
    /// Only paths that contain this
    #[arg(long, value_name = "TEXT")]
    path: Option<String>,
    /// Only answers of this status, such as 404 or 4xx, or that were dropped by a fault: none;
    /// may be given often
    #[arg(long, value_name = "STATUS")]
    status: Vec<StatusFilter>,
    /// Show the bodies of requests and answers, too
    #[arg(long)]
    bodies: bool,
    /// Begin with so many of those that were before
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    last: usize,
    #[command(flatten)]
    reach: Reach,
}

/// Which statuses are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StatusFilter {
    Exactly(u16),
    /// By the first digit.
    Class(u16),
    /// The connection was dropped.
    Dropped,
}

impl FromStr for StatusFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || format!("{text:?} is no status: write it like 404, 4xx or none");
        let lower = text.to_ascii_lowercase();
        if lower == "none" {
            return Ok(Self::Dropped);
        }
        let class = lower.strip_suffix("xx").map(str::parse);
        match class.unwrap_or_else(|| lower.parse()).map_err(|_| refusal())? {
            digit @ 1..=5 if lower.ends_with("xx") => Ok(Self::Class(digit)),
            status @ 100..=999 if lower.len() == 3 => Ok(Self::Exactly(status)),
            _ => Err(refusal()),
        }
    }
}

impl StatusFilter {
    fn fits(self, status: Option<u16>) -> bool {
        match self {
            Self::Exactly(wanted) => status == Some(wanted),
            Self::Class(wanted) => status.is_some_and(|status| status / 100 == wanted),
            Self::Dropped => status.is_none(),
        }
    }
}

/// Runs the command.
pub(super) async fn run(args: &TailArgs, context: &Context) -> Result<ExitCode, Failure> {
    let asked = shutdown::asked();
    let sandbox = Control::new(&args.reach, context)?;
    tokio::select! {
        ended = follow(args, context, &sandbox) => ended.map(|never| match never {}),
        () = asked => Ok(ExitCode::SUCCESS),
    }
}

async fn follow(
    args: &TailArgs,
    context: &Context,
    sandbox: &Control,
) -> Result<std::convert::Infallible, Failure> {
    let mut followed = Followed::default();
    let before = followed.begin(sandbox, args).await?;
    for exchange in before {
        show(&exchange, args, context)?;
    }
    let mut is_gone = false;
    loop {
        tokio::time::sleep(EVERY).await;
        let newer = match followed.newer(sandbox, args).await {
            Ok(newer) => newer,
            Err(Trouble::Gone(_)) => {
                if !is_gone {
                    output::note(&format!(
                        "the sandbox at {} is gone; waiting for it",
                        sandbox.url()
                    ));
                }
                is_gone = true;
                continue;
            }
            Err(trouble) => return Err(trouble.into()),
        };
        if is_gone {
            output::note("the sandbox is back");
            is_gone = false;
        }
        for exchange in newer {
            show(&exchange, args, context)?;
        }
    }
}

fn show(text: &RawValue, args: &TailArgs, context: &Context) -> Result<(), Failure> {
    let exchange: Exchange<'_> = serde_json::from_str(text.get()).map_err(Failure::internal)?;
    if !args.status.is_empty() && !args.status.iter().any(|it| it.fits(exchange.status)) {
        return Ok(());
    }
    if context.json {
        return output::print(text.get());
    }
    output::print(&exchange.line(output::colours_on_stdout()))?;
    if args.bodies {
        for body in exchange.bodies() {
            output::print(&body)?;
        }
    }
    Ok(())
}

/// What has been seen.
#[derive(Default)]
struct Followed {
    /// The newest that was seen, of those whose path is looked for: its number and text.
    last: Option<(u64, Box<RawValue>)>,
}

type Exchanges = Vec<Box<RawValue>>;

impl Followed {
    /// The last of those that were before.
    async fn begin(&mut self, sandbox: &Control, args: &TailArgs) -> Result<Exchanges, Trouble> {
        let mut query = vec![("newest", args.last.max(1).to_string())];
        query.extend(args.path.clone().map(|text| ("path_contains", text)));
        let before: Exchanges = sandbox.get(&["exchanges"], &query).await?;
        self.last = before.last().and_then(|it| numbered(it));
        Ok(if args.last == 0 { Vec::new() } else { before })
    }

    /// What came since. The newest that was seen is asked for again: if it is another by now, the
    /// sandbox was started anew or forgot everything, and counts from the beginning.
    async fn newer(&mut self, sandbox: &Control, args: &TailArgs) -> Result<Exchanges, Trouble> {
        let after = self.last.as_ref().map_or(0, |(number, _)| number.saturating_sub(1));
        let mut query = vec![("after", after.to_string()), ("limit", AT_ONCE.to_string())];
        query.extend(args.path.clone().map(|text| ("path_contains", text)));
        let mut found: Exchanges = sandbox.get(&["exchanges"], &query).await?;
        if let Some((number, seen)) = &self.last {
            match found.first().and_then(|it| numbered(it)) {
                Some((first, text)) if first == *number && text.get() == seen.get() => {
                    found.remove(0);
                }
                // So many came that the one that was seen is kept no more.
                Some((first, _)) if first > *number => {}
                _ => {
                    self.last = None;
                    return Box::pin(self.newer(sandbox, args)).await;
                }
            }
        }
        if let Some(newest) = found.last().and_then(|it| numbered(it)) {
            self.last = Some(newest);
        }
        Ok(found)
    }
}

fn numbered(exchange: &RawValue) -> Option<(u64, Box<RawValue>)> {
    #[derive(serde::Deserialize)]
    struct Numbered {
        number: u64,
    }
    let Numbered { number } = serde_json::from_str(exchange.get()).ok()?;
    Some((number, exchange.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_chosen_by_class_or_one_by_one() {
        let fits = |filter: &str, status| filter.parse::<StatusFilter>().unwrap().fits(status);
        assert!(fits("404", Some(404)) && !fits("404", Some(400)) && !fits("404", None));
        assert!(fits("4xx", Some(404)) && fits("4XX", Some(429)) && !fits("4xx", Some(500)));
        assert!(fits("none", None) && !fits("none", Some(500)));
        assert!(fits("599", Some(599)));
        for bad in ["", "4", "4x", "xx", "6xx", "0xx", "44xx", "1000", "99", "ok", "+40"] {
            let refusal = bad.parse::<StatusFilter>().unwrap_err();
            assert!(refusal.contains("4xx"), "{refusal}");
        }
    }
}
