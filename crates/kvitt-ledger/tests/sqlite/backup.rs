//! Backups of a file that is in use.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Waker};

use kvitt_ledger::{
    Append, Backup, FeedEntry, Ledger, LedgerError, PrivateChange, SqliteLedger, WorkChange, backup,
};
use tempfile::TempDir;

use super::suite::sample::{moment, sale, step, work_id};
use super::{connect, file, fresh};

/// Makes a backup of the folder's ledger, beside it.
async fn back_up(dir: &TempDir, name: &str) -> Result<Backup, LedgerError> {
    let url = format!("sqlite:{}", file(dir).display());
    backup(&url, &dir.path().join(name), moment(7), &|_| ()).await
}

fn files(dir: &TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<_> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !name.starts_with("kvitt.db"));
    names
}

async fn open(path: &Path) -> SqliteLedger {
    SqliteLedger::open(path).await.unwrap()
}

/// So many of the first events, or all that there are: a quick machine writes more than one page.
async fn feed(ledger: &dyn Ledger, max: usize) -> Vec<FeedEntry> {
    let mut all = Vec::<FeedEntry>::new();
    while all.len() < max {
        let after = all.last().map_or(0, |entry| entry.position);
        let more = ledger.feed(after, 1_000).await.unwrap();
        if more.is_empty() {
            break;
        }
        all.extend(more);
    }
    all.truncate(max);
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_one_moment_of_a_ledger_that_is_written_to() {
    let (dir, ledger) = fresh().await;
    // A call that is under way, with its secret.
    let private = vec![PrivateChange::SetSecret { name: "call".to_owned(), value: "c".into() }];
    let due_in = std::time::Duration::ZERO;
    let kind = "intent".to_owned();
    let work = vec![WorkChange::Schedule { work_id: work_id(1), kind, due_in }];
    ledger.append(Append { private, work, ..step(sale(0), 0) }).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (1..=4)
        .map(|number| {
            let (ledger, stop) = (Arc::clone(&ledger), Arc::clone(&stop));
            tokio::spawn(async move {
                let mut version = 0;
                while !stop.load(Ordering::Relaxed) {
                    ledger.append(step(sale(number), version)).await.unwrap();
                    version += 1;
                }
                version
            })
        })
        .collect();

    let mut last = 0;
    for name in ["one.db", "two.db", "three.db"] {
        while ledger.feed(last, 100).await.unwrap().len() < 20 {}
        let before = feed(&*ledger, usize::MAX).await.len();
        let made = back_up(&dir, name).await.unwrap();
        assert!(made.last_position > last, "{made:?}");
        last = made.last_position;

        let copy = open(&dir.path().join(name)).await;
        let copied = feed(&copy, usize::MAX).await;
        assert!(copied.len() >= before && copied.len() as u64 == made.events, "{made:?}");
        assert_eq!(copied, feed(&*ledger, copied.len()).await);
        let frozen = copy.frozen().await.unwrap().unwrap();
        assert_eq!(frozen.since, moment(7));
        assert!(frozen.because.contains(&format!("position {last}")), "{frozen:?}");
        assert!(copy.private(sale(0)).await.unwrap().secret("call").is_some());
        assert_eq!(copy.claim_due(9, due_in).await.unwrap().len(), 0, "while it is frozen");
        copy.thaw().await.unwrap();
        assert_eq!((copy.claim_due(9, due_in).await.unwrap().len(), made.work), (1, 1));
        for number in 1..=4 {
            let summary = copy.summary(sale(number)).await.unwrap().unwrap();
            let events = copy.events(sale(number)).await.unwrap();
            assert_eq!(summary.version, events.len() as u64, "a step is whole or not there");
        }
    }
    stop.store(true, Ordering::Relaxed);
    for (number, writer) in (1..).zip(writers) {
        let written: u64 = writer.await.unwrap();
        assert_eq!(ledger.events(sale(number)).await.unwrap().len() as u64, written);
    }
    assert_eq!(ledger.frozen().await.unwrap(), None, "the ledger itself is not marked");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_it_and_nothing_lies_beside_it() {
    use std::os::unix::fs::PermissionsExt;
    let (dir, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    std::fs::set_permissions(file(&dir), PermissionsExt::from_mode(0o644)).unwrap();
    back_up(&dir, "copy.db").await.unwrap();
    assert_eq!(files(&dir), ["copy.db"]);
    let mode = dir.path().join("copy.db").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_erased_is_not_in_it() {
    let (dir, ledger) = fresh().await;
    let value = "Ada Lovelace, Storgatan 1";
    let private =
        vec![PrivateChange::SetPersonal { name: "address".to_owned(), value: value.into() }];
    ledger.append(Append { private, ..step(sale(1), 0) }).await.unwrap();
    let is_in = |name: &str| {
        let bytes = std::fs::read(dir.path().join(name)).unwrap();
        bytes.windows(value.len()).any(|window| window == value.as_bytes())
    };
    back_up(&dir, "before.db").await.unwrap();
    ledger.erase_personal(sale(1)).await.unwrap();
    back_up(&dir, "after.db").await.unwrap();
    assert!(is_in("before.db") && !is_in("after.db"));
}

#[tokio::test]
async fn a_ledger_that_does_not_hold_together_makes_no_backup() {
    for damage in [
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event WHERE seq = 1",
        "PRAGMA foreign_keys = OFF; DELETE FROM sale",
    ] {
        let (dir, ledger) = fresh().await;
        for version in 0..3 {
            ledger.append(step(sale(1), version)).await.unwrap();
        }
        let other = connect(&file(&dir));
        other.execute_batch("DROP TRIGGER event_stays").unwrap();
        other.execute_batch(damage).unwrap();
        let error = back_up(&dir, "copy.db").await.unwrap_err();
        assert!(matches!(error, LedgerError::Inconsistent { .. }), "{damage}: {error}");
        assert_eq!(files(&dir), [""; 0], "{damage}");
    }
}

#[tokio::test]
async fn a_backup_that_is_given_up_leaves_nothing() {
    let (dir, ledger) = fresh().await;
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut made = Box::pin(back_up(&dir, "copy.db"));
    std::future::poll_fn(|context| {
        assert!(made.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    // On a busy machine it may be further, with a journal beside the part.
    let begun = files(&dir);
    assert!(!begun.is_empty() && begun.iter().all(|it| it.starts_with(".copy.db.")), "{begun:?}");
    drop(made);
    while !files(&dir).is_empty() {
        tokio::task::yield_now().await;
    }
    back_up(&dir, "copy.db").await.unwrap();
}

fn is_pending(made: &mut Pin<Box<impl Future>>) -> bool {
    made.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// SQLite makes the file that it is to write to, also where that was removed before its turn came.
#[test]
fn a_backup_that_is_given_up_before_its_turn_leaves_nothing_either() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (dir, ledger) = fresh().await;
        ledger.append(step(sale(1), 0)).await.unwrap();
        let mut made = Box::pin(back_up(&dir, "copy.db"));
        assert!(is_pending(&mut made), "it looks at what is there");
        let (let_go, is_let_go) = std::sync::mpsc::channel();
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let held = tokio::task::spawn_blocking(move || {
            begun.send(()).unwrap();
            is_let_go.recv().unwrap();
        });
        has_begun.await.unwrap();
        assert!(is_pending(&mut made), "it waits for its turn to copy");
        drop(made);
        assert_eq!(files(&dir), [""; 0]);
        let_go.send(()).unwrap();
        held.await.unwrap();
        tokio::task::spawn_blocking(|| ()).await.unwrap();
        assert_eq!(files(&dir), [""; 0]);
    });
}

#[tokio::test]
async fn what_is_no_ledger_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |error: LedgerError| {
        assert!(matches!(error, LedgerError::CannotOpen { .. }), "{error:?}");
    };
    refused(back_up(&dir, "copy.db").await.unwrap_err());
    std::fs::write(file(&dir), "hello ".repeat(1_000)).unwrap();
    refused(back_up(&dir, "copy.db").await.unwrap_err());
    std::fs::remove_file(file(&dir)).unwrap();
    connect(&file(&dir)).execute_batch("CREATE TABLE other (it)").unwrap();
    refused(back_up(&dir, "copy.db").await.unwrap_err());
    assert_eq!(files(&dir), [""; 0]);
}
