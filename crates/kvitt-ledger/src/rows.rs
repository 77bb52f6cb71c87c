//! What whole rows mean. The stores' statements give the columns these names.

use jiff::Timestamp;
use kvitt_core::{Recorded, Requester, SaleId};
use secrecy::SecretString;

use crate::api_key::ApiKey;
use crate::append::IdempotencyRecord;
use crate::error::LedgerError;
use crate::event::FeedEntry;
use crate::frozen::Frozen;
use crate::inbox::{InboxDoor, Message};
use crate::row::{Cells, Read};
use crate::summary::SaleSummary;
use crate::user::{PasswordHash, User};
use crate::work::Work;

/// The columns of a summary, as SQL.
macro_rules! summary_columns {
    () => {
        "sale, version, created_at_us, updated_at_us, account, purchase_country, \
         purchase_currency, checkout_status, order_status, fraud_status, klarna_order_id, \
         klarna_reference, merchant_reference1, merchant_reference2, order_amount, \
         captured_amount, refunded_amount, remaining_authorized_amount, placed_at_us, \
         expires_at_us, attention, look_at_us"
    };
}
pub(crate) use summary_columns;

pub(crate) fn summary(row: &impl Cells) -> Result<SaleSummary, LedgerError> {
    let read = Read::new("sale", row);
    Ok(SaleSummary {
        sale: read.sale()?,
        version: read.count("version")?,
        created_at: read.time("created_at_us")?,
        updated_at: read.time("updated_at_us")?,
        account: read.text("account")?,
        purchase_country: read.text("purchase_country")?,
        purchase_currency: read.text("purchase_currency")?,
        checkout_status: read.text("checkout_status")?,
        order_status: read.text_or_none("order_status")?,
        fraud_status: read.text_or_none("fraud_status")?,
        klarna_order_id: read.text_or_none("klarna_order_id")?,
        klarna_reference: read.text_or_none("klarna_reference")?,
        merchant_reference1: read.text_or_none("merchant_reference1")?,
        merchant_reference2: read.text_or_none("merchant_reference2")?,
        order_amount: read.integer("order_amount")?,
        captured_amount: read.integer("captured_amount")?,
        refunded_amount: read.integer("refunded_amount")?,
        remaining_authorized_amount: read.integer("remaining_authorized_amount")?,
        placed_at: read.time_or_none("placed_at_us")?,
        expires_at: read.time_or_none("expires_at_us")?,
        attention: read.text_or_none("attention")?,
        look_at: read.time_or_none("look_at_us")?,
    })
}

/// A sale's whole stream, in order and without a hole.
pub(crate) fn stream(
    sale: SaleId,
    events: impl IntoIterator<Item = Result<Recorded, LedgerError>>,
) -> Result<Vec<Recorded>, LedgerError> {
    (1..)
        .zip(events)
        .map(|(seq, event)| {
            let event = event?;
            if event.seq == seq {
                Ok(event)
            } else {
                Err(LedgerError::Inconsistent {
                    what: format!("sale {sale} has event {} where {seq} is due", event.seq),
                })
            }
        })
        .collect()
}

pub(crate) fn recorded(row: &impl Cells) -> Result<Recorded, LedgerError> {
    let read = Read::new("event", row);
    Ok(Recorded {
        id: read.id("id")?,
        seq: read.count("seq")?,
        at: read.time("at_us")?,
        cause: read.json("cause")?,
        event: read.json("event")?,
    })
}

pub(crate) fn feed_entry(row: &impl Cells) -> Result<FeedEntry, LedgerError> {
    let read = Read::new("event", row);
    Ok(FeedEntry {
        position: read.count("position")?,
        sale: read.sale()?,
        name: read.text("name")?,
        recorded: recorded(row)?,
    })
}

pub(crate) fn idempotency(
    requester: Requester,
    key: &str,
    row: &impl Cells,
) -> Result<IdempotencyRecord, LedgerError> {
    let read = Read::new("idempotency", row);
    Ok(IdempotencyRecord {
        requester,
        key: key.to_owned(),
        request_hash: read.digest("request_hash")?,
        intent: read.id_or_none("intent")?,
        at: read.time("at_us")?,
    })
}

pub(crate) fn work(row: &impl Cells) -> Result<Work, LedgerError> {
    let read = Read::new("work", row);
    Ok(Work {
        sale: read.sale()?,
        work_id: read.id("work_id")?,
        kind: read.text("kind")?,
        attempts: read.count("attempts")?,
        fence: read.count("fence")?,
    })
}

pub(crate) fn api_key(row: &impl Cells) -> Result<ApiKey, LedgerError> {
    let read = Read::new("api_key", row);
    Ok(ApiKey {
        id: read.id("id")?,
        name: read.text("name")?,
        hash: read.digest("hash")?,
        created_at: read.time("created_at_us")?,
        revoked_at: read.time_or_none("revoked_at_us")?,
    })
}

pub(crate) fn frozen(row: &impl Cells) -> Result<Option<Frozen>, LedgerError> {
    let read = Read::new("ledger_state", row);
    let since = read.time_or_none("frozen_since_us")?;
    let because = read.text_or_none("frozen_because")?;
    // Half of it would be a mark all the same.
    Ok(match (since, because) {
        (None, None) => None,
        (since, because) => Some(Frozen {
            since: since.unwrap_or(Timestamp::UNIX_EPOCH),
            because: because.unwrap_or_default(),
        }),
    })
}

pub(crate) fn user(row: &impl Cells) -> Result<User, LedgerError> {
    let read = Read::new("dashboard_user", row);
    Ok(User {
        id: read.id("id")?,
        name: read.text("name")?,
        password_hash: PasswordHash::new(read.text("password_hash")?),
        created_at: read.time("created_at_us")?,
        revoked_at: read.time_or_none("revoked_at_us")?,
    })
}

pub(crate) fn message(row: &impl Cells) -> Result<Message, LedgerError> {
    let read = Read::new("inbox", row);
    let door = read.text("door")?;
    let content = String::from_utf8(read.bytes("content")?)
        .map_err(|_| read.wrong("content", "it is no UTF-8"))?;
    Ok(Message {
        door: InboxDoor::parse(&door)
            .ok_or_else(|| read.wrong("door", format_args!("{door} is no door")))?,
        content: SecretString::from(content),
        times: read.count("times")?,
        first_at: read.time("first_at_us")?,
        last_at: read.time("last_at_us")?,
    })
}
