//! A later version changes the schema while this one runs.

use std::sync::Arc;

use kvitt_ledger::{Ledger, pending_migrations};
use kvitt_testing::Database;

use crate::suite::later::{additions, only_add, work_on};
use crate::{fresh, suite};

fn change(database: &Database) {
    let tables = database.sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE '\\_%'",
    );
    database.sql(&additions(tables.lines()));
}

async fn changed() -> (Database, Arc<dyn Ledger>) {
    let (database, ledger) = fresh().await;
    change(&database);
    (database, ledger)
}

/// Its connections have prepared their statements by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_works_on_when_a_later_one_changes_the_schema() {
    let (database, ledger) = fresh().await;
    work_on(&ledger, 1).await;
    change(&database);
    for number in 2..20 {
        work_on(&ledger, number).await;
    }
}

#[tokio::test]
async fn changes_of_the_schema_only_add() {
    let changes = pending_migrations(&kvitt_testing::database().url()).await.unwrap();
    assert!(changes.len() > 1);
    only_add(&changes);
}

// One or two of each room: a database of its own for each test of the suite takes its time.
suite::suite! { @ crate::later::changed;
    api_keys: [a_key_is_revoked_once]
    freezing: [it_is_frozen_once_and_thawed_once]
    idempotency: [a_record_is_read_back]
    inbox: [a_message_is_kept_once_and_counted, erasing_empties_what_they_said]
    looks: [a_look_that_is_due_becomes_work_once]
    private: [erasing_takes_the_personal_and_leaves_the_rest]
    replicas: [who_is_gone_does_not_count]
    sessions: [a_new_password_ends_the_users_sessions_and_no_others]
    summaries: [filters_hold_together]
    users: [a_user_is_revoked_once]
    webhooks: [nothing_is_lost_between_those_who_queue_and_those_who_send]
    work: [released_work_keeps_its_attempts]
}
