//! One step of a sale, and the requests that were taken.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use kvitt_core::{Recorded, Requester, SaleId};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::connections::Connections;
use super::error::{Failed, driver, violated};
use super::row::{is_storable, storable};
use crate::append::{Append, IdempotencyRecord};
use crate::error::LedgerError;
use crate::inbox::MESSAGES_MAX;
use crate::private::PrivateChange;
use crate::row::{Read, json, number, wait_us};
use crate::rows;
use crate::work::WorkChange;

/// How often a step is tried that was refused for a reason which is gone when it is looked for.
const TRIES_MAX: u32 = 3;

/// Stores one step of a sale, and answers with its events in their places.
pub(super) async fn append(db: &Connections, append: Append) -> Result<Vec<Recorded>, Failed> {
    check_texts(&append)?;
    store(db, &append).await?;
    let places = append.expected_version + 1..;
    Ok(places.zip(append.events).map(|(seq, new)| new.recorded(seq)).collect())
}

/// Refuses what a database's text cannot hold, where it has to come back as it went in.
fn check_texts(append: &Append) -> Result<(), LedgerError> {
    let key = append.idempotency.iter().map(|record| ("idempotency.key", record.key.as_str()));
    let private = append.private.iter().map(|change| ("private.name", name_and_value(change).0.1));
    let kinds = append.work.iter().filter_map(|change| match change {
        WorkChange::Schedule { kind, .. } => Some(("work.kind", kind.as_str())),
        WorkChange::Finish { .. } => None,
    });
    match key.chain(private).chain(kinds).find(|(_, text)| !is_storable(text)) {
        Some((field, _)) => {
            Err(LedgerError::InvalidAppend { what: format!("{field} holds a NUL character") })
        }
        None => Ok(()),
    }
}

async fn store(db: &Connections, append: &Append) -> Result<(), Failed> {
    let step = Step::of(append)?;
    for _ in 0..TRIES_MAX {
        if step.write(db, append).await? {
            return Ok(());
        }
        explain(db, append).await?;
    }
    let what = format!("sale {} is being written by others", append.sale);
    Err(LedgerError::Unavailable { what }.into())
}

/// The lists of a step, each member by itself, as the statement takes them.
#[derive(Default)]
struct Step<'a> {
    event_ids: Vec<Uuid>,
    event_times: Vec<i64>,
    event_names: Vec<&'a str>,
    causes: Vec<String>,
    events: Vec<String>,
    intents: Vec<Option<Uuid>>,
    personal: Vec<bool>,
    private_names: Vec<&'a str>,
    private_values: Vec<Option<&'a [u8]>>,
    work_ids: Vec<Uuid>,
    work_kinds: Vec<Option<&'a str>>,
    work_waits: Vec<Option<i64>>,
}

impl<'a> Step<'a> {
    fn of(append: &'a Append) -> Result<Self, LedgerError> {
        let mut step = Self::default();
        for new in &append.events {
            step.event_ids.push(new.id.0);
            step.event_times.push(new.at.as_microsecond());
            step.event_names.push(&new.name);
            step.causes.push(json("cause", &new.cause)?);
            step.events.push(json("event", &new.event)?);
            step.intents.push(new.event.intent().map(|intent| intent.0));
        }
        // Changes stand in order, so that the last one of each name is what remains.
        let private: BTreeMap<_, _> = append.private.iter().map(name_and_value).collect();
        for ((personal, name), value) in private {
            step.personal.push(personal);
            step.private_names.push(name);
            step.private_values.push(value.map(|value| value.expose_secret().as_bytes()));
        }
        let work: BTreeMap<_, _> = append.work.iter().map(id_and_schedule).collect();
        for (work_id, schedule) in work {
            step.work_ids.push(work_id);
            step.work_kinds.push(schedule.map(|(kind, _)| kind));
            step.work_waits.push(schedule.map(|(_, due_in)| wait_us(due_in)));
        }
        Ok(step)
    }

    /// Writes it, unless something stands against it.
    async fn write(&self, db: &Connections, append: &Append) -> Result<bool, Failed> {
        let summary = &append.summary;
        // A version that cannot be stored is none that the sale has.
        let Ok(expected_version) = i64::try_from(append.expected_version) else {
            return Ok(false);
        };
        let (work_id, fence) = claim(append);
        let record = append.idempotency.as_ref();
        let message = append.inbox.as_ref();
        let written = sqlx::query(include_str!("append.sql"))
            .bind(append.sale.0)
            .bind(expected_version)
            .bind(number("summary.version", summary.version)?)
            .bind(summary.created_at.as_microsecond())
            .bind(summary.updated_at.as_microsecond())
            .bind(storable(&summary.account))
            .bind(storable(&summary.purchase_country))
            .bind(storable(&summary.purchase_currency))
            .bind(storable(&summary.checkout_status))
            .bind(summary.order_status.as_deref().map(storable))
            .bind(summary.fraud_status.as_deref().map(storable))
            .bind(summary.klarna_order_id.as_deref().map(storable))
            .bind(summary.klarna_reference.as_deref().map(storable))
            .bind(summary.merchant_reference1.as_deref().map(storable))
            .bind(summary.merchant_reference2.as_deref().map(storable))
            .bind(summary.order_amount)
            .bind(summary.captured_amount)
            .bind(summary.refunded_amount)
            .bind(summary.remaining_authorized_amount)
            .bind(summary.placed_at.map(Timestamp::as_microsecond))
            .bind(summary.expires_at.map(Timestamp::as_microsecond))
            .bind(summary.attention.as_deref().map(storable))
            .bind(work_id)
            .bind(fence)
            .bind(record.map(|record| record.requester.to_string()))
            .bind(record.map(|record| record.key.as_str()))
            .bind(record.map(|record| record.request_hash.as_slice()))
            .bind(record.and_then(|record| record.intent).map(|intent| intent.0))
            .bind(record.map(|record| record.at.as_microsecond()))
            .bind(self.event_ids.as_slice())
            .bind(self.event_times.as_slice())
            .bind(self.event_names.as_slice())
            .bind(self.causes.as_slice())
            .bind(self.events.as_slice())
            .bind(self.intents.as_slice())
            .bind(self.personal.as_slice())
            .bind(self.private_names.as_slice())
            .bind(self.private_values.as_slice())
            .bind(self.work_ids.as_slice())
            .bind(self.work_kinds.as_slice())
            .bind(self.work_waits.as_slice())
            .bind(summary.look_at.map(Timestamp::as_microsecond))
            .bind(message.map(|message| message.digest().to_vec()))
            .bind(message.map(|message| message.door.as_str()))
            .bind(message.map(|message| message.content.expose_secret().as_bytes()))
            .bind(message.map(|message| message.at.as_microsecond()))
            .bind(i64::from(MESSAGES_MAX))
            .bind(append.acts)
            .fetch_optional(db)
            .await;
        match written {
            Ok(row) => Ok(row.is_some()),
            // The claim and the version were right: the key is all that stands against it.
            Err(error) if violated(&error) == Some("idempotency_pkey") => {
                Err(LedgerError::IdempotencyKeyTaken.into())
            }
            Err(error) if violated(&error) == Some("event_pkey") => {
                let what = format!("sale {} has events beyond its version", append.sale);
                Err(LedgerError::Inconsistent { what }.into())
            }
            Err(error) => Err(driver(error)),
        }
    }
}

/// Whether it is personal and its name, and the value, where one is set.
fn name_and_value(change: &PrivateChange) -> ((bool, &str), Option<&SecretString>) {
    match change {
        PrivateChange::SetPersonal { name, value } => ((true, name), Some(value)),
        PrivateChange::SetSecret { name, value } => ((false, name), Some(value)),
        PrivateChange::RemovePersonal { name } => ((true, name), None),
        PrivateChange::RemoveSecret { name } => ((false, name), None),
    }
}

/// The work's id, and kind and wait, where it is scheduled.
fn id_and_schedule(change: &WorkChange) -> (Uuid, Option<(&str, Duration)>) {
    match change {
        WorkChange::Schedule { work_id, kind, due_in } => (*work_id, Some((kind, *due_in))),
        WorkChange::Finish { work_id } => (*work_id, None),
    }
}

/// The claim as it is compared. A fence that cannot be stored was never handed out, no more than
/// a negative one.
fn claim(append: &Append) -> (Option<Uuid>, Option<i64>) {
    append.fence.map(|(id, fence)| (id, i64::try_from(fence).unwrap_or(-1))).unzip()
}

/// Says what stands against a step that was not written. None of the reasons ever goes away again,
/// except that a version which lies ahead may have been reached.
async fn explain(db: &Connections, append: &Append) -> Result<(), Failed> {
    let (work_id, fence) = claim(append);
    let record = append.idempotency.as_ref();
    let row = sqlx::query(
        "SELECT
             $2::uuid IS NULL
                 OR EXISTS (
                     SELECT FROM work WHERE sale = $1 AND work_id = $2
                         AND CASE WHEN $3 = 0 THEN attempts = 0 ELSE fence = $3 END
                 ) AS held,
             EXISTS (SELECT FROM idempotency WHERE sale = $1 AND requester = $4 AND key = $5)
                 AS taken,
             $6 AND EXISTS (SELECT FROM ledger_state WHERE frozen_since_us IS NOT NULL) AS frozen,
             coalesce((SELECT version FROM sale WHERE sale = $1), 0) AS version",
    )
    .bind(append.sale.0)
    .bind(work_id)
    .bind(fence)
    .bind(record.map(|record| record.requester.to_string()))
    .bind(record.map(|record| record.key.as_str()))
    .bind(append.acts)
    .fetch_one(db)
    .await
    .map_err(driver)?;
    let is = |column: &str| sqlx::Row::try_get::<bool, _>(&row, column).map_err(driver);
    let (sale, expected) = (append.sale, append.expected_version);
    let actual = Read::new("sale", &row).count("version")?;
    if is("frozen")? {
        Err(LedgerError::Frozen.into())
    } else if !is("held")? {
        Err(LedgerError::LeaseLost.into())
    } else if is("taken")? {
        Err(LedgerError::IdempotencyKeyTaken.into())
    } else if actual != expected {
        Err(LedgerError::Conflict { sale, expected, actual }.into())
    } else {
        Ok(())
    }
}

/// The request that was taken under this key.
pub(super) async fn idempotency(
    db: &Connections,
    sale: SaleId,
    requester: Requester,
    key: &str,
) -> Result<Option<IdempotencyRecord>, Failed> {
    if !is_storable(key) {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT sale, request_hash, intent, at_us FROM idempotency
         WHERE sale = $1 AND requester = $2 AND key = $3",
    )
    .bind(sale.0)
    .bind(requester.to_string())
    .bind(key)
    .fetch_optional(db)
    .await
    .map_err(driver)?;
    Ok(row.map(|row| rows::idempotency(requester, key, &row)).transpose()?)
}
