//! What was learnt of Klarna, in the words of the business.

use klarna::{CorrelationId, Operation};
use kvitt_core::{Evidence, Refused, SaleId};

use crate::EngineError;

/// An answer as evidence.
pub(crate) fn evidence(
    operation: Operation,
    status: u16,
    correlation_id: Option<&CorrelationId>,
) -> Evidence {
    Evidence {
        operation: operation.as_str().to_owned(),
        status: Some(status),
        correlation_id: correlation_id.map(ToString::to_string),
    }
}

/// A failure as a refusal, whatever is known of it. Where Klarna gave no code, one of ours stands
/// in, and the client's own message.
pub(crate) fn refused(operation: Operation, error: &klarna::Error) -> Refused {
    let error_code = match (error.error_code(), error) {
        (Some(code), _) => code.to_string(),
        (None, klarna::Error::Unauthorized { .. }) => "UNAUTHORIZED".to_owned(),
        (None, _) => {
            error.status().map_or_else(|| "NO_ANSWER".to_owned(), |status| format!("HTTP_{status}"))
        }
    };
    let messages = error.refusal().map(|refusal| refusal.error_messages.clone());
    Refused {
        error_code,
        error_messages: messages
            .filter(|messages| !messages.is_empty())
            .unwrap_or_else(|| vec![error.to_string()]),
        evidence: Evidence {
            operation: operation.as_str().to_owned(),
            status: error.status(),
            correlation_id: error.correlation_id().map(ToString::to_string),
        },
    }
}

/// A failure of a call that moves no money and settles nothing.
pub(crate) fn unavailable(sale: SaleId, error: &klarna::Error) -> EngineError {
    if let klarna::Error::HeldBack { retry_after, .. } = error {
        return EngineError::Busy { sale, retry_after: *retry_after };
    }
    EngineError::KlarnaUnavailable {
        sale,
        problem: error.to_string(),
        correlation_id: error.correlation_id().map(ToString::to_string),
    }
}
