//! Which operation of which of Klarna's APIs a method and a path are.

/// An API of Klarna's that the sandbox has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    /// Klarna Payments v1.
    Payments,
    /// Order Management v1.
    Orders,
    /// Customer Token v1.
    CustomerToken,
    /// Hosted Payment Page v1.
    HostedPage,
}

/// An operation. The names are those of its API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below says what each is")]
pub enum Operation {
    CreateSession,
    UpdateSession,
    ReadSession,
    DeleteAuthorization,
    PlaceOrder,
    CreateCustomerToken,
    GetOrder,
    Acknowledge,
    UpdateAuthorization,
    Capture,
    GetCaptures,
    GetCapture,
    AddCaptureShippingInfo,
    TriggerSendOut,
    ExtendDueDate,
    GetDueDateOptions,
    UpdateCustomerDetails,
    ExtendAuthorizationTime,
    UpdateMerchantReferences,
    Refund,
    GetRefund,
    ReleaseRemainingAuthorization,
    AddShippingInfo,
    Cancel,
    ReadToken,
    PlaceTokenOrder,
    UpdateTokenStatus,
    CreateHostedSession,
    ReadHostedSession,
    DisableHostedSession,
    DistributeHostedSession,
}

use Operation as Op;

/// Method, path (`*` stands for an id), operation.
const OPERATIONS: [(&str, &str, Operation); 31] = [
    ("POST", "payments/v1/sessions", Op::CreateSession),
    ("POST", "payments/v1/sessions/*", Op::UpdateSession),
    ("GET", "payments/v1/sessions/*", Op::ReadSession),
    ("DELETE", "payments/v1/authorizations/*", Op::DeleteAuthorization),
    ("POST", "payments/v1/authorizations/*/order", Op::PlaceOrder),
    ("POST", "payments/v1/authorizations/*/customer-token", Op::CreateCustomerToken),
    ("GET", "ordermanagement/v1/orders/*", Op::GetOrder),
    ("POST", "ordermanagement/v1/orders/*/acknowledge", Op::Acknowledge),
    ("PATCH", "ordermanagement/v1/orders/*/authorization", Op::UpdateAuthorization),
    ("POST", "ordermanagement/v1/orders/*/captures", Op::Capture),
    ("GET", "ordermanagement/v1/orders/*/captures", Op::GetCaptures),
    ("GET", "ordermanagement/v1/orders/*/captures/*", Op::GetCapture),
    ("POST", "ordermanagement/v1/orders/*/captures/*/shipping-info", Op::AddCaptureShippingInfo),
    ("POST", "ordermanagement/v1/orders/*/captures/*/trigger-send-out", Op::TriggerSendOut),
    ("PATCH", "ordermanagement/v1/orders/*/captures/*/extend-due-date", Op::ExtendDueDate),
    (
        "GET",
        "ordermanagement/v1/orders/*/captures/*/extend-due-date-options",
        Op::GetDueDateOptions,
    ),
    ("PATCH", "ordermanagement/v1/orders/*/customer-details", Op::UpdateCustomerDetails),
    ("POST", "ordermanagement/v1/orders/*/extend-authorization-time", Op::ExtendAuthorizationTime),
    ("PATCH", "ordermanagement/v1/orders/*/merchant-references", Op::UpdateMerchantReferences),
    ("POST", "ordermanagement/v1/orders/*/refunds", Op::Refund),
    ("GET", "ordermanagement/v1/orders/*/refunds/*", Op::GetRefund),
    (
        "POST",
        "ordermanagement/v1/orders/*/release-remaining-authorization",
        Op::ReleaseRemainingAuthorization,
    ),
    ("POST", "ordermanagement/v1/orders/*/shipping-info", Op::AddShippingInfo),
    ("POST", "ordermanagement/v1/orders/*/cancel", Op::Cancel),
    ("GET", "customer-token/v1/tokens/*", Op::ReadToken),
    ("POST", "customer-token/v1/tokens/*/order", Op::PlaceTokenOrder),
    ("PATCH", "customer-token/v1/tokens/*/status", Op::UpdateTokenStatus),
    ("POST", "hpp/v1/sessions", Op::CreateHostedSession),
    ("GET", "hpp/v1/sessions/*", Op::ReadHostedSession),
    ("DELETE", "hpp/v1/sessions/*", Op::DisableHostedSession),
    ("POST", "hpp/v1/sessions/*/distribution", Op::DistributeHostedSession),
];

/// Beginnings of paths that lead to APIs of Klarna's which the sandbox does not have.
const OTHERS: [(&str, &str); 7] = [
    ("checkout", "Checkout v3, which is another product (now Kustom's)"),
    ("settlements", "Settlements v1, which the sandbox does not have"),
    ("merchantcard", "Merchant Card Service, which the sandbox does not have"),
    ("v4", "Disputes, which the sandbox does not have"),
    ("disputes", "Disputes, which the sandbox does not have"),
    ("v1", "a newer generation of APIs (Klarna Network)"),
    ("v2", "a newer generation of APIs (Klarna Network)"),
];

/// The parts of a path, without what follows `?`. Klarna takes no notice of doubled slashes and of
/// one at the end (recorded exchange).
pub fn segments(path: &str) -> Vec<&str> {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The operation of a method and a path or a path's pattern.
///
/// # Errors
/// The sandbox has none such; the text says what it is instead.
pub fn operation(method: &str, path: &str) -> Result<Operation, String> {
    let segments = segments(path);
    let fits = |pattern: &str| {
        let pattern: Vec<&str> = pattern.split('/').collect();
        let same = |(want, got): (&&str, &&str)| *want == "*" || *want == successor(got);
        pattern.len() == segments.len() && pattern.iter().zip(&segments).all(same)
    };
    let found = OPERATIONS.iter().find(|(verb, pattern, _)| *verb == method && fits(pattern));
    if let Some((_, _, operation)) = found {
        return Ok(*operation);
    }
    let first = segments.first().copied().unwrap_or_default();
    let other = OTHERS.iter().find(|(start, _)| *start == first);
    Err(other
        .map_or_else(|| format!("no operation: {method} {path}"), |(_, what)| what.to_string()))
}

/// `/credit/v1` is what `/payments/v1` was called until 2017.
fn successor(segment: &str) -> &str {
    if segment == "credit" { "payments" } else { segment }
}

impl Operation {
    /// The API whose operation it is.
    pub fn api(self) -> Api {
        let pattern = OPERATIONS.iter().find(|(_, _, it)| *it == self).map_or("", |found| found.1);
        match pattern.split('/').next() {
            Some("payments") => Api::Payments,
            Some("customer-token") => Api::CustomerToken,
            Some("hpp") => Api::HostedPage,
            _ => Api::Orders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_pattern_and_by_path() {
        for (method, path, expected) in [
            ("POST", "/payments/v1/sessions", Op::CreateSession),
            ("POST", "//payments/v1/sessions/", Op::CreateSession),
            ("POST", "/credit/v1/sessions", Op::CreateSession),
            ("POST", "/payments/v1/sessions/{session_id}", Op::UpdateSession),
            ("GET", "/ordermanagement/v1/orders/1-2/captures/3?x=/y", Op::GetCapture),
            ("PATCH", "/customer-token/v1/tokens/t/status", Op::UpdateTokenStatus),
        ] {
            assert_eq!(operation(method, path), Ok(expected), "{path}");
        }
    }

    #[test]
    fn what_the_sandbox_does_not_have_is_named() {
        let text = operation("GET", "/checkout/v3/orders/1").unwrap_err();
        assert!(text.starts_with("Checkout v3"), "{text}");
        let text = operation("PUT", "/payments/v1/sessions").unwrap_err();
        assert_eq!(text, "no operation: PUT /payments/v1/sessions");
        assert!(operation("POST", "/payments/v1").is_err());
    }

    #[test]
    fn every_operation_knows_its_api() {
        for (_, pattern, operation) in OPERATIONS {
            let api = operation.api();
            let expected = match api {
                Api::Payments => "payments/v1",
                Api::Orders => "ordermanagement/v1",
                Api::CustomerToken => "customer-token/v1",
                Api::HostedPage => "hpp/v1",
            };
            assert!(pattern.starts_with(expected), "{pattern}");
        }
    }
}
