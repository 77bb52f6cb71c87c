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
                let page = STATUSES.iter().find(|it| it.status == status);
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
