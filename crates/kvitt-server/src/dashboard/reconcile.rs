//! An order held beside Klarna on somebody's word, and what came of it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use kvitt_core::{Difference, DifferenceKind, Repair, Side};
use kvitt_engine::{Reconciled, Reconciling};
use kvitt_money::Currency;

use super::act::undo::OrderRef;
use super::concern::{ConcernShown, concerns};
use super::form::DashboardForm;
use super::message::page;
use super::session::SignedIn;
use super::words::{Tone, money, sentence};
use super::{Trouble, order_href, order_name};
use crate::app::App;
use crate::orders::as_order;

/// One thing in which the two differed.
struct DifferenceShown {
    code: &'static str,
    title: &'static str,
    tone: Tone,
    kvitt: String,
    klarna: String,
    /// What became of it.
    repair: String,
}

#[derive(Template)]
#[template(path = "dashboard/reconciled.html")]
struct ReconciledPage<'a> {
    signed_in: &'a SignedIn,
    back: String,
    order_name: String,
    looked_at: Option<&'static str>,
    differences: Vec<DifferenceShown>,
    /// What still needs somebody.
    concerns: Vec<ConcernShown>,
}

/// `POST /dashboard/orders/{id}/reconcile`: reads Klarna now. Nothing is changed there, and repeating
/// it does no harm.
pub(super) async fn reconcile(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    DashboardForm { signed_in, .. }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let reconciled = app.engine().reconcile(id, Reconciling::TakingOver).await;
    let Reconciled { sale, looked_at, differences } =
        reconciled.map_err(|error| as_order(id, error))?;
    let currency = sale.terms.market.purchase_currency();
    let at = app.engine().now().await;
    Ok(page(
        StatusCode::OK,
        &ReconciledPage {
            signed_in: &signed_in,
            back: order_href(id),
            order_name: order_name(&sale),
            looked_at,
            differences: differences.iter().map(|it| shown(it, currency)).collect(),
            concerns: concerns(&sale, at),
        },
    ))
}

fn shown(difference: &Difference, currency: Currency) -> DifferenceShown {
    let side = |side: &Side| match side {
        Side::Nothing => "nothing".to_owned(),
        Side::Amount(amount) => money(*amount, currency),
        Side::Text(text) => text.clone(),
    };
    let (tone, repair) = match &difference.repair {
        Repair::TakenOver => (Tone::Good, "kvitt has it now as Klarna has it".to_owned()),
        Repair::ByItself(text) => (Tone::Wait, sentence(text)),
        Repair::Person(text) => (Tone::Bad, sentence(text)),
    };
    DifferenceShown {
        code: difference.kind.as_str(),
        title: title(difference.kind),
        tone,
        kvitt: side(&difference.ours),
        klarna: side(&difference.klarna),
        repair,
    }
}

/// What differed, in a few words.
fn title(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::OrderMissing => "Klarna does not know the order",
        DifferenceKind::OrderUnknown => "Klarna has an order that is not known here",
        DifferenceKind::OrderExternal => "The order was placed",
        DifferenceKind::PlacingInDoubt => "Whether the order was placed",
        DifferenceKind::AuthorizationUntold => "The shopper authorized, and nobody told",
        DifferenceKind::CartAtKlarna => "Klarna holds another cart",
        DifferenceKind::SessionLost => "Klarna does not know the session any more",
        DifferenceKind::ActDone => "An act in doubt was done",
        DifferenceKind::ActNotDone => "An act in doubt was not done so far",
        DifferenceKind::ActAmbiguous => "What became of an act cannot be told",
        DifferenceKind::CaptureExternal => "A capture that was made elsewhere",
        DifferenceKind::RefundExternal => "A refund that was made elsewhere",
        DifferenceKind::ReleaseExternal => "The rest was released elsewhere",
        DifferenceKind::LinesExternal => "Lines were changed elsewhere",
        DifferenceKind::ReferencesExternal => "References were changed elsewhere",
        DifferenceKind::ShippingInfoExternal => "Tracking was added elsewhere",
        DifferenceKind::BillingAddressExternal => "Another billing address",
        DifferenceKind::ShippingAddressExternal => "Another shipping address",
        DifferenceKind::CaptureMissing => "Klarna does not have a capture",
        DifferenceKind::RefundMissing => "Klarna does not have a refund",
        DifferenceKind::ShippingInfoMissing => "Klarna does not have a parcel's tracking",
        DifferenceKind::Status => "State",
        DifferenceKind::FraudStatus => "Klarna's word on fraud",
        DifferenceKind::ExpiresAt => "Until when can be captured",
        DifferenceKind::OrderAmount => "The order's total",
        DifferenceKind::CapturedAmount => "Captured",
        DifferenceKind::RefundedAmount => "Refunded",
        DifferenceKind::RemainingAuthorizedAmount => "Left to capture",
    }
}
