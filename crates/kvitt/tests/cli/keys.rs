//! Keys to the merchant API.

use crate::support::Place;

#[test]
fn a_key_is_shown_once_and_then_only_by_its_id() {
    let place = Place::new();
    let made = place.run(&["key", "create", "--name", "shop"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = made.stdout.trim();
    assert!(key.starts_with("kvitt_") && !key.contains(char::is_whitespace), "{key}");
    let id = made.stderr.split_whitespace().next().unwrap();
    assert!(id.starts_with("key_") && made.stderr.contains("shop"), "{}", made.stderr);
    assert!(!made.stderr.contains(key));

    let list = place.good(&["key", "list"]);
    assert!(list.contains(id) && list.contains("shop") && !list.contains(key), "{list}");
    let items = place.json(&["key", "list"]);
    assert_eq!(items["items"][0]["id"], id);
    assert_eq!(items["items"][0]["revoked_at"], serde_json::Value::Null);
    assert!(place.path().join("kvitt.db").exists(), "the database is where the settings say");

    assert!(place.good(&["key", "revoke", id]).contains(id));
    assert!(place.json(&["key", "list"])["items"][0]["revoked_at"].is_string());
}

#[test]
fn a_key_for_programs_comes_with_its_id() {
    let place = Place::new();
    let made = place.json(&["key", "create", "--database-url", "sqlite:other.db"]);
    assert!(made["key"].as_str().unwrap().starts_with("kvitt_"));
    assert!(made["id"].as_str().unwrap().starts_with("key_"));
    assert_eq!(made["name"], "merchant");
    assert!(place.path().join("other.db").exists());
    assert_eq!(place.json(&["key", "list"])["items"].as_array().unwrap().len(), 0);
}

#[test]
fn what_is_no_key_is_refused() {
    let place = Place::new();
    let unknown = place.run(&["key", "revoke", "key_0192f0c8111172228333444455556666"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    assert!(unknown.stderr.contains("kvitt key list"), "{}", unknown.stderr);
    assert_eq!(place.run(&["key", "revoke", "shop"]).code, Some(2));
    assert_eq!(place.run(&["key", "create", "--name", " "]).code, Some(2));
    let database = place.run(&["key", "list", "--database-url", "mysql://root:hunter2@db/kvitt"]);
    assert_eq!(database.code, Some(2), "{database:?}");
    assert!(database.stderr.contains("sqlite:PATH"), "{}", database.stderr);
    assert!(!database.stderr.contains("hunter2"), "{}", database.stderr);
}
