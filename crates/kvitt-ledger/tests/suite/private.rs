//! Personal data and secrets.

use std::sync::Arc;

use kvitt_ledger::{Append, Ledger, Private, PrivateChange};
use secrecy::ExposeSecret as _;

use super::sample::{quiet_step, sale, step};

fn set_personal(name: &str, value: &str) -> PrivateChange {
    PrivateChange::SetPersonal { name: name.to_owned(), value: value.into() }
}

fn set_secret(name: &str, value: &str) -> PrivateChange {
    PrivateChange::SetSecret { name: name.to_owned(), value: value.into() }
}

/// Everything that is in it.
fn told(private: &Private) -> Vec<(&str, &str)> {
    let personal = private.personal_names().map(|name| (name, private.personal(name)));
    let secrets = private.secret_names().map(|name| (name, private.secret(name)));
    personal.chain(secrets).map(|(name, value)| (name, value.unwrap().expose_secret())).collect()
}

fn with(step: Append, private: Vec<PrivateChange>) -> Append {
    Append { private, ..step }
}

pub(crate) async fn values_are_set_replaced_and_removed(ledger: Arc<dyn Ledger>) {
    let first = vec![
        set_personal("billing", "one"),
        set_personal("billing", "two"),
        set_personal("shipping", "there"),
        set_secret("billing", "a secret of the same name"),
        set_secret("token", "t1"),
    ];
    ledger.append(with(step(sale(1), 0), first)).await.unwrap();
    ledger.append(with(step(sale(2), 0), vec![set_personal("billing", "other")])).await.unwrap();

    let private = ledger.private(sale(1)).await.unwrap();
    assert_eq!(private.personal("billing").unwrap().expose_secret(), "two");
    assert_eq!(private.secret("billing").unwrap().expose_secret(), "a secret of the same name");
    assert!(private.personal_names().eq(["billing", "shipping"]));
    assert!(private.secret_names().eq(["billing", "token"]));

    let then = vec![
        PrivateChange::RemovePersonal { name: "billing".to_owned() },
        PrivateChange::RemovePersonal { name: "never there".to_owned() },
        PrivateChange::RemoveSecret { name: "token".to_owned() },
        set_personal("shipping", "elsewhere"),
    ];
    let foreseen = private.after(&then);
    ledger.append(with(quiet_step(sale(1), 1), then)).await.unwrap();

    let private = ledger.private(sale(1)).await.unwrap();
    assert_eq!(told(&foreseen), told(&private));
    assert!(private.personal("billing").is_none());
    assert_eq!(private.personal("shipping").unwrap().expose_secret(), "elsewhere");
    assert!(private.secret("billing").is_some());
    assert!(private.secret("token").is_none());
    let other = ledger.private(sale(2)).await.unwrap();
    assert_eq!(other.personal("billing").unwrap().expose_secret(), "other");
}

pub(crate) async fn erasing_takes_the_personal_and_leaves_the_rest(ledger: Arc<dyn Ledger>) {
    for number in [1, 2] {
        let private = vec![set_personal("billing", "Ada"), set_secret("token", "t")];
        ledger.append(with(step(sale(number), 0), private)).await.unwrap();
    }

    ledger.erase_personal(sale(1)).await.unwrap();
    ledger.erase_personal(sale(1)).await.unwrap();

    let private = ledger.private(sale(1)).await.unwrap();
    assert_eq!(private.personal_names().count(), 0);
    assert!(private.secret("token").is_some());
    assert_eq!(ledger.events(sale(1)).await.unwrap().len(), 1);
    assert!(ledger.summary(sale(1)).await.unwrap().is_some());
    assert!(ledger.private(sale(2)).await.unwrap().personal("billing").is_some());
    ledger.append(step(sale(1), 1)).await.unwrap();
}

pub(crate) async fn nothing_of_it_is_printed(ledger: Arc<dyn Ledger>) {
    let private = vec![set_personal("billing", "hunter2"), set_secret("token", "hunter2")];
    let append = with(step(sale(1), 0), private);
    assert!(!format!("{append:?}").contains("hunter2"));
    ledger.append(append).await.unwrap();

    let private = ledger.private(sale(1)).await.unwrap();
    assert_eq!(private.secret("token").unwrap().expose_secret(), "hunter2");
    assert!(!format!("{private:?} {private:#?}").contains("hunter2"));
}

pub(crate) async fn strange_names_and_long_values_come_back_whole(ledger: Arc<dyn Ledger>) {
    let long = "å".repeat(200_000);
    let names = ["", "'; DROP TABLE sale; --", "a\nb", "名前"];
    let private = names.iter().map(|name| set_personal(name, &long)).collect();
    ledger.append(with(step(sale(1), 0), private)).await.unwrap();

    let private = ledger.private(sale(1)).await.unwrap();
    for name in names {
        let whole = private.personal(name).is_some_and(|value| value.expose_secret() == long);
        assert!(whole, "{name:?}");
    }
}
