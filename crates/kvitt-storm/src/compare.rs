//! The comparison after the storm, order by order: what the shop was answered, what kvitt shows, and
//! what Klarna has. Three books, and they have to be one.
//!
//! An act that was answered as done happened exactly once; one that was refused did not; none is
//! still open. Klarna has no order without a sale and no two for one checkout. Every amount is equal
//! to the unit. What waits for a person is looked at apart, by [`Case::is_ambiguous`].

use jiff::Timestamp;
use serde_json::Value;

use crate::book::{Answer, Book, Record};
use crate::plan::{Act, Review};

/// Everything that is known of one order.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The shop's book.
    pub book: &'a Book,
    /// The order as kvitt shows it.
    pub shown: Option<&'a Value>,
    /// What Klarna has under the shop's name of it.
    pub at_klarna: &'a [&'a Value],
    /// What of it stands in the list of what needs a person.
    pub concerns: &'a [&'a Value],
    /// The names of its events at kvitt.
    pub events: &'a [String],
    /// Whether Klarna's session of it can still be read.
    pub has_session: bool,
    /// Whether Klarna will call once more to tell of its order.
    pub is_told_of: bool,
}

impl Case<'_> {
    /// The rule by which an act is truly ambiguous: nobody saw the end of placing, and Klarna refused
    /// to repeat it. Either Klarna has no order of which it could have told since, and the session that
    /// tells whether there ever was one is over; or Klarna ended the order itself, as it does with what
    /// it rejects, and told of it only while all were down. Everything else that waits for a person, or
    /// waits at all, is a fault.
    pub fn is_ambiguous(&self, concern: &Value) -> bool {
        let is_placing = concern["kind"] == "needs_human" && concern["act"] == "place";
        is_placing
            && match self.at_klarna {
                [] => !self.has_session,
                [order] => !self.is_told_of && has_ended_untouched(order),
                _ => false,
            }
    }
}

/// What is wrong with an order; nothing, if all is well.
pub fn compare(case: &Case<'_>) -> Vec<String> {
    let mut wrong = case.book.oddities.clone();
    let (klarna, shown) = match (case.at_klarna, case.shown) {
        ([], None) => {
            if let Some(record) = case.book.records.iter().find(|it| it.answer == Answer::Done) {
                wrong.push(format!("{} is done on no order", name(record)));
            }
            if !is_placing_in_doubt(case) {
                wrong.push("STUCK: the shopper wants to buy, and there is no order".to_owned());
            }
            wrong.extend(still_waits(case));
            return wrong;
        }
        ([order], Some(shown)) => (*order, shown),
        ([order], None) => {
            if !is_placing_in_doubt(case) {
                wrong.push(format!("LOST: Klarna's {} is an order of no sale", order["order_id"]));
            }
            wrong.extend(still_waits(case));
            return wrong;
        }
        ([], Some(shown)) => {
            wrong.push(format!("{} is no order at Klarna", shown["klarna_order_id"]));
            return wrong;
        }
        (several, _) => {
            let ids: Vec<_> = several.iter().map(|it| it["order_id"].to_string()).collect();
            wrong.push(format!("Klarna has {} orders of one checkout: {ids:?}", ids.len()));
            return wrong;
        }
    };
    wrong.extend(still_waits(case));
    let mut checks = Checks { case, klarna, shown, wrong };
    checks.same();
    checks.moves("capture", "captures", "captured_amount");
    checks.moves("refund", "refunds", "refunded_amount");
    checks.amounts();
    checks.ends();
    checks.texts();
    checks.tracking();
    checks.wrong
}

/// Whether an order is over at Klarna, and no money ever moved.
fn has_ended_untouched(order: &Value) -> bool {
    order["status"] == "CANCELLED" && order["captured_amount"] == 0
}

fn is_placing_in_doubt(case: &Case<'_>) -> bool {
    case.concerns.iter().any(|concern| case.is_ambiguous(concern))
}

/// What is not over: open acts, and reasons to look at the sale.
fn still_waits(case: &Case<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for concern in case.concerns.iter().filter(|concern| !case.is_ambiguous(concern)) {
        wrong.push(format!("{}: {}", concern["kind"], concern["reason"]));
    }
    for record in &case.book.records {
        let stuck = match &record.answer {
            Answer::Open => format!("goes on as {}", state(record)),
            Answer::None(why) => format!("was not answered: {why}"),
            _ => continue,
        };
        if !is_placing_in_doubt(case) {
            wrong.push(format!("{} {stuck}", name(record)));
        }
    }
    wrong
}

fn name(record: &Record) -> String {
    let intent = record.intent.as_deref().unwrap_or("no intent");
    format!("wish {} ({}, {intent})", record.wish.number, record.wish.act.kind())
}

/// The state that kvitt shows.
fn state(record: &Record) -> String {
    record.shown.as_ref().map_or_else(|| "?".to_owned(), |it| it["state"].to_string())
}

/// A capture or refund that the shop was told of.
struct Claim {
    reference: String,
    amount: Option<i64>,
    whose: String,
}

struct Checks<'a> {
    case: &'a Case<'a>,
    klarna: &'a Value,
    shown: &'a Value,
    wrong: Vec<String>,
}

impl Checks<'_> {
    fn equal(&mut self, what: &str, klarna: &Value, kvitt: &Value) {
        if klarna != kvitt {
            self.wrong.push(format!("{what} is {klarna} at Klarna and {kvitt} at kvitt"));
        }
    }

    /// kvitt and Klarna say the same of the order, and kvitt waits for nothing.
    fn same(&mut self) {
        let (klarna, shown) = (self.klarna, self.shown);
        self.equal("order_id", &klarna["order_id"], &shown["klarna_order_id"]);
        for member in [
            "status",
            "order_amount",
            "original_order_amount",
            "captured_amount",
            "refunded_amount",
            "merchant_reference1",
            "merchant_reference2",
        ] {
            self.equal(member, &klarna[member], &shown[member]);
        }
        // Klarna leaves the remaining amount of a cancelled order as it was.
        if klarna["status"] != "CANCELLED" {
            let member = "remaining_authorized_amount";
            self.equal(member, &klarna[member], &shown[member]);
            // Nothing depends any more on how a review of it ends.
            self.equal("fraud_status", &klarna["fraud_status"], &shown["fraud_status"]);
        }
        let moment = |order: &Value| order["expires_at"].as_str()?.parse::<Timestamp>().ok();
        if moment(klarna) != moment(shown) {
            self.equal("expires_at", &klarna["expires_at"], &shown["expires_at"]);
        }
        for member in ["open_intent", "difference", "attention"] {
            if !shown[member].is_null() {
                self.wrong.push(format!("{member} is {}", shown[member]));
            }
        }
    }

    /// Every capture or refund that was answered as done is there once, and no other is.
    fn moves(&mut self, kind: &str, list: &str, amount: &str) {
        let mut there: Vec<&Value> = self.klarna[list].as_array().into_iter().flatten().collect();
        for claim in self.claims(kind) {
            let is_it = |it: &&Value| it["reference"] == claim.reference.as_str();
            let (found, rest): (Vec<_>, Vec<_>) = there.into_iter().partition(is_it);
            there = rest;
            match found.as_slice() {
                [] => self.wrong.push(format!("LOST: {} is done, and not at Klarna", claim.whose)),
                [one] => {
                    if claim.amount.is_some_and(|wanted| one[amount] != wanted) {
                        let (whose, wanted) = (&claim.whose, claim.amount);
                        let text = format!("{whose} is of {wanted:?}, at Klarna {}", one[amount]);
                        self.wrong.push(text);
                    }
                }
                several => {
                    let times = several.len();
                    self.wrong.push(format!("DOUBLED: {} is {times} times there", claim.whose));
                }
            }
        }
        for other in there {
            let (reference, amount) = (&other["reference"], &other[amount]);
            let text =
                format!("DOUBLED: Klarna has a {kind} {reference} of {amount}, told to nobody");
            self.wrong.push(text);
        }
        let sum = |order: &Value| -> i64 {
            order[list].as_array().into_iter().flatten().filter_map(|it| it[amount].as_i64()).sum()
        };
        for (side, order) in [("Klarna", self.klarna), ("kvitt", self.shown)] {
            if order[amount] != sum(order) {
                let text =
                    format!("{amount} is {} at {side}, its {list} {}", order[amount], sum(order));
                self.wrong.push(text);
            }
        }
    }

    /// The captures or refunds that the shop was told of, those of an undo among them.
    fn claims(&self, kind: &str) -> Vec<Claim> {
        let plan = &self.case.book.plan;
        let mut claims = Vec::new();
        for record in &self.case.book.records {
            for step in steps(record).filter(|step| step["kind"] == kind && step["state"] == "done")
            {
                claims.push(Claim {
                    reference: step["id"].as_str().unwrap_or_default().to_owned(),
                    amount: step["amount"].as_i64(),
                    whose: format!("{} in {}", step["id"], name(record)),
                });
            }
            let act = &record.wish.act;
            if record.answer != Answer::Done || act.kind() != kind {
                continue;
            }
            let (is_named, amount) = match act {
                Act::Capture { picks, is_named, .. } | Act::Refund { picks, is_named } => {
                    (*is_named, Some(plan.worth(picks)))
                }
                _ => (false, None),
            };
            let reference = if is_named {
                format!("{}.{}", plan.reference, record.wish.number)
            } else {
                record.intent.clone().unwrap_or_default()
            };
            claims.push(Claim { reference, amount, whose: name(record) });
        }
        claims
    }

    /// Whether something was answered as done, by itself or in an undo.
    fn is_done(&self, kind: &str) -> bool {
        self.case.book.records.iter().any(|record| {
            let in_undo = steps(record).any(|it| it["kind"] == kind && it["state"] == "done");
            in_undo || (record.answer == Answer::Done && record.wish.act.kind() == kind)
        })
    }

    /// The order's amount is what was bought, with the lines that were added.
    fn amounts(&mut self) {
        let extra = self.case.book.records.iter().map(|record| match &record.wish.act {
            Act::Lines(line) if record.answer == Answer::Done => line.total_amount(),
            _ => 0,
        });
        let expected = self.case.book.plan.order_amount() + extra.sum::<i64>();
        if self.klarna["order_amount"] != expected {
            let found = &self.klarna["order_amount"];
            self.wrong.push(format!("order_amount is {found}, the shop's book says {expected}"));
        }
    }

    /// It is cancelled or released if that was done, and only then.
    fn ends(&mut self) {
        let is_cancelled = self.klarna["status"] == "CANCELLED";
        // What Klarna rejects and nobody captures it cancels itself, hours later.
        let by_klarna = is_cancelled
            && self.case.book.plan.review == Review::Rejects
            && self.klarna["fraud_status"] == "REJECTED"
            && self.klarna["captured_amount"] == 0;
        if is_cancelled != (by_klarna || self.is_done("cancel")) {
            let text = format!(
                "cancelled at Klarna: {is_cancelled}; cancel answered as done: {}",
                !is_cancelled
            );
            self.wrong.push(text);
        }
        if is_cancelled {
            return;
        }
        let amount = |member: &str| self.klarna[member].as_i64().unwrap_or_default();
        let uncaptured = amount("order_amount") - amount("captured_amount");
        let left = amount("remaining_authorized_amount");
        let by_kvitt = self.case.events.iter().any(|event| event == "release.done");
        let is_release_done = self.is_done("release") || by_kvitt;
        let is_final = self.case.book.records.iter().any(|record| {
            let is_final = matches!(record.wish.act, Act::Capture { is_final: true, .. });
            is_final && record.answer == Answer::Done
        });
        let may_be_released = self.is_done("release") || (is_final && by_kvitt);
        if is_release_done && left != 0 {
            self.wrong.push(format!("LOST: it was released, and {left} is left"));
        }
        if left != uncaptured && !may_be_released {
            self.wrong.push(format!("{left} of {uncaptured} is left, and nobody released it"));
        }
        let was_tried = self.case.events.iter().any(|event| event == "release.refused");
        if is_final && uncaptured > 0 && left > 0 && !was_tried {
            self.wrong.push("nothing else ships, and the rest was not released".to_owned());
        }
    }

    /// The last change that was answered as done is the one that holds.
    fn texts(&mut self) {
        let plan = &self.case.book.plan;
        let last = |wanted: &Act| {
            let mut records = self.case.book.records.iter().rev();
            let found = records.find(|it| it.wish.act == *wanted && it.answer == Answer::Done);
            found.map(|record| format!("{}.{}", plan.reference, record.wish.number))
        };
        let pairs = [
            ("merchant_reference2", &self.klarna["merchant_reference2"], last(&Act::References)),
            (
                "street_address",
                &self.klarna["shipping_address"]["street_address"],
                last(&Act::Address).or_else(|| Some("Storgatan 1".to_owned())),
            ),
        ];
        let wrong: Vec<_> = pairs
            .into_iter()
            .filter(|(_, found, expected)| found.as_str() != expected.as_deref())
            .map(|(member, found, expected)| {
                format!("{member} is {found} at Klarna, the shop's book says {expected:?}")
            })
            .collect();
        self.wrong.extend(wrong);
    }

    /// Every parcel that was answered as told is there once, and no other is.
    fn tracking(&mut self) {
        let captures = self.klarna["captures"].as_array().into_iter().flatten();
        let lists = captures.chain([self.klarna]).map(|it| &it["shipping_info"]);
        let parcels = lists.flat_map(|list| list.as_array().into_iter().flatten());
        let mut found: Vec<&str> =
            parcels.filter_map(|it| it["tracking_number"].as_str()).collect();
        for record in &self.case.book.records {
            if !matches!(record.wish.act, Act::Track { .. }) || record.answer != Answer::Done {
                continue;
            }
            let number = format!("{}.{}", self.case.book.plan.reference, record.wish.number);
            let before = found.len();
            found.retain(|it| **it != number);
            match before - found.len() {
                0 => self.wrong.push(format!("LOST: parcel of {}", name(record))),
                1 => {}
                times => {
                    let whose = name(record);
                    self.wrong.push(format!("DOUBLED: parcel of {whose} is {times} times there"));
                }
            }
        }
        for other in found {
            self.wrong.push(format!("DOUBLED: parcel {other} was told to nobody"));
        }
    }
}

/// The acts of an undo, as kvitt shows them.
fn steps(record: &Record) -> impl Iterator<Item = &Value> {
    record.shown.as_ref().and_then(|it| it["steps"].as_array()).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::{Browser, Callback, Line, Picks, Plan, Wish};

    /// Two pieces at 100.00, one captured, which is refunded.
    fn book() -> Book {
        let lines = vec![Line {
            line_id: "cup".to_owned(),
            quantity: 2,
            unit_price: 10_000,
            tax_rate: 2_500,
        }];
        let picks = Picks::from([(0, 1)]);
        let acts = [
            Act::Capture { picks: picks.clone(), is_named: true, is_final: false },
            Act::Refund { picks, is_named: false },
            Act::Track { capture: Some(0) },
        ];
        let mut book = Book::new(Plan {
            number: 7,
            reference: "storm-7".to_owned(),
            lines,
            review: Review::None,
            callback: Callback::After,
            browser: Browser::Once,
            steps: Vec::new(),
        });
        for (number, act) in (0..).zip(acts) {
            book.records.push(Record {
                wish: Wish { number, act },
                answer: Answer::Done,
                intent: Some(format!("int_{number}")),
                tries: 1,
                was_open: false,
                shown: None,
            });
        }
        book
    }

    fn at_klarna() -> Value {
        json!({
            "order_id": "o-1", "status": "PART_CAPTURED", "fraud_status": "ACCEPTED",
            "order_amount": 20_000, "original_order_amount": 20_000, "captured_amount": 10_000,
            "refunded_amount": 10_000, "remaining_authorized_amount": 10_000,
            "merchant_reference1": "storm-7", "merchant_reference2": null,
            "expires_at": "2026-01-29T00:00:00Z", "shipping_info": [],
            "shipping_address": {"street_address": "Storgatan 1"},
            "captures": [{"captured_amount": 10_000, "reference": "storm-7.0",
                "shipping_info": [{"tracking_number": "storm-7.2"}]}],
            "refunds": [{"refunded_amount": 10_000, "reference": "int_1"}],
        })
    }

    /// What is found where kvitt has the same as Klarna but for these members.
    fn found(book: &Book, klarna: &Value, differently: &[(&str, Value)]) -> Vec<String> {
        let mut shown = klarna.clone();
        shown["klarna_order_id"] = json!("o-1");
        for (member, value) in differently {
            shown[*member] = value.clone();
        }
        compare(&Case { shown: Some(&shown), ..without_order(book, &[klarna]) })
    }

    /// Where kvitt shows no order and nothing is to be looked at, while the session can be read.
    fn without_order<'a>(book: &'a Book, at_klarna: &'a [&'a Value]) -> Case<'a> {
        Case {
            book,
            shown: None,
            at_klarna,
            concerns: &[],
            events: &[],
            has_session: true,
            is_told_of: false,
        }
    }

    fn one(wrong: &[String]) -> &str {
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        &wrong[0]
    }

    #[test]
    fn three_books_that_agree_are_good() {
        assert_eq!(found(&book(), &at_klarna(), &[]), [""; 0]);
    }

    #[test]
    fn a_capture_that_is_not_there_is_lost() {
        let mut klarna = at_klarna();
        klarna["captures"][0]["reference"] = json!("somebody else's");
        let wrong = found(&book(), &klarna, &[]);
        assert!(wrong[0].starts_with("LOST: wish 0 (capture, int_0)"), "{wrong:?}");
        assert!(wrong[1].starts_with("DOUBLED: Klarna has a capture"), "{wrong:?}");
    }

    #[test]
    fn a_refund_that_is_there_twice_is_doubled() {
        let mut klarna = at_klarna();
        klarna["refunds"] = json!([klarna["refunds"][0], klarna["refunds"][0]]);
        klarna["refunded_amount"] = json!(20_000);
        let wrong = found(&book(), &klarna, &[]);
        assert_eq!(one(&wrong), "DOUBLED: wish 1 (refund, int_1) is 2 times there");
    }

    #[test]
    fn what_was_refused_and_happened_is_doubled() {
        let mut book = book();
        book.records[1].answer = Answer::Refused("klarna_refused".to_owned());
        let wrong = found(&book, &at_klarna(), &[]);
        let expected = "DOUBLED: Klarna has a refund \"int_1\" of 10000, told to nobody";
        assert_eq!(one(&wrong), expected);
    }

    #[test]
    fn a_refund_in_an_undo_is_one_that_was_told() {
        let mut book = book();
        book.records[1].wish.act = Act::Undo;
        let step = json!({"id": "int_1", "kind": "refund", "state": "done", "amount": 10_000});
        book.records[1].shown = Some(json!({"state": "done", "steps": [step]}));
        assert_eq!(found(&book, &at_klarna(), &[]), [""; 0]);
    }

    #[test]
    fn one_unit_is_too_much() {
        let wrong = found(&book(), &at_klarna(), &[("captured_amount", json!(10_001))]);
        assert_eq!(wrong[0], "captured_amount is 10000 at Klarna and 10001 at kvitt");
        let mut klarna = at_klarna();
        klarna["captures"][0]["captured_amount"] = json!(9_999);
        klarna["captured_amount"] = json!(9_999);
        let wrong = found(&book(), &klarna, &[]);
        assert!(wrong[0].contains("is of Some(10000), at Klarna 9999"), "{wrong:?}");
    }

    #[test]
    fn what_nobody_did_is_not_there() {
        let mut klarna = at_klarna();
        klarna["remaining_authorized_amount"] = json!(0);
        assert_eq!(
            one(&found(&book(), &klarna, &[])),
            "0 of 10000 is left, and nobody released it"
        );
        klarna["status"] = json!("CANCELLED");
        let wrong = found(&book(), &klarna, &[]);
        assert!(one(&wrong).starts_with("cancelled at Klarna: true"), "{wrong:?}");

        let mut rejected = Book { records: Vec::new(), ..book() };
        rejected.plan.review = Review::Rejects;
        for member in ["captures", "refunds"] {
            klarna[member] = json!([]);
        }
        for member in ["captured_amount", "refunded_amount"] {
            klarna[member] = json!(0);
        }
        klarna["fraud_status"] = json!("REJECTED");
        assert_eq!(found(&rejected, &klarna, &[]), [""; 0], "Klarna cancels that by itself");
        klarna["fraud_status"] = json!("ACCEPTED");
        let wrong = found(&rejected, &klarna, &[]);
        assert!(one(&wrong).starts_with("cancelled at Klarna: true"), "{wrong:?}");
        let mut klarna = at_klarna();
        klarna["merchant_reference2"] = json!("storm-7.9");
        assert!(one(&found(&book(), &klarna, &[])).contains("the shop's book says None"));
        let mut klarna = at_klarna();
        klarna["shipping_info"] = json!([{"tracking_number": "storm-7.2"}]);
        assert!(one(&found(&book(), &klarna, &[])).starts_with("DOUBLED: parcel of wish 2"));
    }

    #[test]
    fn what_is_open_is_stuck_unless_it_is_truly_ambiguous() {
        let mut book = book();
        book.records[2].answer = Answer::None("409 outcome_unknown".to_owned());
        let klarna = at_klarna();
        let wrong = found(&book, &klarna, &[("open_intent", json!({"id": "int_2"}))]);
        assert!(wrong[0].contains("was not answered: 409 outcome_unknown"), "{wrong:?}");
        assert!(wrong[1].starts_with("open_intent is"), "{wrong:?}");

        book.records.clear();
        let concern = |kind: &str, act: &str| json!({"kind": kind, "act": act, "reason": "?"});
        let of = |concern: &Value, at_klarna: &[&Value], (has_session, is_told_of)| {
            let case = without_order(&book, at_klarna);
            compare(&Case { concerns: &[concern], has_session, is_told_of, ..case }).len()
        };
        let placing = concern("needs_human", "place");
        let silent = (false, false);
        assert_eq!(of(&placing, &[], silent), 0);
        // There is an order, or the session would say that there is none.
        assert_eq!(of(&placing, &[&klarna], silent), 2);
        assert_eq!(of(&placing, &[], (true, false)), 2);
        assert_eq!(of(&concern("outcome_unknown", "place"), &[], silent), 2);
        assert_eq!(of(&concern("needs_human", "capture"), &[&klarna], silent), 2);

        let mut rejected = klarna;
        rejected["status"] = json!("CANCELLED");
        assert_eq!(of(&placing, &[&rejected], silent), 2, "something was captured");
        rejected["captured_amount"] = json!(0);
        assert_eq!(of(&placing, &[&rejected], (true, false)), 0);
        assert_eq!(of(&placing, &[&rejected], (true, true)), 2, "Klarna will tell of it");
        assert_eq!(of(&concern("outcome_unknown", "place"), &[&rejected], silent), 2);
    }

    #[test]
    fn an_order_of_no_sale_and_two_of_one_checkout_are_found() {
        let klarna = at_klarna();
        let mut book = book();
        book.records.clear();
        let of = |at_klarna: &[&Value]| compare(&without_order(&book, at_klarna));
        assert!(one(&of(&[&klarna])).contains("is an order of no sale"));
        assert!(one(&of(&[&klarna, &klarna])).contains("2 orders of one checkout"));
        assert!(one(&of(&[])).starts_with("STUCK: "));
    }
}
