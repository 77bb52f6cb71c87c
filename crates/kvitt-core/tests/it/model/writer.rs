//! A writer: one process at work on the sale. It follows the engine's protocol step by step, and
//! may stop for good, or for long, between any two. What it decides is decided by the crate itself.

use kvitt_core::{
    Act, ActKind, CLOCK_SKEW, Door, Event, Evidence, FraudStatus, Intent, IntentId, IntentState,
    Outcome, Recognised, Refused, Sale, Wish, sent_reference,
};
use uuid::Uuid;

use super::klarna::{self, Answer, Call, TOKEN_LIFETIME, What};
use super::ledger::{Change, Claim, Draft, LEASE, Seen, Unwritten, WorkId};
use super::world::World;
use super::{Mutant, Setup, time};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    /// It surely did not leave.
    NotSent,
    /// It took effect, and its answer is lost.
    AnswerLost,
    /// Its answer is given up before it arrives.
    Late,
}

/// Where a writer is.
#[derive(Debug, Clone)]
pub(super) enum At {
    Idle,
    /// It has read the sale, and will write.
    Store {
        job: Box<Job>,
        seen: Seen,
    },
    /// It has an intent to carry out.
    Call(Box<Carried>),
    /// It will read the order.
    Read {
        claim: Option<Claim>,
        seen: Seen,
        /// Whether it follows an act, and authorizations may have to be given back next.
        follows: bool,
    },
    /// It gives authorizations back, one after the other.
    GiveBack {
        claim: Option<Claim>,
        seen: Seen,
        lost: Vec<usize>,
        given_back: usize,
    },
}

#[derive(Debug, Clone)]
pub(super) enum Job {
    HandIn {
        token: usize,
        door: Door,
    },
    /// Somebody asks for one of the setup's wishes.
    Ask(usize),
    /// Whoever handed an authorization in places the order.
    PlaceNow,
    PlaceByItself(Claim),
    Verdict {
        intent: IntentId,
        verdict: Option<Verdict>,
        claim: Option<Claim>,
    },
    NoteRead {
        claim: Option<Claim>,
        follows: bool,
        found: klarna::Order,
        revision: Revision,
    },
    NoteGivenBack {
        claim: Option<Claim>,
        lost: Vec<usize>,
    },
}

/// How old a read is. It only counts against others'.
#[derive(Clone, Copy)]
pub(super) struct Revision(pub(super) u32);

impl std::fmt::Debug for Revision {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

#[derive(Debug, Clone)]
pub(super) enum Verdict {
    Done(Outcome),
    Refused(&'static str),
    Unknown { status: Option<u16>, may_have_taken_effect: bool },
    OrderMayExist(&'static str),
    NeedsHuman(String),
}

/// An intent that is being carried out.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    pub(super) intent: IntentId,
    claim: Option<Claim>,
    seen: Seen,
    pub(super) call: Option<Call>,
    in_doubt: bool,
    too_late: bool,
    pub(super) stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Look up the orders that Klarna told of.
    Heard,
    /// Look whether Klarna did it, before it is asked again.
    Recognise,
    Send,
    HeardAfter {
        code: &'static str,
        says_so: bool,
    },
    Session {
        code: &'static str,
        says_so: bool,
    },
    RecogniseAfter {
        code: &'static str,
    },
}

impl At {
    pub(super) fn claim(&self) -> Option<Claim> {
        match self {
            Self::Idle => None,
            Self::Read { claim, .. } | Self::GiveBack { claim, .. } => *claim,
            Self::Call(carried) => carried.claim,
            Self::Store { job, .. } => match **job {
                Job::HandIn { .. } | Job::Ask(_) | Job::PlaceNow => None,
                Job::PlaceByItself(claim) => Some(claim),
                Job::Verdict { claim, .. }
                | Job::NoteRead { claim, .. }
                | Job::NoteGivenBack { claim, .. } => claim,
            },
        }
    }

    pub(super) fn seen(&self) -> Option<&Seen> {
        match self {
            Self::Idle => None,
            Self::Store { seen, .. } | Self::Read { seen, .. } | Self::GiveBack { seen, .. } => {
                Some(seen)
            }
            Self::Call(carried) => Some(&carried.seen),
        }
    }

    pub(super) fn revision(&self) -> Option<u32> {
        match self {
            Self::Store { job, .. } => match **job {
                Job::NoteRead { revision, .. } => Some(revision.0),
                _ => None,
            },
            _ => None,
        }
    }

    fn store(job: Job, seen: Seen) -> Self {
        Self::Store { job: Box::new(job), seen }
    }

    /// Whether what it does next can be struck by a lost answer.
    pub(super) fn asks_klarna(&self) -> bool {
        match self {
            Self::Idle | Self::Store { .. } => false,
            Self::Call(_) | Self::Read { .. } => true,
            Self::GiveBack { lost, given_back, .. } => *given_back < lost.len(),
        }
    }
}

pub(super) fn digest_of_token(token: usize) -> String {
    format!("token-{token}")
}

fn token_of(digest: &str) -> usize {
    digest.trim_start_matches("token-").parse().unwrap()
}

pub(super) fn order_id(order: usize) -> String {
    format!("order-{order}")
}

pub(super) fn number_of_order(sale: &Sale) -> Option<usize> {
    let id = &sale.order.as_ref()?.klarna_order_id;
    id.trim_start_matches("order-").parse().ok()
}

fn answered(operation: &str) -> Evidence {
    crate::support::evidence(operation, 200)
}

impl World {
    /// A writer does its next step.
    pub(super) fn step(&mut self, setup: &Setup, writer: usize, fate: Fate) {
        let at = std::mem::replace(&mut self.writers[writer], At::Idle);
        self.writers[writer] = match at {
            At::Idle => At::Idle,
            At::Store { job, seen } => self.store(setup, writer, *job, &seen),
            At::Call(carried) => self.call(setup, *carried, fate),
            At::Read { claim, seen, follows } => self.read(claim, seen, follows, fate),
            At::GiveBack { claim, seen, lost, given_back } => {
                self.give_back(claim, seen, lost, given_back, fate)
            }
        };
    }

    /// A writer takes due work over.
    pub(super) fn take_over(&mut self, work: WorkId) -> At {
        let Some(claim) = self.ledger.claim(work, self.now) else { return At::Idle };
        let seen = self.ledger.known.clone();
        match work {
            WorkId::Intent(intent) => self.carry_out(intent, Some(claim), seen),
            WorkId::ReadOrder | WorkId::News => {
                At::Read { claim: Some(claim), seen, follows: false }
            }
            WorkId::Release => self.begin_giving_back(Some(claim), seen),
            WorkId::Place => At::store(Job::PlaceByItself(claim), seen),
        }
    }

    /// Decides on what was read, and writes.
    fn store(&mut self, setup: &Setup, writer: usize, job: Job, seen: &Seen) -> At {
        let Ok(draft) = self.draft(setup, writer, &job, seen) else { return At::Idle };
        if setup.mutant == Some(Mutant::CallsFirst)
            && let Some(call) = draft.call.clone()
        {
            self.receive(setup, &call);
        }
        let intent = draft.events.iter().find_map(Event::intent);
        match self.ledger.append(seen, draft, self.now, setup.mutant) {
            Ok(sale) => self.after(job, intent, sale),
            Err(Unwritten::Conflict) => match job {
                // What was read then may be older than what is known.
                Job::NoteRead { claim, follows, .. }
                    if setup.mutant != Some(Mutant::NotesOldReads) =>
                {
                    At::Read { claim, seen: self.ledger.known.clone(), follows }
                }
                job => At::store(job, self.ledger.known.clone()),
            },
            Err(Unwritten::LeaseLost | Unwritten::KeyTaken) => At::Idle,
            Err(Unwritten::Damaged(problem)) => {
                self.broken = Some(problem);
                At::Idle
            }
        }
    }

    /// What a job writes; nothing where it is refused.
    fn draft(&self, setup: &Setup, writer: usize, job: &Job, seen: &Seen) -> Result<Draft, ()> {
        let sale = &seen.sale;
        match job {
            Job::HandIn { token, door } => Ok(self.hand_in(*token, *door, sale)),
            Job::Ask(wish) => {
                let act = self.decide(setup, sale, setup.wishes[*wish].clone())?;
                let mut draft = intent_draft(setup, writer, sale, act);
                let intent = draft.events.iter().find_map(Event::intent);
                draft.request = intent.map(|intent| (*wish, intent));
                Ok(draft)
            }
            Job::PlaceNow => {
                let act = self.decide(setup, sale, Wish::Place)?;
                Ok(intent_draft(setup, writer, sale, act))
            }
            Job::PlaceByItself(claim) => {
                let mut draft = match self.decide(setup, sale, Wish::Place) {
                    Ok(act) => intent_draft(setup, writer, sale, act),
                    Err(()) => Draft::default(),
                };
                if draft.events.is_empty()
                    && sale.losing_authorizations(time(self.now)).next().is_some()
                {
                    draft.work.push(Change::Schedule(WorkId::Release, LEASE));
                }
                draft.fence = Some(*claim);
                draft.work.push(Change::Finish(WorkId::Place));
                Ok(draft)
            }
            Job::Verdict { intent, verdict, claim } => {
                let mut draft = verdict_draft(sale, *intent, verdict.as_ref(), *claim);
                // Whoever stored an intent knows of no call but its own.
                let is_first = claim.is_none() && !matches!(verdict, Some(Verdict::Done(_)));
                if is_first && setup.mutant != Some(Mutant::TrustsItself) {
                    if sale.intents[intent].state != IntentState::Requested {
                        return Err(());
                    }
                    draft.unclaimed = Some(WorkId::Intent(*intent));
                }
                let gives_up = draft.events.iter().any(|it| matches!(it, Event::NeedsHuman { .. }));
                if setup.mutant == Some(Mutant::MissesNews) && gives_up {
                    draft.work = vec![Change::Finish(WorkId::Intent(*intent))];
                }
                if setup.mutant == Some(Mutant::ForgetsTokens) {
                    draft.work.retain(|it| !matches!(it, Change::Schedule(WorkId::Release, _)));
                }
                Ok(draft)
            }
            Job::NoteRead { claim, found, .. } => {
                let found = found.read(setup.shows_references);
                let mut draft = Draft::of(sale.external(&found, &answered("getOrder")));
                let snapshot = found.snapshot;
                draft.events.push(Event::OrderRead { snapshot, evidence: answered("getOrder") });
                draft.fence = *claim;
                draft.work.push(Change::Finish(WorkId::ReadOrder));
                draft.work.extend(claim.map(|claim| Change::Finish(claim.work)));
                Ok(draft)
            }
            Job::NoteGivenBack { claim, lost } => Ok(self.given_back_draft(sale, lost, *claim)),
        }
    }

    fn decide(&self, setup: &Setup, sale: &Sale, wish: Wish) -> Result<Act, ()> {
        if setup.mutant == Some(Mutant::ForgetsCheckout) && wish.kind() == ActKind::Place {
            let unused = sale.authorizations.iter().rfind(|it| !sale.was_used(&it.digest));
            let authorization = unused.ok_or(())?.digest.clone();
            return Ok(Act::Place { authorization, cart: sale.cart.clone() });
        }
        sale.decide(wish, time(self.now)).map_err(drop)
    }

    fn hand_in(&self, token: usize, door: Door, sale: &Sale) -> Draft {
        let digest = digest_of_token(token);
        if sale.authorizations.iter().any(|known| known.digest == digest) {
            return Draft::default();
        }
        let mut draft = Draft::of([Event::AuthorizationReceived {
            authorization: digest,
            session_id: "session-1".to_owned(),
            cart_version: 1,
            door,
            expires_at: time(self.now + TOKEN_LIFETIME),
        }]);
        draft.keep_token = Some(token);
        draft.work.push(if sale.check_unplaced().is_ok() {
            Change::Schedule(WorkId::Place, 0)
        } else {
            Change::Schedule(WorkId::Release, LEASE)
        });
        draft
    }

    /// What goes on once a job is written.
    fn after(&mut self, job: Job, intent: Option<IntentId>, sale: Seen) -> At {
        match (job, intent) {
            (Job::HandIn { .. }, _) if sale.sale.check_unplaced().is_ok() => {
                At::store(Job::PlaceNow, sale)
            }
            (Job::Ask(_) | Job::PlaceNow | Job::PlaceByItself(_), Some(intent)) => {
                match sale.sale.intents[&intent].state {
                    IntentState::Held => At::Idle,
                    _ => self.carry_out(intent, None, sale),
                }
            }
            (Job::NoteRead { follows, revision, .. }, _) => {
                if revision.0 < self.ledger.read_revision {
                    self.broken = Some("an older read is recorded after a newer one".to_owned());
                }
                self.ledger.read_revision = revision.0;
                if follows { self.give_back_what_lost(sale) } else { At::Idle }
            }
            (Job::NoteGivenBack { .. }, _) => At::Idle,
            (_, _) => self.follow_up(sale),
        }
    }

    /// Does at once what an act left to be done.
    fn follow_up(&self, seen: Seen) -> At {
        let sale = &seen.sale;
        let unread = sale.order.as_ref().is_some_and(|order| {
            let refused_since = |read_at| {
                sale.intents.values().any(|intent| {
                    let kind = intent.act.kind();
                    let is_refused = matches!(intent.state, IntentState::Refused(_));
                    kind != ActKind::Place && is_refused && intent.requested_at >= read_at
                })
            };
            order.last_read.as_ref().is_none_or(|(_, read_at)| refused_since(*read_at))
        });
        if unread {
            At::Read { claim: None, seen, follows: true }
        } else {
            self.give_back_what_lost(seen)
        }
    }

    fn give_back_what_lost(&self, seen: Seen) -> At {
        let has_lost = seen.sale.losing_authorizations(time(self.now)).next().is_some();
        if has_lost { self.begin_giving_back(None, seen) } else { At::Idle }
    }

    pub(super) fn begin_giving_back(&self, claim: Option<Claim>, seen: Seen) -> At {
        let lost: Vec<_> = seen
            .sale
            .losing_authorizations(time(self.now))
            .map(|it| token_of(&it.digest))
            .filter(|token| self.ledger.tokens.contains(token))
            .collect();
        At::GiveBack { claim, seen, lost, given_back: 0 }
    }

    fn give_back(
        &mut self,
        claim: Option<Claim>,
        seen: Seen,
        lost: Vec<usize>,
        given_back: usize,
        fate: Fate,
    ) -> At {
        let Some(token) = lost.get(given_back) else {
            return At::store(Job::NoteGivenBack { claim, lost }, seen);
        };
        let is_over = fate != Fate::NotSent && self.klarna.give_back(*token);
        if is_over && fate == Fate::Answered {
            return At::GiveBack { claim, seen, lost, given_back: given_back + 1 };
        }
        self.put_off(claim);
        At::Idle
    }

    fn put_off(&mut self, claim: Option<Claim>) {
        if let Some(claim) = claim {
            self.ledger.put_back(claim, self.now);
        }
    }

    fn given_back_draft(&self, sale: &Sale, lost: &[usize], claim: Option<Claim>) -> Draft {
        let given_back = |token: &usize| Event::AuthorizationReleased {
            authorization: digest_of_token(*token),
            evidence: answered("cancelAuthorization"),
        };
        let mut draft = Draft::of(lost.iter().map(given_back).collect::<Vec<_>>());
        draft.fence = claim;
        draft.forget_tokens = lost.to_vec();
        let mut losing = sale.losing_authorizations(time(self.now));
        if losing.all(|it| lost.contains(&token_of(&it.digest))) {
            draft.work.push(Change::Finish(WorkId::Release));
        }
        draft
    }

    fn read(&mut self, claim: Option<Claim>, seen: Seen, follows: bool, fate: Fate) -> At {
        let order = number_of_order(&seen.sale).filter(|_| fate == Fate::Answered);
        let Some(found) = order.and_then(|order| self.klarna.orders.get(order)) else {
            self.put_off(claim);
            return At::Idle;
        };
        let (found, revision) = (found.clone(), Revision(self.klarna.revision));
        At::store(Job::NoteRead { claim, follows, found, revision }, seen)
    }

    /// Begins to carry an intent out, whoever stored it.
    fn carry_out(&self, intent: IntentId, claim: Option<Claim>, seen: Seen) -> At {
        let stored = &seen.sale.intents[&intent];
        let verdict = |verdict, seen| At::store(Job::Verdict { intent, verdict, claim }, seen);
        if stored.state.is_settled() || stored.state == IntentState::Held {
            return verdict(None, seen);
        }
        // A worker that finds an intent merely requested cannot know how far the one before came.
        let in_doubt = stored.may_have_taken_effect()
            || claim.is_some_and(|claim| {
                claim.follows_silence() || stored.state == IntentState::Requested
            });
        let age = time(self.now).duration_since(stored.requested_at);
        let too_late = age > jiff::SignedDuration::from_hours(24);
        let stage = match stored.act.kind() {
            ActKind::Place if in_doubt => Stage::Heard,
            kind if kind != ActKind::Place && in_doubt && too_late => Stage::Recognise,
            _ => Stage::Send,
        };
        let call = self.ledger.calls.get(&intent).cloned();
        At::Call(Box::new(Carried { intent, claim, seen, call, in_doubt, too_late, stage }))
    }

    /// One exchange with Klarna about an intent.
    fn call(&mut self, setup: &Setup, mut carried: Carried, fate: Fate) -> At {
        if setup.mutant == Some(Mutant::KeyForever) && carried.stage == Stage::Recognise {
            carried.stage = Stage::Send;
        }
        let lost = fate != Fate::Answered;
        let next = match carried.stage {
            Stage::Send => self.send(setup, &carried, fate),
            _ if lost => Err(Verdict::Unknown { status: None, may_have_taken_effect: true }),
            Stage::Heard => match self.placed_as_heard(&carried) {
                Some(outcome) => Err(Verdict::Done(outcome)),
                None if carried.too_late => Err(Verdict::OrderMayExist("nothing")),
                None => Ok(Stage::Send),
            },
            Stage::HeardAfter { code, says_so } => match self.placed_as_heard(&carried) {
                Some(outcome) => Err(Verdict::Done(outcome)),
                None => Ok(Stage::Session { code, says_so }),
            },
            Stage::Session { code, says_so } => {
                Err(self.judge_session(setup, &carried, code, says_so))
            }
            Stage::Recognise => self.recognise(setup, &carried).map_or(Ok(Stage::Send), Err),
            Stage::RecogniseAfter { code } => {
                Err(self.recognise(setup, &carried).unwrap_or(Verdict::Refused(code)))
            }
        };
        match next {
            Ok(stage) => At::Call(Box::new(Carried { stage, ..carried })),
            Err(verdict) => {
                let Carried { intent, claim, seen, .. } = carried;
                At::store(Job::Verdict { intent, verdict: Some(verdict), claim }, seen)
            }
        }
    }

    /// Makes the stored call. What follows, or the verdict.
    fn send(&mut self, setup: &Setup, carried: &Carried, fate: Fate) -> Result<Stage, Verdict> {
        let Some(mut call) = carried.call.clone() else {
            return Err(Verdict::NeedsHuman("the stored call is gone".to_owned()));
        };
        if setup.mutant == Some(Mutant::NewKey) && carried.in_doubt {
            call.key.push_str("-again");
        }
        let is_placing = matches!(call.what, What::Place { .. });
        let unknown =
            |may_have_taken_effect| Err(Verdict::Unknown { status: None, may_have_taken_effect });
        let answer = match fate {
            Fate::NotSent => return unknown(carried.in_doubt),
            Fate::Late => {
                self.late.push(call);
                return unknown(true);
            }
            Fate::AnswerLost => {
                self.receive(setup, &call);
                return unknown(true);
            }
            Fate::Answered => self.receive(setup, &call),
        };
        Err(match answer {
            Answer::Placed { order, fraud } => Verdict::Done(placed(order, fraud)),
            Answer::Moved { id } => Verdict::Done(match call.what {
                What::Refund { .. } => Outcome::Refunded { refund_id: id },
                _ => Outcome::Captured { capture_id: id },
            }),
            Answer::Changed => Verdict::Done(Outcome::Changed),
            Answer::Refused { code, .. } if setup.mutant == Some(Mutant::BelievesRefusal) => {
                Verdict::Refused(code)
            }
            Answer::Refused { code, says_so } if is_placing && (carried.in_doubt || says_so) => {
                return Ok(Stage::HeardAfter { code, says_so });
            }
            Answer::Refused { code, .. } if !is_placing && carried.in_doubt => {
                return Ok(Stage::RecogniseAfter { code });
            }
            Answer::Refused { code, .. } => Verdict::Refused(code),
        })
    }

    /// The order that Klarna told of, if the intent can have placed it.
    fn placed_as_heard(&self, carried: &Carried) -> Option<Outcome> {
        let requested_at = carried.seen.sale.intents[&carried.intent].requested_at;
        let told = |order: &&usize| {
            let found = &self.klarna.orders[**order];
            time(found.created_at) >= requested_at - CLOCK_SKEW
        };
        let order = self.ledger.heard.iter().find(told)?;
        Some(placed(*order, self.klarna.orders[*order].fraud))
    }

    fn judge_session(
        &self,
        setup: &Setup,
        carried: &Carried,
        code: &'static str,
        says_so: bool,
    ) -> Verdict {
        if !self.klarna.orders.is_empty() {
            return Verdict::NeedsHuman("its session is complete: an order exists".to_owned());
        }
        if says_so {
            return Verdict::OrderMayExist(code);
        }
        let stored = &carried.seen.sale.intents[&carried.intent];
        let since = time(self.now).duration_since(stored.last_tried_at);
        let is_under_way = stored.attempts() > 0 && since.as_mins() < i64::from(LEASE);
        if is_under_way && setup.mutant != Some(Mutant::DoesNotWait) {
            return Verdict::Unknown { status: Some(200), may_have_taken_effect: true };
        }
        Verdict::Refused(code)
    }

    fn recognise(&self, setup: &Setup, carried: &Carried) -> Option<Verdict> {
        let sale = &carried.seen.sale;
        let order = number_of_order(sale)?;
        let found = self.klarna.orders[order].read(setup.shows_references);
        match sale.recognise(&sale.intents[&carried.intent], &found) {
            Recognised::Done(outcome) => Some(Verdict::Done(outcome)),
            Recognised::NotDone => None,
            Recognised::Ambiguous(reason) => Some(Verdict::NeedsHuman(reason)),
        }
    }

    /// A call arrives at Klarna.
    pub(super) fn receive(&mut self, setup: &Setup, call: &Call) -> Answer {
        let stored = self.ledger.known.sale.intents.get(&call.intent);
        if stored.is_none_or(|stored| stored.id != call.intent) {
            self.broken = Some(format!("{} is called before it is stored", call.intent));
        }
        let same_token =
            |late: &Call| matches!(call.what, What::Place { .. }) && late.what == call.what;
        let busy = self.late.iter().any(same_token);
        self.klarna.receive(setup, call, self.now, busy)
    }
}

fn placed(order: usize, fraud: &'static str) -> Outcome {
    Outcome::Placed {
        klarna_order_id: order_id(order),
        fraud_status: FraudStatus::from(fraud.to_owned()),
        redirect_url: None,
        payment_method: None,
    }
}

/// Event, call, key and due work, all at once.
fn intent_draft(setup: &Setup, writer: usize, sale: &Sale, act: Act) -> Draft {
    // Named alike by both writers, so that states which differ in nothing else are one; but
    // for the mutant that would store both.
    let apart = if setup.mutant == Some(Mutant::ForgetsVersion) { writer } else { 0 };
    let number = (sale.intents.len() + 1) * 10 + apart;
    let intent = IntentId(Uuid::from_u128(number as u128));
    let idempotency_key = format!("key-{number}");
    let order = number_of_order(sale).unwrap_or_default();
    let what = match &act {
        Act::Capture { captured_amount, reference, .. } => What::Capture {
            order,
            amount: *captured_amount,
            reference: sent_reference(reference.as_deref(), intent),
        },
        Act::Refund { refunded_amount, reference, .. } => What::Refund {
            order,
            amount: *refunded_amount,
            reference: sent_reference(reference.as_deref(), intent),
        },
        Act::Cancel => What::Cancel { order },
        Act::Release => What::Release { order },
        Act::Place { authorization, .. } => What::Place { token: token_of(authorization) },
        other => panic!("{other:?} is not in the model"),
    };
    let (is_placing, is_held) = (act.kind() == ActKind::Place, sale.holds(&act));
    let key = idempotency_key.clone();
    let requested = Event::Requested { intent, act, idempotency_key, part_of: None };
    let mut draft = Draft::of([requested]);
    draft.call = Some(Call { intent, key, what });
    if is_held {
        draft.events.push(Event::Held { intent });
    } else if setup.mutant != Some(Mutant::ForgetsWork) {
        draft.work.push(Change::Schedule(WorkId::Intent(intent), LEASE));
    }
    if is_placing {
        draft.work.push(Change::Finish(WorkId::Place));
    }
    draft
}

/// What a verdict writes.
fn verdict_draft(
    sale: &Sale,
    id: IntentId,
    verdict: Option<&Verdict>,
    claim: Option<Claim>,
) -> Draft {
    let stored: &Intent = &sale.intents[&id];
    // That Klarna did it is a fact, whoever holds the work by now.
    let fence = claim.filter(|_| !matches!(verdict, Some(Verdict::Done(_))));
    let mut draft = Draft { fence, ..Draft::default() };
    let waits = matches!(
        (verdict, &stored.state),
        (Some(Verdict::NeedsHuman(_) | Verdict::OrderMayExist(_)), IntentState::NeedsHuman { .. })
    );
    let work = WorkId::Intent(id);
    let Some(verdict) = verdict.filter(|_| !stored.state.is_settled() && !waits) else {
        draft.work.push(Change::Finish(work));
        return draft;
    };
    let evidence = Evidence::default();
    let event = match verdict.clone() {
        Verdict::Done(outcome) => Event::Done { intent: id, outcome, evidence },
        Verdict::Refused(code) => {
            let error_code = code.to_owned();
            let refused = Refused { error_code, ..Refused::default() };
            Event::Refused { intent: id, refused }
        }
        Verdict::OrderMayExist(code) => Event::NeedsHuman {
            intent: id,
            reason: format!("Klarna answered {code}, but an order may exist"),
            evidence,
        },
        Verdict::NeedsHuman(reason) => Event::NeedsHuman { intent: id, reason, evidence },
        Verdict::Unknown { status, may_have_taken_effect } => Event::OutcomeUnknown {
            intent: id,
            attempt: stored.attempts() + 1,
            problem: "no answer".to_owned(),
            may_have_taken_effect,
            evidence: Evidence { status, ..evidence },
        },
    };
    let is_placing = stored.act.kind() == ActKind::Place;
    // An order that was told after the last look for one is looked at now.
    let is_looked_for = is_placing && matches!(event, Event::NeedsHuman { .. });
    if is_looked_for || matches!(event, Event::OutcomeUnknown { .. }) {
        draft.work.push(Change::Schedule(work, 0));
    } else {
        draft.work.push(Change::Finish(work));
    }
    if matches!(event, Event::Done { .. } | Event::Refused { .. }) {
        draft.forget_call = Some(id);
    }
    match &event {
        Event::Done { .. } if is_placing => {
            draft.work.push(Change::Schedule(WorkId::ReadOrder, LEASE));
            draft.work.push(Change::Schedule(WorkId::Release, LEASE));
            if let Act::Place { authorization, .. } = &stored.act {
                draft.forget_tokens.push(token_of(authorization));
            }
        }
        Event::Refused { .. } if is_placing => {
            draft.work.push(Change::Schedule(WorkId::Release, LEASE));
            if sale.usable_authorization().is_some() {
                draft.work.push(Change::Schedule(WorkId::Place, 0));
            }
        }
        Event::Refused { .. } => {
            draft.work.push(Change::Schedule(WorkId::ReadOrder, LEASE));
        }
        _ => {}
    }
    draft.events.push(event);
    draft
}
