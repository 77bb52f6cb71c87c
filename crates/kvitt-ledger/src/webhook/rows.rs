//! What whole rows mean. The stores' statements give the columns these names.

use kvitt_core::Requester;
use secrecy::SecretString;

use super::{
    FeedSpan, WebhookDisabled, WebhookEndpoint, WebhookMessage, WebhookRequest, WebhookState,
};
use crate::error::LedgerError;
use crate::row::{Cells, Read};

/// The columns of an endpoint, as SQL.
macro_rules! endpoint_columns {
    () => {
        "id, revision, url, description, events, secret, previous_secret, previous_until_us, \
         created_at_us, enabled_at_us, disabled_at_us, disabled_reason, delivered_at_us, position, \
         again_position, again_until"
    };
}
pub(crate) use endpoint_columns;

pub(crate) fn endpoint(row: &impl Cells) -> Result<WebhookEndpoint, LedgerError> {
    let read = Read::new("webhook_endpoint", row);
    let previous = read.text_or_none("previous_secret")?.map(SecretString::from);
    let disabled_at = read.time_or_none("disabled_at_us")?;
    let reason = read.text_or_none("disabled_reason")?;
    let again_until = read.count_or_none("again_until")?;
    Ok(WebhookEndpoint {
        id: read.id("id")?,
        revision: read.count("revision")?,
        url: read.text("url")?,
        description: read.text("description")?,
        events: read.json("events")?,
        secret: SecretString::from(read.text("secret")?),
        previous_secret: previous.zip(read.time_or_none("previous_until_us")?),
        created_at: read.time("created_at_us")?,
        enabled_at: read.time("enabled_at_us")?,
        disabled: disabled_at.map(|at| WebhookDisabled { at, reason: reason.unwrap_or_default() }),
        delivered_at: read.time_or_none("delivered_at_us")?,
        position: read.count("position")?,
        again: read
            .count_or_none("again_position")?
            .zip(again_until)
            .map(|(after, until)| FeedSpan { after, until }),
    })
}

pub(crate) fn request(
    requester: Requester,
    key: &str,
    row: &impl Cells,
) -> Result<WebhookRequest, LedgerError> {
    let read = Read::new("webhook_request", row);
    Ok(WebhookRequest {
        requester,
        key: key.to_owned(),
        request_hash: read.digest("request_hash")?,
        endpoint: read.id("endpoint")?,
        at: read.time("at_us")?,
    })
}

/// The columns of a message, as SQL.
macro_rules! message_columns {
    () => {
        "sale, endpoint, seq, event, name, position, state, attempts, first_attempt_at_us, \
         last_attempt_at_us, status, problem"
    };
}
pub(crate) use message_columns;

pub(crate) fn message(row: &impl Cells) -> Result<WebhookMessage, LedgerError> {
    let read = Read::new("webhook_message", row);
    let state = read.text("state")?;
    Ok(WebhookMessage {
        sale: read.sale()?,
        endpoint: read.id("endpoint")?,
        seq: read.count("seq")?,
        event: read.id("event")?,
        name: read.text("name")?,
        position: read.count("position")?,
        state: WebhookState::named(&state)
            .ok_or_else(|| read.wrong("state", format_args!("{state:?} is no state")))?,
        attempts: read.count("attempts")?,
        first_attempt_at: read.time_or_none("first_attempt_at_us")?,
        last_attempt_at: read.time_or_none("last_attempt_at_us")?,
        status: read.count_or_none("status")?,
        problem: read.text_or_none("problem")?,
    })
}
