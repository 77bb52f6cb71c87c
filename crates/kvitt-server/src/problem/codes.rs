//! Every code that an error can carry. The documentation page shows this table.

/// One kind of error.
#[expect(clippy::struct_field_names, reason = "`code` is its name in the answer")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code {
    /// The stable name, for programs.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// What it means, in a few words.
    pub title: &'static str,
}

const fn code(code: &'static str, status: u16, title: &'static str) -> Code {
    Code { code, status, title }
}

pub(crate) const INVALID_JSON: Code = code("invalid_json", 400, "The body is not JSON");
pub(crate) const INVALID_MEMBER: Code =
    code("invalid_member", 400, "A member of the body is missing, unknown or of another type");
pub(crate) const INVALID_PARAMETER: Code =
    code("invalid_parameter", 400, "A parameter of the query is unknown or out of range");
pub(crate) const INVALID_ID: Code = code("invalid_id", 400, "The id in the path is not an id");
pub(crate) const INVALID_IDEMPOTENCY_KEY: Code =
    code("invalid_idempotency_key", 400, "The Idempotency-Key is not 1 to 255 visible ASCII");
pub(crate) const ONE_CHANGE_PER_CALL: Code =
    code("one_change_per_call", 400, "None or several kinds of change in one call");
pub(crate) const API_KEY_MISSING: Code = code("api_key_missing", 401, "No API key was sent");
pub(crate) const API_KEY_INVALID: Code = code("api_key_invalid", 401, "The API key is not known");
pub(crate) const API_KEY_REVOKED: Code = code("api_key_revoked", 401, "The API key was revoked");
pub(crate) const NOT_FOUND: Code = code("not_found", 404, "There is no such thing");
pub(crate) const ROUTE_NOT_FOUND: Code = code("route_not_found", 404, "There is no such path");
pub(crate) const METHOD_NOT_ALLOWED: Code =
    code("method_not_allowed", 405, "The path has no such method");
pub(crate) const BODY_TOO_LARGE: Code = code("body_too_large", 413, "The body is over 1 MB");
pub(crate) const UNSUPPORTED_MEDIA_TYPE: Code =
    code("unsupported_media_type", 415, "The body is not sent as application/json");
pub(crate) const INVALID_AMOUNT: Code =
    code("invalid_amount", 422, "An amount, a quantity or a text of a line breaks a rule");
pub(crate) const INVALID_MARKET: Code =
    code("invalid_market", 422, "Country, currency and locale do not fit together");
pub(crate) const INVALID_LINE_ID: Code =
    code("invalid_line_id", 422, "Lines and their ids do not fit");
pub(crate) const INVALID_FIELD: Code =
    code("invalid_field", 422, "A text or an address breaks a limit of Klarna's");
pub(crate) const UNKNOWN_ACCOUNT: Code =
    code("unknown_account", 422, "No Klarna account has this name");
pub(crate) const NO_ACCOUNT: Code = code("no_account", 422, "No Klarna account sells there");
pub(crate) const INVALID_WEBHOOK: Code =
    code("invalid_webhook", 422, "What is said of a webhook endpoint breaks a rule");
pub(crate) const IDEMPOTENCY_KEY_REUSED: Code =
    code("idempotency_key_reused", 422, "The Idempotency-Key was used for another request");
pub(crate) const KLARNA_REFUSED: Code = code("klarna_refused", 409, "Klarna refused");
pub(crate) const TOO_MANY_AUTHORIZATIONS: Code =
    code("too_many_authorizations", 409, "The checkout takes no more authorizations");
pub(crate) const CONFLICT: Code = code("conflict", 409, "Others changed it at the same time");
pub(crate) const INTERNAL: Code = code("internal", 500, "kvitt itself is at fault");
pub(crate) const LEDGER_INCONSISTENT: Code =
    code("ledger_inconsistent", 500, "What is stored does not make sense");
pub(crate) const ACCOUNT_MISSING: Code =
    code("account_missing", 503, "The sale's Klarna account is not configured any more");
pub(crate) const KLARNA_UNAVAILABLE: Code =
    code("klarna_unavailable", 503, "Klarna could not be reached or did not answer");
pub(crate) const KLARNA_BUSY: Code =
    code("klarna_busy", 503, "There are as many calls to Klarna as it allows");
pub(crate) const LEDGER_UNAVAILABLE: Code =
    code("ledger_unavailable", 503, "The database is not available");
pub(crate) const LEDGER_FROZEN: Code =
    code("ledger_frozen", 503, "The ledger is frozen: nothing is done until it is reconciled");
pub(crate) const TIMEOUT: Code = code("timeout", 503, "The answer took too long");
pub(crate) const OVERLOADED: Code =
    code("overloaded", 503, "As many requests are under way as may be");

/// Errors of the door itself.
pub(crate) const OF_THE_DOOR: [Code; 34] = [
    INVALID_JSON,
    INVALID_MEMBER,
    INVALID_PARAMETER,
    INVALID_ID,
    INVALID_IDEMPOTENCY_KEY,
    ONE_CHANGE_PER_CALL,
    API_KEY_MISSING,
    API_KEY_INVALID,
    API_KEY_REVOKED,
    NOT_FOUND,
    ROUTE_NOT_FOUND,
    METHOD_NOT_ALLOWED,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID_AMOUNT,
    INVALID_MARKET,
    INVALID_LINE_ID,
    INVALID_FIELD,
    UNKNOWN_ACCOUNT,
    NO_ACCOUNT,
    INVALID_WEBHOOK,
    IDEMPOTENCY_KEY_REUSED,
    KLARNA_REFUSED,
    TOO_MANY_AUTHORIZATIONS,
    CONFLICT,
    INTERNAL,
    LEDGER_INCONSISTENT,
    ACCOUNT_MISSING,
    KLARNA_UNAVAILABLE,
    KLARNA_BUSY,
    LEDGER_UNAVAILABLE,
    LEDGER_FROZEN,
    TIMEOUT,
    OVERLOADED,
];

/// Refusals by the rules of the business, under the codes that the core gives them.
pub(crate) const OF_THE_BUSINESS: [Code; 30] = [
    code("checkout_abandoned", 409, "The checkout was given up"),
    code("already_placed", 409, "The checkout already has its order"),
    code("order_unknown", 409, "Klarna has an order for the checkout that is not known here"),
    code("not_this_order", 409, "Klarna has no such order of the checkout"),
    code("cart_frozen", 409, "The order is being placed"),
    code("country_changed", 422, "The new cart is for another country"),
    code("not_authorized", 409, "The shopper has not authorized this cart"),
    code("authorization_expired", 409, "The shopper's authorization is over 60 minutes old"),
    code("no_order", 404, "The checkout has no order yet"),
    code("act_in_progress", 409, "Another act on the same order is under way"),
    code("nothing_to_undo", 409, "Nothing can be captured any more, and all is refunded"),
    code("outcome_unknown", 409, "Whether the last act took effect is not known yet"),
    code("wrong_status", 409, "The order's state does not allow the act"),
    code("shipment_stopped", 409, "Klarna asked to stop the shipment"),
    code("over_capture", 409, "More than is left to capture"),
    code("over_refund", 409, "More than is left to refund"),
    code("not_positive", 422, "An amount that must be positive is not"),
    code("amount_mismatch", 422, "The amount is not the sum of the picked lines"),
    code("lines_missing", 422, "An amount without lines, not marked as such"),
    code("unknown_line", 422, "The order has no such line"),
    code("line_quantity", 409, "More pieces of a line than are left, or none"),
    code("line_twice", 422, "A line is picked twice"),
    code("below_captured", 409, "The new total is below what was captured"),
    code("captured_line_changed", 409, "A captured line is gone or changed"),
    code("unknown_capture", 422, "The order has no such capture"),
    code("length", 422, "A text or a list is too long"),
    code("shipping_method", 422, "Klarna does not know the shipping method"),
    code("nothing_to_change", 422, "The change changes nothing"),
    code("not_in_doubt", 409, "There is nothing to settle about the act"),
    code("not_at_klarna", 409, "Klarna has nothing that the act can have become"),
];

/// The row of a refusal by the business.
pub(crate) fn of_refusal(refusal: &kvitt_core::Refusal) -> Code {
    let known = OF_THE_BUSINESS.into_iter().find(|known| known.code == refusal.code());
    // A code that the table does not know yet is still told; a test keeps the table complete.
    known.unwrap_or(Code {
        code: refusal.code(),
        status: if refusal.is_bad_request() { 422 } else { 409 },
        title: "Refused",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The codes as the core's source lists them, so that a new refusal cannot be forgotten here.
    fn codes_of_the_core() -> BTreeSet<&'static str> {
        let source = include_str!("../../../kvitt-core/src/refusal.rs");
        let body = source
            .split_once("pub fn code(")
            .and_then(|(_, rest)| rest.split_once("pub fn is_bad_request("))
            .map(|(body, _)| body)
            .expect("the function that names the codes");
        body.lines().filter_map(|line| line.split_once("=> \"")?.1.split('"').next()).collect()
    }

    #[test]
    fn every_refusal_of_the_core_is_in_the_table_and_nothing_else() {
        let listed: BTreeSet<_> = OF_THE_BUSINESS.iter().map(|row| row.code).collect();
        assert_eq!(listed, codes_of_the_core());
        assert_eq!(listed.len(), OF_THE_BUSINESS.len());
    }

    #[test]
    fn a_code_stands_once() {
        let all: Vec<_> = OF_THE_DOOR.iter().chain(&OF_THE_BUSINESS).map(|row| row.code).collect();
        let distinct: BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_wrong_request_is_422_and_a_wrong_moment_409() {
        use kvitt_core::Refusal;
        let wrong = Refusal::NothingToChange { expected: "something" };
        assert_eq!(of_refusal(&wrong).status, 422);
        assert_eq!(of_refusal(&Refusal::ShipmentStopped).status, 409);
    }
}
