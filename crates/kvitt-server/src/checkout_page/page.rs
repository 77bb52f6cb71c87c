//! The hosted page, and the same as a fragment for a shop's own page.

use askama::Template;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
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
    /// What stands before every path of this server, where it is not alone under its host.
    base: &'a str,
    /// The page's own address without its host: it may be reached under more than one name.
    path: &'a str,
    body: &'a Body,
}

#[derive(Template)]
#[template(path = "checkout/message.html")]
struct Message<'a> {
    base: &'a str,
    title: &'static str,
    text: &'static str,
}

/// The hosted checkout page.
pub(super) async fn page(AppState(app): AppState<App>, link: Result<Link, Problem>) -> Response {
    let Ok(link) = link else { return no_such_page(&app) };
    let rendered = async {
        let sale = app.engine().sale(link.sale).await?;
        let checkout_url = app.engine().checkout_url(link.sale).await?.unwrap_or_default();
        let path = path_of(&checkout_url);
        let body = body(&app, &sale).await?;
        let page = Page { base: &base(&app), path: &path, body: &body }.render();
        let page = page.map_err(|error| EngineError::Internal(error.to_string()))?;
        let account = app.engine().accounts().get(&sale.terms.account)?;
        Ok::<_, EngineError>((page, headers::policy(account.base_url())))
    };
    match rendered.await {
        Ok((page, policy)) => {
            (headers::of_page(&policy), [(header::CONTENT_TYPE, HTML)], page).into_response()
        }
        Err(error) => out_of_order(&app, error),
    }
}

/// A link that something was appended to, as mail programs do, leads to where it was meant to.
pub(super) async fn with_slash(
    AppState(app): AppState<App>,
    link: Result<Link, Problem>,
) -> Response {
    let Ok(link) = link else { return no_such_page(&app) };
    match app.engine().checkout_url(link.sale).await {
        Ok(Some(url)) => Redirect::permanent(&path_of(&url)).into_response(),
        Ok(None) => no_such_page(&app),
        Err(error) => out_of_order(&app, error),
    }
}

fn path_of(url: &str) -> String {
    url::Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default()
}

fn base(app: &App) -> String {
    path_of(app.engine().settings().public_url.as_str()).trim_end_matches('/').to_owned()
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
fn no_such_page(app: &App) -> Response {
    let text = "The link is not complete or not right. Open it again from the shop, or ask the \
                shop for a new one.";
    message(app, StatusCode::NOT_FOUND, "No such checkout", text)
}

/// So is a fault, whose cause is for the log.
fn out_of_order(app: &App, error: EngineError) -> Response {
    let status = Problem::from(error).into_response().status();
    let text = "The checkout cannot be shown right now. Load this page again in a moment. If you \
                have paid already, it is not lost.";
    message(app, status, "One moment", text)
}

fn message(app: &App, status: StatusCode, title: &'static str, text: &'static str) -> Response {
    let headers: HeaderMap = headers::of_page(
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    );
    let page = Message { base: &base(app), title, text }.render().unwrap_or_default();
    (status, headers, [(header::CONTENT_TYPE, HTML)], page).into_response()
}
