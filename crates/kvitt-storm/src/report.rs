//! What a storm was, and what it found.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value;

use crate::book::{Answer, Book};
use crate::chaos::Tally;
use crate::shop::text;
use crate::{Storm, items};

/// Something that must not be.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The shop's name of the order, kvitt's ids; nothing where it is about all.
    pub sale: Option<String>,
    /// What.
    pub text: String,
    /// Everything that the shop was answered and that happened at kvitt, a line each.
    pub history: Vec<String>,
}

impl Finding {
    pub(crate) fn general(text: String) -> Self {
        Self { sale: None, text, history: Vec::new() }
    }

    pub(crate) fn of(book: &Book, text: String, history: &Value) -> Self {
        let unknown = "unknown to kvitt".to_owned();
        let checkout_id = book.checkout_id.clone().unwrap_or(unknown);
        Self {
            sale: Some(format!("{}, {checkout_id}", book.plan.reference)),
            text,
            history: answers(book).chain(items(&history["items"]).map(event)).collect(),
        }
    }
}

fn answers(book: &Book) -> impl Iterator<Item = String> {
    book.records.iter().map(|record| {
        let intent = record.intent.as_deref().unwrap_or("no intent");
        let (number, act) = (record.wish.number, &record.wish.act);
        format!(
            "shop  {number:>2} {act:?} {:?} after {} tries, {intent}",
            record.answer, record.tries
        )
    })
}

fn event(event: &Value) -> String {
    let part = |pointer: &str| text(event, pointer).unwrap_or_default();
    let intent = part("/data/intent");
    let operation = part("/data/evidence/operation");
    let status = event.pointer("/data/evidence/status").map(ToString::to_string);
    let (at, kind, status) = (part("/at"), part("/type"), status.unwrap_or_default());
    format!("kvitt {at} {kind} {intent} {operation} {status}").trim_end().to_owned()
}

/// What the ledger tells of doubts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events {
    /// Acts of which nobody saw the end at first.
    pub doubts: u64,
    /// Of these, done by repeating the call.
    pub repeated: u64,
    /// Of these, recognised by reading what Klarna has.
    pub recognised: u64,
    /// Of these, refused in the end.
    pub refused: u64,
    /// How often an act began to wait for a person, or for news of it.
    pub needs_human: u64,
    /// All events.
    pub all: u64,
}

/// What a storm was, and what it found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The storm.
    pub storm: Storm,
    /// What must not be.
    pub findings: Vec<Finding>,
    /// What was struck.
    pub tally: Tally,
    /// How often each kind of fault struck, of so many requests.
    pub faults: BTreeMap<String, u64>,
    /// How many requests Klarna got while there were faults.
    pub requests: u64,
    /// How often each kind of fault struck a callback, of so many.
    pub callback_faults: BTreeMap<String, u64>,
    /// How many callbacks Klarna had while there were faults.
    pub callbacks: u64,
    /// Acts by kind and by how they were answered.
    pub acts: BTreeMap<(String, &'static str), u64>,
    /// Requests of the shop that had to be repeated.
    pub repeats: u64,
    /// Orders that Klarna has.
    pub orders_at_klarna: u64,
    /// What the ledger tells of doubts.
    pub events: Events,
    /// What waits for a person at the end, by reason.
    pub humans: BTreeMap<String, u64>,
    /// How long the storm lasted.
    pub storm_took: Duration,
    /// How long it took until all was settled.
    pub settle_took: Duration,
    /// All together.
    pub took: Duration,
    /// Where the logs are kept, where something was found.
    pub logs: Option<PathBuf>,
}

impl Report {
    pub(crate) fn new(storm: &Storm, tally: Tally, (requests, callbacks): (Value, Value)) -> Self {
        Self {
            storm: storm.clone(),
            findings: Vec::new(),
            tally,
            faults: struck(&requests),
            requests: requests[0]["matched"].as_u64().unwrap_or_default(),
            callback_faults: struck(&callbacks),
            callbacks: callbacks[0]["matched"].as_u64().unwrap_or_default(),
            acts: BTreeMap::new(),
            repeats: 0,
            orders_at_klarna: 0,
            events: Events::default(),
            humans: BTreeMap::new(),
            storm_took: Duration::ZERO,
            settle_took: Duration::ZERO,
            took: Duration::ZERO,
            logs: None,
        }
    }

    /// Whether everything is as it has to be.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    /// How many acts were answered for good.
    pub fn answered(&self) -> u64 {
        self.acts
            .iter()
            .filter(|((_, how), _)| matches!(*how, "done" | "refused"))
            .map(|(_, it)| it)
            .sum()
    }

    /// The share of Klarna's answers that were struck.
    pub fn share_struck(&self) -> f64 {
        let struck: u64 = self.faults.values().sum();
        #[expect(clippy::cast_precision_loss, reason = "shown in per cent")]
        let share = struck as f64 / self.requests.max(1) as f64;
        share
    }

    pub(crate) fn human(&mut self, reason: &str) {
        *self.humans.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn acts(&mut self, books: &[Book]) {
        for book in books {
            let how = if book.order_id.is_some() { "done" } else { "none" };
            *self.acts.entry(("place".to_owned(), how)).or_default() += 1;
            for record in &book.records {
                let how = match record.answer {
                    Answer::Done => "done",
                    Answer::Refused(_) => "refused",
                    Answer::Open | Answer::None(_) => "none",
                    Answer::NotSent => "not sent",
                };
                *self.acts.entry((record.wish.act.kind().to_owned(), how)).or_default() += 1;
            }
        }
    }
}

/// How often each kind of fault struck.
fn struck(rules: &Value) -> BTreeMap<String, u64> {
    let mut kinds = BTreeMap::new();
    for rule in items(rules) {
        let part = |pointer: &str| text(rule, pointer).unwrap_or_default();
        let kind = format!(
            "{} {} {}",
            part("/effect/kind"),
            part("/effect/error_code"),
            part("/effect/when")
        );
        let kind = kind.split_whitespace().collect::<Vec<_>>().join(" ");
        *kinds.entry(kind).or_default() += rule["struck"].as_u64().unwrap_or_default();
    }
    kinds
}

const OUTCOMES: [&str; 4] = ["done", "refused", "not sent", "none"];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let storm = &self.storm;
        let switches = storm.switches.iter().map(|it| {
            format!("repeated_placing {}, readable {}", it.repeated_placing, it.readable.as_str())
        });
        let switches: Vec<_> = switches.collect();
        let (seed, orders) = (storm.seed, storm.orders);
        writeln!(f, "seed {seed}, {orders} orders, {}", switches.join("; "))?;
        writeln!(f, "{}\n", self.acts_table())?;
        writeln!(f, "{}\n", self.facts())?;
        for finding in &self.findings {
            writeln!(f, "WRONG  {}: {}", finding.sale.as_deref().unwrap_or("all"), finding.text)?;
            for line in &finding.history {
                writeln!(f, "         {line}")?;
            }
        }
        if let Some(logs) = &self.logs {
            writeln!(
                f,
                "the logs of all processes, and what there was in the end, are kept in {}",
                logs.display()
            )?;
        }
        let verdict = if self.is_good() {
            "nothing lost, nothing doubled, nothing stuck"
        } else {
            "NOT GOOD"
        };
        writeln!(f, "{} findings: {verdict}", self.findings.len())
    }
}

impl Report {
    fn acts_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header([&["act"], OUTCOMES.as_slice()].concat());
        let mut kinds: Vec<_> = self.acts.keys().map(|(kind, _)| kind.as_str()).collect();
        kinds.dedup();
        let count = |kind: &str, how| self.acts.get(&(kind.to_owned(), how)).copied().unwrap_or(0);
        for kind in &kinds {
            let cells = OUTCOMES.map(|how| count(kind, how).to_string());
            table.add_row([&[(*kind).to_owned()], cells.as_slice()].concat());
        }
        let sums = OUTCOMES.map(|how| kinds.iter().map(|kind| count(kind, how)).sum::<u64>());
        let sums = sums.map(|sum| sum.to_string());
        table.add_row([&["all".to_owned()], sums.as_slice()].concat());
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    fn facts(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        let list = |counts: &BTreeMap<String, u64>| {
            let each = counts.iter().map(|(kind, count)| format!("{count} {kind}"));
            each.collect::<Vec<_>>().join("\n")
        };
        let (tally, events) = (&self.tally, &self.events);
        let rows = [
            ("orders at Klarna", self.orders_at_klarna.to_string()),
            (
                "answers struck",
                format!(
                    "{} of {} ({:.1} %)",
                    self.faults.values().sum::<u64>(),
                    self.requests,
                    self.share_struck() * 100.0
                ),
            ),
            ("  by kind", list(&self.faults)),
            (
                "callbacks struck",
                format!("{} of {}", self.callback_faults.values().sum::<u64>(), self.callbacks),
            ),
            ("  by kind", list(&self.callback_faults)),
            (
                "blows",
                format!(
                    "{} kills, {} database restart, {} bursts, {} pauses, {} night",
                    tally.kills, tally.database_restarts, tally.bursts, tally.pauses, tally.nights
                ),
            ),
            ("requests repeated by the shop", self.repeats.to_string()),
            (
                "outcomes unknown at first",
                format!(
                    "{}: {} done by repeating, {} recognised at Klarna, {} refused in the end",
                    events.doubts, events.repeated, events.recognised, events.refused
                ),
            ),
            ("waited for a person or news", events.needs_human.to_string()),
            ("wait for a person now", list(&self.humans)),
            ("events", events.all.to_string()),
            (
                "time",
                format!(
                    "{:.0} s, of it {:.0} s storm and {:.0} s until all was settled",
                    self.took.as_secs_f64(),
                    self.storm_took.as_secs_f64(),
                    self.settle_took.as_secs_f64()
                ),
            ),
        ];
        for (name, value) in rows {
            table.add_row([name, value.as_str()]);
        }
        table
    }
}
