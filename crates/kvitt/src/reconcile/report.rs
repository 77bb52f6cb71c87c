//! What a walk found.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output;
use crate::view::digits;

/// What became of the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ledger {
    /// It was not frozen.
    Acts,
    /// It was frozen, and acts again.
    Thawed,
    /// It stays frozen, as was asked, or since this was only a part of it.
    StaysFrozen,
    /// It stays frozen, because of sales that could not be read.
    HeldUp,
}

/// What was found so far.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Report {
    sales: u64,
    /// Those that can no longer change at Klarna, and were left out.
    skipped: u64,
    /// The server's answers where anything differed.
    differing: Vec<Value>,
    unread: Vec<Unread>,
}

/// A sale that could not be held beside Klarna.
#[derive(Serialize, Deserialize)]
struct Unread {
    id: String,
    problem: String,
}

/// What of the server's answer is shown.
#[derive(Deserialize)]
struct Reconciliation {
    checkout_id: String,
    order_id: String,
    looked_at: Option<String>,
    merchant_reference1: Option<String>,
    #[serde(default)]
    purchase_currency: String,
    #[serde(default)]
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    code: String,
    kvitt: Value,
    klarna: Value,
    repair: Repair,
}

#[derive(Deserialize)]
struct Repair {
    by: String,
    text: String,
}

impl Report {
    pub(super) fn sales(&self) -> u64 {
        self.sales
    }

    pub(super) fn add(&mut self, page: Self) {
        self.sales += page.sales;
        self.skipped += page.skipped;
        self.differing.extend(page.differing);
        self.unread.extend(page.unread);
    }

    pub(super) fn skip(&mut self, sales: usize) {
        self.skipped += sales as u64;
    }

    /// Takes in what the server said of a sale.
    pub(super) fn take(&mut self, answer: Value) {
        self.sales += 1;
        if answer["differences"].as_array().is_some_and(|found| !found.is_empty()) {
            self.differing.push(answer);
        }
    }

    /// A sale could not be held beside Klarna.
    pub(super) fn miss(&mut self, id: String, failure: &Failure) {
        self.sales += 1;
        let problem = match failure {
            Failure::Said { message, .. } => message.lines().next().unwrap_or_default().to_owned(),
            Failure::OutputClosed => String::new(),
        };
        self.unread.push(Unread { id, problem });
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    pub(super) fn needs_person(&self) -> bool {
        self.count("person") > 0
    }

    /// How many differences are repaired so.
    fn count(&self, by: &str) -> usize {
        let all = self.differing.iter().filter_map(|sale| sale["differences"].as_array()).flatten();
        all.filter(|difference| difference["repair"]["by"] == by).count()
    }

    /// One document of all of it.
    pub(super) fn json(&self, ledger: Ledger) -> Result<String, Failure> {
        let differ = self.differing.len() as u64;
        let document = json!({
            "sales": self.sales,
            "agree": self.sales - differ - self.unread.len() as u64,
            "differ": differ,
            "skipped": self.skipped,
            "taken_over": self.count("taken_over"),
            "by_itself": self.count("by_itself"),
            "person": self.count("person"),
            "ledger": match ledger {
                Ledger::Acts => "acts",
                Ledger::Thawed => "thawed",
                Ledger::StaysFrozen | Ledger::HeldUp => "frozen",
            },
            "sales_that_differ": self.differing,
            "unread": self.unread,
        });
        serde_json::to_string(&document).map_err(Failure::internal)
    }

    /// The same as a table, for people.
    pub(super) fn show(&self, ledger: Ledger) -> String {
        let mut parts = Vec::new();
        if !self.differing.is_empty() {
            let read = |sale: &Value| serde_json::from_value(sale.clone()).ok();
            let sales: Vec<Reconciliation> = self.differing.iter().filter_map(read).collect();
            let rows = sales.iter().flat_map(rows_of);
            let headings = ["sale", "reference", "what", ">kvitt", ">klarna", "repair"];
            parts.push(output::table(&headings, rows));
        }
        if !self.unread.is_empty() {
            let rows = self.unread.iter().map(|it| vec![it.id.clone(), it.problem.clone()]);
            parts.push(output::table(&["not read", "why"], rows));
        }
        parts.push(self.totals());
        parts.extend(match ledger {
            Ledger::Acts => None,
            Ledger::Thawed => Some("the ledger was frozen, and acts again".to_owned()),
            Ledger::StaysFrozen => Some(
                "the ledger stays frozen: `kvitt reconcile` over all of it lets it act".to_owned(),
            ),
            Ledger::HeldUp => Some(
                "the ledger stays frozen, because of those that could not be read: reconcile again"
                    .to_owned(),
            ),
        });
        parts.join("\n\n")
    }

    fn totals(&self) -> String {
        let (differ, unread) = (self.differing.len() as u64, self.unread.len() as u64);
        let sales = if self.sales == 1 { "1 sale" } else { &format!("{} sales", self.sales) };
        let agree = self.sales - differ - unread;
        let mut text = format!("{sales} looked at: {agree} agree, {differ} differ");
        if unread > 0 {
            // Writing into a string cannot fail.
            let _ = write!(text, ", {unread} could not be read");
        }
        if self.skipped > 0 {
            let _ = write!(text, "; {} left out that can no longer change", self.skipped);
        }
        if differ > 0 {
            let _ = write!(
                text,
                "\ndifferences: {} taken over, {} go on by themselves, {} for a person",
                self.count("taken_over"),
                self.count("by_itself"),
                self.count("person")
            );
        }
        text
    }
}

fn rows_of(sale: &Reconciliation) -> Vec<Vec<String>> {
    let Reconciliation { checkout_id, order_id, looked_at, .. } = sale;
    let id = if looked_at.as_deref() == Some("order") { order_id } else { checkout_id };
    let side = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::Number(minor) => digits(minor.as_i64().unwrap_or_default(), &sale.purchase_currency),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let row = |difference: &Difference| {
        let repair = match difference.repair.by.as_str() {
            "taken_over" => "taken over".to_owned(),
            "person" => format!("a person: {}", difference.repair.text),
            _ => difference.repair.text.clone(),
        };
        vec![
            id.clone(),
            sale.merchant_reference1.clone().unwrap_or_default(),
            difference.code.clone(),
            side(&difference.kvitt),
            side(&difference.klarna),
            repair,
        ]
    };
    sale.differences.iter().map(row).collect()
}
