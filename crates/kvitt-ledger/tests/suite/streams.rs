//! One sale's stream of events, and what is stored with it.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use kvitt_core::{Cause, Requester, UserId};
use kvitt_ledger::{
    Append, IdempotencyRecord, Ledger, LedgerError, PrivateChange, SaleQuery, WorkChange,
};

use super::sample::{
    api_key, every_event, intent, kind, moment, new_event, quiet_step, sale, step, summary, work_id,
};

pub(crate) async fn every_kind_of_event_comes_back_as_it_went_in(ledger: Arc<dyn Ledger>) {
    let events = every_event();
    assert!(events.iter().map(kind).eq(0..events.len()), "every kind is in the sample, in order");
    let causes = [
        Cause::Merchant { api_key: api_key(1) },
        Cause::Operator { user: UserId(api_key(2).0) },
        Cause::Shopper,
        Cause::Callback,
        Cause::Kvitt,
    ];
    let new: Vec<_> = (1..)
        .zip(events)
        .map(|(number, event)| {
            let mut new = new_event(number, event);
            new.cause = causes[usize::try_from(number).unwrap() % causes.len()].clone();
            // Finer than what is kept.
            new.at += SignedDuration::from_nanos(7);
            new
        })
        .collect();
    let count = new.len();
    let version = u64::try_from(count).unwrap();
    let append =
        Append { events: new.clone(), summary: summary(sale(1), version), ..step(sale(1), 0) };

    let answered = ledger.append(append).await.unwrap();
    let read = ledger.events(sale(1)).await.unwrap();

    assert_eq!(answered, read, "the answer is what will be read");
    assert_eq!(read.len(), count);
    for ((seq, new), read) in (1..).zip(new).zip(read) {
        assert_eq!(read.seq, seq);
        assert_eq!(read.at, moment(i64::try_from(seq).unwrap()), "kept to the microsecond");
        assert_eq!((read.id, read.cause, read.event), (new.id, new.cause, new.event));
    }
}

pub(crate) async fn an_intent_leads_to_its_sale(ledger: Arc<dyn Ledger>) {
    let events = (1..).zip(every_event()).map(|(number, event)| new_event(number, event));
    let events: Vec<_> = events.collect();
    let version = u64::try_from(events.len()).unwrap();
    let append = Append { events, summary: summary(sale(2), version), ..step(sale(2), 0) };
    ledger.append(step(sale(1), 0)).await.unwrap();
    ledger.append(append).await.unwrap();

    assert_eq!(ledger.sale_of_intent(intent(1)).await.unwrap(), Some(sale(2)));
    assert_eq!(ledger.sale_of_intent(intent(9)).await.unwrap(), None);
}

pub(crate) async fn an_unknown_sale_is_empty(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();

    assert_eq!(ledger.events(sale(2)).await.unwrap(), []);
    assert_eq!(ledger.summary(sale(2)).await.unwrap(), None);
    assert_eq!(
        ledger.idempotency(sale(2), Requester::ApiKey(api_key(1)), "k").await.unwrap(),
        None
    );
    assert_eq!(ledger.private(sale(2)).await.unwrap().personal_names().count(), 0);
    ledger.erase_personal(sale(2)).await.unwrap();
}

pub(crate) async fn of_two_writers_one_wins(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    let writers: Vec<_> = (0..20)
        .map(|_| {
            let ledger = Arc::clone(&ledger);
            tokio::spawn(async move { ledger.append(step(sale(1), 1)).await })
        })
        .collect();
    let mut won = 0;
    for writer in writers {
        match writer.await.unwrap() {
            Ok(events) => {
                assert_eq!(events[0].seq, 2);
                won += 1;
            }
            Err(LedgerError::Conflict { sale: of, expected, actual }) => {
                assert_eq!((of, expected, actual), (sale(1), 1, 2));
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 2);
}

pub(crate) async fn the_loser_leaves_nothing_behind(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut loser = step(sale(1), 0);
    loser.summary.attention = Some("should not be seen".to_owned());
    loser.idempotency = Some(IdempotencyRecord {
        requester: Requester::ApiKey(api_key(1)),
        key: "k".to_owned(),
        request_hash: [1; 32],
        intent: None,
        at: moment(1),
    });
    loser.private = vec![
        PrivateChange::SetPersonal { name: "billing".to_owned(), value: "x".into() },
        PrivateChange::SetSecret { name: "token".to_owned(), value: "x".into() },
    ];
    loser.work = vec![WorkChange::Schedule {
        work_id: work_id(1),
        kind: "place".to_owned(),
        due_in: Duration::ZERO,
    }];

    let error = ledger.append(loser).await.unwrap_err();

    assert!(matches!(error, LedgerError::Conflict { expected: 0, actual: 1, .. }), "{error}");
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
    super::feed::shown(&*ledger, 1).await;
    assert_eq!(ledger.summary(sale(1)).await.unwrap(), Some(summary(sale(1), 1)));
    assert_eq!(
        ledger.idempotency(sale(1), Requester::ApiKey(api_key(1)), "k").await.unwrap(),
        None
    );
    let private = ledger.private(sale(1)).await.unwrap();
    assert_eq!(private.personal_names().chain(private.secret_names()).count(), 0);
    assert_eq!(ledger.claim_due(10, Duration::ZERO).await.unwrap(), []);
}

pub(crate) async fn a_version_ahead_is_a_conflict(ledger: Arc<dyn Ledger>) {
    let error = ledger.append(step(sale(1), 3)).await.unwrap_err();
    assert!(matches!(error, LedgerError::Conflict { expected: 3, actual: 0, .. }), "{error}");
    let mut far = step(sale(1), 0);
    far.expected_version = u64::MAX - 1;
    far.summary.version = u64::MAX;
    let error = ledger.append(far).await;
    assert!(matches!(error, Err(LedgerError::Conflict { .. })), "{error:?}");
    assert_eq!(ledger.summary(sale(1)).await.unwrap(), None);
}

pub(crate) async fn a_step_without_events_is_stored(ledger: Arc<dyn Ledger>) {
    ledger.append(step(sale(1), 0)).await.unwrap();
    let mut quiet = quiet_step(sale(1), 1);
    quiet.private = vec![PrivateChange::SetSecret { name: "token".to_owned(), value: "t".into() }];
    assert_eq!(ledger.append(quiet.clone()).await.unwrap(), []);
    assert!(ledger.private(sale(1)).await.unwrap().secret("token").is_some());

    ledger.append(step(sale(1), 1)).await.unwrap();
    let error = ledger.append(quiet).await.unwrap_err();
    assert!(matches!(error, LedgerError::Conflict { expected: 1, actual: 2, .. }), "{error}");
}

pub(crate) async fn a_step_that_does_not_fit_together_is_refused(ledger: Arc<dyn Ledger>) {
    let mut other_sale = step(sale(1), 0);
    other_sale.summary.sale = sale(2);
    let mut other_version = step(sale(1), 0);
    other_version.summary.version = 2;
    let mut too_much = step(sale(1), 0);
    too_much.events = vec![too_much.events[0].clone(); Append::EVENTS_MAX + 1];
    too_much.summary.version = 4_097;
    for (wrong, named) in [
        (too_much, "at most 4096"),
        (other_sale, "summary.sale"),
        (other_version, "summary.version is 2"),
        (quiet_step(sale(1), 0), "at least one event"),
    ] {
        let error = ledger.append(wrong).await.unwrap_err();
        assert!(matches!(error, LedgerError::InvalidAppend { .. }), "{error}");
        assert!(error.to_string().contains(named), "{error}");
    }
    assert_eq!(ledger.feed(0, 10).await.unwrap(), []);
    assert_eq!(ledger.summaries(&SaleQuery::all(moment(0))).await.unwrap().items, []);
}

pub(crate) async fn it_answers_that_it_is_ready(ledger: Arc<dyn Ledger>) {
    ledger.check().await.unwrap();
    ledger.check().await.unwrap();
}
