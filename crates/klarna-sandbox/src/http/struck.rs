//! What becomes of a request that a fault strikes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Call, auth,
    serve::{category, unharmed},
};
use crate::{
    answer::{Answer, Style},
    rate_limit,
    rules::refusal::Refusal,
    sandbox::Shared,
    source,
    state::faults::{
        Strike,
        effect::{Effect, KlarnaError, Truncated, When},
    },
};

/// What the client gets.
pub(crate) enum Outcome {
    Answer(Answer),
    /// The head, and so many bytes of the body; then the connection is reset.
    Truncated(Answer, usize),
    /// The connection is reset.
    Dropped,
}

/// Lets the fault happen, and the request take effect where it still does.
pub(crate) async fn outcome(
    shared: &Arc<Shared>,
    call: &Call,
    strike: Strike<Effect>,
    started: Instant,
) -> Outcome {
    let Strike { effect, mut chance, .. } = strike;
    let takes_effect = async |when| {
        if when == When::After {
            unharmed(shared, call, started).await;
        }
    };
    let answer = match effect {
        Effect::Status(status) => {
            takes_effect(status.when).await;
            let body = status.body.unwrap_or_default();
            Answer::document(status.status, "application/json", body)
        }
        Effect::Error(error) => {
            takes_effect(error.when).await;
            klarna_error(shared, call, error, started)
        }
        Effect::Unauthorized => auth::unauthorized(),
        Effect::TooManyRequests => {
            rate_limit::unlimited(category(&call.method, &call.segments())).too_many_requests()
        }
        Effect::Html502(turn) => {
            takes_effect(turn.when).await;
            let page = "<html><head><title>502 Bad Gateway</title></head><body><center>\
                <h1>502 Bad Gateway</h1></center></body></html>";
            Answer::document(502, "text/html", page)
        }
        Effect::ResetBefore => return Outcome::Dropped,
        Effect::ResetAfter => {
            takes_effect(When::After).await;
            return Outcome::Dropped;
        }
        Effect::Delay(delay) => {
            let jitter = chance.up_to(delay.jitter_milliseconds);
            let wait = Duration::from_millis(delay.milliseconds.saturating_add(jitter));
            if delay.when == When::Before {
                tokio::time::sleep(wait).await;
                unharmed(shared, call, started).await
            } else {
                let answer = unharmed(shared, call, started).await;
                tokio::time::sleep(wait).await;
                answer
            }
        }
        Effect::Hang(hang) => {
            takes_effect(hang.when).await;
            tokio::time::sleep(Duration::from_millis(hang.milliseconds)).await;
            return Outcome::Dropped;
        }
        Effect::Truncated(Truncated { bytes }) => {
            let answer = unharmed(shared, call, started).await;
            let Some(last) = answer.body.len().checked_sub(1) else { return Outcome::Dropped };
            let sent = bytes.unwrap_or(answer.body.len() / 2).min(last);
            return Outcome::Truncated(answer, sent);
        }
        Effect::Malformed => {
            let mut answer = unharmed(shared, call, started).await;
            answer.body.truncate(answer.body.len() / 2);
            answer
        }
    };
    Outcome::Answer(answer)
}

/// Klarna's error, as the back end that was called writes it.
fn klarna_error(shared: &Shared, call: &Call, error: KlarnaError, started: Instant) -> Answer {
    let segments = call.segments();
    let (style, order_id) = match segments.as_slice() {
        ["ordermanagement", _, _, order_id, ..] => (Style::Orders, *order_id),
        ["ordermanagement", ..] => (Style::Orders, ""),
        ["hpp", ..] => (Style::HostedPaymentPage, ""),
        _ => (Style::Payments, ""),
    };
    let messages = error.error_messages.unwrap_or_default();
    let refusal = Refusal {
        status: error.status,
        code: error.error_code.into(),
        declined_method: None,
        messages: messages.iter().map(|text| text.replace("{order_id}", order_id)).collect(),
    };
    let correlation_id = source::uuid(&*shared.ids);
    let answer = style.refusal(&refusal, &correlation_id);
    let answer = style.finish(answer, &correlation_id, started.elapsed().as_millis());
    rate_limit::unlimited(category(&call.method, &segments)).told_in(answer)
}
