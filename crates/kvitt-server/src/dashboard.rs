//! The operators' side: pages for those who are signed in, and the door to them.
//!
//! Who is let in is decided in one place, around every route of [`routes`]: a session, and for
//! whatever changes something a form of this server's own page. A handler learns who it is by
//! [`SignedIn`](session::SignedIn) or [`DashboardForm`](form::DashboardForm), and cannot forget to
//! ask.

mod act;
mod attempts;
mod attention;
mod bars;
mod concern;
mod form;
mod guard;
mod headers;
mod list;
mod message;
mod order;
mod origin;
mod plot;
mod reconcile;
mod return_to;
mod session;
mod sign_in;
mod timeline;
mod today;
mod words;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use self::message::Message;
use crate::app::App;
use crate::problem::Problem;

pub(crate) use self::attempts::Attempts;
pub(crate) use self::guard::Operator;

/// Where an operator begins.
pub(crate) const HOME: &str = "/dashboard";
/// The queue of what needs a person.
const ATTENTION: &str = "/dashboard/attention";
const SIGN_IN: &str = "/dashboard/sign-in";

/// Every path for operators, each of which is guarded.
pub(crate) fn routes() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![
        (HOME, get(today::today)),
        (ATTENTION, get(attention::attention)),
        ("/dashboard/webhook-endpoints/{id}/enable", post(attention::enable_endpoint)),
        ("/dashboard/orders", get(list::orders)),
        ("/dashboard/orders/{id}", get(order::order)),
        ("/dashboard/orders/{id}/acts/undo", get(act::undo::show).post(act::undo::submit)),
        ("/dashboard/orders/{id}/acts/{kind}", get(act::show).post(act::submit)),
        (
            "/dashboard/orders/{id}/settle/{intent}",
            get(act::settle::show).post(act::settle::submit),
        ),
        ("/dashboard/orders/{id}/adopt", get(act::adopt::show).post(act::adopt::submit)),
        ("/dashboard/orders/{id}/reconcile", post(reconcile::reconcile)),
        ("/dashboard/sign-out", post(sign_in::sign_out)),
    ]
}

/// The paths for whoever is not signed in yet.
pub(crate) fn door() -> Vec<(&'static str, MethodRouter<App>)> {
    vec![(SIGN_IN, framed(get(sign_in::page).post(sign_in::sign_in)))]
}

/// Handlers that only an operator reaches.
pub(crate) fn guarded(handlers: MethodRouter<App>, app: &App) -> MethodRouter<App> {
    framed(handlers.route_layer(from_fn_with_state(app.clone(), guard::require_operator)))
}

/// Handlers whose answers are pages of the dashboard.
fn framed(handlers: MethodRouter<App>) -> MethodRouter<App> {
    handlers.layer(from_fn(headers::of_pages))
}

/// A problem on its way to a person: kept as it is until the end, since some can be mended in the
/// form that they come from.
struct Trouble(Problem);

impl<E: Into<Problem>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        Message::from(self.0).into_response()
    }
}

/// Where an order is shown.
fn order_href(sale: kvitt_core::SaleId) -> String {
    format!("/dashboard/orders/{}", sale.order_id())
}

/// Where an act on an order is filled in and looked over.
fn act_href(sale: kvitt_core::SaleId, kind: kvitt_core::ActKind) -> String {
    format!("{}/acts/{}", order_href(sale), kind.as_str())
}

/// Where an undo is looked over.
fn undo_href(sale: kvitt_core::SaleId) -> String {
    format!("{}/acts/undo", order_href(sale))
}

/// Where somebody tells what became of an act in doubt.
fn settle_href(sale: kvitt_core::SaleId, intent: kvitt_core::IntentId) -> String {
    format!("{}/settle/{intent}", order_href(sale))
}

/// Where somebody tells which order Klarna has.
fn adopt_href(sale: kvitt_core::SaleId) -> String {
    format!("{}/adopt", order_href(sale))
}

/// Where Klarna is read at somebody's word.
fn reconcile_href(sale: kvitt_core::SaleId) -> String {
    format!("{}/reconcile", order_href(sale))
}

/// What an order is called: by the shop's reference, else by its id.
fn order_name(sale: &kvitt_core::Sale) -> String {
    sale.terms
        .merchant_reference1
        .as_ref()
        .map_or_else(|| sale.id.order_id().to_string(), |reference| format!("Order {reference}"))
}

#[cfg(test)]
mod tests {
    use askama::Template;
    use jiff::Timestamp;
    use kvitt_core::UserId;
    use kvitt_engine::{IdSource as _, RandomIds};
    use kvitt_ledger::{PasswordHash, User};

    use super::session::{CsrfToken, SignedIn};

    /// What a page for operators has to hold for its layout.
    #[derive(Template)]
    #[template(
        ext = "html",
        source = "{% extends \"dashboard/layout.html\" %}{% block title %}Orders{% endblock %}\
                  {% block main %}<h1>Orders</h1>{% endblock %}"
    )]
    struct Orders {
        signed_in: SignedIn,
    }

    #[test]
    fn the_layout_says_who_is_signed_in_and_lets_them_out() {
        let user = User {
            id: UserId(RandomIds.id(Timestamp::UNIX_EPOCH)),
            name: "<Åsa>".to_owned(),
            password_hash: PasswordHash::new("$argon2id$of-asa"),
            created_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        };
        let csrf = CsrfToken::of_a_test();
        let page = Orders { signed_in: SignedIn { user, csrf: csrf.clone(), frozen: None } }
            .render()
            .unwrap();
        for wanted in [
            "<title>Orders – kvitt</title>",
            "<h1>Orders</h1>",
            "&#60;Åsa&#62;",
            "method=\"post\" action=\"/dashboard/sign-out\"",
            &format!("<input type=\"hidden\" name=\"csrf_token\" value=\"{}\">", csrf.expose()),
            "<link rel=\"icon\" href=\"data:,\">",
        ] {
            assert!(page.contains(wanted), "{wanted} is not in {page}");
        }
        assert!(!page.contains("argon2id"), "{page}");
    }
}
