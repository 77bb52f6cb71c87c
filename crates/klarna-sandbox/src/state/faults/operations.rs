//! Klarna's operations by the names that its OpenAPI files give them.

use super::pattern::fits;

/// Name, method and path. A name that two files give stands for both.
const OPERATIONS: [(&str, &str, &[&str]); 31] = [
    ("createCreditSession", "POST", &["payments", "v1", "sessions"]),
    ("updateCreditSession", "POST", &["payments", "v1", "sessions", "*"]),
    ("readCreditSession", "GET", &["payments", "v1", "sessions", "*"]),
    ("cancelAuthorization", "DELETE", &["payments", "v1", "authorizations", "*"]),
    ("createOrder", "POST", &["payments", "v1", "authorizations", "*", "order"]),
    ("purchaseToken", "POST", &["payments", "v1", "authorizations", "*", "customer-token"]),
    ("getOrder", "GET", &["ordermanagement", "v1", "orders", "*"]),
    ("acknowledgeOrder", "POST", &["ordermanagement", "v1", "orders", "*", "acknowledge"]),
    ("updateAuthorization", "PATCH", &["ordermanagement", "v1", "orders", "*", "authorization"]),
    ("captureOrder", "POST", &["ordermanagement", "v1", "orders", "*", "captures"]),
    ("getCaptures", "GET", &["ordermanagement", "v1", "orders", "*", "captures"]),
    ("getCapture", "GET", &["ordermanagement", "v1", "orders", "*", "captures", "*"]),
    (
        "extendDueDate",
        "PATCH",
        &["ordermanagement", "v1", "orders", "*", "captures", "*", "extend-due-date"],
    ),
    (
        "getOptionsForExtendDueDate",
        "GET",
        &["ordermanagement", "v1", "orders", "*", "captures", "*", "extend-due-date-options"],
    ),
    (
        "appendShippingInfo",
        "POST",
        &["ordermanagement", "v1", "orders", "*", "captures", "*", "shipping-info"],
    ),
    (
        "triggerSendOut",
        "POST",
        &["ordermanagement", "v1", "orders", "*", "captures", "*", "trigger-send-out"],
    ),
    (
        "updateConsumerDetails",
        "PATCH",
        &["ordermanagement", "v1", "orders", "*", "customer-details"],
    ),
    (
        "extendAuthorizationTime",
        "POST",
        &["ordermanagement", "v1", "orders", "*", "extend-authorization-time"],
    ),
    (
        "updateMerchantReferences",
        "PATCH",
        &["ordermanagement", "v1", "orders", "*", "merchant-references"],
    ),
    ("refundOrder", "POST", &["ordermanagement", "v1", "orders", "*", "refunds"]),
    ("get", "GET", &["ordermanagement", "v1", "orders", "*", "refunds", "*"]),
    (
        "releaseRemainingAuthorization",
        "POST",
        &["ordermanagement", "v1", "orders", "*", "release-remaining-authorization"],
    ),
    ("appendOrderShippingInfo", "POST", &["ordermanagement", "v1", "orders", "*", "shipping-info"]),
    ("cancelOrder", "POST", &["ordermanagement", "v1", "orders", "*", "cancel"]),
    ("createHppSession", "POST", &["hpp", "v1", "sessions"]),
    ("getSessionById", "GET", &["hpp", "v1", "sessions", "*"]),
    ("disableHppSession", "DELETE", &["hpp", "v1", "sessions", "*"]),
    ("distributeHppSession", "POST", &["hpp", "v1", "sessions", "*", "distribution"]),
    ("readCustomerToken", "GET", &["customer-token", "v1", "tokens", "*"]),
    ("createOrder", "POST", &["customer-token", "v1", "tokens", "*", "order"]),
    ("patchCustomerToken", "PATCH", &["customer-token", "v1", "tokens", "*", "status"]),
];

/// Whether a request is this operation.
pub(crate) fn is(name: &str, method: &str, segments: &[&str]) -> bool {
    OPERATIONS.iter().any(|(it, asked, path)| {
        *it == name && asked.eq_ignore_ascii_case(method) && fits(path, segments)
    })
}

/// Refuses a name that no operation has, and lists those there are.
pub(crate) fn known(name: &str) -> Result<(), String> {
    let mut names: Vec<&str> = OPERATIONS.iter().map(|(it, ..)| *it).collect();
    if names.contains(&name) {
        return Ok(());
    }
    names.sort_unstable();
    names.dedup();
    Err(format!("{name:?} is no operation of Klarna's; there are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_method_and_path() {
        let captures = ["ordermanagement", "v1", "orders", "o", "captures"];
        assert!(is("captureOrder", "POST", &captures));
        assert!(!is("captureOrder", "GET", &captures));
        assert!(is("getCaptures", "get", &captures));
        for path in [["payments", "v1", "authorizations"], ["customer-token", "v1", "tokens"]] {
            let [api, version, rows] = path;
            assert!(is("createOrder", "POST", &[api, version, rows, "t", "order"]));
        }
        assert!(known("createOrder").is_ok());
        assert!(known("capture").unwrap_err().contains("captureOrder, createCreditSession"));
    }
}
