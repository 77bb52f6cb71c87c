//! Users of the dashboard.

use std::sync::Arc;

use kvitt_ledger::{Ledger, LedgerError, PasswordHash, User};

use super::sample::{moment, user, user_id};

pub(crate) async fn a_user_is_found_by_its_name_in_whatever_case(ledger: Arc<dyn Ledger>) {
    let (younger, older) = (user(1, 20), user(2, 10));
    ledger.insert_user(&younger).await.unwrap();
    ledger.insert_user(&older).await.unwrap();

    for name in ["Operator 1", "operator 1", "OPERATOR 1"] {
        assert_eq!(ledger.user_by_name(name).await.unwrap(), Some(younger.clone()), "{name}");
    }
    for name in ["Operator 3", "Operator", "Operator 1 ", "Operator%", "", "Öperator 1"] {
        assert_eq!(ledger.user_by_name(name).await.unwrap(), None, "{name}");
    }
    assert_eq!(ledger.users().await.unwrap(), [older, younger], "oldest first");
}

pub(crate) async fn a_name_or_an_id_is_taken_once(ledger: Arc<dyn Ledger>) {
    ledger.insert_user(&user(1, 0)).await.unwrap();
    let same_id = User { name: "somebody else".to_owned(), ..user(1, 0) };
    let same_name = User { id: user_id(2), ..user(1, 0) };
    let same_but_for_case = User { name: "OPERATOR 1".to_owned(), ..same_name.clone() };
    for taken in [same_id, same_name.clone(), same_but_for_case] {
        let error = ledger.insert_user(&taken).await.unwrap_err();
        assert!(matches!(error, LedgerError::UserExists), "{error}");
    }
    assert_eq!(ledger.users().await.unwrap(), [user(1, 0)]);

    ledger.revoke_user(user_id(1), moment(5)).await.unwrap();
    let error = ledger.insert_user(&same_name).await.unwrap_err();
    assert!(matches!(error, LedgerError::UserExists), "a revoked user keeps its name: {error}");
}

pub(crate) async fn a_password_is_replaced(ledger: Arc<dyn Ledger>) {
    ledger.insert_user(&user(1, 0)).await.unwrap();
    ledger.insert_user(&user(2, 0)).await.unwrap();
    let other = PasswordHash::new("$argon2id$other");

    assert!(ledger.set_password(user_id(1), &other).await.unwrap());
    assert!(!ledger.set_password(user_id(3), &other).await.unwrap());

    let changed = User { password_hash: other, ..user(1, 0) };
    assert_eq!(ledger.users().await.unwrap(), [changed, user(2, 0)]);
}

pub(crate) async fn a_user_is_revoked_once(ledger: Arc<dyn Ledger>) {
    ledger.insert_user(&user(1, 0)).await.unwrap();
    ledger.insert_user(&user(2, 0)).await.unwrap();

    assert!(ledger.revoke_user(user_id(1), moment(5)).await.unwrap());
    assert!(ledger.revoke_user(user_id(1), moment(9)).await.unwrap());
    assert!(!ledger.revoke_user(user_id(3), moment(5)).await.unwrap());

    let revoked = User { revoked_at: Some(moment(5)), ..user(1, 0) };
    assert_eq!(ledger.user_by_name("Operator 1").await.unwrap(), Some(revoked.clone()));
    assert_eq!(ledger.users().await.unwrap(), [revoked, user(2, 0)], "the first time stays");
}

pub(crate) async fn no_hash_is_printed(ledger: Arc<dyn Ledger>) {
    ledger.insert_user(&user(1, 0)).await.unwrap();
    let users = ledger.users().await.unwrap();
    assert_eq!(users[0].password_hash.expose(), "$argon2id$of-1");
    let printed = format!("{users:?}");
    assert!(printed.contains("Operator 1") && !printed.contains("argon2id"), "{printed}");
}
