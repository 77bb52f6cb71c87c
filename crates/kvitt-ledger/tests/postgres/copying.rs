//! A ledger moved from a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kvitt_core::{EventId, Requester, SaleId};
use kvitt_ledger::{
    ApiKey, Append, Copied, FeedEntry, IdempotencyRecord, InboxDoor, Ledger, LedgerError,
    NewMessage, NewWebhookMessage, PrivateChange, SaleQuery, SessionDigest, WebhookAttempt,
    WebhookBatch, WebhookClaim, WebhookNext, WebhookRequest, WorkChange, copy,
};
use kvitt_testing::Database;
use rusqlite::Connection;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use uuid::Uuid;

use crate::open;
use crate::suite::feed::shown;
use crate::suite::sample::{
    api_key, endpoint, endpoint_id, every_event, intent, moment, new_event, sale, step, summary,
    user, user_id, work_id,
};

const LONG: Duration = Duration::from_hours(1);
const NOW: Duration = Duration::ZERO;

/// A file, and a ledger in it.
async fn file() -> (TempDir, String, Arc<dyn Ledger>) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", path(&dir).display());
    let ledger = kvitt_ledger::open(&url).await.unwrap();
    (dir, url, ledger)
}

fn path(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("kvitt.db")
}

/// Runs statements in the file, as somebody else.
fn sql(path: &Path, statements: &str) {
    Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

/// Moves a ledger, with nobody told how far it is.
async fn copied(from: &str, to: &Database) -> Result<Copied, LedgerError> {
    copy(from, &to.url(), moment(9), &|_| ()).await
}

/// Ends a ledger; when this returns its file is closed.
fn end(ledger: Arc<dyn Ledger>, url: &str) {
    drop(ledger);
    let alone = Connection::open(url.strip_prefix("sqlite:").unwrap()).unwrap();
    alone.busy_timeout(Duration::from_secs(20)).unwrap();
    alone.execute_batch("PRAGMA locking_mode = EXCLUSIVE").unwrap();
    while alone.execute_batch("SELECT count(*) FROM sale").is_err() {}
}

/// Sales with every kind of event, and whatever else a ledger can hold.
async fn fill(ledger: &dyn Ledger) {
    let events: Vec<_> =
        (100..).zip(every_event()).map(|(number, event)| new_event(number, event)).collect();
    let mut last = summary(sale(1), events.len() as u64);
    let text = || Some("Ä\0b".to_owned());
    (last.order_status, last.fraud_status, last.attention) = (text(), text(), text());
    (last.klarna_order_id, last.klarna_reference) = (text(), text());
    (last.merchant_reference1, last.merchant_reference2) = (text(), text());
    (last.placed_at, last.expires_at) = (Some(moment(1)), Some(moment(2)));
    last.look_at = Some(moment(3));
    let schedule = |number, due_in| {
        let kind = "intent".to_owned();
        WorkChange::Schedule { work_id: work_id(number), kind, due_in }
    };
    let private = vec![
        PrivateChange::SetPersonal { name: "address".to_owned(), value: "Storgatan\0 1".into() },
        PrivateChange::SetSecret { name: "address".to_owned(), value: "s".repeat(100_000).into() },
    ];
    let idempotency = Some(IdempotencyRecord {
        requester: Requester::User(user_id(1)),
        key: "the \"key\"".to_owned(),
        request_hash: [7; 32],
        intent: Some(intent(1)),
        at: moment(4),
    });
    let inbox = Some(NewMessage {
        door: InboxDoor::Push,
        content: "{\"order_id\":\"1\"}".into(),
        at: moment(5),
    });
    let work = vec![schedule(1, NOW), schedule(2, LONG)];
    let first = Append { events, summary: last, ..step(sale(1), 0) };
    ledger.append(Append { private, idempotency, inbox, work, ..first }).await.unwrap();
    for number in 2..700 {
        ledger.append(step(sale(number), 0)).await.unwrap();
    }
    fill_doors(ledger).await;
    fill_webhooks(ledger).await;
}

async fn fill_doors(ledger: &dyn Ledger) {
    for number in 1..=2 {
        let id = api_key(u128::from(number));
        let (name, hash) = ("shop\0".to_owned(), [number; 32]);
        let key = ApiKey { id, name, hash, created_at: moment(0), revoked_at: None };
        ledger.insert_api_key(&key).await.unwrap();
        ledger.insert_user(&user(u128::from(number), 0)).await.unwrap();
    }
    let one = user(1, 0);
    assert!(ledger.open_session(&SessionDigest([1; 32]), &one, LONG).await.unwrap());
    ledger.revoke_api_key(api_key(2), moment(6)).await.unwrap();
    ledger.revoke_user(user_id(2), moment(6)).await.unwrap();
}

async fn fill_webhooks(ledger: &dyn Ledger) {
    let store = ledger.webhooks();
    let request = WebhookRequest {
        requester: Requester::ApiKey(api_key(1)),
        key: "endpoint".to_owned(),
        request_hash: [8; 32],
        endpoint: endpoint_id(1),
        at: moment(7),
    };
    store.insert_webhook_endpoint(&endpoint(1, 0), Some(&request)).await.unwrap();
    let mut changed = endpoint(1, 0);
    changed.previous_secret = Some(("whsec_old".into(), moment(8)));
    changed.disabled =
        Some(kvitt_ledger::WebhookDisabled { at: moment(9), reason: "410".to_owned() });
    changed.again = Some(kvitt_ledger::FeedSpan { after: 1, until: 2 });
    assert!(store.update_webhook_endpoint(&changed, None, false).await.unwrap());
    store.touch_webhook_endpoint(endpoint_id(1), moment(5)).await.unwrap();
    store.move_webhook_position(endpoint_id(1), 0, 2).await.unwrap();
    for number in 1..=2 {
        let event = EventId(Uuid::from_u128(number));
        let messages =
            vec![NewWebhookMessage { seq: 1, event, name: "number.1".to_owned(), position: 1 }];
        let (sale, endpoint) = (sale(number), endpoint_id(1));
        let batch = WebhookBatch { sale, endpoint, messages, again: false };
        store.queue_webhooks(&batch, None).await.unwrap();
    }
    let id = Uuid::from_u128(77);
    let claims = store.claim_webhooks(endpoint_id(1), 2, LONG, id).await.unwrap();
    assert_eq!(claims.len(), 2);
    let claim = WebhookClaim { sale: sale(1), endpoint: endpoint_id(1), claim: id };
    let next = WebhookNext::Again { due_in: NOW };
    let (status, problem) = (Some(500), Some("it answered 500".to_owned()));
    let attempt = WebhookAttempt { claim, seq: 1, at: moment(3), status, problem, next };
    store.record_webhook(&attempt).await.unwrap();
}

/// What a ledger says of itself, as far as both stores say the same.
async fn said(ledger: &dyn Ledger, feed: &[FeedEntry]) -> Vec<String> {
    let mut said = vec![format!("{feed:?}")];
    let mut say = |what: String| said.push(what);
    let page = ledger.summaries(&SaleQuery::all(moment(0))).await.unwrap();
    say(format!("{:?}", page.items).replace("\\0", "\u{fffd}"));
    for number in 1..4 {
        say(format!("{:?}", ledger.events(sale(number)).await.unwrap()));
        let private = ledger.private(sale(number)).await.unwrap();
        let values = [private.personal("address"), private.secret("address")];
        say(format!(
            "{private:?} {:?}",
            values.map(|it| it.map(|it| it.expose_secret().to_owned()))
        ));
        for message in ledger.inbox(sale(number)).await.unwrap() {
            say(format!("{message:?} {}", message.content.expose_secret()));
        }
        let key = "the \"key\"";
        let requester = Requester::User(user_id(1));
        say(format!("{:?}", ledger.idempotency(sale(number), requester, key).await.unwrap()));
        say(format!("{:?}", ledger.sale_of_intent(intent(number)).await.unwrap()));
    }
    say(format!("{:?}", ledger.api_keys().await.unwrap()).replace("\\0", "\u{fffd}"));
    for user in ledger.users().await.unwrap() {
        say(format!("{user:?} {:?}", user == self::user(1, 0)));
    }
    let store = ledger.webhooks();
    for endpoint in store.webhook_endpoints().await.unwrap() {
        let old = endpoint.previous_secret.as_ref().map(|(old, _)| old.expose_secret().to_owned());
        say(format!("{endpoint:?} {} {old:?}", endpoint.secret.expose_secret()));
    }
    let requester = Requester::ApiKey(api_key(1));
    say(format!("{:?}", store.webhook_request(requester, "endpoint").await.unwrap()));
    for number in 1..=2 {
        let event = EventId(Uuid::from_u128(number));
        say(format!("{:?}", store.webhook_message(endpoint_id(1), event).await.unwrap()));
    }
    said
}

#[tokio::test]
async fn everything_is_there_and_nothing_else_is_left_out() {
    let (_dir, from, ledger) = file().await;
    fill(&*ledger).await;
    let feed = ledger.feed(0, 1_000).await.unwrap();
    let before = said(&*ledger, &feed).await;
    end(ledger, &from);
    let database = kvitt_testing::database();
    let reports = AtomicU64::new(0);
    let count = |_| {
        reports.fetch_add(1, Ordering::Relaxed);
    };
    let moved = copy(&from, &database.url(), moment(9), &count).await.unwrap();
    assert_eq!(moved.sales, 699);
    assert_eq!(Some(moved.last_position), feed.last().map(|it| it.position));
    assert!(reports.load(Ordering::Relaxed) > 12, "{reports:?}");

    let ledger = open(&database.url()).await;
    let feed = shown(&*ledger, feed.len()).await;
    assert_eq!(said(&*ledger, &feed).await, before);
    assert_eq!(ledger.session(&SessionDigest([1; 32])).await.unwrap(), None);
    // What every database knows of itself is not moved, and what is counted is counted anew. A new
    // table has to be thought of.
    let of_itself = "'_sqlx_migrations', 'dashboard_session', 'feed', 'figure', 'figure_place', \
         'ledger_state', 'readiness', 'replica'";
    let tables = database.sql(&format!(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'
             AND tablename NOT IN ({of_itself}) ORDER BY 1"
    ));
    let mut names: Vec<_> = moved.tables.iter().map(|table| table.name).collect();
    names.sort_unstable();
    assert_eq!(tables.lines().collect::<Vec<_>>(), names);
    for table in &moved.tables {
        let rows = database.sql(&format!("SELECT count(*) FROM {}", table.name));
        assert_eq!(rows, table.rows.to_string(), "{table:?}");
        // So has a new column: the sample has something in each.
        let name = table.name;
        let columns = database.sql(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_name = '{name}'"
        ));
        for column in columns.lines() {
            let some = database.sql(&format!("SELECT count({column}) > 0 FROM {name}"));
            assert_eq!(some, "t", "{name}.{column}");
        }
    }
}

#[tokio::test]
async fn each_event_belongs_to_the_intent_to_which_it_would_have() {
    let (_dir, from, ledger) = file().await;
    let events =
        || (100..).zip(every_event()).map(|(number, event)| new_event(number, event)).collect();
    let all = every_event().len() as u64;
    let of =
        |sale: SaleId| Append { events: events(), summary: summary(sale, all), ..step(sale, 0) };
    ledger.append(of(sale(1))).await.unwrap();
    end(ledger, &from);
    let database = kvitt_testing::database();
    copied(&from, &database).await.unwrap();
    open(&database.url()).await.append(of(sale(2))).await.unwrap();
    let differ = "SELECT count(*) FROM event a JOIN event b ON a.seq = b.seq AND a.sale < b.sale
                  WHERE a.intent IS DISTINCT FROM b.intent OR a.event::text <> b.event::text
                      OR a.name <> b.name OR a.cause::text <> b.cause::text";
    assert_eq!(database.sql(differ), "0");
    assert_eq!(database.sql("SELECT count(*) > 5 FROM event WHERE intent IS NOT NULL"), "t");
}

#[tokio::test]
async fn who_follows_the_feed_goes_on_with_the_position_that_it_has() {
    for begins_at in ["", "UPDATE sqlite_sequence SET seq = 1 << 50 WHERE name = 'event'"] {
        let (dir, from, ledger) = file().await;
        ledger.append(step(sale(1), 0)).await.unwrap();
        sql(&path(&dir), begins_at);
        ledger.append(step(sale(2), 0)).await.unwrap();
        ledger.append(step(sale(3), 0)).await.unwrap();
        let seen = ledger.feed(0, 2).await.unwrap();
        end(ledger, &from);
        let database = kvitt_testing::database();
        // Whoever has the database open already goes on above the positions, too.
        let ledger = open(&database.url()).await;
        copied(&from, &database).await.unwrap();
        for number in 4..6 {
            ledger.append(step(sale(number), 0)).await.unwrap();
        }
        let all = shown(&*ledger, 5).await;
        assert!(all.is_sorted_by(|a, b| a.position < b.position));
        assert_eq!(all[..2], seen[..]);
        let rest = ledger.feed(seen[1].position, 10).await.unwrap();
        let rest: Vec<_> = rest.iter().map(|entry| entry.sale).collect();
        assert_eq!(rest, [sale(3), sale(4), sale(5)], "none is missed, none comes twice");
        assert_eq!(ledger.webhooks().feed_end().await.unwrap(), all[4].position);
    }
}

#[tokio::test]
async fn work_goes_on_and_old_claims_on_it_are_worth_nothing() {
    let (_dir, from, ledger) = file().await;
    let kind = "intent".to_owned();
    let work = vec![WorkChange::Schedule { work_id: work_id(1), kind, due_in: NOW }];
    ledger.append(Append { work, ..step(sale(1), 0) }).await.unwrap();
    let mut old = None;
    for _ in 0..5 {
        old = ledger.claim_due(9, NOW).await.unwrap().pop();
    }
    let old = old.unwrap();
    end(ledger, &from);
    let database = kvitt_testing::database();
    copied(&from, &database).await.unwrap();

    let ledger = open(&database.url()).await;
    let new = ledger.claim_due(9, LONG).await.unwrap().pop().unwrap();
    assert_eq!((new.work_id, new.attempts), (old.work_id, 6));
    assert!(new.fence > old.fence, "{new:?} {old:?}");
    let finish = |fence| Append {
        work: vec![WorkChange::Finish { work_id: work_id(1) }],
        fence: Some((work_id(1), fence)),
        ..step(sale(1), 1)
    };
    let late = ledger.append(finish(old.fence)).await.unwrap_err();
    assert!(matches!(late, LedgerError::LeaseLost), "{late}");
    ledger.append(finish(new.fence)).await.unwrap();
}

#[tokio::test]
async fn a_copy_that_fails_leaves_nothing_and_can_be_made_again() {
    let (_dir, from, ledger) = file().await;
    fill(&*ledger).await;
    end(ledger, &from);
    let database = kvitt_testing::database();
    open(&database.url()).await;
    for (damage, repair) in [
        // The last table is refused.
        (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'no'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON webhook_queue
                 FOR EACH ROW EXECUTE FUNCTION refuse()",
            "DROP TRIGGER refuse ON webhook_queue",
        ),
        // One row of many becomes another, or is lost.
        (
            "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 new.at_us = new.at_us + 1; RETURN new; END $$;
             CREATE TRIGGER change BEFORE INSERT ON event
                 FOR EACH ROW WHEN (new.position = 600) EXECUTE FUNCTION change()",
            "DROP TRIGGER change ON event",
        ),
        (
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 RETURN NULL; END $$;
             CREATE TRIGGER lose BEFORE INSERT ON private
                 FOR EACH ROW WHEN (new.personal) EXECUTE FUNCTION lose()",
            "DROP TRIGGER lose ON private",
        ),
    ] {
        database.sql(damage);
        copied(&from, &database).await.unwrap_err();
        let empty = "SELECT (SELECT count(*) FROM sale) + (SELECT count(*) FROM event)";
        assert_eq!(database.sql(empty), "0", "{damage}");
        let ledger = kvitt_ledger::open(&from).await.unwrap();
        assert_eq!(ledger.frozen().await.unwrap(), None, "the file acts on");
        end(ledger, &from);
        database.sql(repair);
    }
    copied(&from, &database).await.unwrap();
}

#[tokio::test]
async fn at_no_moment_two_ledgers_act() {
    let (_dir, from, ledger) = file().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let database = kvitt_testing::database();
    let in_use = copied(&from, &database).await.unwrap_err();
    assert!(in_use.to_string().contains("another process has"), "{in_use}");
    end(ledger, &from);

    // Nobody gets into the file while it is copied.
    let looked = AtomicU64::new(0);
    let file = from.strip_prefix("sqlite:").unwrap().to_owned();
    let look = |_| {
        looked.fetch_add(1, Ordering::Relaxed);
        let file = file.clone();
        let other = std::thread::spawn(move || {
            let other = Connection::open(file).unwrap();
            other.busy_timeout(NOW).unwrap();
            other.execute_batch("SELECT count(*) FROM sale")
        });
        let error = other.join().unwrap().unwrap_err().to_string();
        assert!(error.contains("locked"), "{error}");
    };
    copy(&from, &database.url(), moment(9), &look).await.unwrap();
    assert!(looked.load(Ordering::Relaxed) > 0);

    let ledger = kvitt_ledger::open(&from).await.unwrap();
    let frozen = ledger.frozen().await.unwrap().unwrap();
    assert_eq!(frozen.since, moment(9));
    assert!(frozen.because.contains(database.name()), "{frozen:?}");
    end(ledger, &from);
    assert_eq!(open(&database.url()).await.frozen().await.unwrap(), None);

    let again = copied(&from, &database).await.unwrap_err();
    assert!(again.to_string().contains("is not empty"), "{again}");
    let elsewhere = copied(&from, &kvitt_testing::database()).await.unwrap_err();
    assert!(elsewhere.to_string().contains("it was moved to"), "{elsewhere}");
    assert!(elsewhere.to_string().contains(database.name()), "{elsewhere}");
}

/// The file is marked first: between its mark and the database's end, nobody acts.
#[tokio::test]
async fn a_copy_whose_end_fails_is_made_again_and_the_file_rests_meanwhile() {
    let (_dir, from, ledger) = file().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    end(ledger, &from);
    let database = kvitt_testing::database();
    open(&database.url()).await;
    database.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE EXCEPTION 'no'; END $$;
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
             FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let error = copied(&from, &database).await.unwrap_err();
    assert!(matches!(error, LedgerError::CannotCopy { .. }), "{error}");
    assert!(error.to_string().contains("run the same command again"), "{error}");
    assert_eq!(database.sql("SELECT count(*) FROM sale"), "0");
    let ledger = kvitt_ledger::open(&from).await.unwrap();
    let frozen = ledger.frozen().await.unwrap().unwrap();
    assert!(frozen.because.contains(database.name()), "{frozen:?}");
    end(ledger, &from);

    database.sql("DROP TRIGGER refuse ON event");
    copied(&from, &database).await.unwrap();
    let ledger = open(&database.url()).await;
    assert_eq!(ledger.frozen().await.unwrap(), None);
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_frozen_file_leads_to_a_frozen_database() {
    let (_dir, from, ledger) = file().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    ledger.freeze(moment(1), "it is a backup").await.unwrap();
    let frozen = ledger.frozen().await.unwrap();
    end(ledger, &from);
    let database = kvitt_testing::database();
    copied(&from, &database).await.unwrap();
    assert_eq!(open(&database.url()).await.frozen().await.unwrap(), frozen);
}

#[tokio::test]
async fn what_cannot_be_copied_is_named() {
    let (dir, from, ledger) = file().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    end(ledger, &from);
    let missing = format!("{from}.other");
    let database = kvitt_testing::database();
    let filled = kvitt_testing::database();
    open(&filled.url()).await.insert_user(&user(1, 0)).await.unwrap();
    for (from, to, why) in [
        (&*from, &*filled.url(), "is not empty (table dashboard_user)"),
        (&missing, &database.url(), "no such file"),
        (&database.url(), &filled.url(), "from sqlite:… only"),
        (&from, &missing, "kvitt ledger backup"),
    ] {
        let error = copy(from, to, moment(9), &|_| ()).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    sql(
        &path(&dir),
        "INSERT INTO idempotency SELECT sale, 'usr_1', 'k' || char(0), x'00', NULL, 0 FROM sale",
    );
    let error = copied(&from, &database).await.unwrap_err().to_string();
    for named in ["idempotency", "column key", "NUL", &sale(1).0.simple().to_string()] {
        assert!(error.contains(named), "{error}");
    }
    assert_eq!(open(&database.url()).await.summary(sale(1)).await.unwrap(), None);
}
