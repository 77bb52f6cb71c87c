//! Acts on orders, all alike: preview or carry out, then answer with what came of it.

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use kvitt_core::{IntentId, IntentState, Sale, SaleId, Wish};
use kvitt_engine::{Answered, Caller, EngineError};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::orders::as_order;
use crate::problem::{Problem, klarna_refused};
use crate::view::{ActAnswer, ActReply, Capture, Intent, Order, Refund, allowed_acts};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Parameters of every act.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActParams {
    /// With `true` the answer says what the act would do, and nothing is done.
    #[serde(default)]
    pub preview: bool,
}

/// What is wanted of an order, and how it is answered.
pub(crate) struct Wanted {
    pub wish: Wish,
    /// The address of a change of address, as JSON.
    pub shipping_address: Option<SecretString>,
    pub preview: bool,
    /// The status of the answer once it is done.
    pub done: StatusCode,
}

impl Wanted {
    /// An act that makes something new.
    pub(crate) fn created(wish: Wish, preview: bool) -> Self {
        Self { wish, shipping_address: None, preview, done: StatusCode::CREATED }
    }

    /// An act that changes what there is.
    pub(crate) fn changed(wish: Wish, preview: bool) -> Self {
        Self { wish, shipping_address: None, preview, done: StatusCode::OK }
    }
}

/// Carries an act out, or says what it would do.
pub(crate) async fn carry_out(
    app: &App,
    id: SaleId,
    wanted: Wanted,
    caller: &Caller,
) -> Result<Response, Problem> {
    let engine = app.engine();
    if wanted.preview {
        return match engine.preview(id, wanted.wish).await {
            Ok(preview) => Ok(Json(ActReply::Preview(preview.into())).into_response()),
            Err(error) => Err(refused(app, id, error).await),
        };
    }
    let answered =
        match Box::pin(engine.act(id, wanted.wish, wanted.shipping_address, caller)).await {
            Ok(answered) => answered,
            Err(error) => return Err(refused(app, id, error).await),
        };
    let answer = answer(app, id, &answered, wanted.done).await;
    engine.remember(answered);
    answer
}

/// What came of an act or an undo.
pub(crate) async fn answer(
    app: &App,
    id: SaleId,
    answered: &Answered,
    done: StatusCode,
) -> Result<Response, Problem> {
    let engine = app.engine();
    let Answered { sale, events, .. } = answered;
    let at = engine.now().await;
    let intent = noted(app, sale, events, answered.intent, answered.replayed)
        .ok_or_else(Problem::internal)?;
    let plan = engine.expiry_plan(sale, at);
    let order = Order::of(sale, events, plan, at).ok_or_else(Problem::internal)?;
    let status = match sale.state_of(answered.intent) {
        Some(IntentState::Done(_)) => done,
        Some(IntentState::Refused(said)) => {
            let problem = klarna_refused(&said)
                .about_order(id.order_id())
                .with_allowed_acts(allowed_acts(sale, at))
                .with_act(intent, Some(order));
            return Err(if answered.replayed { replayed_problem(problem) } else { problem });
        }
        _ => StatusCode::ACCEPTED,
    };
    let captures = sale.order.iter().flat_map(|order| &order.captures);
    let mut refunds = sale.order.iter().flat_map(|order| &order.refunds);
    let steps = sale.undos.get(&answered.intent).map_or(&[][..], |undo| &undo.steps);
    let answer = ActAnswer {
        capture: captures
            .into_iter()
            .find(|it| it.intent == Some(answered.intent))
            .map(Capture::of),
        refund: refunds
            .find(|it| it.intent.is_some_and(|it| it == answered.intent || steps.contains(&it)))
            .map(Refund::of),
        intent,
        order,
    };
    Ok(replayed((status, Json(ActReply::Act(answer))).into_response(), answered.replayed))
}

/// The intent as it is answered, noted in log and metrics.
pub(crate) fn noted(
    app: &App,
    sale: &Sale,
    events: &[kvitt_core::Recorded],
    id: IntentId,
    replayed: bool,
) -> Option<Intent> {
    let intent = Intent::of(sale, events, id)?;
    let (kind, outcome) = (intent.kind(), intent.state());
    tracing::info!(
        checkout = %sale.id,
        order = %sale.id.order_id(),
        intent = %id,
        kind,
        outcome,
        replayed,
        klarna_correlation_id = intent.correlation_id(),
        "act"
    );
    if !replayed {
        app.metrics().act(kind, outcome);
    }
    Some(intent)
}

/// Marks an answer from memory.
pub(crate) fn replayed(mut response: Response, replayed: bool) -> Response {
    if replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// Marks an error from memory.
pub(crate) fn replayed_problem(problem: Problem) -> Problem {
    problem.with_header(REPLAYED, HeaderValue::from_static("true"))
}

/// A refusal, with the acts that are possible instead.
pub(crate) async fn refused(app: &App, id: SaleId, error: EngineError) -> Problem {
    let tells_more = matches!(error, EngineError::Refused(_));
    let problem = Problem::from(as_order(id, error));
    if !tells_more {
        return problem;
    }
    match app.engine().sale(id).await {
        Ok(sale) if sale.order.is_some() => {
            let acts = allowed_acts(&sale, app.engine().now().await);
            problem.about_order(id.order_id()).with_allowed_acts(acts)
        }
        _ => problem.about_checkout(id.checkout_id()),
    }
}
