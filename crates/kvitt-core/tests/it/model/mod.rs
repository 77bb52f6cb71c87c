//! A checkout and its order with two writers, two tokens, a Klarna that loses answers, and callbacks:
//! a model, explored to its end by a model checker.
//!
//! The writers' rules are the crate's own: `Sale::fold`, `decide`, `decide_held`, `recognise`,
//! `external`, `losing_authorizations`, `next_look`, `may_ship`. What stands in `writer` beside them
//! is the engine's protocol: read, decide, append at an expected version with the intent, its call
//! and its due work, call, record the answer, follow up; and the ledger's in `ledger`. Between any
//! two steps a writer may stop for good, or until its lease is over and the other has taken its work.
//! Klarna (`klarna`) may lose a call before or after its effect, or let it take effect once its sender
//! has given up; it may tell of an order or a decision, or not; somebody may act in its portal.
//!
//! After every step the laws are compared with what Klarna has (`safety`). From every world it is
//! then tried what comes of it where nothing goes wrong any more (`rest`): both writers are dead, and
//! another does what is due; late calls arrive, or never. kvitt and Klarna have to agree, no token may
//! be left blocked, and nothing may be stuck but what waits for a person who is told why.
//!
//! Each setup in `tests` is explored to its end, not to a depth: between 800 and 91,000 worlds, some
//! 580,000 together, up to 44 steps deep. It is bounded by what may go wrong in it: in most one call
//! or read may be lost and one writer crash, in some one of the two; time may pass the lease once, or
//! a day twice; an outcome is found unknown three times at most. The mutants are writers with one
//! fault each, which the model has to find.
//!
//! Not in the model: sessions, carts and markets that change, undo, a cancelled order that comes alive again, extensions and the end of the time to
//! capture, final captures, abandoned checkouts, a person who settles; failing stores, and more than
//! eight conflicts in a row; a clock of a process that is wrong. And what no writer could defend
//! itself against: that Klarna refuses a token and takes it afterwards; that a writer sleeps over a
//! call that it holds in its hands for so long that Klarna has forgotten the key, or past its lease
//! where Klarna refuses a token only while another call with it is under way.

mod klarna;
mod ledger;
mod rest;
mod safety;
mod tests;
mod world;
mod writer;

use std::collections::HashSet;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use kvitt_core::{Act, Door, Event, Evidence, FraudStatus, IntentId, Outcome, Wish};
use uuid::Uuid;

use klarna::{Klarna, Portal, Token};

use crate::support::{cart_of, line, start};

/// What the model's order is worth: two pieces of half of it.
const ORDER_AMOUNT: i64 = 200;

/// How often an act's outcome may be found unknown.
const ATTEMPTS_MAX: u32 = 3;

/// What Klarna answers to placing with a token that placed already. Its documentation leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    SameOrder,
    Refused,
    SaysSo,
}

/// A fault of the writer's, which the model has to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mutant {
    /// Appends whatever version the sale has by now.
    ForgetsVersion,
    /// Forgets which request was which intent.
    ForgetsRequests,
    /// Places with whatever token it has, without claiming the checkout.
    ForgetsCheckout,
    /// Stores an intent without due work.
    ForgetsWork,
    /// Calls before the intent is stored.
    CallsFirst,
    /// Makes up a new key when it repeats a call.
    NewKey,
    /// Repeats a call whose key Klarna has forgotten.
    KeyForever,
    /// Records a refusal of an intent that it stored itself, though a worker took it over.
    TrustsItself,
    /// Takes a refusal after doubt for a refusal.
    BelievesRefusal,
    /// Gives a placing up to a person without another look for what Klarna told meanwhile.
    MissesNews,
    /// Frees the checkout while a call may be under way.
    DoesNotWait,
    /// Records what it read whatever happened since.
    NotesOldReads,
    /// Lets Klarna's stop pass.
    ForgetsStop,
    /// Stores no work to give back the authorizations that lost.
    ForgetsTokens,
}

/// What a model begins with, and what may happen in it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
struct Setup {
    /// How many authorization tokens Klarna gave for the checkout.
    tokens: usize,
    /// Those that it will refuse to place with.
    refused_tokens: Vec<usize>,
    /// Which of them come in, through which door; any of them may never come.
    hand_ins: Vec<(usize, Door)>,
    /// Whether the order is placed, and read, to begin with.
    placed: bool,
    /// Whether Klarna reviews new orders.
    reviewed: bool,
    /// What Klarna decides, one after the other.
    decisions: Vec<&'static str>,
    /// How often Klarna may tell of each.
    news: u8,
    /// What is wished of the order, each under a key of its own.
    wishes: Vec<Wish>,
    /// How often each wish may be sent.
    asks: u8,
    repeat: Repeat,
    /// Whether Klarna refuses a token while another call with it is under way.
    refuses_while_busy: bool,
    /// Whether a writer may sleep over a call for longer than its lease, and make it all the same.
    oversleeps: bool,
    /// Whether references can be read back.
    shows_references: bool,
    portal: Option<Portal>,
    /// How many answers may be lost.
    losses: u8,
    crashes: u8,
    pushes: u8,
    /// The minutes to which time may jump.
    clock: Vec<u32>,
    mutant: Option<Mutant>,
    /// From where was found to come to rest.
    rested: Mutex<HashSet<u64>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            tokens: 1,
            refused_tokens: Vec::new(),
            hand_ins: Vec::new(),
            placed: false,
            reviewed: false,
            decisions: Vec::new(),
            news: 0,
            wishes: Vec::new(),
            asks: 1,
            repeat: Repeat::SameOrder,
            refuses_while_busy: false,
            oversleeps: true,
            shows_references: true,
            portal: None,
            losses: 0,
            crashes: 0,
            pushes: 0,
            clock: Vec::new(),
            mutant: None,
            rested: Mutex::default(),
        }
    }
}

fn time(minute: u32) -> Timestamp {
    start() + SignedDuration::from_mins(i64::from(minute))
}

/// The first whole minute after a moment.
fn minute_after(at: Timestamp) -> u32 {
    u32::try_from(at.duration_since(start()).as_mins().max(0)).unwrap() + 1
}

/// The life of a checkout up to its order.
fn placed_before(setup: &Setup, klarna: &mut Klarna) -> Vec<Event> {
    let intent = IntentId(Uuid::from_u128(10));
    let order = klarna.open(setup, intent, 0);
    klarna.tokens[0] = Token::Placed(order);
    let found = klarna.orders[order].read(true).snapshot;
    let cart = cart_of(vec![line("Shirt", ORDER_AMOUNT / 2, 2)]);
    let authorization = writer::digest_of_token(0);
    vec![
        Event::AuthorizationReceived {
            authorization: authorization.clone(),
            session_id: "session-1".to_owned(),
            cart_version: 1,
            door: Door::Browser,
            expires_at: time(klarna::TOKEN_LIFETIME),
        },
        Event::Requested {
            intent,
            act: Act::Place { authorization, cart },
            idempotency_key: "key-10".to_owned(),
            part_of: None,
        },
        Event::Done {
            intent,
            outcome: Outcome::Placed {
                klarna_order_id: writer::order_id(order),
                fraud_status: FraudStatus::from(klarna.orders[order].fraud.to_owned()),
                redirect_url: None,
                payment_method: None,
            },
            evidence: Evidence::default(),
        },
        Event::OrderRead { snapshot: found, evidence: Evidence::default() },
    ]
}
