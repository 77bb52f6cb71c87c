//! Undoing an order: looked over, done.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::Response;
use kvitt_core::{OrderId, SaleId, UndoWish};

use super::form::Fields;
use super::preview::undo_page;
use super::{Ordered, caller, fresh_key, led_to};
use crate::app::App;
use crate::dashboard::Trouble;
use crate::dashboard::form::DashboardForm;
use crate::dashboard::session::SignedIn;
use crate::problem::{Problem, codes};

/// The order in the path.
pub(in crate::dashboard) struct OrderRef(pub(in crate::dashboard) SaleId);

impl FromRequestParts<App> for OrderRef {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        let no_such = || Problem::new(codes::NOT_FOUND, "there is no such order");
        let Path(id) =
            Path::<String>::from_request_parts(parts, app).await.map_err(|_| no_such())?;
        let id: OrderId = id.parse().map_err(|_| no_such())?;
        Ok(Self(id.into()))
    }
}

/// `GET /dashboard/orders/{id}/acts/undo`: what it would do. Nothing is to be filled in.
pub(in crate::dashboard) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    OrderRef(id): OrderRef,
) -> Result<Response, Trouble> {
    look_over(&app, &signed_in, id).await
}

/// `POST /dashboard/orders/{id}/acts/undo`: does it, or looks it over again.
pub(in crate::dashboard) async fn submit(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    DashboardForm { signed_in, form }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let fields = Fields::new(form);
    if fields.typed("step") != Some("confirm") {
        return look_over(&app, &signed_in, id).await;
    }
    Ordered::read(&app, id).await?;
    let caller = caller(&signed_in, &fields, "undo")?;
    let answered = app.engine().undo(id, UndoWish::default(), &caller).await?;
    Ok(led_to(&app, id, &answered))
}

async fn look_over(app: &App, signed_in: &SignedIn, id: SaleId) -> Result<Response, Trouble> {
    let ordered = Ordered::read(app, id).await?;
    let plan = app.engine().plan_undo(id, &UndoWish::default()).await?;
    let key = fresh_key(app).await;
    Ok(undo_page(signed_in, &ordered.sale, &plan, key))
}
