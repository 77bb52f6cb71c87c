//! Keys to the merchant API.

use std::sync::Arc;

use kvitt_ledger::{ApiKey, Ledger, LedgerError};

use super::sample::{api_key, moment};

fn key(number: u8, created_at_us: i64) -> ApiKey {
    ApiKey {
        id: api_key(u128::from(number)),
        name: format!("shop {number}"),
        hash: [number; 32],
        created_at: moment(created_at_us),
        revoked_at: None,
    }
}

pub(crate) async fn a_key_is_found_by_its_digest(ledger: Arc<dyn Ledger>) {
    let (younger, older) = (key(1, 20), key(2, 10));
    ledger.insert_api_key(&younger).await.unwrap();
    ledger.insert_api_key(&older).await.unwrap();

    assert_eq!(ledger.api_key_by_hash(&[1; 32]).await.unwrap(), Some(younger.clone()));
    assert_eq!(ledger.api_key_by_hash(&[3; 32]).await.unwrap(), None);
    assert_eq!(ledger.api_keys().await.unwrap(), [older, younger.clone()], "oldest first");
    assert!(!format!("{younger:?}").contains("hash"), "a digest is not printed");
}

pub(crate) async fn an_id_or_a_digest_is_taken_once(ledger: Arc<dyn Ledger>) {
    ledger.insert_api_key(&key(1, 0)).await.unwrap();
    let same_id = ApiKey { hash: [2; 32], ..key(1, 0) };
    let same_digest = ApiKey { id: api_key(2), ..key(1, 0) };
    for taken in [same_id, same_digest] {
        let error = ledger.insert_api_key(&taken).await.unwrap_err();
        assert!(matches!(error, LedgerError::ApiKeyExists), "{error}");
    }
    assert_eq!(ledger.api_keys().await.unwrap(), [key(1, 0)]);
}

pub(crate) async fn a_key_is_revoked_once(ledger: Arc<dyn Ledger>) {
    ledger.insert_api_key(&key(1, 0)).await.unwrap();
    ledger.insert_api_key(&key(2, 0)).await.unwrap();

    assert!(ledger.revoke_api_key(api_key(1), moment(5)).await.unwrap());
    assert!(ledger.revoke_api_key(api_key(1), moment(9)).await.unwrap());
    assert!(!ledger.revoke_api_key(api_key(3), moment(5)).await.unwrap());

    let revoked = ledger.api_key_by_hash(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(moment(5)), "the first time stays");
    assert_eq!(ledger.api_key_by_hash(&[2; 32]).await.unwrap(), Some(key(2, 0)));
}
