//! One act on an order: filled in, looked over, done.

pub(super) mod adopt;
mod form;
mod inputs;
mod page;
mod preview;
pub(super) mod settle;
pub(super) mod undo;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use kvitt_core::{ActKind, Order, OrderId, Refusal, Requester, Sale, SaleId};
use kvitt_engine::{Answered, Caller, EngineError, Idempotency, Shopper};

use self::form::{Fields, Wanted, Wrong, is_bare, wanted};
use self::page::form_page;
use self::preview::preview_page;
use super::form::DashboardForm;
use super::session::SignedIn;
use super::{Trouble, order_href};
use crate::acts::noted;
use crate::app::App;
use crate::orders::as_order;
use crate::problem::{Problem, codes};

/// The order and the act in the path.
pub(super) struct ActRef {
    sale: SaleId,
    kind: ActKind,
}

impl FromRequestParts<App> for ActRef {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        let no_such = || Problem::new(codes::NOT_FOUND, "there is no such order or act");
        let Path((id, kind)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| no_such())?;
        let id: OrderId = id.parse().map_err(|_| no_such())?;
        let mut kinds = ActKind::ON_ORDERS.into_iter();
        let kind = kinds.find(|known| known.as_str() == kind).ok_or_else(no_such)?;
        Ok(Self { sale: id.into(), kind })
    }
}

/// The sale behind the page, which has an order.
struct Ordered {
    sale: Sale,
    shopper: Shopper,
}

impl Ordered {
    async fn read(app: &App, id: SaleId) -> Result<Self, Trouble> {
        let sale = read(app, id).await?;
        let shopper = app.engine().shopper(id).await?;
        if sale.order.is_none() {
            return Err(EngineError::Refused(Refusal::NoOrder).into());
        }
        Ok(Self { sale, shopper })
    }

    fn order(&self) -> Result<&Order, Trouble> {
        Ok(self.sale.order.as_ref().ok_or(EngineError::Refused(Refusal::NoOrder))?)
    }
}

/// `GET /dashboard/orders/{id}/acts/{kind}`: the form; where nothing is to be filled in, at once
/// what the act would do.
pub(super) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    act: ActRef,
) -> Result<Response, Trouble> {
    let ordered = Ordered::read(&app, act.sale).await?;
    ordered.sale.may(act.kind, app.engine().now().await).map_err(EngineError::Refused)?;
    let fields = Fields::default();
    match wanted(act.kind, &fields, &ordered.sale, ordered.order()?) {
        Ok(wanted) if is_bare(act.kind) => {
            preview(&app, &signed_in, &ordered, wanted, &fields).await
        }
        _ => form_page(StatusCode::OK, &signed_in, &ordered, act.kind, &fields, &[]),
    }
}

/// `POST /dashboard/orders/{id}/acts/{kind}`: looks over, goes back to the form, or does it.
pub(super) async fn submit(
    State(app): State<App>,
    act: ActRef,
    DashboardForm { signed_in, form }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let ordered = Ordered::read(&app, act.sale).await?;
    let fields = Fields::new(form);
    let again =
        |status, wrong: &[Wrong]| form_page(status, &signed_in, &ordered, act.kind, &fields, wrong);
    if fields.typed("step") == Some("edit") {
        return again(StatusCode::OK, &[]);
    }
    let wanted = match wanted(act.kind, &fields, &ordered.sale, ordered.order()?) {
        Ok(wanted) => wanted,
        Err(wrong) => return again(StatusCode::UNPROCESSABLE_ENTITY, &wrong),
    };
    let done = if fields.typed("step") == Some("confirm") {
        confirm(&app, &signed_in, &act, wanted, &fields).await
    } else {
        preview(&app, &signed_in, &ordered, wanted, &fields).await
    };
    match done {
        // What the business refuses can mostly be mended in the form.
        Err(Trouble(problem)) if !is_bare(act.kind) && problem.status().is_client_error() => {
            let wrong = Wrong { member: String::new(), text: problem.detail().to_owned() };
            again(problem.status(), &[wrong])
        }
        done => done,
    }
}

async fn preview(
    app: &App,
    signed_in: &SignedIn,
    ordered: &Ordered,
    wanted: Wanted,
    fields: &Fields,
) -> Result<Response, Trouble> {
    let preview = app.engine().preview(ordered.sale.id, wanted.wish).await?;
    let key = fresh_key(app).await;
    Ok(preview_page(signed_in, &ordered.sale, &preview, fields, key))
}

/// Does it. The same yes sent twice is one act, which both lead to.
async fn confirm(
    app: &App,
    signed_in: &SignedIn,
    act: &ActRef,
    wanted: Wanted,
    fields: &Fields,
) -> Result<Response, Trouble> {
    let caller = caller(signed_in, fields, act.kind.as_str())?;
    let answered =
        app.engine().act(act.sale, wanted.wish, wanted.shipping_address, &caller).await?;
    Ok(led_to(app, act.sale, &answered))
}

/// The sale behind the page.
async fn read(app: &App, id: SaleId) -> Result<Sale, Trouble> {
    Ok(app.engine().sale(id).await.map_err(|error| as_order(id, error))?)
}

/// The key of a page on which somebody may say yes: sent twice it is one act.
async fn fresh_key(app: &App) -> String {
    app.config().ids.id(app.engine().now().await).to_string()
}

/// The operator, and the key of the page on which they said yes to this act.
fn caller(signed_in: &SignedIn, fields: &Fields, act: &str) -> Result<Caller, Trouble> {
    let Some(key) = fields.text("idempotency_key") else {
        let detail = "the page is not complete: look the act over again";
        return Err(Problem::new(codes::INVALID_MEMBER, detail).into());
    };
    let user = signed_in.user.id;
    Ok(Caller {
        cause: signed_in.cause(),
        idempotency: Some(Idempotency {
            requester: Requester::User(user),
            key: key.to_owned(),
            request_hash: fields.digest(act),
        }),
    })
}

/// The order's page, which says what came of it.
fn led_to(app: &App, id: SaleId, answered: &Answered) -> Response {
    noted(app, &answered.sale, &answered.events, answered.intent, answered.replayed);
    let page = format!("{}?intent={}#result", order_href(id), answered.intent);
    Redirect::to(&page).into_response()
}
