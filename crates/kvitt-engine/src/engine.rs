//! The engine: what it holds, and the few steps that everything else is made of.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::{Cause, Event, EventId, IntentId, Recorded, Requester, Sale, SaleId};
use kvitt_ledger::{
    Append, IdempotencyRecord, Ledger, LedgerError, NewEvent, NewMessage, Private, PrivateChange,
    WorkChange,
};
use tokio::sync::Notify;
use url::Url;
use uuid::Uuid;

use crate::act::Answered;
use crate::alarm::AlarmSettings;
use crate::rate::{Access, Class, RateReport, Replicas, Sharing, Waits};
use crate::recent::Recent;
use crate::summary::summary;
use crate::webhooks::{Courier, WebhookSettings};
use crate::{Accounts, Clock, EngineError, IdSource, expiry, frozen, held, revived, undo, work};

/// How often a write is decided anew because somebody else wrote to the same sale first.
const CONFLICTS_MAX: u32 = 8;

/// What the engine is built from.
pub struct Parts {
    /// Where sales are kept.
    pub ledger: Arc<dyn Ledger>,
    /// How Klarna is reached.
    pub accounts: Accounts,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids and secrets come from.
    pub ids: Arc<dyn IdSource>,
    /// How it behaves.
    pub settings: Settings,
}

/// How the engine behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where Klarna's callbacks and shoppers reach the server.
    pub public_url: Url,
    /// How long a call to Klarna may be under way before another worker may repeat it. Longer
    /// than the client's own time-outs.
    pub lease: Duration,
    /// Pause before an unknown outcome is asked for again the first time; it doubles each time.
    pub retry_after: Duration,
    /// Longest pause between two tries.
    pub retry_after_max: Duration,
    /// How long a caller waits for an outcome before it is told to ask later.
    pub answer_within: Duration,
    /// How long calls wait for their turn.
    pub waits: Waits,
    /// How processes hear of each other, to share the calls that an account may make.
    pub sharing: Sharing,
    /// How webhooks are sent.
    pub webhooks: WebhookSettings,
    /// When an alarm is raised.
    pub alarms: AlarmSettings,
}

impl Settings {
    /// Sensible behaviour behind this address.
    pub fn new(public_url: Url) -> Self {
        Self {
            public_url,
            lease: Duration::from_mins(2),
            retry_after: Duration::from_secs(5),
            retry_after_max: Duration::from_mins(5),
            answer_within: Duration::from_secs(75),
            waits: Waits::default(),
            sharing: Sharing::default(),
            webhooks: WebhookSettings::default(),
            alarms: AlarmSettings::default(),
        }
    }
}

/// Who asks, and how a repeat of the question is recognised.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who or what it is.
    pub cause: Cause,
    /// The request's `Idempotency-Key`, if it has one.
    pub idempotency: Option<Idempotency>,
}

/// A request's `Idempotency-Key`.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Whose key it is.
    pub requester: Requester,
    /// The key.
    pub key: String,
    /// Digest of the request, so that another one under the same key is noticed.
    pub request_hash: [u8; 32],
}

impl Caller {
    /// kvitt itself, or somebody without a key.
    pub fn without_key(cause: Cause) -> Self {
        Self { cause, idempotency: None }
    }
}

/// Carries intents out: the only room that knows both the ledger and Klarna. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) parts: Arc<Parts>,
    /// One writer per sale in this process, so that callers queue up instead of colliding.
    sales: Arc<Mutex<HashMap<SaleId, Weak<tokio::sync::Mutex<()>>>>>,
    recent: Arc<Recent>,
    pub(crate) wake: Arc<Notify>,
    pub(crate) webhook_wake: Arc<Notify>,
    pub(crate) courier: Arc<Courier>,
    pub(crate) access: Arc<Access>,
    pub(crate) replicas: Arc<Replicas>,
}

impl Engine {
    /// An engine of these parts.
    pub fn new(parts: Parts) -> Self {
        let courier = Arc::new(Courier::new(parts.settings.webhooks.clone()));
        let access = Access::new(&parts.accounts, &parts.settings.waits, &parts.ids);
        Self {
            parts: Arc::new(parts),
            sales: Arc::default(),
            recent: Arc::default(),
            wake: Arc::default(),
            webhook_wake: Arc::default(),
            courier,
            access: Arc::new(access),
            replicas: Arc::new(Replicas::default()),
        }
    }

    /// The client through which calls of this class go to a sale's account: behind its budget.
    pub(crate) fn klarna(&self, sale: &Sale, class: Class) -> Result<&klarna::Client, EngineError> {
        self.access.client(&sale.terms.account, class)
    }

    /// How the accounts' budgets stand in this process.
    pub fn rates(&self) -> Vec<RateReport> {
        self.access.reports()
    }

    /// The ledger, for faces that only read.
    pub fn ledger(&self) -> &dyn Ledger {
        self.parts.ledger.as_ref()
    }

    /// The configured accounts.
    pub fn accounts(&self) -> &Accounts {
        &self.parts.accounts
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.parts.settings
    }

    /// The time now, to the microsecond: what the ledger keeps.
    pub async fn now(&self) -> Timestamp {
        let now = self.parts.clock.now().await;
        // A time that exists exists to the microsecond too.
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// A sale, or `NotFound`.
    pub async fn sale(&self, id: SaleId) -> Result<Sale, EngineError> {
        self.find_sale(id)
            .await?
            .ok_or_else(|| EngineError::NotFound { what: "checkout", id: id.to_string() })
    }

    /// A sale with its events, oldest first.
    pub async fn history(&self, id: SaleId) -> Result<(Sale, Vec<Recorded>), EngineError> {
        let events = self.parts.ledger.events(id).await?;
        let sale = Sale::fold(id, &events)?
            .ok_or_else(|| EngineError::NotFound { what: "checkout", id: id.to_string() })?;
        Ok((sale, events))
    }

    pub(crate) async fn find_sale(&self, id: SaleId) -> Result<Option<Sale>, EngineError> {
        let events = self.parts.ledger.events(id).await?;
        Ok(Sale::fold(id, &events)?)
    }

    pub(crate) fn new_id(&self, at: Timestamp) -> Uuid {
        self.parts.ids.id(at)
    }

    pub(crate) fn new_intent(&self, at: Timestamp) -> IntentId {
        IntentId(self.new_id(at))
    }

    /// Waits until this process has nobody else writing to the sale.
    pub(crate) async fn alone_with(&self, id: SaleId) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut sales = self.sales.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(lock) = sales.get(&id).and_then(Weak::upgrade) {
                lock
            } else {
                sales.retain(|_, lock| lock.strong_count() > 0);
                let lock = Arc::new(tokio::sync::Mutex::new(()));
                sales.insert(id, Arc::downgrade(&lock));
                lock
            }
        };
        lock.lock_owned().await
    }

    /// Decides and writes. Where somebody else wrote first, decides again on what is then so.
    /// Returns the sale as it is afterwards.
    pub(crate) async fn write(
        &self,
        id: SaleId,
        cause: &Cause,
        decide: impl FnMut(&Seen) -> Result<Draft, EngineError> + Send,
    ) -> Result<Sale, EngineError> {
        Box::pin(self.write_on(id, cause, None, decide)).await.map(|known| known.sale)
    }

    /// The same for who knows the sale already, as from a write of its own just now: nothing is
    /// read once more, and the ledger refuses what was decided on a version that is not the last.
    pub(crate) async fn write_on(
        &self,
        id: SaleId,
        cause: &Cause,
        mut known: Option<Known>,
        mut decide: impl FnMut(&Seen) -> Result<Draft, EngineError> + Send,
    ) -> Result<Known, EngineError> {
        for _ in 0..CONFLICTS_MAX {
            let Known { sale, events, private, is_recalled } = match known.take() {
                Some(known) => known,
                None => self.known(id).await?,
            };
            let seen = Seen { sale, private, at: self.now().await };
            let decided = decide(&seen);
            // What leads to no write is not held against the ledger.
            if is_recalled && decided.as_ref().map_or(true, Draft::is_empty) {
                continue;
            }
            let draft = decided?;
            let Seen { sale, private, at } = seen;
            let known = Known { sale, events, private, is_recalled };
            if draft.is_empty() {
                return Ok(known);
            }
            match self.append(id, Some(known), at, cause.clone(), draft).await {
                Err(EngineError::Ledger(LedgerError::Conflict { .. })) => {}
                other => return other,
            }
        }
        Err(EngineError::Conflict)
    }

    async fn known(&self, id: SaleId) -> Result<Known, EngineError> {
        // In this order: private data that is older than the events would pass for theirs.
        let known = self.known_in_public(id).await?;
        let private = self.parts.ledger.private(id).await?;
        Ok(Known { private, ..known })
    }

    /// A sale without what it keeps in private, for decisions that need nothing of that.
    pub(crate) async fn known_in_public(&self, id: SaleId) -> Result<Known, EngineError> {
        let (sale, events) = self.history(id).await?;
        Ok(Known { sale, events, private: Private::default(), is_recalled: false })
    }

    /// The same for who acts on the sale, which may have been acted on a moment ago.
    pub(crate) async fn known_to_act(&self, id: SaleId) -> Result<Known, EngineError> {
        match self.recent.take(id) {
            Some((sale, events)) => {
                Ok(Known { sale, events, private: Private::default(), is_recalled: true })
            }
            None => self.known_in_public(id).await,
        }
    }

    /// Remembers what an act was answered with, for the next act on the same sale: a parcel's tracking
    /// follows its capture, and one parcel the other.
    pub fn remember(&self, answered: Answered) {
        self.recent.keep(answered.sale, answered.events);
    }

    /// Decides and writes what a caller asked for. Where another replica took the same request at
    /// the same time, that one's writing is this one's answer.
    pub(crate) async fn write_once(
        &self,
        id: SaleId,
        caller: &Caller,
        decide: impl FnMut(&Seen) -> Result<Draft, EngineError> + Send,
    ) -> Result<Sale, EngineError> {
        match self.write(id, &caller.cause, decide).await {
            Err(EngineError::Ledger(LedgerError::IdempotencyKeyTaken)) => {
                self.replayed(id, caller).await?.ok_or(EngineError::Conflict)?;
                self.sale(id).await
            }
            written => written,
        }
    }

    /// Appends a draft to the sale as it is known, or begins one.
    pub(crate) async fn append(
        &self,
        id: SaleId,
        before: Option<Known>,
        at: Timestamp,
        cause: Cause,
        mut draft: Draft,
    ) -> Result<Known, EngineError> {
        let (sale, mut events, private) = match before {
            Some(Known { sale, events, private, .. }) => (Some(sale), events, private),
            None => (None, Vec::new(), Private::default()),
        };
        let known = events.len();
        let mut record = |sale: Option<Sale>, cause: &Cause, new: Vec<Event>| {
            let first = events.len();
            for (seq, event) in (first as u64 + 1..).zip(new) {
                let id = EventId(self.new_id(at));
                events.push(Recorded { id, seq, at, cause: cause.clone(), event });
            }
            Sale::fold_on(id, sale, &events[first..])?
                .ok_or_else(|| EngineError::Internal("an append without events".to_owned()))
        };
        let sale = record(sale, &cause, std::mem::take(&mut draft.events))?;
        let follows = held::decide(&sale, &mut draft);
        let sale = record(Some(sale), &Cause::Kvitt, follows)?;
        let new = &events[known..];
        if undo::has_to_go_on(&sale, new) {
            work::schedule_undo(id, self, &mut draft);
        }
        if expiry::leaves_a_rest(&sale, new, at) {
            work::schedule_release_rest(id, self, &mut draft);
        }
        if revived::is_told_by(&sale, new) {
            work::schedule_cancel_again(id, &mut draft);
        }
        let acts = new.iter().any(|it| frozen::acts(&it.event));
        let named = |Recorded { id, at, cause, event, .. }| {
            let act = event.intent().and_then(|intent| sale.intents.get(&intent));
            let name = event.name(act.map(|intent| intent.act.kind()));
            NewEvent { id, at, cause, name, event }
        };
        let append = Append {
            sale: id,
            expected_version: known as u64,
            events: events.drain(known..).map(named).collect(),
            summary: summary(&sale, &self.expiry_policy(&sale)),
            idempotency: draft.idempotency,
            private: draft.private,
            work: draft.work,
            inbox: draft.inbox,
            acts,
            fence: draft.fence,
        };
        let private = private.after(&append.private);
        events.extend(self.parts.ledger.append(append).await?);
        self.webhook_wake.notify_one();
        Ok(Known { sale, events, private, is_recalled: false })
    }

    /// The record of an earlier request under the same key. A different request under it is
    /// refused.
    pub(crate) async fn replayed(
        &self,
        id: SaleId,
        caller: &Caller,
    ) -> Result<Option<IdempotencyRecord>, EngineError> {
        let Some(idempotency) = &caller.idempotency else { return Ok(None) };
        let record =
            self.parts.ledger.idempotency(id, idempotency.requester, &idempotency.key).await?;
        match record {
            Some(record) if record.request_hash != idempotency.request_hash => {
                Err(EngineError::IdempotencyKeyReused)
            }
            record => Ok(record),
        }
    }
}

/// A sale, the events that it follows from, and what it keeps in private.
pub(crate) struct Known {
    pub sale: Sale,
    pub events: Vec<Recorded>,
    pub private: Private,
    /// Whether it was kept since an act and not read: the ledger may have gone on.
    pub is_recalled: bool,
}

/// What a decision is made from.
pub(crate) struct Seen {
    pub sale: Sale,
    pub private: Private,
    pub at: Timestamp,
}

/// Everything that one write changes, in one transaction.
#[derive(Default)]
pub(crate) struct Draft {
    pub events: Vec<Event>,
    pub idempotency: Option<IdempotencyRecord>,
    pub private: Vec<PrivateChange>,
    pub work: Vec<WorkChange>,
    pub inbox: Option<NewMessage>,
    pub fence: Option<(Uuid, u64)>,
}

impl Draft {
    pub(crate) fn of(events: impl Into<Vec<Event>>) -> Self {
        Self { events: events.into(), ..Self::default() }
    }

    /// Remembers that this request was carried out, as this intent if it is one.
    pub(crate) fn answering(
        mut self,
        caller: &Caller,
        intent: Option<IntentId>,
        at: Timestamp,
    ) -> Self {
        self.idempotency = caller.idempotency.as_ref().map(|idempotency| IdempotencyRecord {
            requester: idempotency.requester,
            key: idempotency.key.clone(),
            request_hash: idempotency.request_hash,
            intent,
            at,
        });
        self
    }

    /// Both drafts as one, which holds the first one's request, message and claim.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.events.extend(other.events);
        self.private.extend(other.private);
        self.work.extend(other.work);
        self
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.idempotency.is_none()
            && self.private.is_empty()
            && self.work.is_empty()
            && self.inbox.is_none()
    }
}
