//! An act in doubt, settled by the word of somebody who looked at Klarna.

use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use kvitt_core::{
    Act, ActKind, Intent, IntentId, IntentState, OrderId, Refusal, Sale, SaleId, sent_reference,
};
use kvitt_engine::{EngineError, Settlement};

use super::form::Fields;
use super::{caller, fresh_key, led_to, read};
use crate::app::App;
use crate::dashboard::concern::happened;
use crate::dashboard::form::DashboardForm;
use crate::dashboard::message::page;
use crate::dashboard::session::SignedIn;
use crate::dashboard::words::{self, moment, sentence};
use crate::dashboard::{Trouble, order_href, order_name, settle_href};
use crate::problem::{Problem, codes};

/// The order and the intent in the path.
pub(in crate::dashboard) struct IntentOfOrder {
    sale: SaleId,
    intent: IntentId,
}

impl FromRequestParts<App> for IntentOfOrder {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        let no_such = || Problem::new(codes::NOT_FOUND, "there is no such order or act");
        let Path((id, intent)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| no_such())?;
        let id: OrderId = id.parse().map_err(|_| no_such())?;
        let intent = intent.parse().map_err(|_| no_such())?;
        Ok(Self { sale: id.into(), intent })
    }
}

#[derive(Template)]
#[template(path = "dashboard/settle.html")]
struct SettlePage<'a> {
    signed_in: &'a SignedIn,
    href: String,
    back: String,
    order_name: String,
    /// What was wanted.
    act: String,
    /// Why nobody but a person can tell.
    happened: String,
    /// What to look for at Klarna.
    facts: Vec<(&'static str, String)>,
    /// What Klarna's id is of, where the act makes something that has one.
    id_of: Option<&'static str>,
    id: String,
    is_done: bool,
    is_not_done: bool,
    problem: Option<String>,
    idempotency_key: String,
}

/// `GET /dashboard/orders/{id}/settle/{intent}`: what is in doubt, and what may have come of it.
pub(in crate::dashboard) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    at: IntentOfOrder,
) -> Result<Response, Trouble> {
    let sale = read(&app, at.sale).await?;
    form_page(&app, StatusCode::OK, &signed_in, &sale, at.intent, &Fields::default(), None).await
}

/// `POST /dashboard/orders/{id}/settle/{intent}`: settles it, or goes back to the form.
pub(in crate::dashboard) async fn submit(
    State(app): State<App>,
    at: IntentOfOrder,
    DashboardForm { signed_in, form }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let fields = Fields::new(form);
    let sale = read(&app, at.sale).await?;
    let intent = in_doubt(&sale, at.intent)?;
    let again = |status, problem: String| {
        form_page(&app, status, &signed_in, &sale, at.intent, &fields, Some(problem))
    };
    let settlement = match settlement(&fields, intent) {
        Ok(settlement) => settlement,
        Err(wrong) => return again(StatusCode::UNPROCESSABLE_ENTITY, wrong.to_owned()).await,
    };
    // One key for each form, so that a second press is the same word.
    let caller = caller(&signed_in, &fields, &format!("settle {}", at.intent))?;
    match app.engine().settle(at.sale, at.intent, &settlement, &caller).await {
        Ok(answered) => Ok(led_to(&app, at.sale, &answered)),
        Err(error @ EngineError::Refused(_)) => {
            let problem = Problem::from(error);
            again(problem.status(), sentence(problem.detail())).await
        }
        Err(error) => Err(error.into()),
    }
}

/// What was settled meanwhile is shown on the order's page.
fn in_doubt(sale: &Sale, id: IntentId) -> Result<&Intent, Trouble> {
    let no_such = || Problem::new(codes::NOT_FOUND, format!("there is no act {id} on this order"));
    Ok(sale.intents.get(&id).ok_or_else(no_such)?)
}

fn settlement(fields: &Fields, intent: &Intent) -> Result<Settlement, &'static str> {
    match fields.text("outcome") {
        Some("not_done") => Ok(Settlement::NotDone),
        Some("done") => {
            let id = fields.text("id").map(str::to_owned);
            match (id_of(intent.act.kind()), id) {
                (Some(_), None) => Err("Give Klarna's id of what came of it: kvitt looks it up."),
                (None, _) => Ok(Settlement::Done { id: None }),
                (Some(_), id) => Ok(Settlement::Done { id }),
            }
        }
        _ => Err("Say whether it took effect."),
    }
}

/// What an act makes that has an id at Klarna.
fn id_of(kind: ActKind) -> Option<&'static str> {
    match kind {
        ActKind::Place => Some("order"),
        ActKind::Capture => Some("capture"),
        ActKind::Refund => Some("refund"),
        _ => None,
    }
}

/// What to look for at Klarna.
fn facts(sale: &Sale, intent: &Intent) -> Vec<(&'static str, String)> {
    let order = sale.order.as_ref();
    let reference = match &intent.act {
        Act::Capture { reference, .. } | Act::Refund { reference, .. } => {
            Some(sent_reference(reference.as_deref(), intent.id))
        }
        _ => None,
    };
    [
        ("Wanted", Some(moment(intent.requested_at) + " UTC")),
        ("Its reference", reference),
        ("Order number", sale.terms.merchant_reference1.clone()),
        ("Klarna's reference", order.and_then(|it| it.klarna_reference.clone())),
        ("Klarna's order id", order.map(|it| it.klarna_order_id.clone())),
        ("Account", Some(sale.terms.account.clone())),
        ("kvitt's id of the act", Some(intent.id.to_string())),
    ]
    .into_iter()
    .filter_map(|(label, text)| Some((label, text?)))
    .collect()
}

async fn form_page(
    app: &App,
    status: StatusCode,
    signed_in: &SignedIn,
    sale: &Sale,
    id: IntentId,
    fields: &Fields,
    problem: Option<String>,
) -> Result<Response, Trouble> {
    let intent = in_doubt(sale, id)?;
    let reason = match &intent.state {
        IntentState::NeedsHuman { reason } | IntentState::Unknown { problem: reason, .. } => reason,
        state => {
            let kind = intent.act.kind();
            let refusal = Refusal::NotInDoubt { kind, state: state.as_str() };
            return Err(EngineError::Refused(refusal).into());
        }
    };
    Ok(page(
        status,
        &SettlePage {
            signed_in,
            href: settle_href(sale.id, id),
            back: order_href(sale.id),
            order_name: order_name(sale),
            act: words::act(&intent.act, sale.terms.market.purchase_currency()),
            happened: happened(reason),
            facts: facts(sale, intent),
            id_of: id_of(intent.act.kind()),
            id: fields.typed("id").unwrap_or_default().to_owned(),
            is_done: fields.typed("outcome") == Some("done"),
            is_not_done: fields.typed("outcome") == Some("not_done"),
            problem,
            idempotency_key: fresh_key(app).await,
        },
    ))
}
