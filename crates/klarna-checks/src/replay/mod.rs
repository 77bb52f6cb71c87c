//! Replays recorded exchanges against a fresh sandbox each, and compares the answers.

mod accepted;
mod asked;
mod building;
mod cart;
mod compare;
mod hosted;
mod orders;
mod payments;
mod placing;
mod recorded;
mod refusals;
mod shop;
mod tokens;

use std::path::Path;

use serde_json::json;

use self::{
    accepted::{ACCEPTED, Accepted},
    asked::Replayed,
    shop::{Credentials, Shop},
};
pub use self::{
    recorded::{Exchange, Kind, exchanges},
    shop::{Answer, Stop},
};
use crate::{Error, api::Api, api::segments};

/// What became of one exchange.
#[derive(Debug)]
pub struct Outcome {
    /// The exchange's name.
    pub name: String,
    /// What was asked for.
    pub what: String,
    /// How it went.
    pub verdict: Verdict,
}

/// How a replay went.
#[derive(Debug)]
pub enum Verdict {
    /// As recorded, but for what is accepted.
    Agrees {
        /// How many differences are accepted.
        accepted: usize,
        /// What of the request is not as recorded.
        notes: Vec<String>,
    },
    /// It could not be repeated.
    NotReplayable(String),
    /// What differs.
    Differs(Vec<String>),
}

/// Everything that a folder's exchanges came to.
#[derive(Debug, Default)]
pub struct Report {
    /// One for each file, in their order.
    pub outcomes: Vec<Outcome>,
    /// Entries of the table that speak of exchanges of this folder and no longer apply.
    pub stale: Vec<String>,
}

impl Report {
    /// Whether nothing differs but what is accepted, something agrees, and the table is up to date.
    pub fn is_good(&self) -> bool {
        let (agreeing, differing, _) = self.counts();
        agreeing > 0 && differing == 0 && self.stale.is_empty()
    }

    /// How many agree, differ, and could not be repeated.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |is: fn(&Verdict) -> bool| {
            self.outcomes.iter().filter(|outcome| is(&outcome.verdict)).count()
        };
        (
            count(|it| matches!(it, Verdict::Agrees { .. })),
            count(|it| matches!(it, Verdict::Differs(_))),
            count(|it| matches!(it, Verdict::NotReplayable(_))),
        )
    }
}

/// Replays every exchange of a folder.
///
/// # Errors
/// The folder cannot be read, is empty, or holds a file that is no exchange.
pub async fn replay_folder(folder: &Path) -> Result<Report, Error> {
    let mut all = Vec::new();
    for file in exchanges(folder)? {
        all.push(Exchange::read(&file)?);
    }
    Ok(replay_all(&all, ACCEPTED).await)
}

async fn replay_all(exchanges: &[Exchange], table: &[Accepted]) -> Report {
    let mut report = Report::default();
    let mut met = vec![Met::NoExchange; table.len()];
    for exchange in exchanges {
        let verdict = match replay(exchange).await {
            Ok(replayed) => judge(exchange, replayed, table, &mut met),
            Err(Stop::NotReplayable(why)) => Verdict::NotReplayable(why),
            Err(Stop::Setup(what)) => Verdict::Differs(vec![format!("not reached: {what}")]),
        };
        report.outcomes.push(Outcome {
            name: exchange.name.clone(),
            what: format!("{} {}", exchange.request.method, exchange.path_pattern),
            verdict,
        });
    }
    let stale = table.iter().zip(met).filter(|(_, met)| *met == Met::NotTheDifference);
    report.stale = stale
        .map(|(entry, _)| {
            format!("{} ({}; {})", entry.differences.join(", "), entry.reason, entry.source)
        })
        .collect();
    report
}

/// How far an entry of the table was met with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Met {
    NoExchange,
    NotTheDifference,
    TheDifference,
}

fn judge(exchange: &Exchange, replayed: Replayed, table: &[Accepted], met: &mut [Met]) -> Verdict {
    let mut found = compare::differences(exchange, &replayed.answer);
    let all = found.clone();
    let entries = || table.iter().enumerate().filter(|(_, entry)| entry.about.includes(exchange));
    found.retain(|difference| !entries().any(|(_, entry)| entry.is(difference)));
    for (index, entry) in entries() {
        if all.iter().any(|difference| entry.is(difference)) {
            met[index] = Met::TheDifference;
        } else if met[index] == Met::NoExchange && found.is_empty() {
            // An answer that differs in something else as well proves nothing of the entry.
            met[index] = Met::NotTheDifference;
        }
    }
    if found.is_empty() {
        Verdict::Agrees { accepted: all.len(), notes: replayed.notes }
    } else {
        Verdict::Differs(found)
    }
}

/// Repeats one exchange against a fresh sandbox.
async fn replay(exchange: &Exchange) -> Result<Replayed, Stop> {
    let ours = ["payments", "credit", "ordermanagement", "customer-token", "hpp"];
    let is_ours = segments(&exchange.path_pattern).first().is_some_and(|it| ours.contains(it));
    if exchange.error_code() == Some("HTTP_ERROR") && is_ours {
        // About the path itself: it is sent as it was.
        let shop = Shop::open().await?;
        let path = exchange.path(&[]);
        return Ok(Replayed::as_recorded(exchange.send(&shop, &path).await?));
    }
    let operation = exchange.operation().map_err(Stop::NotReplayable)?;
    let shop = Shop::open().await?;
    match exchange.response.status {
        Some(401) => {
            let path = exchange.path(&[asked::UNKNOWN]);
            let answer = exchange.send_as(&shop, Credentials::Wrong, &path).await?;
            return Ok(Replayed::made_up(answer, "a wrong password"));
        }
        Some(429) => return too_many(&shop, exchange).await,
        Some(413) => {
            let body = json!({"merchant_data": "x".repeat(2_000_000)});
            let path = exchange.path(&[asked::UNKNOWN]);
            let answer = exchange.send_body(&shop, &path, &body).await?;
            return Ok(Replayed::made_up(answer, "a body of 2 MB"));
        }
        Some(500..) => {
            return shop::not_replayable("a failure of Klarna's own, which has no cause to repeat");
        }
        _ => {}
    }
    match operation.api() {
        Api::Payments => payments::replay(&shop, exchange, operation).await,
        Api::Orders => orders::replay(&shop, exchange, operation).await,
        Api::CustomerToken => tokens::replay(&shop, exchange, operation).await,
        Api::HostedPage => hosted::replay(&shop, exchange, operation).await,
    }
}

/// Asks as often as is needed to be told that it is too often.
async fn too_many(shop: &Shop, exchange: &Exchange) -> Result<Replayed, Stop> {
    // The limits of Klarna's playground for sessions, here for everything.
    let limits = json!({"rate_limit_sessions": 5, "rate_limit_others": 5});
    shop.step("PATCH", "/sandbox/v1/settings", Some(&limits)).await?;
    let path = exchange.path(&[asked::UNKNOWN]);
    let mut answer = exchange.send(shop, &path).await?;
    // A new second begins anew: some more than the limit may be needed.
    for _ in 0..20 {
        if answer.status == 429 {
            break;
        }
        answer = exchange.send(shop, &path).await?;
    }
    Ok(Replayed::as_recorded(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn exchange(recorded_at: &str, body: &Value) -> Exchange {
        serde_json::from_value(json!({"kind": "recorded", "recorded_at": recorded_at,
            "path_pattern": "/payments/v1/sessions/{session_id}",
            "request": {"method": "GET", "path": "/payments/v1/sessions/1"},
            "response": {"status": 404, "body": body}}))
        .unwrap()
    }

    fn refusal(code: &str) -> Value {
        json!({"correlation_id": "4e33a603-8009-4eeb-bef1-c0bca8b2bab8", "error_code": code,
            "error_messages": ["Invalid session id"]})
    }

    const ENTRY: Accepted = Accepted {
        about: accepted::recorded("/payments/", &[404]).until(2021, 6),
        differences: &["body.error_code: *"],
        reason: "a test",
        source: "this test",
    };

    #[tokio::test]
    async fn an_entry_accepts_what_it_is_about() {
        let old = exchange("2021-06-30", &refusal("OLD"));
        let report = replay_all(std::slice::from_ref(&old), &[]).await;
        assert_eq!(report.counts(), (0, 1, 0));
        let report = replay_all(&[old], &[ENTRY]).await;
        assert!(report.is_good());
        assert!(matches!(report.outcomes[0].verdict, Verdict::Agrees { accepted: 1, .. }));
        for other in [exchange("2021-07-01", &refusal("OLD")), exchange("", &refusal("OLD"))] {
            assert!(!replay_all(&[other], &[ENTRY]).await.is_good());
        }
        // Another difference than the accepted one.
        let mut other = refusal("OLD");
        other["reason"] = json!("x");
        let report = replay_all(&[exchange("2021-01-01", &other)], &[ENTRY]).await;
        let Verdict::Differs(found) = &report.outcomes[0].verdict else { panic!("{report:?}") };
        assert_eq!(found, &["body.reason: missing"]);
        assert!(report.stale.is_empty());
    }

    #[tokio::test]
    async fn an_entry_that_no_longer_applies_is_an_error() {
        let agreeing = exchange("2021-01-01", &refusal("NOT_FOUND"));
        let report = replay_all(std::slice::from_ref(&agreeing), &[ENTRY]).await;
        assert_eq!((report.counts(), report.stale.len()), ((1, 0, 0), 1));
        assert!(!report.is_good());
        // Where it applies to another, or nothing is said of such exchanges, it is none.
        let old = exchange("2021-01-01", &refusal("OLD"));
        assert!(replay_all(&[agreeing, old], &[ENTRY]).await.is_good());
        let later = exchange("2024-01-01", &refusal("NOT_FOUND"));
        assert!(replay_all(&[later], &[ENTRY]).await.is_good());
    }
}
