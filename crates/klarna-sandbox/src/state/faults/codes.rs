//! Klarna's error codes with the status and the text that are known of each.

/// Code, status, text. Where a code has several texts, the one of Payments or the most general.
/// From Klarna's documentation; recorded: `BAD_VALUE`, `CAPTURE_NOT_ALLOWED`, `HTTP_ERROR`,
/// `NOT_FOUND`, `PAYMENT_METHOD_FAILED`, `TOKEN_NOT_FOUND`. The statuses of `INVALID_ORDER_ID` and
/// `PERMISSION_DENIED`, and the texts of those that are told without one, are guesses.
const KNOWN: [(&str, u16, &str); 27] = [
    ("BAD_REQUEST", 400, "Bad request"),
    ("BAD_VALUE", 400, "Bad value: order_amount"),
    ("CANCEL_NOT_ALLOWED", 403, "Order has previous captures. Cancel not possible."),
    ("CAPTURE_NOT_ALLOWED", 403, "Capture not allowed"),
    ("CONFLICT", 409, "Conflict"),
    ("HTTP_ERROR", 405, ""),
    ("INTERNAL_SERVER_ERROR", 500, "Internal error"),
    ("INVALID_ADDRESS", 422, "Invalid address"),
    ("INVALID_OPERATION", 403, "Authorization token already consumed"),
    ("INVALID_ORDER_ID", 400, "Order ID must be a valid UUID."),
    ("MERCHANT_INACTIVE", 403, ""),
    ("NOT_ALLOWED", 403, "Update not allowed."),
    ("NOT_FOUND", 404, "Invalid authorization token"),
    ("NO_SUCH_CAPTURE", 404, "Capture could not be found."),
    ("NO_SUCH_ORDER", 404, "Order {order_id} cannot be found."),
    ("PAYMENT_METHOD_FAILED", 403, "Purchase for payment method failed"),
    ("PERMISSION_DENIED", 403, ""),
    ("REFUND_NOT_ALLOWED", 403, "Over refund is not allowed. Refund not possible."),
    ("REJECTED", 403, "Rejected"),
    ("REQUEST_TOO_LARGE", 413, "Request is too large"),
    ("SESSION_COMPLETED", 404, "Session has already been completed"),
    ("TEMPORARILY_UNAVAILABLE", 503, "Temporarily unavailable"),
    ("TOKEN_NOT_FOUND", 404, "Customer token not found"),
    ("TOO_MANY_REQUESTS", 429, "Too many requests"),
    ("UNAUTHORIZED", 401, ""),
    ("UNEXPECTED_ERROR", 500, "Unexpected error"),
    ("UNPROCESSABLE_ENTITY", 422, "'captured_amount' must not be null"),
];

/// The status and the text of a code, if it is Klarna's.
pub(crate) fn known(code: &str) -> Option<(u16, &'static str)> {
    KNOWN.iter().find(|(it, ..)| *it == code).map(|&(_, status, text)| (status, text))
}

/// All codes, for those who name another.
pub(crate) fn names() -> String {
    KNOWN.map(|(name, ..)| name).join(", ")
}
