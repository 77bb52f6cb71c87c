//! Orders: one in full, many as a table, and what an act made of one.

use serde::Deserialize;

use super::line::{self, Line};
use super::money::{amount, digits, part};
use super::time::to_the_second;
use crate::output;

/// An order as the merchant API shows it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Order {
    id: String,
    checkout_id: String,
    account: String,
    klarna_order_id: Option<String>,
    klarna_reference: Option<String>,
    status: Option<String>,
    fraud_status: Option<String>,
    purchase_country: String,
    purchase_currency: String,
    order_amount: i64,
    original_order_amount: i64,
    captured_amount: i64,
    refunded_amount: i64,
    remaining_authorized_amount: i64,
    order_lines: Vec<Line>,
    captures: Vec<Movement>,
    refunds: Vec<Movement>,
    may_ship: Option<MayShip>,
    allowed_acts: Vec<String>,
    open_intent: Option<Intent>,
    attention: Option<String>,
    difference: Option<String>,
    expires_at: Option<String>,
    expiry_plan: Option<ExpiryPlan>,
    payment_method: Option<String>,
    merchant_reference1: Option<String>,
    merchant_reference2: Option<String>,
    created_at: String,
    placed_at: Option<String>,
}

/// What will become of the time to capture.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ExpiryPlan {
    last_possible_at: String,
    extend_at: Option<String>,
    extends_to: Option<String>,
    not_extended: Option<NotExtended>,
    next_alarm_at: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NotExtended {
    sentence: String,
}

impl ExpiryPlan {
    fn sentence(&self) -> String {
        let time = |text: &Option<String>| text.as_deref().map(to_the_second).unwrap_or_default();
        let last = format!("{} at the latest", to_the_second(&self.last_possible_at));
        let Some(why) = &self.not_extended else {
            return format!("at {} to {}, {last}", time(&self.extend_at), time(&self.extends_to));
        };
        let alarm = match &self.next_alarm_at {
            None => String::new(),
            Some(at) => format!(", next alarm at {}", to_the_second(at)),
        };
        format!("not by itself: {}; possible until {last}{alarm}", why.sentence)
    }
}

/// A capture or a refund.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Movement {
    capture_id: Option<String>,
    refund_id: Option<String>,
    captured_amount: i64,
    refunded_amount: i64,
    reference: Option<String>,
    description: Option<String>,
    captured_at: String,
    refunded_at: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MayShip {
    allowed: bool,
    sentence: String,
}

/// One wanted act and how far it has come.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Intent {
    id: String,
    kind: String,
    state: String,
    amount: Option<i64>,
    problem: Option<String>,
}

/// What an act made of an order.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Acted {
    intent: Intent,
    order: Order,
    capture: Option<Movement>,
    refund: Option<Movement>,
}

/// A part of the list of orders.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct OrderPage {
    items: Vec<Order>,
    next_cursor: Option<String>,
}

impl Order {
    /// The order with its lines, captures and refunds.
    pub(crate) fn show(&self) -> String {
        let currency = &self.purchase_currency;
        let of_total = |minor| part(minor, self.order_amount, currency);
        let changed = (self.original_order_amount != self.order_amount)
            .then(|| amount(self.original_order_amount, currency));
        let may_ship = self
            .may_ship
            .as_ref()
            .map(|it| format!("{}: {}", if it.allowed { "yes" } else { "no" }, it.sentence));
        let head = output::list([
            ("order", Some(self.id.clone())),
            ("status", self.status.clone()),
            ("fraud status", self.fraud_status.clone()),
            ("may ship", may_ship),
            ("amount", Some(amount(self.order_amount, currency))),
            ("placed with", changed),
            ("captured", Some(of_total(self.captured_amount))),
            ("refunded", self.refunded_of_captured()),
            ("left to capture", Some(of_total(self.remaining_authorized_amount))),
            ("capture until", self.expires_at.as_deref().map(to_the_second)),
            ("extended", self.expiry_plan.as_ref().map(ExpiryPlan::sentence)),
            ("possible now", Some(self.allowed_acts.join(", ")).filter(|acts| !acts.is_empty())),
            ("under way", self.open_intent.as_ref().map(Intent::sentence)),
            ("attention", self.attention.clone()),
            ("difference", self.difference.clone()),
            ("account", Some(self.account.clone())),
            ("country", Some(self.purchase_country.clone())),
            ("paid by", self.payment_method.clone()),
            ("reference 1", self.merchant_reference1.clone()),
            ("reference 2", self.merchant_reference2.clone()),
            ("Klarna's order", self.klarna_order_id.clone()),
            ("Klarna's reference", self.klarna_reference.clone()),
            ("checkout", Some(self.checkout_id.clone())),
            ("created", Some(to_the_second(&self.created_at))),
            ("placed", self.placed_at.as_deref().map(to_the_second)),
        ]);
        let mut parts = vec![head, line::order_lines(&self.order_lines, currency)];
        if !self.captures.is_empty() {
            parts.push(movements("capture_id", ">captured", &self.captures, currency));
        }
        if !self.refunds.is_empty() {
            parts.push(movements("refund_id", ">refunded", &self.refunds, currency));
        }
        parts.join("\n\n")
    }

    /// How much of what was captured is refunded; none where there is nothing to refund.
    fn refunded_of_captured(&self) -> Option<String> {
        let captured = self.captured_amount;
        (captured > 0).then(|| part(self.refunded_amount, captured, &self.purchase_currency))
    }

    /// The sums, after something was done to them.
    fn sums(&self) -> String {
        let currency = &self.purchase_currency;
        let of_total = |minor| part(minor, self.order_amount, currency);
        output::list([
            ("order", Some(self.id.clone())),
            ("status", self.status.clone()),
            ("captured", Some(of_total(self.captured_amount))),
            ("refunded", self.refunded_of_captured()),
            ("left to capture", Some(of_total(self.remaining_authorized_amount))),
            ("capture until", self.expires_at.as_deref().map(to_the_second)),
            ("attention", self.attention.clone()),
        ])
    }
}

fn movements(id: &str, moved: &str, movements: &[Movement], currency: &str) -> String {
    let rows = movements.iter().map(|it| {
        let id = it.capture_id.as_ref().or(it.refund_id.as_ref());
        let at = if it.captured_at.is_empty() { &it.refunded_at } else { &it.captured_at };
        vec![
            id.cloned().unwrap_or_default(),
            amount(it.captured_amount + it.refunded_amount, currency),
            to_the_second(at),
            it.reference.clone().unwrap_or_default(),
            it.description.clone().unwrap_or_default(),
        ]
    });
    output::table(&[id, moved, "at", "reference", "description"], rows)
}

impl Intent {
    /// What is wanted and how far it has come.
    pub(crate) fn sentence(&self) -> String {
        let problem = self.problem.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
        format!("{} {} is {}{problem}", self.kind, self.id, self.state)
    }
}

impl Acted {
    /// Whether it waits for Klarna's review, and for nothing else.
    pub(crate) fn is_held(&self) -> bool {
        self.intent.state == "held"
    }

    /// What was done, and the order's sums after it.
    pub(crate) fn show(&self) -> String {
        let currency = &self.order.purchase_currency;
        let what = self.intent.kind.replace('_', " ");
        let how_much = self
            .intent
            .amount
            .map(|it| format!(" of {}", amount(it, currency)))
            .unwrap_or_default();
        let id = self
            .capture
            .iter()
            .chain(&self.refund)
            .find_map(|it| it.capture_id.as_ref().or(it.refund_id.as_ref()));
        let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
        let state = if self.intent.state == "done" {
            "done".to_owned()
        } else if self.is_held() {
            "held until Klarna accepts the order; it goes on by itself then".to_owned()
        } else {
            let problem = self.intent.problem.as_ref().map(|it| format!(": {it}"));
            format!("not known yet{}", problem.unwrap_or_default())
        };
        let said = output::plain(&format!("{what}{how_much}{id}: {state}"));
        format!("{said}\n\n{}", self.order.sums())
    }
}

impl OrderPage {
    /// The orders as a table, and how to see more.
    pub(crate) fn show(&self) -> String {
        if self.items.is_empty() {
            return "no orders".to_owned();
        }
        let row = |order: &Order| {
            let currency = &order.purchase_currency;
            vec![
                order.id.clone(),
                order.status.clone().unwrap_or_default(),
                order.fraud_status.clone().unwrap_or_default(),
                amount(order.order_amount, currency),
                digits(order.captured_amount, currency),
                digits(order.refunded_amount, currency),
                digits(order.remaining_authorized_amount, currency),
                order.merchant_reference1.clone().unwrap_or_default(),
                order.placed_at.as_deref().map(to_the_second).unwrap_or_default(),
                order.attention.clone().unwrap_or_default(),
            ]
        };
        let headings = [
            "order",
            "status",
            "fraud",
            ">amount",
            ">captured",
            ">refunded",
            ">left",
            "reference",
            "placed",
            "attention",
        ];
        let table = output::table(&headings, self.items.iter().map(row));
        match &self.next_cursor {
            None => table,
            Some(cursor) => {
                format!("{table}\n\nmore: --cursor {}", output::plain(cursor))
            }
        }
    }
}
