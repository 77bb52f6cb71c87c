//! What lies between the pure core and the network.

use std::time::Duration;

use async_trait::async_trait;

use crate::retry::{Ending, Jitter};
use crate::{Error, Operation, Phase, RateLimit, RawAnswer, Request};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The connection was not made; nothing was sent. The reason names no credentials and no path.
    Connect(String),
    /// The connection was not made in time; nothing was sent.
    ConnectTimedOut,
    /// The transport kept it back, since calls of its kind have had their share for now; nothing
    /// was sent. Such a request is not repeated by the client: it would only wait again.
    HeldBack {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The request may have been sent; no complete answer came in time.
    AnswerTimedOut,
    /// The request may have been sent; the connection broke before the answer was complete.
    Lost {
        /// HTTP status, where the answer had begun.
        status: Option<u16>,
    },
}

impl Failure {
    /// Nothing was sent.
    pub fn is_before_sending(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::ConnectTimedOut | Self::HeldBack { .. })
    }

    /// A word for logs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connect(_) => "not connected",
            Self::ConnectTimedOut => "not connected in time",
            Self::HeldBack { .. } => "held back",
            Self::AnswerTimedOut => "not answered in time",
            Self::Lost { .. } => "connection lost",
        }
    }

    pub(crate) fn into_error(self, operation: Operation) -> Error {
        match self {
            Self::Connect(reason) => Error::Connect { operation, reason },
            Self::ConnectTimedOut => Error::TimedOut { operation, phase: Phase::Connect },
            Self::HeldBack { retry_after } => Error::HeldBack { operation, retry_after },
            Self::AnswerTimedOut => Error::TimedOut { operation, phase: Phase::Answer },
            Self::Lost { status } => Error::ConnectionLost { operation, status },
        }
    }
}

/// One attempt: how it ended, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The answer, whatever its status, or why there is none.
    pub answer: Result<RawAnswer, Failure>,
    /// From the start of the attempt to its end.
    pub duration: Duration,
}

impl Exchange {
    pub(crate) fn ending(&self) -> Ending<'_> {
        match &self.answer {
            Ok(answer) => Ending::Answered {
                status: answer.status,
                rate_limit: RateLimit::from_headers(&answer.headers),
            },
            Err(failure) => Ending::Failed(failure),
        }
    }
}

/// Sends one request, once. [`http::Http`](crate::http::Http) is the real one; a test brings its
/// own.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends the request and waits for its answer. Must not repeat what may have had an effect.
    async fn exchange(&self, request: &Request) -> Exchange;
}

/// Time and chance, as far as repeating needs them.
#[async_trait]
pub trait Pacing: Send + Sync {
    /// Waits.
    async fn pause(&self, wait: Duration);

    /// A new share of chance for each wait.
    fn jitter(&self) -> Jitter;
}
