//! Orders: one file per resource or verb.

pub(crate) mod captures;
pub(crate) mod change;
pub(crate) mod close;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod read;
pub(crate) mod reconcile;
pub(crate) mod refunds;
pub(crate) mod send_out;
pub(crate) mod shipping_info;
pub(crate) mod undo;

use kvitt_core::{Recorded, Refusal, Sale, SaleId};
use kvitt_engine::EngineError;

use crate::app::App;
use crate::problem::Problem;

/// A sale that has become an order, with its events.
async fn placed(app: &App, id: SaleId) -> Result<(Sale, Vec<Recorded>), Problem> {
    let (sale, events) = app.engine().history(id).await.map_err(|error| as_order(id, error))?;
    if sale.order.is_none() {
        return Err(
            Problem::from(EngineError::Refused(Refusal::NoOrder)).about_checkout(id.checkout_id())
        );
    }
    Ok((sale, events))
}

/// The engine speaks of sales as checkouts; who asked for an order is told of an order.
pub(crate) fn as_order(id: SaleId, error: EngineError) -> EngineError {
    match error {
        EngineError::NotFound { what: "checkout", .. } => {
            EngineError::NotFound { what: "order", id: id.order_id().to_string() }
        }
        other => other,
    }
}
