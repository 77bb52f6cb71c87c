//! What browsers ask for: the SDK's script, its calls, and the buyer's pages. All of it may be
//! asked for from any origin: who has a session's id may drive it, as with Klarna's own.

use std::sync::Arc;

use axum::http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Call, buyer, control::settled};
use crate::{
    answer::Answer,
    callback,
    rules::{person, plan, refusal::Refusal},
    sandbox::Shared,
    settings::AuthorizationCallback,
    state::{
        State,
        callbacks::Delivery,
        flows::{OpenFlow, Opened},
        sessions::AFTER_THE_ANSWER,
    },
    write::amount,
};

/// The SDK's stand-in, built from the crate's `web` folder.
const SCRIPT: &str = include_str!("../../assets/api.js");
const BUYER_SCRIPT: &str = include_str!("../../assets/buyer.js");
const BUYER_STYLE: &str = include_str!("../../assets/buyer.css");

/// Answers a call under `/kp`; `path` is what follows.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call, path: &[&str]) -> Answer {
    let answered = match (call.method.as_str(), path) {
        ("OPTIONS", _) => Ok(Answer::empty(204)),
        ("GET", ["lib", "v1", "api.js"]) => Ok(file("text/javascript;charset=utf-8", SCRIPT)),
        ("GET", ["lib", "v1", "buyer.js"]) => {
            Ok(file("text/javascript;charset=utf-8", BUYER_SCRIPT))
        }
        ("GET", ["lib", "v1", "buyer.css"]) => Ok(file("text/css;charset=utf-8", BUYER_STYLE)),
        ("POST", ["v1", "sessions", id, "widget"]) => widget(shared, call, id),
        ("POST", ["v1", "sessions", id, "purchase-flows"]) => open_flow(shared, call, id),
        ("GET", ["v1", "sessions", id, "redirect"]) => Ok(redirect(&shared.state(), id)),
        ("GET", ["v1", "purchase-flows", id]) => flow(shared, call, id),
        ("POST", ["v1", "purchase-flows", id, "close"]) => close(shared, call, id),
        ("GET" | "POST", ["flow", id]) => return page(shared, call, id).await,
        _ => Err(Refusal::new(404, "NOT_FOUND", format!("no {} {}", call.method, call.path))),
    };
    let answer = answered.unwrap_or_else(|refusal| {
        let message = refusal.messages.join(" ");
        json_answer(refusal.status, &json!({"code": refusal.code, "message": message}))
    });
    answer
        .with("access-control-allow-origin", "*")
        .with("access-control-allow-methods", "GET, POST, OPTIONS")
        .with("access-control-allow-headers", "content-type")
        .with("access-control-max-age", "600")
        .with("cache-control", "no-cache")
}

fn file(content_type: &'static str, text: &'static str) -> Answer {
    Answer::document(200, content_type, text)
}

fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::document(status, "application/json", body.to_string())
}

fn body<T: DeserializeOwned>(call: &Call) -> Result<T, Refusal> {
    serde_json::from_slice(call.body.as_deref().unwrap_or_default())
        .map_err(|error| Refusal::new(400, "BAD_REQUEST", error.to_string()))
}

#[derive(serde::Deserialize)]
struct WidgetRequest {
    #[serde(flatten)]
    asked: plan::Asked,
    purchase_amount: Option<i64>,
}

/// What the widget shows, and whether it shows.
fn widget(shared: &Shared, call: &Call, session_id: &str) -> Result<Answer, Refusal> {
    let request: WidgetRequest = body(call)?;
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let purchase = state.open_session(session_id, moment.now)?.purchase.get();
    if person::is_hidden_from(purchase.email()) {
        return Ok(json_answer(200, &json!({"show_form": false})));
    }
    let sum = request.purchase_amount.unwrap_or_else(|| purchase.amount());
    let plans = request.asked.plans(&purchase.country());
    let ways: Vec<&str> = plans.iter().map(|plan| plan.heading).collect();
    let amount = amount(sum, purchase.purchase_currency.as_deref());
    let body = json!({
        "show_form": true,
        "heading": format!("Pay {amount} with the Klarna sandbox"),
        "text": format!("{}. No money moves.", ways.join(" · ")),
        "amount_text": amount,
    });
    Ok(json_answer(200, &body))
}

fn open_flow(shared: &Shared, call: &Call, session_id: &str) -> Result<Answer, Refusal> {
    let request: OpenFlow = body(call)?;
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    Ok(match state.open_flow(session_id, request, &moment)? {
        Opened::Result(result) => json_answer(200, &json!({"result": result})),
        Opened::Flow(flow_id) => {
            let url = format!("{}/kp/flow/{flow_id}", call.base_url);
            json_answer(201, &json!({"flow_id": flow_id, "url": url}))
        }
    })
}

fn no_such_flow() -> Refusal {
    Refusal::new(404, "NOT_FOUND", "no such purchase flow")
}

fn flow(shared: &Shared, call: &Call, flow_id: &str) -> Result<Answer, Refusal> {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let flow = state.flow(flow_id, &moment).ok_or_else(no_such_flow)?;
    let body = match &flow.result {
        Some(result) => json!({"state": "done", "result": result}),
        None => json!({"state": "open"}),
    };
    Ok(json_answer(200, &body))
}

fn close(shared: &Shared, call: &Call, flow_id: &str) -> Result<Answer, Refusal> {
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    let result = state.close_flow(flow_id, &moment).ok_or_else(no_such_flow)?;
    Ok(json_answer(200, &json!({"state": "done", "result": result})))
}

/// One of the buyer's pages, after what the buyer did on the one before.
async fn page(shared: &Arc<Shared>, call: &Call, flow_id: &str) -> Answer {
    let delivery = if call.method == Method::POST {
        let form = call.form();
        let mut state = shared.state();
        let moment = settled(shared, &mut state, call);
        state.press(flow_id, form, &moment)
    } else {
        None
    };
    if let Some(delivery) = delivery {
        call_back(shared, delivery).await;
    }
    let mut state = shared.state();
    let moment = settled(shared, &mut state, call);
    match state.flow(flow_id, &moment) {
        Some(flow) => buyer::page(flow),
        None => buyer::no_such_page(),
    }
}

/// Sends the authorization callback when the switch says so.
async fn call_back(shared: &Arc<Shared>, delivery: Delivery) {
    let when = shared.state().settings.authorization_callback;
    send(shared, delivery, when).await;
}

/// Sends an authorization callback before, after, twice or not at all.
pub(crate) async fn send(shared: &Arc<Shared>, delivery: Delivery, when: AuthorizationCallback) {
    let shared = Arc::clone(shared);
    match when {
        AuthorizationCallback::Never => {}
        AuthorizationCallback::Before => callback::send(shared, delivery).await,
        AuthorizationCallback::After | AuthorizationCallback::Twice => {
            tokio::spawn(async move {
                tokio::time::sleep(AFTER_THE_ANSWER).await;
                callback::send(Arc::clone(&shared), delivery.clone()).await;
                if when == AuthorizationCallback::Twice {
                    callback::send(shared, delivery).await;
                }
            });
        }
    }
}

/// Where `redirect_url` leads: on to the merchant's confirmation page.
fn redirect(state: &State, session_id: &str) -> Answer {
    if let Some(url) = state.confirmation_url(session_id) {
        return Answer::empty(302).with("location", url);
    }
    let text = "This session has no confirmation URL.\n".to_owned();
    Answer::document(404, "text/plain;charset=utf-8", text)
}
