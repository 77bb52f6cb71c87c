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

use kvitt_core::Sale;
use kvitt_engine::names;

use crate::app::App;
use crate::problem::Problem;
use crate::view::Checkout;

/// The checkout with everything that its shop may see.
async fn whole(app: &App, sale: &Sale) -> Result<Checkout, Problem> {
    let token = app.engine().secret(sale.id, names::CLIENT_TOKEN).await?;
    let shopper = app.engine().shopper(sale.id).await?;
    let url = app.engine().checkout_url(sale.id).await?;
    Ok(Checkout::of(sale, token.as_ref()).with_url(url).with_shopper(shopper.into()))
}
