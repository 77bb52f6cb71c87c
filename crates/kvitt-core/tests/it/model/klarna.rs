//! A Klarna of a few lines: what real Klarna may do at worst, as far as its documentation leaves it
//! open. It shares nothing with the sandbox.

use std::collections::BTreeMap;

use kvitt_core::{FraudStatus, IntentId, MoveAtKlarna, OrderAtKlarna, OrderSnapshot};

use super::{Repeat, Setup, time};
use crate::support::terms;

/// How long Klarna remembers an idempotency key, in minutes.
pub(super) const KEY_LIFETIME: u32 = 24 * 60;

/// How long an authorization token lives, in minutes.
pub(super) const TOKEN_LIFETIME: u32 = 60;

/// A call as it is stored, and as it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Call {
    /// Who sends it: known to the model, not to Klarna.
    pub(super) intent: IntentId,
    pub(super) key: String,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum What {
    Place { token: usize },
    Capture { order: usize, amount: i64, reference: String },
    Refund { order: usize, amount: i64, reference: String },
    Cancel { order: usize },
    Release { order: usize },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Placed {
        order: usize,
        fraud: &'static str,
    },
    Moved {
        id: String,
    },
    Changed,
    /// `says_so`: the refusal itself says that an order exists.
    Refused {
        code: &'static str,
        says_so: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Token {
    Live,
    /// A refusal sticks to the token.
    Refused,
    GivenBack,
    Placed(usize),
}

/// A capture or a refund.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Move {
    pub(super) id: String,
    pub(super) amount: i64,
    reference: Option<String>,
    at: u32,
    /// Whose it is; nobody's of ours where it was made in the portal.
    pub(super) intent: Option<IntentId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Order {
    pub(super) amount: i64,
    pub(super) captures: Vec<Move>,
    pub(super) refunds: Vec<Move>,
    pub(super) cancelled: bool,
    pub(super) released: bool,
    pub(super) fraud: &'static str,
    pub(super) stopped: bool,
    pub(super) created_at: u32,
    /// Who placed it.
    pub(super) intent: IntentId,
}

/// What somebody does in Klarna's portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Portal {
    Capture(i64),
    Cancel,
}

#[derive(Debug, Clone)]
pub(super) struct Klarna {
    pub(super) tokens: Vec<Token>,
    pub(super) orders: Vec<Order>,
    /// What was answered under a key, and when first.
    keys: BTreeMap<String, (Answer, u32)>,
    /// Counts the changes, so that a read is known to be older than another.
    pub(super) revision: u32,
}

impl std::hash::Hash for Klarna {
    /// The revision only counts against others'.
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        (&self.tokens, &self.orders, &self.keys).hash(hasher);
    }
}

impl Order {
    pub(super) fn captured(&self) -> i64 {
        self.captures.iter().map(|it| it.amount).sum()
    }

    pub(super) fn refunded(&self) -> i64 {
        self.refunds.iter().map(|it| it.amount).sum()
    }

    /// What can still be captured.
    pub(super) fn remaining(&self) -> i64 {
        if self.cancelled || self.released { 0 } else { self.amount - self.captured() }
    }

    fn status(&self) -> &'static str {
        match (self.captured(), self.remaining()) {
            _ if self.cancelled => "CANCELLED",
            (0, _) => "AUTHORIZED",
            (_, 0) => "CAPTURED",
            _ => "PART_CAPTURED",
        }
    }

    /// As kvitt reads it.
    pub(super) fn read(&self, shows_references: bool) -> OrderAtKlarna {
        let moves = |moves: &[Move]| {
            let read = |it: &Move| MoveAtKlarna {
                id: it.id.clone(),
                amount: it.amount,
                reference: it.reference.clone().filter(|_| shows_references),
                description: None,
                at: Some(time(it.at)),
                shipping_info: Vec::new(),
            };
            moves.iter().map(read).collect()
        };
        // A cancelled order keeps the figure it had.
        let shown = if self.cancelled { self.amount } else { self.remaining() };
        OrderAtKlarna {
            snapshot: OrderSnapshot {
                status: self.status().to_owned(),
                fraud_status: FraudStatus::from(self.fraud.to_owned()),
                order_amount: self.amount,
                original_order_amount: self.amount,
                captured_amount: self.captured(),
                refunded_amount: self.refunded(),
                remaining_authorized_amount: shown,
                expires_at: None,
                klarna_reference: None,
            },
            captures: moves(&self.captures),
            refunds: moves(&self.refunds),
            shipping_info: Vec::new(),
            // Nobody in the model's portal changes lines or references.
            cart: None,
            merchant_reference1: terms().merchant_reference1,
            merchant_reference2: terms().merchant_reference2,
        }
    }
}

impl Klarna {
    pub(super) fn new(tokens: usize) -> Self {
        Self {
            tokens: vec![Token::Live; tokens],
            orders: Vec::new(),
            keys: BTreeMap::new(),
            revision: 0,
        }
    }

    /// Carries a call out, or does not. `busy`: another call with the same token is under way.
    pub(super) fn receive(&mut self, setup: &Setup, call: &Call, now: u32, busy: bool) -> Answer {
        let remembered = self.keys.get(&call.key).filter(|(_, at)| now < at + KEY_LIFETIME);
        if let Some((answer, _)) = remembered {
            return answer.clone();
        }
        let answer = match &call.what {
            // Placing knows no key.
            What::Place { token } => return self.place(setup, *token, call.intent, now, busy),
            What::Capture { order, amount, reference } => {
                self.capture(*order, *amount, Some((call.intent, reference)), now)
            }
            What::Refund { order, amount, reference } => {
                self.refund(*order, *amount, call.intent, reference, now)
            }
            What::Cancel { order } => self.cancel(*order),
            What::Release { order } => self.release(*order),
        };
        // Whether Klarna remembers refusals is not known; that it does not is the harder case.
        if !matches!(answer, Answer::Refused { .. }) {
            self.keys.insert(call.key.clone(), (answer.clone(), now));
        }
        answer
    }

    fn place(
        &mut self,
        setup: &Setup,
        token: usize,
        intent: IntentId,
        now: u32,
        busy: bool,
    ) -> Answer {
        let refused = |code: &'static str, says_so: bool| Answer::Refused { code, says_so };
        match self.tokens[token] {
            Token::Placed(order) => match setup.repeat {
                Repeat::SameOrder => Answer::Placed { order, fraud: self.orders[order].fraud },
                Repeat::Refused => refused("NOT_FOUND", false),
                Repeat::SaysSo => refused("SESSION_COMPLETED", true),
            },
            Token::Refused => refused("REJECTED", false),
            Token::Live if now < TOKEN_LIFETIME => {
                if busy && setup.refuses_while_busy {
                    return refused("CONFLICT", false);
                }
                if setup.refused_tokens.contains(&token) {
                    self.tokens[token] = Token::Refused;
                    return refused("REJECTED", false);
                }
                let order = self.open(setup, intent, now);
                self.tokens[token] = Token::Placed(order);
                Answer::Placed { order, fraud: self.orders[order].fraud }
            }
            Token::Live | Token::GivenBack => refused("NOT_FOUND", false),
        }
    }

    /// A new order; its number.
    pub(super) fn open(&mut self, setup: &Setup, intent: IntentId, now: u32) -> usize {
        self.revision += 1;
        self.orders.push(Order {
            amount: super::ORDER_AMOUNT,
            captures: Vec::new(),
            refunds: Vec::new(),
            cancelled: false,
            released: false,
            fraud: if setup.reviewed { "PENDING" } else { "ACCEPTED" },
            stopped: false,
            created_at: now,
            intent,
        });
        self.orders.len() - 1
    }

    /// Gives a token back. Whether that is over.
    pub(super) fn give_back(&mut self, token: usize) -> bool {
        match self.tokens[token] {
            Token::Live => {
                self.tokens[token] = Token::GivenBack;
                true
            }
            Token::Refused | Token::GivenBack => true,
            Token::Placed(_) => false,
        }
    }

    /// A capture; by somebody in the portal where it has no intent.
    fn capture(
        &mut self,
        order: usize,
        amount: i64,
        whose: Option<(IntentId, &String)>,
        now: u32,
    ) -> Answer {
        let order = &mut self.orders[order];
        if order.fraud != "ACCEPTED" || amount > order.remaining() {
            return Answer::Refused { code: "CAPTURE_NOT_ALLOWED", says_so: false };
        }
        let id = format!("cap-{}", order.captures.len());
        order.captures.push(Move {
            id: id.clone(),
            amount,
            reference: Some(whose.map_or("portal".to_owned(), |(_, text)| text.clone())),
            at: now,
            intent: whose.map(|(intent, _)| intent),
        });
        self.revision += 1;
        Answer::Moved { id }
    }

    fn refund(
        &mut self,
        order: usize,
        amount: i64,
        intent: IntentId,
        reference: &str,
        now: u32,
    ) -> Answer {
        let order = &mut self.orders[order];
        if amount > order.captured() - order.refunded() {
            return Answer::Refused { code: "REFUND_NOT_ALLOWED", says_so: false };
        }
        let id = format!("ref-{}", order.refunds.len());
        let reference = Some(reference.to_owned());
        order.refunds.push(Move {
            id: id.clone(),
            amount,
            reference,
            at: now,
            intent: Some(intent),
        });
        self.revision += 1;
        Answer::Moved { id }
    }

    fn cancel(&mut self, order: usize) -> Answer {
        let order = &mut self.orders[order];
        if order.cancelled || order.captured() > 0 {
            return Answer::Refused { code: "CANCEL_NOT_ALLOWED", says_so: false };
        }
        order.cancelled = true;
        self.revision += 1;
        Answer::Changed
    }

    fn release(&mut self, order: usize) -> Answer {
        let order = &mut self.orders[order];
        if order.captured() == 0 || order.remaining() == 0 {
            return Answer::Refused { code: "RELEASE_NOT_ALLOWED", says_so: false };
        }
        order.released = true;
        self.revision += 1;
        Answer::Changed
    }

    /// What somebody does in the portal. Whether Klarna let them.
    pub(super) fn in_portal(&mut self, portal: Portal, now: u32) -> bool {
        let answer = match portal {
            Portal::Capture(amount) => self.capture(0, amount, None, now),
            Portal::Cancel => self.cancel(0),
        };
        !matches!(answer, Answer::Refused { .. })
    }

    /// Klarna decides its review.
    pub(super) fn decide(&mut self, order: usize, fraud: &'static str) {
        self.orders[order].fraud = fraud;
        self.revision += 1;
    }
}
