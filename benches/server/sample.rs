//! What a capture writes: taken from one that was made, to be written again by the bare loops.

use std::sync::Arc;

use kvitt_core::{Cause, Event, EventId, IntentId, Recorded, Requester, SaleId};
use kvitt_ledger::{
    Append, IdempotencyRecord, Ledger, NewEvent, PrivateChange, SaleSummary, WorkChange,
};
use secrecy::SecretString;
use serde_json::Value;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

use crate::common::load::{self, Until};
use crate::shop::{CAPTURES_PER_ORDER, Captures, Of, Pool, Shop};
use crate::store::{Kind, Store};

/// How long a call may be under way, as `kvitt serve` has it.
pub(crate) const LEASE: Duration = Duration::from_mins(2);

/// Keeps what a capture writes first and removes in the end.
const KEEP: &str = "
    CREATE TABLE kept (name TEXT, value TEXT);
    CREATE TRIGGER keep_secret BEFORE DELETE ON secret
    BEGIN INSERT INTO kept VALUES (old.name, old.value); END;
    CREATE TRIGGER keep_work BEFORE DELETE ON work
    BEGIN INSERT INTO kept VALUES ('work', old.kind); END;";

pub(crate) struct Sample {
    /// The order with all captures but the last.
    before: Vec<Recorded>,
    /// The last capture's two events.
    pub(crate) requested: Recorded,
    pub(crate) done: Recorded,
    pub(crate) summary: SaleSummary,
    pub(crate) requester: Requester,
    pub(crate) idempotency_key: String,
    pub(crate) request_hash: [u8; 32],
    /// The stored call, and the body that is in it.
    pub(crate) call: String,
    pub(crate) body: String,
    pub(crate) work_kind: String,
}

impl Sample {
    /// Has a few captures made, and looks at the last of them.
    pub(crate) fn take(program: &Path) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let home = Store::start(Kind::Sqlite).home();
        drop(runtime.block_on(kvitt_ledger::open(&home.url())).unwrap());
        let file = rusqlite::Connection::open(home.file()).unwrap();
        file.execute_batch(KEEP).unwrap();
        let shop = Shop::open(program, home.folder(), &home.url());
        let orders = shop.place(1);
        let sale: kvitt_core::OrderId = orders[0].id.parse().unwrap();
        let sale = SaleId::from(sale);
        let pool = Pool::of(orders);
        let until = Until::Sent((CAPTURES_PER_ORDER as u64).into());
        load::run(shop.kvitt.address, Captures::clients(&shop, &pool, &Of::Kvitt, 1), 201, &until);
        let (mut before, summary) = runtime.block_on(async {
            let ledger = kvitt_ledger::open(&home.url()).await.unwrap();
            let events = ledger.events(sale).await.unwrap();
            (events, ledger.summary(sale).await.unwrap().unwrap())
        });
        let done = before.pop().unwrap();
        let requested = before.pop().unwrap();
        let (Event::Requested { intent, .. }, Cause::Merchant { api_key }) =
            (&requested.event, &requested.cause)
        else {
            panic!("a capture is two events: {requested:?}");
        };
        let text = |sql: &str, name: &str| -> String {
            file.query_row(sql, [name], |row| row.get(0)).unwrap()
        };
        let call = text("SELECT value FROM kept WHERE name = ?", &format!("call@{intent}"));
        let parts: Value = serde_json::from_str(&call).unwrap();
        let key = "SELECT key FROM idempotency WHERE intent = ?";
        let hash = "SELECT request_hash FROM idempotency WHERE intent = ?";
        let hash: Vec<u8> = file.query_row(hash, [intent.to_string()], |row| row.get(0)).unwrap();
        Self {
            requester: Requester::ApiKey(*api_key),
            idempotency_key: text(key, &intent.to_string()),
            request_hash: hash.try_into().unwrap(),
            body: parts["body"].as_str().unwrap().to_owned(),
            call,
            work_kind: text("SELECT value FROM kept WHERE name = ?", "work"),
            before,
            requested,
            done,
            summary,
        }
    }

    /// How many events the order has before its last capture.
    pub(crate) fn version(&self) -> u64 {
        self.before.len() as u64
    }

    /// The sale of one order. Ids that follow each other are as far apart as those that kvitt draws,
    /// so that orders share no more pages than its do.
    pub(crate) fn sale(&self, order: u64) -> SaleId {
        let first: String = format!("{order:012x}").chars().rev().collect();
        let digits = self.summary.sale.0.as_simple().to_string();
        SaleId(format!("{first}{}", &digits[12..]).parse().unwrap())
    }

    /// Stores so many orders, up to where the sample's last capture begins.
    pub(crate) async fn store_orders(&self, ledger: &Arc<dyn Ledger>, orders: u64) {
        for order in 0..orders {
            let append = Append {
                expected_version: 0,
                events: self
                    .before
                    .iter()
                    .map(|it| new_event(it, it.id, it.event.clone()))
                    .collect(),
                ..self.empty_step(order, 0)
            };
            let summary = self.summary(order, append.version());
            ledger.append(Append { summary, ..append }).await.unwrap();
        }
    }

    /// The first of a capture's two writes: the intent, with all that goes with it.
    pub(crate) fn intent_step(&self, order: u64, version: u64, number: u64) -> Append {
        let intent = intent(self, number);
        let Event::Requested { act, idempotency_key, part_of, .. } = self.requested.event.clone()
        else {
            unreachable!("taken as such");
        };
        let event = Event::Requested { intent, act, idempotency_key, part_of };
        let id = EventId(numbered(self.requested.id.0, number));
        Append {
            events: vec![new_event(&self.requested, id, event)],
            idempotency: Some(IdempotencyRecord {
                requester: self.requester,
                key: self.numbered_key(number),
                request_hash: self.request_hash,
                intent: Some(intent),
                at: self.requested.at,
            }),
            private: vec![PrivateChange::SetSecret {
                name: format!("call@{intent}"),
                value: SecretString::from(self.call.clone()),
            }],
            work: vec![WorkChange::Schedule {
                work_id: intent.0,
                kind: self.work_kind.clone(),
                due_in: LEASE,
            }],
            acts: true,
            ..self.empty_step(order, version)
        }
    }

    /// The second: the outcome, with which the call and the work go away.
    pub(crate) fn outcome_step(&self, order: u64, version: u64, number: u64) -> Append {
        let intent = intent(self, number);
        let Event::Done { outcome, evidence, .. } = self.done.event.clone() else {
            panic!("the sample's capture was done");
        };
        let event = Event::Done { intent, outcome, evidence };
        let id = EventId(numbered(self.done.id.0, number));
        Append {
            events: vec![new_event(&self.done, id, event)],
            private: vec![PrivateChange::RemoveSecret { name: format!("call@{intent}") }],
            work: vec![WorkChange::Finish { work_id: intent.0 }],
            ..self.empty_step(order, version)
        }
    }

    /// A key as long as the sample's, and its own.
    pub(crate) fn numbered_key(&self, number: u64) -> String {
        let width = self.idempotency_key.len();
        format!("{number:0>width$}")
    }

    fn empty_step(&self, order: u64, version: u64) -> Append {
        Append {
            sale: self.sale(order),
            expected_version: version,
            events: Vec::new(),
            // Every step has one event, but for the first, which sets it by itself.
            summary: self.summary(order, version + 1),
            idempotency: None,
            private: Vec::new(),
            work: Vec::new(),
            inbox: None,
            acts: false,
            fence: None,
        }
    }

    fn summary(&self, order: u64, version: u64) -> SaleSummary {
        SaleSummary { sale: self.sale(order), version, ..self.summary.clone() }
    }
}

/// The intent of one capture of the loops.
pub(crate) fn intent(sample: &Sample, number: u64) -> IntentId {
    let Event::Requested { intent, .. } = &sample.requested.event else {
        unreachable!("taken as such");
    };
    IntentId(numbered(intent.0, number))
}

fn new_event(like: &Recorded, id: EventId, event: Event) -> NewEvent {
    let name = event.name(Some(kvitt_core::ActKind::Capture));
    NewEvent { id, at: like.at, cause: like.cause.clone(), name, event }
}

/// An id like another one, with a number in its last 48 bits.
pub(crate) fn numbered(id: Uuid, number: u64) -> Uuid {
    let kept = id.as_u128() >> 48 << 48;
    Uuid::from_u128(kept | u128::from(number & 0xffff_ffff_ffff))
}
