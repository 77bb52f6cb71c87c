//! Klarna's error codes.

use crate::tolerant::{is_name, open_enum};

open_enum! {
    /// `error_code` of Klarna's error object: the only member to branch on (Klarna
    /// documentation: errors).
    pub enum ErrorCode {
        /// A member is wrong, or does not match what was authorized (Payments).
        BadValue = "BAD_VALUE",
        /// The request is malformed, or not valid in this country; or a member is wrong (Customer
        /// Token).
        BadRequest = "BAD_REQUEST",
        /// No such session, authorization, customer token or refund; or it expired.
        NotFound = "NOT_FOUND",
        /// The session already led to an order.
        SessionCompleted = "SESSION_COMPLETED",
        /// The authorization was used already, or the account may not do this.
        InvalidOperation = "INVALID_OPERATION",
        /// The purchase was declined.
        Rejected = "REJECTED",
        /// The account is not active.
        MerchantInactive = "MERCHANT_INACTIVE",
        /// The credentials may not do this.
        PermissionDenied = "PERMISSION_DENIED",
        /// The credentials are wrong.
        Unauthorized = "UNAUTHORIZED",
        /// No such order for these credentials.
        NoSuchOrder = "NO_SUCH_ORDER",
        /// No such capture of this order.
        NoSuchCapture = "NO_SUCH_CAPTURE",
        /// An order id must look like a UUID.
        InvalidOrderId = "INVALID_ORDER_ID",
        /// The order's state does not allow this.
        NotAllowed = "NOT_ALLOWED",
        /// The order's state or the amount left does not allow this capture.
        CaptureNotAllowed = "CAPTURE_NOT_ALLOWED",
        /// The order's state or the captured amount does not allow this refund.
        RefundNotAllowed = "REFUND_NOT_ALLOWED",
        /// The order has captures, or is closed.
        CancelNotAllowed = "CANCEL_NOT_ALLOWED",
        /// Another request is changing the order.
        Conflict = "CONFLICT",
        /// The body is larger than 1 MB.
        RequestTooLarge = "REQUEST_TOO_LARGE",
        /// A member is wrong (Order Management).
        UnprocessableEntity = "UNPROCESSABLE_ENTITY",
        /// An address is wrong (Order Management).
        InvalidAddress = "INVALID_ADDRESS",
        /// The rate limit is used up.
        TooManyRequests = "TOO_MANY_REQUESTS",
        /// A fault at Klarna.
        InternalServerError = "INTERNAL_SERVER_ERROR",
        /// A fault at Klarna (Order Management).
        UnexpectedError = "UNEXPECTED_ERROR",
        /// Klarna is down (Order Management).
        TemporarilyUnavailable = "TEMPORARILY_UNAVAILABLE",
        /// No such customer token.
        TokenNotFound = "TOKEN_NOT_FOUND",
        /// Klarna suspended the customer token.
        TokenSuspended = "TOKEN_SUSPENDED",
        /// The customer token was cancelled, or is another account's; Klarna documents both.
        TokenCanceled = "TOKEN_CANCELED",
        /// The same, as an older page of Klarna's documentation spells it.
        TokenCancelled = "TOKEN_CANCELLED",
        /// The account may not use this customer token.
        TokenForbidden = "TOKEN_FORBIDDEN",
        /// The customer token's payment method cannot be charged, such as a card that failed.
        UnavailablePaymentMethod = "UNAVAILABLE_PAYMENT_METHOD",
        /// The customer token's payment method takes another currency.
        PaymentMethodCurrencyMismatch = "PAYMENT_METHOD_CURRENCY_MISMATCH",
        /// The charge of the customer token's payment method was declined.
        PaymentMethodFailed = "PAYMENT_METHOD_FAILED",
        /// A passing fault at Klarna (Customer Token).
        ServiceUnavailable = "SERVICE_UNAVAILABLE",
        /// The path does not take this method.
        HttpError = "HTTP_ERROR",
    }
}

impl ErrorCode {
    /// The code where it looks like one; a text that does not could be anything and must not
    /// reach a message.
    pub(crate) fn printable(&self) -> &str {
        if is_name(self.as_str()) { self.as_str() } else { "(a code of unknown form)" }
    }
}
