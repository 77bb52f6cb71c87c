//! What Klarna sends and its files do not declare: statuses, and members of answers.

use serde_json::Value;

use super::written::Exchange;

/// A status that is right although the file does not declare it.
pub(super) struct Status {
    pub(super) number: u16,
    /// The error's code; none for those that have no error object.
    pub(super) code: Option<&'static str>,
    /// The method; any if empty.
    pub(super) method: &'static str,
    /// What the operation's path contains.
    pub(super) path: &'static str,
    pub(super) reason: &'static str,
    pub(super) source: &'static str,
}

const fn everywhere(
    number: u16,
    code: Option<&'static str>,
    reason: &'static str,
    source: &'static str,
) -> Status {
    Status { number, code, method: "", path: "/", reason, source }
}

const fn order_not_found(method: &'static str, path: &'static str) -> Status {
    Status {
        number: 404,
        code: Some("NO_SUCH_ORDER"),
        method,
        path,
        reason: "the file declares 403 alone",
        source: "Klarna documentation: error codes of Order Management",
    }
}

/// Every such status. They are listed in `FIDELITY.md`.
pub(super) static STATUSES: &[Status] = &[
    everywhere(
        401,
        None,
        "strangers are stopped before any operation, with a page",
        "recorded exchanges, 2017 to 2022",
    ),
    everywhere(
        405,
        Some("HTTP_ERROR"),
        "the path has no such method",
        "recorded exchange, on a path of Customer Token",
    ),
    everywhere(
        413,
        Some("REQUEST_TOO_LARGE"),
        "the body is larger than 1 MB",
        "Klarna documentation: request limits; error codes of Order Management",
    ),
    everywhere(
        415,
        Some("HTTP_ERROR"),
        "the body is of another type than JSON; a guess after the 405",
        "the two back ends' common framework",
    ),
    everywhere(429, None, "too many requests, without a body", "recorded exchange"),
    Status {
        number: 422,
        code: Some("UNPROCESSABLE_ENTITY"),
        method: "",
        path: "/ordermanagement/",
        reason: "a member cannot be accepted",
        source: "recorded exchange; Klarna documentation: error codes of Order Management",
    },
    Status {
        number: 422,
        code: Some("INVALID_ADDRESS"),
        method: "PATCH",
        path: "/customer-details",
        reason: "an address lacks what it needs",
        source: "Klarna documentation: error codes of Order Management",
    },
    Status {
        number: 400,
        code: Some("INVALID_ORDER_ID"),
        method: "",
        path: "/ordermanagement/",
        reason: "the order's id is no UUID; the status itself is a guess",
        source: "Klarna documentation: view and change orders",
    },
    Status {
        number: 400,
        code: Some("BAD_REQUEST"),
        method: "",
        path: "/ordermanagement/",
        reason: "the body is not JSON, or no object; a guess after Payments",
        source: "Klarna documentation: error codes of Klarna Payments",
    },
    order_not_found("PATCH", "/authorization"),
    order_not_found("PATCH", "/customer-details"),
    order_not_found("PATCH", "/merchant-references"),
    order_not_found("POST", "/extend-authorization-time"),
    order_not_found("POST", "/release-remaining-authorization"),
    order_not_found("POST", "/cancel"),
];

impl Status {
    /// Whether this answer to an operation is one of these.
    pub(super) fn is(&self, exchange: &Exchange, operation: &str) -> bool {
        exchange.status == Some(self.number)
            && exchange.response_body["error_code"].as_str() == self.code
            && (self.method.is_empty() || self.method == exchange.method)
            && operation.contains(self.path)
    }

    /// Status and code, with where they hold.
    pub(super) fn name(&self) -> String {
        let code = self.code.unwrap_or("without an error object");
        let place = match (self.method, self.path) {
            ("", "/") => "everywhere".to_owned(),
            ("", path) => format!("under {path}"),
            (method, path) => format!("{method} …{path}"),
        };
        format!("{} {code}, {place}", self.number)
    }

    /// What is wrong with the answer, if its form is not that of this status.
    pub(super) fn fault(&self, exchange: &Exchange) -> Option<String> {
        let content_type = exchange.header("content-type");
        match (self.code, self.number) {
            (Some(_), _) => envelope(&exchange.response_body),
            (None, 401) if content_type == Some("text/html") => {
                (!exchange.response_body.is_string()).then(|| "there is no page".to_owned())
            }
            (None, 401) => Some("it is no text/html".to_owned()),
            _ => (!exchange.response_body.is_null()).then(|| "there is a body".to_owned()),
        }
    }
}

/// What is wrong with an error object, whose three members Klarna's files declare where they declare
/// an error's body at all.
pub(super) fn envelope(body: &Value) -> Option<String> {
    let is_text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let texts = body["error_messages"].as_array();
    if !is_text(&body["error_code"]) {
        return Some("error_code is no text".to_owned());
    }
    if !is_text(&body["correlation_id"]) {
        return Some("correlation_id is no text".to_owned());
    }
    if !texts.is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string)) {
        return Some("error_messages is no array of texts".to_owned());
    }
    None
}

/// File, schema, member, reason, source: members that the file requires and Klarna does not send.
pub(super) static NOT_REQUIRED: &[(&str, &str, &str, &str, &str)] = &[(
    "klarna-customer-token-v1",
    "order",
    "redirect_url",
    "an order of a customer token requires a redirect_url: it is not recorded, and not required here",
    "recorded exchange, 2020; the file's own sample lacks it too",
)];

/// File, schema, member, reason, source: members that Klarna sends and its file does not declare.
pub(super) static MEMBERS: &[(&str, &str, &str, &str, &str)] = &[(
    "klarna-order-management-v1",
    "customer",
    "type",
    "an order's customer has a type that the file does not declare: added",
    "recorded exchanges, 2020 and 2021",
)];

#[cfg(test)]
mod tests {
    use super::*;

    /// The page that users read.
    const FIDELITY: &str = include_str!("../../../klarna-sandbox/FIDELITY.md");

    #[test]
    fn every_status_stands_in_the_page_on_fidelity() {
        let (_, section) = FIDELITY.split_once("## Statuses that the OpenAPI").unwrap();
        let rows: Vec<&str> = section.lines().filter(|line| line.starts_with("| ")).collect();
        for status in STATUSES {
            let start = match status.code {
                Some(code) => format!("| {} | `{code}` |", status.number),
                None => format!("| {} | ", status.number),
            };
            let row = rows.iter().find(|row| row.starts_with(&start));
            let row = row.unwrap_or_else(|| panic!("no row for {}", status.name()));
            let place = status.path.trim_matches('/');
            let is_named = status.method.is_empty() || row.contains(&format!("…/{place}`"));
            assert!(is_named, "{} is not in {row}", status.name());
        }
        // Seven others have a row of their own, the six that do not know an order share one.
        assert_eq!((rows.len() - 1, STATUSES.len()), (10, 15));
    }

    #[test]
    fn an_error_has_three_members() {
        let good = serde_json::json!({"error_code": "A", "error_messages": [""],
            "correlation_id": "c", "reason": "more is fine"});
        assert_eq!(envelope(&good), None);
        for (member, wrong) in [
            ("error_code", serde_json::json!("")),
            ("correlation_id", serde_json::json!(7)),
            ("error_messages", serde_json::json!([])),
            ("error_messages", serde_json::json!([7])),
            ("error_messages", serde_json::json!("A")),
        ] {
            let mut bad = good.clone();
            bad[member] = wrong;
            assert!(envelope(&bad).unwrap().starts_with(member), "{member}");
        }
    }
}
