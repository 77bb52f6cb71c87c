//! The ledger: events at an expected version, and with them what else one transaction writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Arc, OnceLock};

use kvitt_core::{Cause, Event, EventId, IntentId, Recorded, Sale};
use uuid::Uuid;

use super::klarna::Call;
use super::{Mutant, time};
use crate::support::SALE;

/// So long a call may be under way before somebody else may repeat it, in minutes.
pub(super) const LEASE: u32 = 2;

/// A sale as it was read at some version.
pub(super) struct Known {
    pub(super) sale: Sale,
    /// Digest of all of the sale but for how many events led to it.
    pub(super) essence: u64,
    /// The first law that the events behind it break by themselves, once somebody looked: many
    /// worlds share a ledger.
    pub(super) broken: OnceLock<Option<String>>,
}

pub(super) type Seen = Arc<Known>;

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.essence)
    }
}

/// A hasher that can be written to like a text.
struct Digest(DefaultHasher);

impl fmt::Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}

pub(super) fn digest_of(value: &dyn fmt::Debug) -> u64 {
    let mut digest = Digest(DefaultHasher::new());
    // Writing into a hasher cannot fail.
    let _ = write!(digest, "{value:?}");
    digest.0.finish()
}

impl Known {
    fn of(sale: Sale) -> Seen {
        // Terms, session and cart are the same in all of a model.
        let essence = digest_of(&(
            (&sale.authorizations, sale.stopped, &sale.order, &sale.intents),
            sale.difference(),
        ));
        Arc::new(Self { sale, essence, broken: OnceLock::new() })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum WorkId {
    Intent(IntentId),
    ReadOrder,
    /// A read that news from Klarna asked for.
    News,
    Release,
    Place,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    pub(super) due: u32,
    attempts: u32,
    fence: u32,
}

/// A piece of work that a writer holds, or held.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) work: WorkId,
    fence: u32,
    attempts: u32,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The fence only counts against the ledger's.
        write!(f, "{:?} {}", self.work, self.follows_silence())
    }
}

impl Claim {
    pub(super) fn follows_silence(self) -> bool {
        self.attempts > 1
    }
}

pub(super) enum Change {
    Schedule(WorkId, u32),
    Finish(WorkId),
}

/// Everything that one write changes.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) events: Vec<Event>,
    pub(super) work: Vec<Change>,
    /// The request under a client's key, and its intent.
    pub(super) request: Option<(usize, IntentId)>,
    pub(super) call: Option<Call>,
    pub(super) forget_call: Option<IntentId>,
    pub(super) keep_token: Option<usize>,
    pub(super) forget_tokens: Vec<usize>,
    pub(super) fence: Option<Claim>,
    /// Work that nobody may have claimed since it was scheduled.
    pub(super) unclaimed: Option<WorkId>,
}

impl Draft {
    pub(super) fn of(events: impl Into<Vec<Event>>) -> Self {
        Self { events: events.into(), ..Self::default() }
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.work.is_empty()
    }
}

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum Unwritten {
    Conflict,
    LeaseLost,
    KeyTaken,
    /// The events do not make sense.
    Damaged(String),
}

#[derive(Clone)]
pub(super) struct Ledger {
    pub(super) events: Arc<Vec<Recorded>>,
    pub(super) known: Seen,
    pub(super) work: BTreeMap<WorkId, Work>,
    /// Which request was which intent.
    pub(super) requests: BTreeMap<usize, IntentId>,
    /// The calls under way, as they are stored.
    pub(super) calls: BTreeMap<IntentId, Call>,
    pub(super) tokens: BTreeSet<usize>,
    /// The orders that Klarna told of.
    pub(super) heard: Vec<usize>,
    fences: u32,
    /// For each intent the request that it is of; of the model's, not kept by the real one.
    pub(super) asked: BTreeMap<IntentId, usize>,
    /// How old the last recorded read is; of the model's too.
    pub(super) read_revision: u32,
}

impl Ledger {
    pub(super) fn new(events: Vec<Event>) -> Self {
        let mut recorded = Vec::new();
        record(&mut recorded, events, 0);
        let sale = Sale::fold(SALE, &recorded).unwrap().unwrap();
        Self {
            events: Arc::new(recorded),
            known: Known::of(sale),
            work: BTreeMap::new(),
            requests: BTreeMap::new(),
            calls: BTreeMap::new(),
            tokens: BTreeSet::new(),
            heard: Vec::new(),
            fences: 0,
            asked: BTreeMap::new(),
            read_revision: 0,
        }
    }

    /// All or nothing, as `Engine::append` and the stores do it.
    pub(super) fn append(
        &mut self,
        seen: &Seen,
        draft: Draft,
        now: u32,
        mutant: Option<Mutant>,
    ) -> Result<Seen, Unwritten> {
        if draft.is_empty() {
            return Ok(seen.clone());
        }
        if draft.fence.is_some_and(|claim| !self.holds(claim)) {
            return Err(Unwritten::LeaseLost);
        }
        let is_unclaimed = |id| self.work.get(&id).is_some_and(|work| work.attempts == 0);
        if draft.unclaimed.is_some_and(|id| !is_unclaimed(id)) {
            return Err(Unwritten::LeaseLost);
        }
        if draft.request.is_some_and(|(wish, _)| self.requests.contains_key(&wish)) {
            return Err(Unwritten::KeyTaken);
        }
        let is_new = seen.sale.version == self.known.sale.version;
        if !is_new && mutant != Some(Mutant::ForgetsVersion) {
            return Err(Unwritten::Conflict);
        }
        let mut work = draft.work;
        if !draft.events.is_empty() {
            let mut events = (*self.events).clone();
            record(&mut events, draft.events, now);
            let mut sale = fold(&events)?;
            let follows = sale.decide_held();
            if !follows.is_empty() {
                for event in &follows {
                    match event {
                        Event::Resumed { intent } => {
                            work.push(Change::Schedule(WorkId::Intent(*intent), 0));
                        }
                        Event::Refused { intent, .. } => drop(self.calls.remove(intent)),
                        _ => {}
                    }
                }
                record(&mut events, follows, now);
                sale = fold(&events)?;
            }
            self.events = Arc::new(events);
            self.known = Known::of(sale);
        }
        if let Some((wish, intent)) = draft.request {
            self.asked.insert(intent, wish);
            if mutant != Some(Mutant::ForgetsRequests) {
                self.requests.insert(wish, intent);
            }
        }
        self.calls.extend(draft.call.map(|call| (call.intent, call)));
        self.calls.retain(|intent, _| Some(*intent) != draft.forget_call);
        self.tokens.extend(draft.keep_token);
        self.tokens.retain(|token| !draft.forget_tokens.contains(token));
        self.change(work, now);
        Ok(self.known.clone())
    }

    pub(super) fn change(&mut self, work: Vec<Change>, now: u32) {
        for change in work {
            match change {
                Change::Schedule(id, due_in) => {
                    self.fences += 1;
                    let fence = self.fences;
                    self.work.insert(id, Work { due: now + due_in, attempts: 0, fence });
                }
                Change::Finish(id) => drop(self.work.remove(&id)),
            }
        }
    }

    pub(super) fn holds(&self, claim: Claim) -> bool {
        self.work.get(&claim.work).is_some_and(|work| work.fence == claim.fence)
    }

    pub(super) fn claim(&mut self, id: WorkId, now: u32) -> Option<Claim> {
        self.fences += 1;
        let work = self.work.get_mut(&id).filter(|work| work.due <= now)?;
        *work = Work { due: now + LEASE, attempts: work.attempts + 1, fence: self.fences };
        Some(Claim { work: id, fence: work.fence, attempts: work.attempts })
    }

    /// Puts work back that could not be done.
    pub(super) fn put_back(&mut self, claim: Claim, now: u32) {
        if self.holds(claim) {
            self.fences += 1;
            let fence = self.fences;
            self.work.entry(claim.work).and_modify(|work| {
                work.due = now;
                work.fence = fence;
            });
        }
    }

    /// All that tells two ledgers apart.
    pub(super) fn digest(&self) -> u64 {
        let work: Vec<_> =
            self.work.iter().map(|(id, it)| (id, it.due, it.attempts.min(2))).collect();
        digest_of(&(
            self.known.essence,
            work,
            &self.requests,
            self.calls.keys().collect::<Vec<_>>(),
            &self.tokens,
            &self.heard,
            &self.asked,
        ))
    }
}

fn fold(events: &[Recorded]) -> Result<Sale, Unwritten> {
    match Sale::fold(SALE, events) {
        Ok(Some(sale)) => Ok(sale),
        Ok(None) => Err(Unwritten::Damaged("no events".to_owned())),
        Err(problem) => Err(Unwritten::Damaged(problem.to_string())),
    }
}

fn record(recorded: &mut Vec<Recorded>, events: Vec<Event>, now: u32) {
    for event in events {
        let seq = recorded.len() as u64 + 1;
        let id = EventId(Uuid::from_u128(u128::from(seq)));
        recorded.push(Recorded { id, seq, at: time(now), cause: Cause::Kvitt, event });
    }
}
