//! Which order Klarna has for a checkout, told by somebody who found it there.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kvitt_core::Sale;
use kvitt_engine::EngineError;

use super::form::Fields;
use super::undo::OrderRef;
use super::{caller, fresh_key, read};
use crate::app::App;
use crate::dashboard::form::DashboardForm;
use crate::dashboard::message::page;
use crate::dashboard::session::SignedIn;
use crate::dashboard::words::{money, sentence};
use crate::dashboard::{Trouble, adopt_href, order_href, order_name};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "dashboard/adopt.html")]
struct AdoptPage<'a> {
    signed_in: &'a SignedIn,
    href: String,
    back: String,
    order_name: String,
    amount: String,
    klarna_order_id: &'a str,
    problem: Option<String>,
    idempotency_key: String,
}

/// `GET /dashboard/orders/{id}/adopt`
pub(in crate::dashboard) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    OrderRef(id): OrderRef,
) -> Result<Response, Trouble> {
    let sale = read(&app, id).await?;
    Ok(form_page(&app, StatusCode::OK, &signed_in, &sale, "", None).await)
}

/// `POST /dashboard/orders/{id}/adopt`: takes the order, or goes back to the form.
pub(in crate::dashboard) async fn submit(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    DashboardForm { signed_in, form }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let fields = Fields::new(form);
    let sale = read(&app, id).await?;
    let klarna_order_id = fields.text("klarna_order_id").unwrap_or_default();
    if klarna_order_id.is_empty() {
        let problem = Some("Give Klarna's id of the order.".to_owned());
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return Ok(form_page(&app, status, &signed_in, &sale, "", problem).await);
    }
    let caller = caller(&signed_in, &fields, "adopt")?;
    match app.engine().adopt_order(id, klarna_order_id, &caller).await {
        Ok(_) => Ok(Redirect::to(&order_href(id)).into_response()),
        Err(error @ EngineError::Refused(_)) => {
            let problem = Problem::from(error);
            let text = Some(sentence(problem.detail()));
            Ok(form_page(&app, problem.status(), &signed_in, &sale, klarna_order_id, text).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn form_page(
    app: &App,
    status: StatusCode,
    signed_in: &SignedIn,
    sale: &Sale,
    klarna_order_id: &str,
    problem: Option<String>,
) -> Response {
    let currency = sale.terms.market.purchase_currency();
    page(
        status,
        &AdoptPage {
            signed_in,
            href: adopt_href(sale.id),
            back: order_href(sale.id),
            order_name: order_name(sale),
            amount: money(sale.cart.cart().totals().order_amount, currency),
            klarna_order_id,
            problem,
            idempotency_key: fresh_key(app).await,
        },
    )
}
