//! The hosted page, and the same as a fragment for a shop's own page.

use askama::Template;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kvitt_core::Sale;
use kvitt_engine::EngineError;

use super::cart::{CartView, Field, fields};
use super::{Link, headers};
use crate::app::App;
use crate::problem::Problem;

const HTML: &str = "text/html; charset=utf-8";

#[derive(Template)]
#[template(path = "checkout/body.html")]
struct Body {
    cart: CartView,
    fields: Vec<Field>,
}

#[derive(Template)]
#[template(path = "checkout/page.html")]
struct Page<'a> {
    checkout_url: &'a str,
    body: &'a Body,
}

#[derive(Template)]
#[template(path = "checkout/no_such_page.html")]
struct NoSuchPage;

/// The hosted checkout page.
pub(super) async fn page(AppState(app): AppState<App>, link: Result<Link, Problem>) -> Response {
    let Ok(link) = link else { return no_such_page() };
    let rendered = async {
        let sale = app.engine().sale(link.sale).await?;
        let checkout_url = app.engine().checkout_url(link.sale).await?.unwrap_or_default();
        let body = body(&app, &sale).await?;
        let page = Page { checkout_url: &checkout_url, body: &body }.render();
        let page = page.map_err(|error| EngineError::Internal(error.to_string()))?;
        let account = app.engine().accounts().get(&sale.terms.account)?;
        Ok::<_, EngineError>((page, headers::policy(account.client.base_url())))
    };
    match rendered.await {
        Ok((page, policy)) => {
            (headers::of_page(&policy), [(header::CONTENT_TYPE, HTML)], page).into_response()
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

/// The page without its frame.
pub(super) async fn fragment(
    AppState(app): AppState<App>,
    link: Link,
) -> Result<Response, Problem> {
    let sale = app.engine().sale(link.sale).await?;
    let body = body(&app, &sale).await?.render().map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, HTML)], body).into_response())
}

async fn body(app: &App, sale: &Sale) -> Result<Body, EngineError> {
    let shopper = app.engine().shopper(sale.id).await?;
    Ok(Body { cart: CartView::of(sale), fields: fields(sale, &shopper) })
}

/// A link that leads nowhere is answered to a person.
fn no_such_page() -> Response {
    let headers: HeaderMap = headers::of_page(
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    );
    let page = NoSuchPage.render().unwrap_or_default();
    (StatusCode::NOT_FOUND, headers, [(header::CONTENT_TYPE, HTML)], page).into_response()
}
