//! Klarna's error object, and the answers that should have one.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use crate::error::correlation;
use crate::read::{AuthorizedPaymentMethod, FraudStatus, object_or_text};
use crate::{Api, CorrelationId, Error, ErrorCode, Operation, Outcome, RateLimit, RawAnswer};

/// A definite 4xx of Klarna. `Display` and `Debug` leave out Klarna's explanations, which could
/// repeat a value of the request: they are in [`Refusal::error_messages`].
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was attempted.
    pub operation: Operation,
    /// HTTP status.
    pub status: u16,
    /// Klarna's code; `None` where the answer was no Klarna error object.
    pub error_code: Option<ErrorCode>,
    /// Klarna's explanations, in English, for developers: not to be parsed, not to be shown to a
    /// shopper. They may repeat a value of the request.
    pub error_messages: Vec<String>,
    /// Klarna's id of the exchange.
    pub correlation_id: Option<CorrelationId>,
    /// What Klarna thinks of the risk, where it says so with the refusal.
    pub fraud_status: Option<FraudStatus>,
    /// Why the payment method was refused, where Klarna says so.
    pub reason: Option<String>,
    /// The payment method that was refused, where Klarna says so.
    pub authorized_payment_method: Option<AuthorizedPaymentMethod>,
    /// The calls that are left, where Klarna says so.
    pub rate_limit: Option<RateLimit>,
}

impl Refusal {
    /// What is known about the effect of the call.
    pub fn outcome(&self) -> Outcome {
        match (self.status, &self.error_code) {
            // The edge refuses a body that is too large before anybody reads it.
            (413, _) => Outcome::NotSent,
            // See `Error::outcome`.
            (409, Some(ErrorCode::Conflict) | None)
                if matches!(self.operation.api(), Api::OrderManagement | Api::CustomerToken) =>
            {
                Outcome::Unknown
            }
            _ => Outcome::Refused,
        }
    }

    /// Placing this order was refused because, by all that the answer says, the session or the
    /// token has led to an order already: `SESSION_COMPLETED`, a consumed token, or a 409 that
    /// says so. Find that order before starting another purchase.
    pub fn order_may_exist(&self) -> bool {
        match self.error_code {
            Some(ErrorCode::SessionCompleted) => true,
            Some(ErrorCode::InvalidOperation | ErrorCode::BadValue)
                if self.operation == Operation::PlaceOrder =>
            {
                // Klarna gives these two codes for other reasons too, so here the text decides,
                // to the safe side only.
                self.error_messages.iter().any(|message| message.contains("already"))
            }
            _ => false,
        }
    }

    /// What to do next.
    pub fn advice(&self) -> &'static str {
        use ErrorCode as Code;
        let api = self.operation.api();
        match (&self.error_code, self.status) {
            (_, 400) if self.operation == Operation::DisableHppSession => {
                "the page was probably paid already: read the session"
            }
            // Both statuses are for the page as well as for the contact (Klarna's API description).
            (_, 400 | 404) if self.operation == Operation::DistributeHppSession => {
                "correct the contact data, or read the session: the page may be over"
            }
            // Klarna documents no codes of this API, so that a refusal may well have none.
            (None, 404) if api == Api::HostedPaymentPage => GONE,
            (None, 400 | 403) if api == Api::HostedPaymentPage => {
                "check the members, and that the account may use the Hosted Payment Page"
            }
            (None, 404 | 405) => "there is no such address: check the base URL",
            (None, _) => "the answer is not Klarna's: check the base URL and what lies between",
            (Some(Code::BadValue), 409) => {
                "the order differs from what was authorized: send exactly the same lines, \
                 amounts and addresses, with a new authorization"
            }
            (
                Some(
                    Code::BadValue
                    | Code::BadRequest
                    | Code::UnprocessableEntity
                    | Code::InvalidAddress,
                ),
                _,
            ) => "correct the members that error_messages names and send it again with a new key",
            (Some(Code::NotFound), _) if matches!(api, Api::Payments | Api::HostedPaymentPage) => {
                GONE
            }
            (Some(Code::TokenNotFound), _) => TOKEN_UNKNOWN,
            (Some(Code::NotFound), _) if api == Api::CustomerToken => TOKEN_UNKNOWN,
            (
                Some(
                    Code::TokenSuspended
                    | Code::TokenCanceled
                    | Code::TokenCancelled
                    | Code::UnavailablePaymentMethod
                    | Code::PaymentMethodCurrencyMismatch,
                ),
                _,
            ) => "this token cannot be charged: let the customer agree to a new one",
            (Some(Code::PaymentMethodFailed), _) => {
                "the charge was declined: try again later with a new key, or let the customer \
                 choose another way to pay"
            }
            (
                Some(
                    Code::NotFound | Code::NoSuchOrder | Code::NoSuchCapture | Code::InvalidOrderId,
                ),
                _,
            ) => "check the id, and that the credentials are those of the order's own account",
            (Some(Code::SessionCompleted), _) => "an order exists: find it instead of placing one",
            (Some(Code::Rejected), _) => "the purchase was declined: offer another way to pay",
            (Some(Code::Conflict), _) => "read the order, then decide again",
            (Some(Code::RequestTooLarge), _) => "shorten URLs and merchant_data",
            (
                Some(
                    Code::NotAllowed
                    | Code::CaptureNotAllowed
                    | Code::RefundNotAllowed
                    | Code::CancelNotAllowed,
                ),
                _,
            ) => "the order's state or amounts do not allow it: read the order, then decide again",
            (
                Some(
                    Code::MerchantInactive
                    | Code::PermissionDenied
                    | Code::InvalidOperation
                    | Code::TokenForbidden,
                ),
                _,
            ) => "the authorization was used, or the account may not do this: ask Klarna",
            _ => "see error_messages",
        }
    }
}

const GONE: &str = "the session or the authorization does not exist any more: start a new one";
const TOKEN_UNKNOWN: &str =
    "check the token, and that the credentials are those of the account that it was made with";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.error_code.as_ref().map_or("no error code", ErrorCode::printable);
        write!(
            f,
            "{}: Klarna refused it with {} ({}{}): {}",
            self.operation,
            code,
            self.status,
            correlation(self.correlation_id.as_ref()),
            self.advice()
        )
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("error_code", &self.error_code.as_ref().map(ErrorCode::printable))
            .field("error_messages", &format_args!("{} messages", self.error_messages.len()))
            .field("correlation_id", &self.correlation_id)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for Refusal {}

/// Klarna's error object, in all the shapes that were seen.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Envelope {
    error_code: Option<String>,
    error_messages: Value,
    error_message: Value,
    correlation_id: Option<String>,
    fraud_status: Option<FraudStatus>,
    reason: Option<String>,
    authorized_payment_method: Value,
}

impl Envelope {
    fn messages(&self) -> Vec<String> {
        let texts = |value: &Value| match value {
            Value::String(text) => vec![text.clone()],
            Value::Array(texts) => {
                texts.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        [texts(&self.error_messages), texts(&self.error_message)].concat()
    }
}

/// Reads an answer that is no success.
pub(crate) fn read(operation: Operation, answer: &RawAnswer) -> Error {
    // 401, 429 and whatever stands before Klarna answer in HTML or not at all, so that a body
    // that is no error object is nothing unusual.
    let envelope: Envelope = serde_json::from_slice(&answer.body).unwrap_or_default();
    let in_body = || envelope.correlation_id.as_deref().and_then(CorrelationId::parse);
    let correlation_id = answer.correlation_id().or_else(in_body);
    let rate_limit = RateLimit::from_headers(&answer.headers);
    let error_code = envelope.error_code.as_deref().map(ErrorCode::from);
    match answer.status {
        401 => Error::Unauthorized { operation, correlation_id },
        429 => Error::TooManyRequests { operation, rate_limit, correlation_id },
        // A proxy that answers 408 may have sent the request on.
        status @ (402..=407 | 409..=499 | 400) => Error::Refused(Box::new(Refusal {
            operation,
            status,
            error_code,
            error_messages: envelope.messages(),
            correlation_id,
            fraud_status: envelope.fraud_status,
            reason: envelope.reason,
            // A shape that is not known must not cost the rest of the error object.
            authorized_payment_method: object_or_text(envelope.authorized_payment_method)
                .unwrap_or_default(),
            rate_limit,
        })),
        status => Error::Unavailable { operation, status, error_code, correlation_id },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Headers;

    fn answer(status: u16, body: &str) -> RawAnswer {
        RawAnswer { status, headers: Headers::default(), body: body.as_bytes().to_vec() }
    }

    fn refused(operation: Operation, status: u16, body: &str) -> Refusal {
        match read(operation, &answer(status, body)) {
            Error::Refused(refusal) => *refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_refusal_keeps_code_messages_and_correlation_id() {
        let body = r#"{ "error_code" : "BAD_VALUE", "error_messages" : [ "Bad value: a", "b" ],
            "correlation_id" : "corr-1", "service_version" : "1", "fraud_status" : "REJECTED",
            "reason" : "rejected" }"#;
        let refusal = refused(Operation::CreateSession, 400, body);
        assert_eq!(refusal.error_code, Some(ErrorCode::BadValue));
        assert_eq!(refusal.error_messages, ["Bad value: a", "b"]);
        assert_eq!(refusal.correlation_id, CorrelationId::parse("corr-1"));
        assert_eq!(refusal.fraud_status, Some(FraudStatus::Rejected));
        assert_eq!(refusal.reason.as_deref(), Some("rejected"));
        assert_eq!(refusal.outcome(), Outcome::Refused);
    }

    #[test]
    fn the_header_speaks_before_the_body_and_one_message_may_be_a_text() {
        let mut raw =
            answer(403, r#"{"error_code":"NEW_ONE","error_message":"m","correlation_id":"b"}"#);
        raw.headers = Headers::from_iter([("KLARNA-CORRELATION-ID", "h")]);
        let Error::Refused(refusal) = read(Operation::Capture, &raw) else { panic!() };
        assert_eq!(refusal.correlation_id, CorrelationId::parse("h"));
        assert_eq!(refusal.error_messages, ["m"]);
        assert_eq!(refusal.error_code, Some(ErrorCode::Other("NEW_ONE".to_owned())));
    }

    #[test]
    fn statuses_mean_what_klarna_means() {
        use Outcome::{NotSent, Refused, Unknown};
        let conflict = r#"{"error_code":"CONFLICT"}"#;
        for (operation, status, body, outcome) in [
            (Operation::Capture, 401, "<html>401</html>", NotSent),
            (Operation::Capture, 429, "", NotSent),
            (Operation::Capture, 413, "", NotSent),
            (Operation::Capture, 403, r#"{"error_code":"CAPTURE_NOT_ALLOWED"}"#, Refused),
            (Operation::Capture, 404, "<html>", Refused),
            (Operation::Capture, 409, conflict, Unknown),
            (Operation::PlaceOrder, 409, r#"{"error_code":"BAD_VALUE"}"#, Refused),
            (Operation::Capture, 408, "", Unknown),
            (Operation::Capture, 500, r#"{"error_code":"INTERNAL_SERVER_ERROR"}"#, Unknown),
            (Operation::Capture, 502, "<html>502</html>", Unknown),
            (Operation::Capture, 302, "", Unknown),
        ] {
            let error = read(operation, &answer(status, body));
            assert_eq!(error.outcome(), outcome, "{operation} {status}");
            assert_eq!(error.status(), Some(status));
        }
    }

    #[test]
    fn an_order_that_exists_is_recognised() {
        let of = |operation, status, body| refused(operation, status, body).order_may_exist();
        let completed = r#"{"error_code":"SESSION_COMPLETED","error_messages":["x"]}"#;
        let consumed = r#"{"error_code":"INVALID_OPERATION",
            "error_messages":["Authorization token already consumed"]}"#;
        let other_body = r#"{"error_code":"BAD_VALUE","error_messages":
            ["The order has been already completed with different request body"]}"#;
        let mismatch =
            r#"{"error_code":"BAD_VALUE","error_messages":["Not matching fields: [x]"]}"#;
        assert!(of(Operation::UpdateSession, 404, completed));
        assert!(of(Operation::PlaceOrder, 403, consumed));
        assert!(of(Operation::PlaceOrder, 409, other_body));
        assert!(!of(Operation::PlaceOrder, 409, mismatch));
        assert!(!of(Operation::PlaceOrder, 404, r#"{"error_code":"NOT_FOUND"}"#));
    }

    #[test]
    fn explanations_and_odd_codes_are_not_printed() {
        let body = r#"{"error_code":"hidden@example.com","error_messages":["hidden"],
            "reason":"hidden","correlation_id":"hidden hidden"}"#;
        let refusal = refused(Operation::Capture, 422, body);
        let shown =
            format!("{refusal} {refusal:?} {:?}", Error::Refused(Box::new(refusal.clone())));
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(shown.contains("422"), "{shown}");
    }
}
