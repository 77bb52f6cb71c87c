//! Sessions of the dashboard. One of no length has ended at once, so no test waits.

use std::sync::Arc;
use std::time::Duration;

use kvitt_ledger::{Ledger, PasswordHash, SessionDigest, User};

use super::sample::{moment, user, user_id};

const LONG: Duration = Duration::from_hours(12);

fn digest(number: u8) -> SessionDigest {
    SessionDigest([number; 32])
}

/// Two users.
async fn users(ledger: &dyn Ledger) -> [User; 2] {
    let users = [user(1, 0), user(2, 0)];
    for user in &users {
        ledger.insert_user(user).await.unwrap();
    }
    users
}

/// Who holds the sessions 1 to 3.
async fn holders(ledger: &dyn Ledger) -> [Option<String>; 3] {
    let mut names = [None, None, None];
    for (number, name) in (1..).zip(&mut names) {
        *name = ledger.session(&digest(number)).await.unwrap().map(|user| user.name);
    }
    names
}

fn named(names: [&str; 3]) -> [Option<String>; 3] {
    names.map(|name| (!name.is_empty()).then(|| name.to_owned()))
}

pub(crate) async fn a_session_leads_to_its_user_until_it_is_closed(ledger: Arc<dyn Ledger>) {
    let [one, two] = users(&*ledger).await;
    assert!(ledger.open_session(&digest(1), &one, LONG).await.unwrap());
    assert!(ledger.open_session(&digest(2), &two, LONG).await.unwrap());
    assert_eq!(ledger.session(&digest(1)).await.unwrap(), Some(one.clone()));
    assert_eq!(holders(&*ledger).await, named(["Operator 1", "Operator 2", ""]));

    ledger.open_session(&digest(2), &one, LONG).await.unwrap_err();
    assert_eq!(holders(&*ledger).await, named(["Operator 1", "Operator 2", ""]), "not taken over");

    ledger.close_session(&digest(1)).await.unwrap();
    ledger.close_session(&digest(3)).await.unwrap();
    assert_eq!(holders(&*ledger).await, named(["", "Operator 2", ""]));
    assert!(!format!("{:?}", digest(7)).contains('7'), "a digest is not printed");
}

pub(crate) async fn a_session_that_has_ended_leads_nowhere(ledger: Arc<dyn Ledger>) {
    let [one, _] = users(&*ledger).await;
    assert!(ledger.open_session(&digest(1), &one, Duration::ZERO).await.unwrap());
    assert_eq!(ledger.session(&digest(1)).await.unwrap(), None);
    // It is gone when the next is opened: its place is free.
    assert!(ledger.open_session(&digest(2), &one, LONG).await.unwrap());
    assert!(ledger.open_session(&digest(1), &one, LONG).await.unwrap());
    assert_eq!(holders(&*ledger).await, named(["Operator 1", "Operator 1", ""]));
}

pub(crate) async fn a_new_password_ends_the_users_sessions_and_no_others(ledger: Arc<dyn Ledger>) {
    let [one, two] = users(&*ledger).await;
    for (number, user) in [(1, &one), (2, &two), (3, &one)] {
        assert!(ledger.open_session(&digest(number), user, LONG).await.unwrap());
    }
    ledger.set_password(one.id, &PasswordHash::new("$argon2id$other")).await.unwrap();
    assert_eq!(holders(&*ledger).await, named(["", "Operator 2", ""]));
}

pub(crate) async fn a_revoked_user_has_no_session(ledger: Arc<dyn Ledger>) {
    let [one, two] = users(&*ledger).await;
    for (number, user) in [(1, &one), (2, &two)] {
        assert!(ledger.open_session(&digest(number), user, LONG).await.unwrap());
    }
    ledger.revoke_user(one.id, moment(5)).await.unwrap();
    assert_eq!(holders(&*ledger).await, named(["", "Operator 2", ""]));
    let revoked = ledger.user_by_name(&one.name).await.unwrap().unwrap();
    assert!(!ledger.open_session(&digest(3), &revoked, LONG).await.unwrap());
    assert_eq!(holders(&*ledger).await, named(["", "Operator 2", ""]));
}

/// Checking a password takes a while, in which it may be changed and the user revoked.
pub(crate) async fn what_was_checked_before_a_change_opens_nothing(ledger: Arc<dyn Ledger>) {
    let [one, two] = users(&*ledger).await;
    ledger.set_password(one.id, &PasswordHash::new("$argon2id$other")).await.unwrap();
    ledger.revoke_user(two.id, moment(5)).await.unwrap();
    let unknown = User { id: user_id(3), ..one.clone() };
    for (number, user) in [(1, &one), (2, &two), (3, &unknown)] {
        assert!(!ledger.open_session(&digest(number), user, LONG).await.unwrap(), "{user:?}");
    }
    assert_eq!(holders(&*ledger).await, named(["", "", ""]));
}

pub(crate) async fn the_longest_session_does_not_overflow(ledger: Arc<dyn Ledger>) {
    let [one, _] = users(&*ledger).await;
    assert!(ledger.open_session(&digest(1), &one, Duration::MAX).await.unwrap());
    assert_eq!(holders(&*ledger).await, named(["Operator 1", "", ""]));
}
