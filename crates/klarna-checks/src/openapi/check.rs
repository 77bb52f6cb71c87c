//! One exchange against the files, and what all of them came to.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    document::{Declared, Documents},
    undeclared::{STATUSES, envelope},
    written::Exchange,
};

/// How often something was met with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// What.
    pub what: String,
    /// How often.
    pub times: usize,
    /// Why that is right, and what tells.
    pub why: String,
}

/// What the exchanges came to.
#[derive(Debug, Default)]
pub struct Report {
    /// How many answers were validated.
    pub validated: usize,
    /// How many were a test's fault and not the sandbox's.
    pub faults: usize,
    /// How many had a path that no file has, by their status.
    pub unknown_paths: BTreeMap<u16, usize>,
    /// What is wrong: operation and status, what, how often, and one example's path.
    problems: BTreeMap<(String, String), (usize, String)>,
    exceptions: BTreeMap<usize, usize>,
    bare_errors: usize,
    seen: BTreeSet<String>,
}

impl Report {
    /// Whether something was validated and nothing was wrong.
    pub fn is_good(&self) -> bool {
        self.validated > 0 && self.problems.is_empty()
    }

    /// What is wrong, one line each.
    pub fn problems(&self) -> impl Iterator<Item = String> {
        self.problems.iter().map(|((operation, what), (times, example))| {
            format!("{operation}: {what} ({times}, first at {example})")
        })
    }

    /// The exceptions that were used.
    pub fn exceptions(&self) -> Vec<Used> {
        let statuses = self.exceptions.iter().filter_map(|(index, times)| {
            let entry = STATUSES.get(*index)?;
            let why = format!("{} ({})", entry.reason, entry.source);
            Some(Used { what: entry.name(), times: *times, why })
        });
        let mut all: Vec<Used> = statuses.collect();
        if self.bare_errors > 0 {
            all.push(Used {
                what: "error objects where the file declares the status and no body".to_owned(),
                times: self.bare_errors,
                why: "the three members that are declared elsewhere (recorded exchanges)"
                    .to_owned(),
            });
        }
        all
    }

    /// The operations of the files that no exchange was about.
    pub fn never_seen(&self, documents: &Documents) -> Vec<String> {
        documents.all().filter(|operation| !self.seen.contains(operation)).collect()
    }

    /// Checks one exchange.
    pub fn check(&mut self, documents: &Documents, exchange: &Exchange) {
        let Some(status) = exchange.status.filter(|_| exchange.fault.is_null()) else {
            self.faults += 1;
            return;
        };
        let path = exchange.path.split('?').next().unwrap_or_default();
        let candidates = documents.at(path);
        let operation = candidates.iter().find(|it| it.method == exchange.method);
        let name = match (operation, candidates.first()) {
            (Some(operation), _) => format!("{} {}", operation.method, operation.path),
            // The path is known, the method is not: only a 405 can be right.
            (None, Some(other)) => format!("{} {}", exchange.method, other.path),
            (None, None) => return self.unknown_path(documents, exchange, status, path),
        };
        self.validated += 1;
        self.seen.insert(name.clone());
        let faults = match operation.and_then(|operation| operation.answer(status)) {
            Some(declared) => self.declared(declared, exchange, status),
            None => self.undeclared(exchange, &name),
        };
        for fault in faults {
            self.note(&format!("{name} {status}"), fault, path);
        }
    }

    fn note(&mut self, operation: &str, what: String, path: &str) {
        let problem = self.problems.entry((operation.to_owned(), what));
        problem.or_insert_with(|| (0, path.to_owned())).0 += 1;
    }

    fn unknown_path(
        &mut self,
        documents: &Documents,
        exchange: &Exchange,
        status: u16,
        path: &str,
    ) {
        *self.unknown_paths.entry(status).or_default() += 1;
        if status < 400 && documents.begins_as_known(path) {
            let what = "a path that no file has is answered with a success".to_owned();
            self.note(&format!("{} {status}", exchange.method), what, path);
        }
    }

    fn declared(&mut self, declared: &Declared, exchange: &Exchange, status: u16) -> Vec<String> {
        let mut faults = Vec::new();
        for header in &declared.headers {
            if exchange.header(header).is_none_or(str::is_empty) {
                faults.push(format!("the declared header {header} is missing"));
            }
        }
        let body = &exchange.response_body;
        match &declared.body {
            None if status < 400 => {
                if !body.is_null() {
                    faults.push("there is a body where none is declared".to_owned());
                }
            }
            // Only Hosted Payment Page declares it, without a body; it is the same page everywhere.
            None if status == 401 => {
                let page = STATUSES.iter().find(|it| it.number == status);
                faults.extend(page.and_then(|page| page.fault(exchange)));
            }
            None => {
                self.bare_errors += 1;
                faults.extend(envelope(body));
            }
            Some((media_type, validator)) => {
                let content_type = exchange.header("content-type").unwrap_or_default();
                let bare = content_type.split(';').next().unwrap_or_default().trim();
                if bare != media_type {
                    faults.push(format!("content type {bare:?} instead of {media_type:?}"));
                }
                // Without the values: a buyer's data may be among them.
                faults.extend(validator.iter_errors(body).map(|error| {
                    format!(
                        "{} {}",
                        without_indices(error.instance_path().as_str()),
                        error.masked()
                    )
                }));
                if status >= 400 {
                    faults.extend(envelope(body));
                }
            }
        }
        faults
    }

    fn undeclared(&mut self, exchange: &Exchange, operation: &str) -> Vec<String> {
        let found = STATUSES.iter().enumerate().find(|(_, it)| it.is(exchange, operation));
        let Some((index, entry)) = found else {
            let code = exchange.response_body["error_code"].as_str().unwrap_or("no error code");
            return vec![format!("the status is not declared ({code})")];
        };
        *self.exceptions.entry(index).or_default() += 1;
        entry.fault(exchange).into_iter().collect()
    }
}

/// `/captures/3/order_lines/0` is the same place as `/captures/4/order_lines/1`.
fn without_indices(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let is_index = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_index { "*" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// An API of one collection, one command and one read, as Klarna's files are made.
    fn documents() -> Documents {
        let error = json!({"content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/Not allowed"}}}});
        let order = json!({"content": {"application/json": {"schema":
            {"$ref": "#/components/schemas/order"}}}});
        Documents::of(json!({
            "paths": {
                "/ordermanagement/v1/orders/{order_id}": {"get": {"responses": {"200": order}}},
                "/ordermanagement/v1/orders/{order_id}/cancel": {"post": {"responses":
                    {"204": {}, "403": error}}},
                "/ordermanagement/v1/orders/{order_id}/captures": {"post": {"responses":
                    {"201": {"headers": {"Capture-Id": {}}}, "404": {}}}},
                "/hpp/v1/sessions": {"post": {"responses": {"401": {}}}},
            },
            "components": {"schemas": {
                "order": {"type": "object", "required": ["order_id"], "properties": {
                    "order_id": {"type": "string"},
                    "order_amount": {"type": "integer", "format": "int64"},
                    "created_at": {"type": "string", "format": "date-time"},
                    "order_lines": {"type": "array", "items":
                        {"type": "object", "properties": {"name": {"type": "string"}}}}}},
                "Not allowed": {"type": "object", "properties": {
                    "correlation_id": {"type": "string"}, "error_code": {"type": "string"},
                    "error_messages": {"type": "array", "items": {"type": "string"}}}},
            }},
        }))
    }

    fn checked(exchange: &Value) -> Report {
        let mut whole = json!({"method": "GET", "path": "/ordermanagement/v1/orders/1",
            "status": 200, "response_headers": {"content-type": "application/json"},
            "response_body": {"order_id": "1"}, "fault": null});
        whole.as_object_mut().unwrap().extend(exchange.as_object().unwrap().clone());
        let mut report = Report::default();
        report.check(&documents(), &serde_json::from_value(whole).unwrap());
        report
    }

    #[track_caller]
    fn finds(exchange: &Value, expected: &str) {
        let problems: Vec<String> = checked(exchange).problems().collect();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
    }

    #[track_caller]
    fn passes(exchange: &Value) -> Report {
        let report = checked(exchange);
        assert!(report.is_good(), "{:?}", report.problems().collect::<Vec<_>>());
        report
    }

    fn cancel(status: u16, body: &Value) -> Value {
        json!({"method": "POST", "path": "//ordermanagement/v1/orders/1/cancel/", "status": status,
            "response_body": body})
    }

    fn error(code: &str) -> Value {
        json!({"error_code": code, "error_messages": ["no"], "correlation_id": "c"})
    }

    #[test]
    fn good_answers_pass() {
        passes(&json!({}));
        passes(&json!({"path": "/ordermanagement/v1/orders/1?x=y",
            "response_headers": {"Content-Type": "application/json;charset=utf-8"}}));
        passes(&json!({"response_body": {"order_id": "1", "order_amount": 5,
            "created_at": "2026-01-01T00:00:00.000Z", "order_lines": [{"name": "a"}]}}));
        passes(&cancel(204, &Value::Null));
        passes(&cancel(403, &error("CANCEL_NOT_ALLOWED")));
        passes(&json!({"method": "POST", "path": "/ordermanagement/v1/orders/1/captures",
            "status": 201, "response_headers": {"capture-id": "c"}, "response_body": null}));
    }

    #[test]
    fn bad_bodies_are_found() {
        finds(&json!({"response_body": {}}), "required");
        finds(&json!({"response_body": null}), "object");
        finds(&json!({"response_body": "<html>"}), "object");
        let wrong = |member: &str, value: &Value| json!({"response_body": {"order_id": "1", member: value}});
        finds(&wrong("order_amount", &json!("5")), "/order_amount");
        finds(&wrong("order_amount", &json!(5.5)), "/order_amount");
        finds(&wrong("created_at", &json!("yesterday")), "/created_at");
        finds(&wrong("order_amuont", &json!(5)), "order_amuont");
        finds(&wrong("order_lines", &json!([{"name": "a"}, {"name": 7}])), "/order_lines/*/name");
        finds(&json!({"response_headers": {"content-type": "text/html"}}), "content type");
        finds(&cancel(204, &json!({})), "a body where none");
        let mut without_id = error("X");
        without_id.as_object_mut().unwrap().remove("correlation_id");
        finds(&cancel(403, &without_id), "correlation_id");
    }

    #[test]
    fn no_value_of_an_answer_is_printed() {
        let name = json!({"order_id": "1", "order_lines": [{"name": {"given": "Alice"}}]});
        let problems: Vec<String> = checked(&json!({"response_body": name})).problems().collect();
        assert!(!problems.concat().contains("Alice"), "{problems:?}");
    }

    #[test]
    fn undeclared_statuses_are_found_unless_they_are_known() {
        finds(&cancel(409, &error("CONFLICT")), "not declared (CONFLICT)");
        finds(&cancel(500, &Value::Null), "not declared (no error code)");
        finds(&json!({"status": 404, "response_body": error("NO_SUCH_ORDER")}), "not declared");
        let used = passes(&cancel(404, &error("NO_SUCH_ORDER"))).exceptions();
        assert_eq!((used.len(), used[0].times), (1, 1));
        assert!(used[0].what.contains("/cancel"), "{}", used[0].what);
        passes(&cancel(422, &error("UNPROCESSABLE_ENTITY")));
        passes(&cancel(413, &error("REQUEST_TOO_LARGE")));
        passes(&cancel(429, &Value::Null));
        finds(&cancel(429, &error("TOO_MANY_REQUESTS")), "not declared");
    }

    #[test]
    fn known_statuses_have_their_form() {
        let page = |content_type: &str, body: &Value| {
            json!({"status": 401, "response_headers": {"content-type": content_type},
                "response_body": body})
        };
        passes(&page("text/html", &json!("<html>")));
        finds(&page("application/json", &json!({})), "text/html");
        finds(&page("text/html", &Value::Null), "no page");
        finds(&cancel(429, &json!("slow down")), "there is a body");
        finds(&cancel(422, &json!({"error_code": "UNPROCESSABLE_ENTITY"})), "correlation_id");
        let hosted = json!({"method": "POST", "path": "/hpp/v1/sessions", "status": 401,
            "response_headers": {"content-type": "text/html"}, "response_body": "<html>"});
        passes(&hosted);
    }

    #[test]
    fn errors_without_a_schema_have_the_three_members() {
        let captures = |body: &Value| {
            json!({"method": "POST", "path": "/ordermanagement/v1/orders/1/captures",
                "status": 404, "response_body": body})
        };
        let used = passes(&captures(&error("NO_SUCH_ORDER"))).exceptions();
        assert!(used[0].what.starts_with("error objects"), "{}", used[0].what);
        finds(&captures(&Value::Null), "error_code");
        finds(&captures(&json!({"error_code": "X", "correlation_id": "c"})), "error_messages");
    }

    #[test]
    fn declared_headers_are_asked_for() {
        let captured = json!({"method": "POST", "path": "/ordermanagement/v1/orders/1/captures",
            "status": 201, "response_headers": {}, "response_body": null});
        finds(&captured, "header Capture-Id is missing");
    }

    #[test]
    fn a_method_that_a_path_lacks_is_405() {
        let asked = |status: u16, body: &Value| json!({"method": "PUT", "status": status, "response_body": body});
        passes(&asked(405, &error("HTTP_ERROR")));
        finds(&asked(200, &json!({"order_id": "1"})), "not declared");
    }

    #[test]
    fn paths_of_no_file_are_counted_apart() {
        let report = checked(&json!({"path": "/ordermanagement/v1/nothing/at/all", "status": 404}));
        assert_eq!((report.validated, report.unknown_paths[&404]), (0, 1));
        assert!(!report.is_good(), "nothing was validated");
        finds(&json!({"path": "/ordermanagement/v1/orders/1/2/3"}), "success");
        assert_eq!(checked(&json!({"path": "/kp/lib/v1/api.js"})).problems().count(), 0);
    }

    #[test]
    fn injected_faults_are_not_the_sandboxs() {
        let report = checked(&json!({"status": 500, "fault": "status"}));
        assert_eq!((report.faults, report.validated), (1, 0));
        assert_eq!(checked(&json!({"status": null})).faults, 1);
    }

    #[test]
    fn what_was_never_asked_is_told() {
        let report = checked(&json!({}));
        let unseen = report.never_seen(&documents());
        assert_eq!(unseen.len(), 3, "{unseen:?}");
        assert!(!unseen.iter().any(|it| it.starts_with("GET")));
    }
}
