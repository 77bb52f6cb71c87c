//! What can go wrong with a call, and what it means for the act that was wanted.

use std::fmt;
use std::time::Duration;

use crate::operation::Repeat;
use crate::{Api, CorrelationId, ErrorCode, FieldError, Operation, RateLimit, Refusal};

/// What is known about the effect of a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It surely had no effect and Klarna did not judge it: it may be sent again as it is.
    NotSent,
    /// Klarna refused it. It had no effect; sending the same again is pointless, and a changed
    /// attempt takes a new idempotency key.
    Refused,
    /// It may have had its effect. Only the same request with the same key, or reading the
    /// order, settles it.
    Unknown,
}

/// The part of a call that took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reaching Klarna; nothing was sent.
    Connect,
    /// Waiting for the answer; the request was sent.
    Answer,
}

/// Every way in which a call fails. Messages say what to do next, and hold no credentials, tokens
/// or personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Refused before sending: amounts, order lines or market.
    #[error(transparent)]
    Money(#[from] kvitt_money::Error),
    /// Refused before sending: a member breaks one of Klarna's limits.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The client cannot be built like this.
    #[error("{setting} cannot be used: {problem}")]
    Configuration {
        /// The setting that is wrong.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Klarna answered with a 4xx.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// Klarna answered 401, usually as an HTML page.
    #[error(
        "{operation}: Klarna does not accept the credentials (401): check username and password \
         or API key, and that they belong to this region and environment"
    )]
    Unauthorized {
        /// What was attempted.
        operation: Operation,
        /// Klarna's id of the exchange; the edge that answers 401 sends none (recorded exchange).
        correlation_id: Option<CorrelationId>,
    },
    /// Klarna answered 429; nothing was done.
    #[error("{operation}: Klarna's rate limit is used up (429): {}", wait(rate_limit.as_ref()))]
    TooManyRequests {
        /// What was attempted.
        operation: Operation,
        /// When to try again, where Klarna says so.
        rate_limit: Option<RateLimit>,
        /// Klarna's id of the exchange; the recorded 429 has none.
        correlation_id: Option<CorrelationId>,
    },
    /// The transport kept the call back; Klarna was not asked.
    #[error(
        "{operation}: there are as many calls to Klarna as it allows; nothing was sent; try again \
         in {} s",
        retry_after.as_secs().max(1)
    )]
    HeldBack {
        /// What was attempted.
        operation: Operation,
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// Klarna, or something before it, answered with a 5xx or another status that settles nothing.
    #[error(
        "{operation}: Klarna answered {status}{}{}: the outcome is unknown; {}",
        code(error_code.as_ref()),
        correlation(correlation_id.as_ref()),
        settling(*operation)
    )]
    Unavailable {
        /// What was attempted.
        operation: Operation,
        /// HTTP status.
        status: u16,
        /// Klarna's code, where there was one.
        error_code: Option<ErrorCode>,
        /// Klarna's id of the exchange.
        correlation_id: Option<CorrelationId>,
    },
    /// Klarna answered with a success that could not be read.
    #[error(
        "{operation}: the answer ({status}{}) could not be read at {path}: {problem}; it was \
         probably done, so read what became of it before doing it again",
        correlation(correlation_id.as_ref())
    )]
    Unreadable {
        /// What was attempted.
        operation: Operation,
        /// HTTP status.
        status: u16,
        /// Path of the member that surprised, such as `captures[0].captured_amount`, or a header.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
        /// Klarna's id of the exchange.
        correlation_id: Option<CorrelationId>,
    },
    /// Klarna could not be reached; nothing was sent.
    #[error(
        "{operation}: Klarna could not be reached: {reason}; check the base URL and the network"
    )]
    Connect {
        /// What was attempted.
        operation: Operation,
        /// Why: name resolution, the connection, or TLS.
        reason: String,
    },
    /// Klarna took too long.
    #[error("{operation}: {}", timed_out(*operation, *phase))]
    TimedOut {
        /// What was attempted.
        operation: Operation,
        /// The part that took too long.
        phase: Phase,
    },
    /// The connection broke after the request may have been sent.
    #[error(
        "{operation}: the connection broke before the answer was complete: the outcome is \
         unknown; {}",
        settling(*operation)
    )]
    ConnectionLost {
        /// What was attempted.
        operation: Operation,
        /// HTTP status, where the answer had begun.
        status: Option<u16>,
    },
    /// A callback's body could not be read. Nothing was called.
    #[error(
        "the callback's body could not be read at {path}: {problem}; answer 400, and read the \
         session if the callback's URL was the right one"
    )]
    UnreadableCallback {
        /// Path of the member that surprised, such as `session.status`.
        path: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Error {
    /// What is known about the effect of the call.
    ///
    /// A 409 `CONFLICT` of a write with an idempotency key counts as unknown: Klarna does not say
    /// whether it can come from an earlier attempt with the same key that is still running (a
    /// guess to the safe side). For placing an order see also [`Refusal::order_may_exist`].
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Money(_)
            | Self::Field(_)
            | Self::Configuration { .. }
            | Self::Unauthorized { .. }
            | Self::TooManyRequests { .. }
            | Self::HeldBack { .. }
            | Self::Connect { .. }
            | Self::UnreadableCallback { .. }
            | Self::TimedOut { phase: Phase::Connect, .. } => Outcome::NotSent,
            Self::Refused(refusal) => refusal.outcome(),
            Self::Unavailable { .. }
            | Self::Unreadable { .. }
            | Self::ConnectionLost { .. }
            | Self::TimedOut { phase: Phase::Answer, .. } => Outcome::Unknown,
        }
    }

    /// Klarna's refusal, where it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Unauthorized { .. } => Some(401),
            Self::TooManyRequests { .. } => Some(429),
            Self::Unavailable { status, .. } | Self::Unreadable { status, .. } => Some(*status),
            Self::ConnectionLost { status, .. } => *status,
            _ => None,
        }
    }

    /// Klarna's error code, where it gave one.
    pub fn error_code(&self) -> Option<&ErrorCode> {
        match self {
            Self::Refused(refusal) => refusal.error_code.as_ref(),
            Self::Unavailable { error_code, .. } => error_code.as_ref(),
            _ => None,
        }
    }

    /// Klarna's id of the exchange, where it gave one.
    pub fn correlation_id(&self) -> Option<&CorrelationId> {
        match self {
            Self::Refused(refusal) => refusal.correlation_id.as_ref(),
            Self::Unauthorized { correlation_id, .. }
            | Self::TooManyRequests { correlation_id, .. }
            | Self::Unavailable { correlation_id, .. }
            | Self::Unreadable { correlation_id, .. } => correlation_id.as_ref(),
            _ => None,
        }
    }
}

impl From<kvitt_money::AmountError> for Error {
    fn from(error: kvitt_money::AmountError) -> Self {
        Self::Money(error.into())
    }
}

impl From<kvitt_money::MarketError> for Error {
    fn from(error: kvitt_money::MarketError) -> Self {
        Self::Money(error.into())
    }
}

fn wait(rate_limit: Option<&RateLimit>) -> impl fmt::Display {
    match rate_limit.and_then(|limit| limit.reset_seconds) {
        Some(seconds) => format!("nothing was done; try again in {seconds} s"),
        None => "nothing was done; try again in a second, then ever slower".to_owned(),
    }
}

/// How an unknown outcome becomes a known one.
fn settling(operation: Operation) -> &'static str {
    match (operation.repeat(), operation.api()) {
        (Repeat::Freely, _) => "repeat it",
        (Repeat::WithKey, Api::OrderManagement) => {
            "repeat it with the same idempotency key, or read the order"
        }
        (Repeat::WithKey, _) => "repeat it with the same idempotency key",
        (Repeat::WhileWithoutEffect, _) => "read what became of it before doing it again",
    }
}

fn timed_out(operation: Operation, phase: Phase) -> impl fmt::Display {
    match phase {
        Phase::Connect => {
            "Klarna could not be reached in time; nothing was sent, so try again later".to_owned()
        }
        Phase::Answer => format!(
            "Klarna did not answer in time: the outcome is unknown; {}",
            settling(operation)
        ),
    }
}

fn code(error_code: Option<&ErrorCode>) -> impl fmt::Display {
    error_code.map(|code| format!(" {}", code.printable())).unwrap_or_default()
}

pub(crate) fn correlation(correlation_id: Option<&CorrelationId>) -> impl fmt::Display {
    correlation_id.map(|id| format!(", correlation id {id}")).unwrap_or_default()
}
