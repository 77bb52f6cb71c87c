//! Files on disk: which are read, and what is said when they cannot be.

use std::{fs, path::Path};

use klarna_checks::openapi::check;

/// A file that declares nothing but what the tables of the tool rely on.
const FILE: &str = "\
openapi: 3.0.1
paths:
  /PATH/v1/things/{id}:
    get:
      responses:
        '200':
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/a thing'
components:
  schemas:
    a thing:
      type: object
      properties:
        id:
          type: string
    customer:
      type: object
      properties: {}
    order:
      type: object
      required: [redirect_url]
";

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, path) in [
        ("klarna-payments-v1", "payments"),
        ("klarna-order-management-v1", "ordermanagement"),
        ("klarna-customer-token-v1", "customer-token"),
        ("klarna-hpp-v1", "hpp"),
    ] {
        write(folder.path(), &format!("{name}.2024-12.yaml"), &FILE.replace("PATH", path));
    }
    folder
}

fn write(folder: &Path, name: &str, content: &str) {
    fs::write(folder.join(name), content).unwrap();
}

const EXCHANGE: &str = r#"{"at":"2026-01-01T00:00:00Z","duration_milliseconds":0.1,"method":"GET",
"path":"/payments/v1/things/1","request_headers":{},"request_body":null,"status":200,
"response_headers":{"content-type":"application/json"},"response_body":{"id":"1"},"fault":null}"#;

#[test]
fn exchanges_are_read_from_files_and_folders() {
    let files = folder();
    let written = tempfile::tempdir().unwrap();
    write(written.path(), "one.jsonl", &format!("{EXCHANGE}\n\n{EXCHANGE}\n"));
    // Half an exchange at the end is what a killed process leaves.
    write(written.path(), "two.jsonl", &format!("{EXCHANGE}\n{}", &EXCHANGE[..200]));
    let both = [written.path().to_owned(), written.path().join("one.jsonl")];
    let (documents, report) = check(files.path(), &both).unwrap();
    assert_eq!(report.validated, 5);
    assert!(report.is_good(), "{:?}", report.problems().collect::<Vec<_>>());
    assert_eq!(documents.names.len(), 4);
    assert_eq!(report.never_seen(&documents).len(), 3);
}

#[test]
fn a_run_that_recorded_nothing_is_not_good() {
    let (files, empty) = (folder(), tempfile::tempdir().unwrap());
    let (_, report) = check(files.path(), &[empty.path().to_owned()]).unwrap();
    assert!(!report.is_good());
}

#[test]
fn the_newest_file_is_taken_and_swagger_is_not() {
    let files = folder();
    write(files.path(), "klarna-payments-v1.2023-01.yaml", "not: even: yaml");
    write(files.path(), "klarna-payments-v1.2025-01.swagger2.json", "{}");
    assert!(check(files.path(), &[]).is_ok());
    write(files.path(), "klarna-payments-v1.2025-01.json", "{}");
    let error = check(files.path(), &[]).unwrap_err().to_string();
    assert!(error.contains("klarna-payments-v1.2025-01.json: it has no paths"), "{error}");
}

#[test]
fn what_cannot_be_read_is_named() {
    let files = folder();
    let missing = files.path().join("missing.jsonl");
    let error = check(files.path(), std::slice::from_ref(&missing)).unwrap_err().to_string();
    assert!(error.starts_with(&missing.display().to_string()), "{error}");
    write(files.path(), "wrong.jsonl", "{\"method\":\"GET\"}\n");
    let error = check(files.path(), &[files.path().join("wrong.jsonl")]).unwrap_err().to_string();
    assert!(error.contains("not an exchange: missing field `path`"), "{error}");
    fs::remove_file(files.path().join("klarna-hpp-v1.2024-12.yaml")).unwrap();
    let error = check(files.path(), &[]).unwrap_err().to_string();
    assert!(error.contains("there is no klarna-hpp-v1.*"), "{error}");
    write(files.path(), "klarna-hpp-v1.2024-12.yaml", "a: [b");
    assert!(check(files.path(), &[]).unwrap_err().to_string().contains("klarna-hpp-v1"));
}
