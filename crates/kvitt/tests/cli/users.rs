//! Who may sign in to the dashboard.

use serde_json::Value;

use crate::support::{Ended, Place};

const PASSWORD: &str = "correct horse battery\n";

fn create(place: &Place, name: &str) -> Ended {
    place.run_with(&["user", "create", name, "--password-stdin"], PASSWORD)
}

fn assert_no_password(ended: &Ended) {
    assert!(!ended.stdout.contains("horse") && !ended.stderr.contains("horse"), "{ended:?}");
}

#[test]
fn a_user_is_made_listed_given_a_password_and_revoked() {
    let place = Place::new();
    assert!(place.good(&["user", "list"]).contains("kvitt user create"));
    let made = create(&place, "Åsa Öberg");
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stdout.contains("Åsa Öberg (usr_"), "{}", made.stdout);
    assert_no_password(&made);

    let list = place.good(&["user", "list"]);
    assert!(list.contains("usr_") && list.contains("Åsa Öberg") && !list.contains("argon2"));
    let user = place.json(&["user", "list"])["items"][0].clone();
    let members: Vec<_> = user.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["created_at", "id", "name", "revoked_at"]);
    assert_eq!((&user["name"], &user["revoked_at"]), (&"Åsa Öberg".into(), &Value::Null));

    // Small letters of ASCII will do, those of other alphabets are others.
    let args = ["user", "password", "Åsa öberg", "--password-stdin"];
    assert_eq!(place.run_with(&args, PASSWORD).code, Some(4));
    let args = ["user", "password", "ÅSA Öberg", "--password-stdin", "--json"];
    let changed = place.run_with(&args, "another horse battery\n");
    assert_eq!(changed.code, Some(0), "{changed:?}");
    assert_eq!(serde_json::from_str::<Value>(&changed.stdout).unwrap(), user);
    assert_no_password(&changed);

    assert!(place.good(&["user", "revoke", "Åsa Öberg"]).contains("is revoked"));
    let revoked = place.json(&["user", "revoke", "Åsa Öberg"]);
    assert!(revoked["revoked_at"].is_string(), "{revoked}");
    assert_eq!(place.json(&["user", "list"])["items"][0], revoked, "the first time stays");
    let args = ["user", "password", "Åsa Öberg", "--password-stdin"];
    let late = place.run_with(&args, PASSWORD);
    assert_eq!(late.code, Some(3), "{late:?}");
    assert!(late.stderr.contains("kvitt user create"), "{}", late.stderr);
}

#[test]
fn a_name_is_taken_once_and_for_good() {
    let place = Place::new();
    assert_eq!(create(&place, "asa").code, Some(0));
    let again = create(&place, "Asa");
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.stderr.contains("kvitt user password"), "{}", again.stderr);
    place.good(&["user", "revoke", "asa"]);
    let again = create(&place, "asa");
    assert_eq!(again.code, Some(3), "{again:?}");
    assert!(again.stderr.contains("take another name"), "{}", again.stderr);
    assert_eq!(place.json(&["user", "list"])["items"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_no_name_or_no_password_is_refused_with_the_way_out() {
    let place = Place::new();
    for name in ["", " asa", "asa\n", "a\u{1b}[2Jsa", &"x".repeat(101)] {
        let ended = create(&place, name);
        assert_eq!(ended.code, Some(2), "{name:?}: {ended:?}");
        assert!(!ended.stderr.contains('\u{1b}'), "{}", ended.stderr);
        assert_no_password(&ended);
    }
    for (password, told) in
        [("hunter2\n", "at least 12"), ("", "stdin"), (&*"hunter2".repeat(200), "at most 1024")]
    {
        let ended = place.run_with(&["user", "create", "asa", "--password-stdin"], password);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    }
    let unasked = place.run(&["user", "create", "asa"]);
    assert_eq!(unasked.code, Some(2), "{unasked:?}");
    assert!(unasked.stderr.contains("--password-stdin"), "{}", unasked.stderr);
    for command in ["password", "revoke"] {
        let unknown = place.run(&["user", command, "bo"]);
        assert_eq!(unknown.code, Some(4), "{unknown:?}");
        assert!(unknown.stderr.contains("kvitt user list"), "{}", unknown.stderr);
    }
    assert_eq!(place.json(&["user", "list"])["items"].as_array().unwrap().len(), 0);
}
