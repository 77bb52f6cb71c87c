//! The database's schema: what would be done, and doing it.

use kvitt_testing::Database;
use serde_json::json;

use crate::support::Place;

/// The versions and names in a document's list.
fn changes(document: &serde_json::Value, list: &str) -> Vec<(i64, String)> {
    let items = document[list].as_array().unwrap().iter();
    items
        .map(|it| (it["version"].as_i64().unwrap(), it["name"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn a_plan_is_told_as_sql_and_nothing_is_made() {
    let place = Place::new();
    let plan = place.good(&["migrate", "--plan"]);
    for line in ["-- 1 ledger", "CREATE TABLE sale (", "-- 2 users"] {
        assert!(plan.lines().any(|it| it == line), "{line}: {plan}");
    }
    let document = place.json(&["migrate", "--plan"]);
    let pending = changes(&document, "pending");
    assert_eq!(pending[..2], [(1, "ledger".to_owned()), (2, "users".to_owned())]);
    assert!(pending.iter().zip(1..).all(|((version, _), number)| *version == number));
    assert!(document["pending"][1]["sql"].as_str().unwrap().contains("CREATE TABLE"));
    assert!(!place.path().join("kvitt.db").exists());

    let done: Vec<_> =
        pending.iter().map(|(version, name)| format!("done: {version} {name}")).collect();
    assert_eq!(place.good(&["migrate"]).trim_end(), done.join("\n"));
    let again = place.run(&["migrate"]);
    assert_eq!((again.code, again.stdout.as_str()), (Some(0), ""), "{again:?}");
    assert!(again.stderr.contains("nothing to do"), "{again:?}");
    assert_eq!(place.json(&["migrate", "--plan"]), json!({ "pending": [] }));
    assert_eq!(place.json(&["migrate"]), json!({ "done": [] }));
}

#[test]
fn a_postgresql_database_is_brought_up_to_date_too() {
    let database = kvitt_testing::database();
    let is_empty = |database: &Database| {
        database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"
    };
    let mut place = Place::new();
    place.set("KVITT_DATABASE_URL", &database.url());
    let plan = place.good(&["migrate", "--plan"]);
    assert!(is_empty(&database));

    // What the plan says is what is done.
    let by_hand = kvitt_testing::database();
    by_hand.sql(&plan);
    let tables = "SELECT table_name, column_name, data_type FROM information_schema.columns
                  WHERE table_schema = 'public' AND table_name NOT LIKE '\\_%' ORDER BY 1, 2";
    let planned = changes(&place.json(&["migrate", "--plan"]), "pending");
    assert_eq!(planned[0], (1, "ledger".to_owned()));
    let document = place.json(&["migrate"]);
    assert_eq!(changes(&document, "done"), planned);
    assert_eq!(database.sql(tables), by_hand.sql(tables));
    assert!(!is_empty(&database));
    assert!(place.good(&["key", "list"]).contains("kvitt key create"));
}

#[test]
fn a_database_that_cannot_be_used_is_refused_without_its_password() {
    let place = Place::new();
    let url = "postgres://kvitt:hunter2@%2Fno%2Fsuch%2Ffolder/kvitt";
    let away = place.run(&["migrate", "--plan", "--database-url", url]);
    assert_eq!(away.code, Some(6), "{away:?}");
    assert!(away.stderr.contains("/no/such/folder"), "{away:?}");
    let no_name = place.run(&["migrate", "--database-url", "postgres://kvitt:hunter2@db"]);
    assert_eq!(no_name.code, Some(2), "{no_name:?}");
    for ended in [away, no_name] {
        assert!(
            !ended.stderr.contains("hunter2") && !ended.stdout.contains("hunter2"),
            "{ended:?}"
        );
    }
}
