//! Checkouts: one file per verb.

pub(crate) mod abandon;
pub(crate) mod authorization;
pub(crate) mod callbacks;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod place;
pub(crate) mod read;
pub(crate) mod reconcile;

use kvitt_core::Sale;
use kvitt_engine::names;

use crate::app::App;
use crate::problem::{MemberError, Problem, codes};
use crate::view::Checkout;

/// The checkout with everything that its shop may see.
async fn whole(app: &App, sale: &Sale) -> Result<Checkout, Problem> {
    let token = app.engine().secret(sale.id, names::CLIENT_TOKEN).await?;
    let shopper = app.engine().shopper(sale.id).await?;
    let url = app.engine().checkout_url(sale.id).await?;
    Ok(Checkout::of(sale, token.as_ref()).with_url(url).with_shopper(shopper.into()))
}

/// A name that nobody configured is the shop's mistake, not the installation's.
fn known_account(app: &App, name: &str) -> Result<(), Problem> {
    if app.engine().accounts().get(name).is_ok() {
        return Ok(());
    }
    let known: Vec<_> = app.engine().accounts().iter().map(|it| it.name.as_str()).collect();
    let expected = known.join(", ");
    let message = format!("account is {name:?}; the accounts configured are {expected}");
    Err(Problem::new(codes::UNKNOWN_ACCOUNT, &message).with_error(MemberError {
        path: "account".to_owned(),
        value: Some(name.to_owned()),
        expected: Some(expected),
        message,
    }))
}
