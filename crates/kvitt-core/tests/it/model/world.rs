//! The whole: ledger, Klarna, network, two writers, and what may still go wrong; and what can happen
//! next.

use std::fmt;
use std::hash::{Hash, Hasher};

use kvitt_core::Event;
use stateright::{Model, Property};

use super::klarna::{Call, KEY_LIFETIME, Klarna};
use super::ledger::{Change, Draft, Ledger, WorkId, digest_of};
use super::writer::{At, Fate, Job, Stage, number_of_order};
use super::{Mutant, Setup, rest, safety, time};
use crate::support::{cart_of, evidence, line, terms};

/// What may still go wrong, or come from outside.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Fuel {
    pub(super) losses: u8,
    pub(super) crashes: u8,
    /// How often each order's push may still arrive.
    pub(super) pushes: u8,
    /// What Klarna decided, and how often it may still say so.
    pub(super) news: Vec<(&'static str, u8)>,
    pub(super) hand_ins: Vec<bool>,
    pub(super) asks: Vec<u8>,
    pub(super) portal: bool,
    pub(super) decisions: usize,
    pub(super) ticks: usize,
}

#[derive(Clone)]
pub(super) struct World {
    /// Minutes since the checkout was opened.
    pub(super) now: u32,
    pub(super) ledger: Ledger,
    pub(super) klarna: Klarna,
    /// Calls whose senders gave up, and which may still arrive.
    pub(super) late: Vec<Call>,
    pub(super) writers: [At; 2],
    pub(super) fuel: Fuel,
    /// A stop that Klarna told of.
    pub(super) stop_told: bool,
    /// A law that a step broke.
    pub(super) broken: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// One of the setup's authorizations comes in.
    HandIn {
        writer: usize,
        nth: usize,
    },
    /// Somebody asks for one of the setup's wishes, perhaps again, under the same key.
    Ask {
        writer: usize,
        wish: usize,
    },
    Claim {
        writer: usize,
        work: WorkId,
    },
    Step {
        writer: usize,
        fate: Fate,
    },
    Crash {
        writer: usize,
    },
    /// A crash while the call is under way.
    CrashInCall {
        writer: usize,
    },
    /// A late call arrives.
    Arrive(usize),
    /// Klarna's push for an order.
    Push(usize),
    /// Klarna tells what it decided.
    Notify(usize),
    Decide,
    Portal,
    Tick,
}

impl World {
    fn first(setup: &Setup) -> Self {
        let mut klarna = Klarna::new(setup.tokens);
        let cart = cart_of(vec![line("Shirt", super::ORDER_AMOUNT / 2, 2)]);
        let mut events = vec![
            Event::CheckoutCreated { terms: terms(), cart },
            Event::SessionOpened {
                session_id: "session-1".to_owned(),
                expires_at: time(48 * 60),
                cart_version: 1,
                payment_method_categories: Vec::new(),
                evidence: evidence("createCreditSession", 200),
            },
        ];
        if setup.placed {
            events.extend(super::placed_before(setup, &mut klarna));
        }
        Self {
            now: 0,
            ledger: Ledger::new(events),
            klarna,
            late: Vec::new(),
            writers: [At::Idle, At::Idle],
            fuel: Fuel {
                losses: setup.losses,
                crashes: setup.crashes,
                pushes: setup.pushes,
                news: Vec::new(),
                hand_ins: vec![true; setup.hand_ins.len()],
                asks: vec![setup.asks; setup.wishes.len()],
                portal: setup.portal.is_some(),
                decisions: 0,
                ticks: 0,
            },
            stop_told: false,
            broken: None,
        }
    }

    /// All that tells two worlds apart. The writers are alike, so that it does not count which is
    /// which.
    pub(super) fn digest(&self) -> u64 {
        let current = self.ledger.known.sale.version;
        let mut writers = self.writers.each_ref().map(|at| {
            digest_of(&(
                at,
                at.claim().map(|claim| self.ledger.holds(claim)),
                at.seen().map(|seen| seen.sale.version == current),
                at.revision().map(|revision| self.klarna.revision - revision),
            ))
        });
        writers.sort_unstable();
        let mut hasher = std::hash::DefaultHasher::new();
        (self.now, self.ledger.digest(), &self.klarna, &self.late, writers).hash(&mut hasher);
        (&self.fuel, self.stop_told, &self.broken).hash(&mut hasher);
        // How old the last recorded read is only counts while another may be recorded.
        let reads =
            writers.len() > self.writers.iter().filter(|at| at.revision().is_none()).count();
        (reads.then(|| self.klarna.revision - self.ledger.read_revision)).hash(&mut hasher);
        hasher.finish()
    }

    /// A message of Klarna's is kept, with what follows from it in the same write.
    fn keep(&mut self, setup: &Setup, order: usize, is_stop: bool) {
        if !self.ledger.heard.contains(&order) {
            self.ledger.heard.push(order);
        }
        let seen = self.ledger.known.clone();
        let mut draft = Draft::default();
        self.stop_told |= is_stop;
        if is_stop && !seen.sale.stopped && setup.mutant != Some(Mutant::ForgetsStop) {
            draft.events.push(Event::ShipmentStopped);
        }
        let waits = |it: &&kvitt_core::Intent| it.state.as_str() == "needs_human";
        if seen.sale.order.is_some() {
            draft.work.push(Change::Schedule(WorkId::News, 0));
        } else if let Some(intent) = seen.sale.intents.values().find(waits) {
            draft.work.push(Change::Schedule(WorkId::Intent(intent.id), 0));
        }
        if let Err(unwritten) = self.ledger.append(&seen, draft, self.now, setup.mutant) {
            self.broken = Some(format!("{unwritten:?}"));
        }
    }

    fn happen(&mut self, setup: &Setup, action: &Action) {
        match *action {
            Action::HandIn { writer, nth } => {
                self.fuel.hand_ins[nth] = false;
                let (token, door) = setup.hand_ins[nth];
                let seen = self.ledger.known.clone();
                self.writers[writer] =
                    At::Store { job: Box::new(Job::HandIn { token, door }), seen };
            }
            Action::Ask { writer, wish } => {
                self.fuel.asks[wish] -= 1;
                let seen = self.ledger.known.clone();
                self.writers[writer] = At::Store { job: Box::new(Job::Ask(wish)), seen };
            }
            Action::Claim { writer, work } => self.writers[writer] = self.take_over(work),
            Action::Step { writer, fate } => {
                self.fuel.losses -= u8::from(fate != Fate::Answered);
                self.step(setup, writer, fate);
            }
            Action::Crash { writer } | Action::CrashInCall { writer } => {
                self.fuel.crashes -= 1;
                let at = std::mem::replace(&mut self.writers[writer], At::Idle);
                if let (At::Call(carried), Action::CrashInCall { .. }) = (at, action) {
                    self.late.extend(carried.call);
                }
            }
            Action::Arrive(nth) => {
                let call = self.late.remove(nth);
                self.receive(setup, &call);
            }
            Action::Push(order) => {
                self.fuel.pushes -= 1;
                self.keep(setup, order, false);
            }
            Action::Notify(nth) => {
                self.fuel.news[nth].1 -= 1;
                let is_stop = self.fuel.news[nth].0 == "STOPPED";
                self.keep(setup, 0, is_stop);
            }
            Action::Decide => {
                let decision = setup.decisions[self.fuel.decisions];
                self.fuel.decisions += 1;
                self.fuel.news.push((decision, setup.news));
                if decision == "STOPPED" {
                    self.klarna.orders[0].stopped = true;
                } else {
                    self.klarna.decide(0, decision);
                }
            }
            Action::Portal => {
                self.fuel.portal = false;
                if let Some(portal) = setup.portal {
                    self.klarna.in_portal(portal, self.now);
                }
            }
            Action::Tick => {
                self.now = setup.clock[self.fuel.ticks];
                self.fuel.ticks += 1;
            }
        }
    }

    /// What a writer may do next, and what may become of it.
    fn steps(&self, setup: &Setup, writer: usize, actions: &mut Vec<Action>) {
        let at = &self.writers[writer];
        if matches!(at, At::Idle) {
            let handed = (0..setup.hand_ins.len()).filter(|nth| self.fuel.hand_ins[*nth]);
            actions.extend(handed.map(|nth| Action::HandIn { writer, nth }));
            let asked = (0..setup.wishes.len()).filter(|wish| {
                self.fuel.asks[*wish] > 0 && !self.ledger.requests.contains_key(wish)
            });
            actions.extend(asked.map(|wish| Action::Ask { writer, wish }));
            let due = self.ledger.work.iter().filter(|(_, work)| work.due <= self.now);
            actions.extend(due.map(|(work, _)| Action::Claim { writer, work: *work }));
            return;
        }
        actions.push(Action::Step { writer, fate: Fate::Answered });
        let sends = match at {
            At::Call(carried) => carried.stage == Stage::Send,
            _ => false,
        };
        if self.fuel.losses > 0 && at.asks_klarna() {
            actions.push(Action::Step { writer, fate: Fate::NotSent });
            if sends {
                actions.push(Action::Step { writer, fate: Fate::AnswerLost });
                actions.push(Action::Step { writer, fate: Fate::Late });
            }
        }
        if self.fuel.crashes > 0 {
            actions.push(Action::Crash { writer });
            if sends {
                actions.push(Action::CrashInCall { writer });
            }
        }
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.digest().hash(hasher);
    }
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "minute {}, at Klarna {:?}", self.now, self.klarna.orders)?;
        let sale = &self.ledger.known.sale;
        for recorded in self.ledger.events.iter() {
            let act = recorded.event.intent().and_then(|intent| sale.intents.get(&intent));
            writeln!(f, "  {} {}", recorded.at, recorded.event.name(act.map(|it| it.act.kind())))?;
        }
        writeln!(f, "  work {:?}, writers {:?}", self.ledger.work, self.writers)
    }
}

impl Model for Setup {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::first(self)]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        // The writers are alike: where both are idle, it does not count which one begins.
        let both_idle = world.writers.iter().all(|at| matches!(at, At::Idle));
        for writer in 0..if both_idle { 1 } else { 2 } {
            world.steps(self, writer, actions);
        }
        actions.extend((0..world.late.len()).map(Action::Arrive));
        if world.fuel.pushes > 0 {
            actions.extend((0..world.klarna.orders.len()).map(Action::Push));
        }
        let told = (0..world.fuel.news.len()).filter(|nth| world.fuel.news[*nth].1 > 0);
        actions.extend(told.map(Action::Notify));
        if world.fuel.decisions < self.decisions.len() && !world.klarna.orders.is_empty() {
            actions.push(Action::Decide);
        }
        if world.fuel.portal && number_of_order(&world.ledger.known.sale).is_some() {
            actions.push(Action::Portal);
        }
        // Klarna is done with a call before its lease is over, and nobody sleeps over one for so
        // long that Klarna forgets its key.
        let next = self.clock.get(world.fuel.ticks).filter(|_| world.late.is_empty());
        let has_call = world.writers.iter().any(|at| matches!(at, At::Call(_)));
        let may_sleep =
            |next: &u32| !has_call || (self.oversleeps && next - world.now < KEY_LIFETIME);
        if next.is_some_and(may_sleep) {
            actions.push(Action::Tick);
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        next.happen(self, &action);
        Some(next)
    }

    /// While a call is late, others are made without end.
    fn within_boundary(&self, world: &World) -> bool {
        let sale = &world.ledger.known.sale;
        sale.intents.values().all(|intent| intent.attempts() <= super::ATTEMPTS_MAX)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("the laws hold", |_, world| safety::violation(world).is_none()),
            Property::always("it comes to rest", |setup, world| {
                rest::violation(setup, world).is_none()
            }),
        ]
    }
}
