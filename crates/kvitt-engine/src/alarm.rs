//! Alarms: what is wrong with the whole, and no sale can tell. Each follows from what the ledger holds
//! at the moment, so that it goes away by itself, and every process says the same.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kvitt_ledger::{Heard, Late};

use crate::EngineError;
use crate::engine::Engine;

/// How many endpoints an alarm names.
const NAMED_MAX: usize = 3;

/// When an alarm is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSettings {
    /// How old the first order must be since which Klarna has sent nothing, by the business clock.
    /// Klarna calls back within minutes of an order, and pushes for two days.
    pub silent_for: SignedDuration,
    /// How many orders there must be since then: one callback may get lost, and a shop that sells
    /// little is no cause for alarm.
    pub silent_orders: u32,
    /// How long due work waits, by the database's clock. A worker that lives takes it within a
    /// second; what one that died held is due when its lease ends.
    pub late_by: Duration,
    /// How often a process looks, for its log.
    pub every: Duration,
}

impl Default for AlarmSettings {
    /// 6 hours, 5 orders, 5 minutes; every minute.
    fn default() -> Self {
        Self {
            silent_for: SignedDuration::from_hours(6),
            silent_orders: 5,
            late_by: Duration::from_mins(5),
            every: Duration::from_mins(1),
        }
    }
}

/// What kind of alarm it is, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmKind {
    /// Nobody takes due work.
    WorkLate,
    /// Orders are placed, and Klarna's messages do not come in.
    NoCallbacks,
    /// Nobody sends what webhook endpoints are to be told.
    WebhooksLate,
}

impl AlarmKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::WorkLate, Self::NoCallbacks, Self::WebhooksLate];

    /// The name in the API, such as `work_late`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WorkLate => "work_late",
            Self::NoCallbacks => "no_callbacks",
            Self::WebhooksLate => "webhooks_late",
        }
    }
}

/// Something that is wrong with the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What kind of alarm.
    pub kind: AlarmKind,
    /// Since when: the first work that is late has been due, by the database's clock; Klarna was last
    /// heard of, or where it never was, the first order was placed.
    pub since: Timestamp,
    /// How many pieces of work, orders, or sales, counted up to 1,000.
    pub count: u32,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Engine {
    /// What is wrong with the whole just now, the gravest first. It costs the same however much was
    /// sold.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, EngineError> {
        let mut alarms = Vec::new();
        // A frozen ledger leaves its work alone, and is told of in a way of its own.
        let is_frozen = self.frozen().await?.is_some();
        if !is_frozen {
            alarms.extend(self.late_work().await?);
        }
        alarms.extend(self.silence().await?);
        if !is_frozen {
            alarms.extend(self.late_webhooks().await?);
        }
        Ok(alarms)
    }

    async fn late_work(&self) -> Result<Option<Alarm>, EngineError> {
        let late = self.parts.ledger.late_work(self.settings().alarms.late_by).await?;
        Ok(late.map(|Late { count, since }| Alarm {
            kind: AlarmKind::WorkLate,
            since,
            count,
            message: format!(
                "Nobody takes due work ({}): orders are not read, and what was in doubt stays so. See \
                 that kvitt serve runs on this ledger, and what its log says. Where it works without \
                 errors, there is more than it can do, or more than Klarna lets it do",
                up_to(count, Late::COUNT_MAX, "piece", "pieces")
            ),
        }))
    }

    async fn silence(&self) -> Result<Option<Alarm>, EngineError> {
        let settings = &self.settings().alarms;
        let Heard { at, orders_since: count, first_order_at } = self.parts.ledger.heard().await?;
        let now = self.now().await;
        let old = |first: &Timestamp| now.duration_since(*first) >= settings.silent_for;
        let Some(first) = first_order_at.filter(old).filter(|_| count >= settings.silent_orders)
        else {
            return Ok(None);
        };
        Ok(Some(Alarm {
            kind: AlarmKind::NoCallbacks,
            since: at.unwrap_or(first),
            count,
            message: format!(
                "Klarna's callbacks do not come in: none {}, while {} were placed. See that {} is \
                 reached from outside by https on port 443, with a certificate that everybody trusts, \
                 and that no firewall, sign-in or bot check answers there before kvitt does. Until \
                 then kvitt finds out late what became of a purchase whose browser was closed",
                if at.is_some() { "came since" } else { "ever came" },
                up_to(count, Heard::ORDERS_MAX, "order", "orders"),
                self.settings().public_url,
            ),
        }))
    }

    async fn late_webhooks(&self) -> Result<Option<Alarm>, EngineError> {
        let by = self.settings().alarms.late_by;
        let mut all: Option<Late> = None;
        let mut slow = Vec::new();
        for endpoint in self.enabled_webhook_endpoints().await? {
            let store = self.parts.ledger.webhooks();
            let Some(late) = store.late_webhooks(endpoint.id, by).await? else { continue };
            slow.push(endpoint.id.to_string());
            all = Some(all.map_or(late, |all| Late {
                count: all.count.saturating_add(late.count).min(Late::COUNT_MAX),
                since: all.since.min(late.since),
            }));
        }
        Ok(all.map(|Late { count, since }| Alarm {
            kind: AlarmKind::WebhooksLate,
            since,
            count,
            message: format!(
                "Webhooks wait to be sent, about {}, to {}. See that kvitt serve runs on this ledger, \
                 and what its log says. Where it does, the endpoint answers too slowly for what \
                 happens: let it store a message, answer, and only then work",
                up_to(count, Late::COUNT_MAX, "sale", "sales"),
                named(&slow),
            ),
        }))
    }

    /// Tells the log when an alarm begins and when it is over, until the returned future is dropped.
    /// It is a loop of its own, which goes on where those that work are stuck.
    pub(crate) async fn keep_watching(&self) {
        let mut told = Told::default();
        loop {
            // Not at once: what waited while no process ran is being worked off.
            tokio::time::sleep(self.settings().alarms.every).await;
            match self.alarms().await {
                Ok(alarms) => told.tell(&alarms),
                Err(error) => tracing::warn!(%error, "whether an alarm is due is not known"),
            }
        }
    }
}

/// A number that was counted up to a limit, and of what.
fn up_to(count: u32, limit: u32, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        count if count >= limit => format!("{count} {many} or more"),
        count => format!("{count} {many}"),
    }
}

fn named(endpoints: &[String]) -> String {
    let names = endpoints.iter().take(NAMED_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match endpoints.len().saturating_sub(NAMED_MAX) {
        0 => names,
        others => format!("{names} and {others} more"),
    }
}

/// What the log was told of.
#[derive(Debug, Default)]
struct Told(BTreeSet<AlarmKind>);

impl Told {
    /// Tells of what began and of what is over.
    fn tell(&mut self, alarms: &[Alarm]) {
        let (begun, over) = self.news(alarms);
        for Alarm { kind, since, count, message } in begun {
            tracing::warn!(alarm = kind.as_str(), %since, count, "{message}");
        }
        for kind in over {
            tracing::info!(alarm = kind.as_str(), "the alarm is over");
        }
    }

    /// What began since it was told last, and what is over, each once.
    fn news<'a>(&mut self, alarms: &'a [Alarm]) -> (Vec<&'a Alarm>, Vec<AlarmKind>) {
        let now: BTreeSet<_> = alarms.iter().map(|alarm| alarm.kind).collect();
        let begun = alarms.iter().filter(|alarm| !self.0.contains(&alarm.kind)).collect();
        let over = self.0.difference(&now).copied().collect();
        self.0 = now;
        (begun, over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_is_told_of_once_when_it_begins_and_once_when_it_is_over() {
        use AlarmKind::{NoCallbacks, WorkLate};
        let mut told = Told::default();
        let mut news = |now: &[(AlarmKind, u32)]| {
            let alarm = |&(kind, count)| Alarm {
                kind,
                since: Timestamp::UNIX_EPOCH,
                count,
                message: String::new(),
            };
            let alarms: Vec<_> = now.iter().map(alarm).collect();
            let (begun, over) = told.news(&alarms);
            (begun.iter().map(|alarm| alarm.kind).collect::<Vec<_>>(), over)
        };
        assert_eq!(news(&[]), (vec![], vec![]));
        assert_eq!(news(&[(WorkLate, 1)]), (vec![WorkLate], vec![]));
        // It gets worse, which is no other alarm.
        assert_eq!(news(&[(WorkLate, 7), (NoCallbacks, 5)]), (vec![NoCallbacks], vec![]));
        assert_eq!(news(&[(NoCallbacks, 6)]), (vec![], vec![WorkLate]));
        assert_eq!(news(&[(WorkLate, 2)]), (vec![WorkLate], vec![NoCallbacks]));
    }

    #[test]
    fn what_was_counted_to_the_end_is_more() {
        assert_eq!(up_to(1, 1_000, "order", "orders"), "1 order");
        assert_eq!(up_to(999, 1_000, "order", "orders"), "999 orders");
        assert_eq!(up_to(1_000, 1_000, "order", "orders"), "1000 orders or more");
        let names = ["a", "b", "c", "d", "e"].map(str::to_owned);
        assert_eq!(named(&names[..2]), "a, b");
        assert_eq!(named(&names), "a, b, c and 2 more");
    }
}
