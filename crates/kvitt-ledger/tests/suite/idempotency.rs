//! Requests that were taken under an `Idempotency-Key`.

use std::sync::Arc;

use kvitt_core::{Requester, UserId};
use kvitt_ledger::{Append, IdempotencyRecord, Ledger, LedgerError};

use super::sample::{api_key, intent, moment, sale, step};

fn shop(number: u128) -> Requester {
    Requester::ApiKey(api_key(number))
}

fn record(requester: Requester, key: &str) -> IdempotencyRecord {
    IdempotencyRecord {
        requester,
        key: key.to_owned(),
        request_hash: [0xab; 32],
        intent: Some(intent(9)),
        at: moment(5),
    }
}

fn with(step: Append, record: &IdempotencyRecord) -> Append {
    Append { idempotency: Some(record.clone()), ..step }
}

pub(crate) async fn a_record_is_read_back(ledger: Arc<dyn Ledger>) {
    let of_an_act = record(shop(1), "a key with \"quotes\" and ünïcode");
    let of_no_act = IdempotencyRecord { intent: None, ..record(shop(1), "") };
    ledger.append(with(step(sale(1), 0), &of_an_act)).await.unwrap();
    ledger.append(with(step(sale(1), 1), &of_no_act)).await.unwrap();

    for stored in [of_an_act, of_no_act] {
        let read = ledger.idempotency(sale(1), shop(1), &stored.key).await.unwrap();
        assert_eq!(read, Some(stored));
    }
    assert_eq!(ledger.idempotency(sale(1), shop(1), "another").await.unwrap(), None);
}

pub(crate) async fn a_key_is_taken_once_within_a_sale(ledger: Arc<dyn Ledger>) {
    let first = record(shop(1), "k");
    ledger.append(with(step(sale(1), 0), &first)).await.unwrap();

    let second = IdempotencyRecord { request_hash: [2; 32], ..first.clone() };
    for version in [1, 0] {
        // The second of these is a conflict too: the request itself is the nearer reason.
        let error = ledger.append(with(step(sale(1), version), &second)).await.unwrap_err();
        assert!(matches!(error, LedgerError::IdempotencyKeyTaken), "{error}");
    }

    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
    assert_eq!(ledger.idempotency(sale(1), shop(1), "k").await.unwrap(), Some(first));
}

pub(crate) async fn only_sale_requester_and_key_together_are_taken(ledger: Arc<dyn Ledger>) {
    ledger.append(with(step(sale(1), 0), &record(shop(1), "k"))).await.unwrap();
    ledger.append(with(step(sale(1), 1), &record(shop(1), "K"))).await.unwrap();
    ledger.append(with(step(sale(1), 2), &record(shop(2), "k"))).await.unwrap();
    // A user of the same number is somebody else.
    let user = Requester::User(UserId(api_key(1).0));
    ledger.append(with(step(sale(1), 3), &record(user, "k"))).await.unwrap();
    ledger.append(with(step(sale(2), 0), &record(shop(1), "k"))).await.unwrap();

    assert_eq!(ledger.idempotency(sale(2), shop(2), "k").await.unwrap(), None);
}
