//! What the engine says, as a problem.

use axum::http::{HeaderValue, header};
use kvitt_core::Refused;
use kvitt_engine::EngineError;
use kvitt_ledger::LedgerError;

use super::codes;
use super::{MemberError, Problem};
use crate::view::KlarnaAnswer;

/// How many seconds to wait for a frozen ledger. Reconciling takes minutes, and a thaw is noticed at
/// once.
const RETRY_AFTER_FROZEN: HeaderValue = HeaderValue::from_static("60");

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::NotFound { .. } | EngineError::WrongSecret => {
                Self::new(codes::NOT_FOUND, text)
            }
            EngineError::Refused(refusal) => Self::new(codes::of_refusal(&refusal), text),
            EngineError::Amount(error) => Self::from(error),
            EngineError::LineIds(_) => Self::new(codes::INVALID_LINE_ID, text),
            EngineError::Unsendable(_) => Self::new(codes::INVALID_FIELD, text),
            EngineError::NoAccount { .. } => Self::new(codes::NO_ACCOUNT, text),
            EngineError::AccountMissing { .. } => Self::new(codes::ACCOUNT_MISSING, text),
            EngineError::BadWebhook(bad) => {
                Self::new(codes::INVALID_WEBHOOK, &text).with_error(MemberError {
                    path: bad.member,
                    value: None,
                    expected: None,
                    message: bad.problem,
                })
            }
            EngineError::IdempotencyKeyReused => Self::new(codes::IDEMPOTENCY_KEY_REUSED, text),
            EngineError::KlarnaRefused { sale, refused } => {
                klarna_refused(&refused).about_checkout(sale.checkout_id())
            }
            EngineError::KlarnaUnavailable { sale, correlation_id, .. } => {
                let problem =
                    Self::new(codes::KLARNA_UNAVAILABLE, text).about_checkout(sale.checkout_id());
                match correlation_id {
                    None => problem,
                    Some(id) => problem.with_klarna(KlarnaAnswer::correlated(id)),
                }
            }
            EngineError::TooManyAuthorizations { .. } => {
                Self::new(codes::TOO_MANY_AUTHORIZATIONS, text)
            }
            EngineError::Busy { sale, retry_after } => Self::new(codes::KLARNA_BUSY, text)
                .about_checkout(sale.checkout_id())
                .with_retry_after(retry_after),
            EngineError::Conflict => Self::new(codes::CONFLICT, text),
            EngineError::Inconsistent(error) => {
                tracing::error!(%error, "a sale's events do not make sense");
                Self::new(
                    codes::LEDGER_INCONSISTENT,
                    "the sale's stored events do not make sense: a person has to look, the log \
                     tells more under this request_id",
                )
            }
            EngineError::Ledger(error) => Self::from(error),
            other => {
                tracing::error!(error = %other, "the engine failed");
                Self::internal()
            }
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::BadCursor => Self::new(codes::INVALID_PARAMETER, error.to_string())
                .with_error(MemberError {
                    path: "cursor".to_owned(),
                    value: None,
                    expected: Some("a next_cursor from the page before".to_owned()),
                    message: error.to_string(),
                }),
            LedgerError::Conflict { .. }
            | LedgerError::IdempotencyKeyTaken
            | LedgerError::LeaseLost => {
                Self::new(codes::CONFLICT, "somebody else changed it at the same time: try again")
            }
            LedgerError::Inconsistent { .. } => {
                tracing::error!(%error, "the ledger is damaged");
                Self::new(
                    codes::LEDGER_INCONSISTENT,
                    "what is stored cannot be read: a person has to look, the log tells more \
                     under this request_id",
                )
            }
            LedgerError::Frozen => Self::new(codes::LEDGER_FROZEN, error.to_string())
                .with_header(header::RETRY_AFTER, RETRY_AFTER_FROZEN),
            LedgerError::Full => {
                tracing::error!(%error, "the ledger is not available");
                Self::new(
                    codes::LEDGER_UNAVAILABLE,
                    "the database's disk is full, and nothing was stored: make room there, then try \
                     again with the same Idempotency-Key",
                )
            }
            LedgerError::ReadOnly | LedgerError::Unavailable { .. } => {
                tracing::error!(%error, "the ledger is not available");
                Self::new(
                    codes::LEDGER_UNAVAILABLE,
                    "the database is not available: try again with the same Idempotency-Key",
                )
            }
            other => {
                tracing::error!(error = %other, "the ledger failed");
                Self::internal()
            }
        }
    }
}

impl From<kvitt_money::Error> for Problem {
    fn from(error: kvitt_money::Error) -> Self {
        let text = error.to_string();
        match error {
            kvitt_money::Error::Amount(error) => Self::new(codes::INVALID_AMOUNT, &text)
                .with_error(MemberError {
                    path: error.path(),
                    value: Some(error.value),
                    expected: Some(error.expected),
                    message: error.rule.explanation().to_owned(),
                }),
            kvitt_money::Error::Market(_) => Self::new(codes::INVALID_MARKET, text),
            _ => Self::new(codes::INVALID_AMOUNT, text),
        }
    }
}

impl From<kvitt_money::MarketError> for Problem {
    fn from(error: kvitt_money::MarketError) -> Self {
        Self::from(kvitt_money::Error::Market(error))
    }
}

impl From<kvitt_core::LineIdError> for Problem {
    fn from(error: kvitt_core::LineIdError) -> Self {
        Self::from(EngineError::LineIds(error))
    }
}

/// Klarna's refusal. Its own status is kept inside: to the shop it is a conflict.
pub(crate) fn klarna_refused(refused: &Refused) -> Problem {
    let status = refused.evidence.status;
    let said = if refused.error_messages.is_empty() {
        refused.error_code.clone()
    } else {
        format!("{}: {}", refused.error_code, refused.error_messages.join("; "))
    };
    let hint = match status {
        Some(401) => " (check the credentials of the sale's account)",
        _ => "",
    };
    Problem::new(codes::KLARNA_REFUSED, format!("Klarna refused: {said}{hint}"))
        .with_klarna(KlarnaAnswer::refused(refused))
}
