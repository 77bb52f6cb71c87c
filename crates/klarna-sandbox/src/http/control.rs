//! What Klarna does not have: the customer's step, the clock, fraud control, faults, and what was
//! exchanged. No credentials; JSON in snake case; errors say what was wrong and what is allowed.

use std::sync::Arc;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Call, attempts, browser, callbacks, contents, control_hpp, exchanges, faults, keeping, named,
    origin,
};
use crate::{
    answer::Answer,
    callback,
    rules::{
        method,
        read::Members,
        refusal::Refusal,
        span::later_by,
        test_persons::{self, TestPersons},
    },
    sandbox::Shared,
    settings::AuthorizationCallback,
    state::{
        Decision, Moment, State,
        clock::PACE_MAX,
        customer_tokens::TokenStatus,
        limits::StoreLimits,
        sessions::{Authorized, INVALID_FIELD, Outcome},
    },
    write::sdk,
};

/// A refusal of the control API.
pub(crate) struct Error {
    status: u16,
    code: String,
    message: String,
}

impl Error {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status, &refusal.code, refusal.messages.join(" "))
    }
}

/// Answers a call of the control API; `None`: it is none.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call) -> Option<Answer> {
    if call.parts().next() != Some("sandbox") {
        return None;
    }
    let segments = call.segments();
    let ["sandbox", "v1", path @ ..] = segments.as_slice() else { return None };
    let outcome = match (call.method.as_str(), path) {
        (method, _) if method != "GET" && !origin::is_own(call) => Err(origin::refused()),
        ("GET", []) => Ok(contents::list()),
        ("POST", ["sessions", id, "authorize"]) => authorize(shared, call, id).await,
        ("POST", ["sessions", id, "expire"]) => named::expire_session(shared, call, id),
        ("POST", ["orders", id, "expire"]) => named::expire_order(shared, call, id),
        ("POST", ["scenarios"]) => named::seed(shared, call),
        ("GET", ["settings"]) => Ok(settings(&shared.state())),
        ("PATCH", ["settings"]) => change_settings(shared, call),
        ("GET", ["clock"]) => Ok(clock(shared, &shared.state())),
        ("PATCH", ["clock"]) => change_clock(shared, call),
        ("POST", ["clock", "advance"]) => advance(shared, call).await,
        ("POST", ["orders", id, "fraud"]) => fraud(shared, call, id).await,
        ("PATCH", ["customer-tokens", id]) => change_customer_token(shared, call, id),
        ("GET", ["disputes"]) => Ok(disputes(&shared.state())),
        ("GET", ["test-persons"]) => Ok(test_persons(call)),
        ("GET", ["snapshot"]) => keeping::take(shared).await,
        ("GET", ["state-file"]) => keeping::state_file(shared),
        ("POST", ["reset"]) => {
            shared.reset();
            Ok(Answer::empty(204))
        }
        ("GET", ["exchanges"]) => Ok(exchanges::list(shared, call).await),
        ("GET", ["exchanges", number]) => exchanges::one(shared, number),
        ("GET", ["exchanges.har"]) => Ok(exchanges::archive(shared, call).await),
        ("POST", ["hpp", id]) => control_hpp::decide(shared, call, id).await,
        ("DELETE", ["hpp", id]) => control_hpp::withdraw(shared, call, id),
        ("GET", ["distributions"]) => Ok(control_hpp::distributions(shared)),
        ("POST", ["callbacks", id, "resend"]) => callbacks::resend(shared, id).await,
        ("GET", ["callbacks"]) => Ok(attempts::list(shared, call)),
        (_, ["faults", path @ ..]) => {
            let answer = faults::answer(shared, call, path, |state| &mut state.faults);
            answer.unwrap_or_else(|| Err(contents::unknown(call)))
        }
        (_, ["callback-faults", path @ ..]) => {
            let answer = faults::answer(shared, call, path, |state| &mut state.callback_faults);
            answer.unwrap_or_else(|| Err(contents::unknown(call)))
        }
        _ => Err(contents::unknown(call)),
    };
    Some(answer_of(outcome))
}

/// The answer, or how a refusal is told.
pub(super) fn answer_of(outcome: Result<Answer, Error>) -> Answer {
    outcome.unwrap_or_else(|error| {
        let body = json!({"code": error.code, "message": error.message});
        json_answer(error.status, &body)
    })
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Answer {
    Answer::document(status, "application/json", body.to_string())
}

/// The request's JSON. Unknown members and values are refused by name.
pub(crate) fn parse<T: DeserializeOwned>(call: &Call) -> Result<T, Error> {
    let bytes = call
        .body
        .as_deref()
        .ok_or_else(|| Error::new(413, "REQUEST_TOO_LARGE", "the body is larger than the limit"))?;
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let refused = |text| Error::new(400, "BAD_REQUEST", text);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        refused(if path == "." { inner.to_string() } else { format!("{path}: {inner}") })
    })?;
    deserializer.end().map_err(|error| refused(error.to_string()))?;
    Ok(read)
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    Approved,
    Denied,
    Aborted,
    InvalidFields,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorizeRequest {
    outcome: Option<OutcomeName>,
    data: Option<Members>,
    callback: Option<AuthorizationCallback>,
    /// For `invalid_fields`: which ones.
    invalid_fields: Option<Vec<String>>,
    /// How the customer pays, under its Payments name; `invoice` if absent.
    payment_method: Option<String>,
    /// Whether a window that the buyer has open for the session ends with it.
    #[serde(default)]
    ends_windows: bool,
}

async fn authorize(shared: &Arc<Shared>, call: &Call, id: &str) -> Result<Answer, Error> {
    let request: AuthorizeRequest = parse(call)?;
    let method = payment_method(request.payment_method.as_deref())?;
    let outcome = request.outcome.map(|name| match name {
        OutcomeName::Approved => Outcome::Approved,
        OutcomeName::Denied => Outcome::Denied,
        OutcomeName::Aborted => Outcome::Aborted,
        OutcomeName::InvalidFields => Outcome::InvalidFields(
            request.invalid_fields.clone().unwrap_or_else(|| vec![INVALID_FIELD.to_owned()]),
        ),
    });
    let data = request.data.unwrap_or_default();
    let (authorized, delivery) = {
        let mut state = shared.state();
        let moment = settled(shared, &mut state, call);
        let id = named::session_id(&state, id)?;
        let authorized = state.authorize(&id, outcome, &data, method, &moment)?;
        if request.ends_windows {
            state.end_flows(&id, &authorized);
        }
        let delivery = match &authorized {
            Authorized::Approved { authorization_token } => {
                state.authorization_callback(&id, authorization_token, &moment)
            }
            _ => None,
        };
        (authorized, delivery)
    };
    if let Some(delivery) = delivery {
        match request.callback {
            Some(when) => browser::send(shared, delivery, when).await,
            None => browser::call_back(shared, delivery).await,
        }
    }
    Ok(json_answer(200, &sdk::authorized(&authorized)))
}

/// The payment method of a Payments name.
pub(super) fn payment_method(name: Option<&str>) -> Result<Option<method::Method>, Error> {
    let Some(name) = name else { return Ok(None) };
    method::Method::of(name).map(Some).ok_or_else(|| {
        let text = format!("payment_method: {name:?} is not a payment method type");
        Error::new(400, "BAD_REQUEST", text)
    })
}

/// The switches.
fn settings(state: &State) -> Answer {
    json_answer(200, &json!(*state.settings))
}

/// Moves the switches that the body names.
fn change_settings(shared: &Shared, call: &Call) -> Result<Answer, Error> {
    let changes: Members = parse(call)?;
    let mut state = shared.state();
    Arc::make_mut(&mut state.settings)
        .change(&changes)
        .map_err(|error| Error::new(400, "BAD_REQUEST", error.to_string()))?;
    Ok(settings(&state))
}

/// The moment of a call, after everything happened that was due.
pub(crate) fn settled<'a>(shared: &'a Shared, state: &mut State, call: &'a Call) -> Moment<'a> {
    state.settle(shared.now(state), &*shared.ids, StoreLimits::of(&shared.config));
    shared.moment(state, call)
}

fn clock(shared: &Shared, state: &State) -> Answer {
    let offset = state.clock.offset(shared.base_time()).as_secs();
    let now = shared.now(state).to_string();
    json_answer(200, &json!({"now": now, "offset_seconds": offset, "pace": state.clock.pace()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockRequest {
    pace: u32,
}

/// Lets the clock run faster, or at the machine's own pace again.
fn change_clock(shared: &Shared, call: &Call) -> Result<Answer, Error> {
    let ClockRequest { pace } = parse(call)?;
    if !(1..=PACE_MAX).contains(&pace) {
        let text =
            format!("pace: {pace} is not possible; send 1 to {PACE_MAX}, seconds in one second");
        return Err(Error::new(400, "BAD_REQUEST", text));
    }
    let mut state = shared.state();
    state.clock.set_pace(shared.base_time(), pace);
    Ok(clock(shared, &state))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceRequest {
    by: String,
}

/// Moves the clock and waits for the notifications that became due.
async fn advance(shared: &Arc<Shared>, call: &Call) -> Result<Answer, Error> {
    let request: AdvanceRequest = parse(call)?;
    let refused = |why: &str| {
        let text =
            format!("by: {:?} {why}; send an ISO 8601 duration like P28D or PT10M", request.by);
        Error::new(400, "BAD_REQUEST", text)
    };
    let (answer, due) = {
        let mut state = shared.state();
        let now = shared.now(&state);
        let leap = later_by(now, &request.by).map_err(refused)?.duration_since(now);
        state.clock.advance(shared.base_time(), leap);
        settled(shared, &mut state, call);
        (clock(shared, &state), std::mem::take(&mut state.outbox))
    };
    callback::send_and_wait(shared, due).await;
    Ok(answer)
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum DecisionName {
    Accepted,
    Rejected,
    Stopped,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FraudRequest {
    decision: DecisionName,
}

/// Makes fraud control decide, and waits for the notification's first attempt.
async fn fraud(shared: &Arc<Shared>, call: &Call, id: &str) -> Result<Answer, Error> {
    let request: FraudRequest = parse(call)?;
    let decision = match request.decision {
        DecisionName::Accepted => Decision::Accepted,
        DecisionName::Rejected => Decision::Rejected,
        DecisionName::Stopped => Decision::Stopped,
    };
    let due = {
        let mut state = shared.state();
        let moment = settled(shared, &mut state, call);
        let id = named::order_id(&state, id)?;
        state.decide(&id, decision, &moment);
        std::mem::take(&mut state.outbox)
    };
    callback::send_and_wait(shared, due).await;
    Ok(Answer::empty(204))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerTokenRequest {
    status: Option<TokenStatus>,
    declines: Option<bool>,
}

/// Suspends a customer token, or lets its next orders be declined.
fn change_customer_token(shared: &Shared, call: &Call, id: &str) -> Result<Answer, Error> {
    let request: CustomerTokenRequest = parse(call)?;
    let mut state = shared.state();
    let text = || format!("customer token {id} is not known here");
    let token = state
        .steer_customer_token(id, request.status, request.declines)
        .ok_or_else(|| Error::new(404, "TOKEN_NOT_FOUND", text()))?;
    Ok(json_answer(200, &json!({"status": token.status, "declines": token.declines})))
}

/// What test persons dispute, the oldest order first.
fn disputes(state: &State) -> Answer {
    let all: Vec<Value> = state
        .orders
        .iter()
        .flat_map(|(order_id, order)| order.disputes.iter().map(move |it| (order_id, it)))
        .map(|(order_id, it)| {
            json!({"order_id": order_id, "capture_id": it.capture_id, "reason": it.reason,
                "opened_at": it.opened_at})
        })
        .collect();
    json_answer(200, &Value::Array(all))
}

/// Klarna's test persons, of one country or of all.
fn test_persons(call: &Call) -> Answer {
    let wanted = call.parameter("country");
    let is_wanted =
        |country: &str| wanted.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(country));
    let persons = test_persons::all().iter().filter(|persons| is_wanted(persons.country));
    json_answer(200, &persons.map(TestPersons::listed).collect())
}
