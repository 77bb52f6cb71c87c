//! The shop's own book: what it wanted of one order, and what it was answered.

use serde_json::Value;

use crate::plan::{Plan, Wish};

/// One order's part of it.
#[derive(Debug, Clone)]
pub struct Book {
    /// What was wanted.
    pub plan: Plan,
    /// kvitt's id of the checkout, once it was told.
    pub checkout_id: Option<String>,
    /// Klarna's id of its session, once it was told.
    pub session_id: Option<String>,
    /// kvitt's id of the order, once it was told.
    pub order_id: Option<String>,
    /// How often the shopper authorized.
    pub authorizations: u32,
    /// What was asked for, in the order in which it was.
    pub records: Vec<Record>,
    /// What must not be, whatever Klarna has.
    pub oddities: Vec<String>,
}

impl Book {
    pub(crate) fn new(plan: Plan) -> Self {
        Self {
            plan,
            checkout_id: None,
            session_id: None,
            order_id: None,
            authorizations: 0,
            records: Vec::new(),
            oddities: Vec::new(),
        }
    }
}

/// One wish, and what came of it.
#[derive(Debug, Clone)]
pub struct Record {
    /// What was wanted.
    pub wish: Wish,
    /// How it was answered.
    pub answer: Answer,
    /// kvitt's id of it, where it stored one.
    pub intent: Option<String>,
    /// How often the shop had to send it.
    pub tries: u32,
    /// Whether it was ever answered with 202.
    pub was_open: bool,
    /// What kvitt says of it after the storm, where that was asked.
    pub shown: Option<Value>,
}

/// How a wish was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// It is not and will not be, for this reason.
    Refused(String),
    /// It goes on by itself.
    Open,
    /// There was no answer to be had; the last thing heard.
    None(String),
    /// It was never sent: what it builds on did not come about.
    NotSent,
}
