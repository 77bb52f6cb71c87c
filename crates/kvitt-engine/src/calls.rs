//! Calls: an act as a request to Klarna, and Klarna's answer as a verdict on the act.

use jiff::SignedDuration;
use klarna::orders::{self, AuthorizationUpdate, MerchantReferences, NewCapture, NewRefund};
use klarna::payments::{self, NewOrder, PlacedOrder};
use klarna::{
    AuthorizationToken, CaptureId, Client, IdempotencyKey, Operation, OrderId as KlarnaOrderId,
    Outcome as Effect, RefundId, Request,
};
use kvitt_core::{Act, Evidence, IntentId, LinePart, Outcome, Refused, sent_reference};
use kvitt_money::OrderLineFields;
use secrecy::{ExposeSecret, SecretString};

use crate::engine::{Engine, Seen};
use crate::evidence::{evidence, refused};
use crate::session::{describe, unsendable};
use crate::shopper::{self, Shopper};
use crate::{EngineError, names};

/// How long Klarna remembers an idempotency key (Klarna documentation: escalation and retry).
pub(crate) const KEY_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// What came of a call.
#[derive(Debug, Clone)]
pub(crate) enum Verdict {
    Done {
        outcome: Outcome,
        evidence: Evidence,
    },
    Refused(Refused),
    Unknown {
        problem: String,
        evidence: Evidence,
        may_have_taken_effect: bool,
    },
    /// Klarna refused to place an order, but an earlier try may have placed it, or the refusal
    /// itself says that there is one.
    OrderMayExist {
        refused: Refused,
        says_so: bool,
    },
    NeedsHuman {
        reason: String,
        evidence: Evidence,
    },
}

/// The call that an act needs, complete, as a text that is stored before it is made.
pub(crate) fn build(
    engine: &Engine,
    seen: &Seen,
    intent: IntentId,
    act: &Act,
    idempotency_key: &str,
    shipping_address: Option<&SecretString>,
) -> Result<SecretString, EngineError> {
    let request = match act {
        Act::Place { authorization, .. } => place(engine, seen, authorization)?,
        _ => on_order(seen, intent, act, idempotency_key, shipping_address)?,
    };
    shopper::write(&request)
}

fn place(engine: &Engine, seen: &Seen, authorization: &str) -> Result<Request, EngineError> {
    let token = seen
        .private
        .secret(&names::authorization_token(authorization))
        .ok_or_else(|| EngineError::Internal("an authorization without its token".to_owned()))?;
    let token =
        AuthorizationToken::new(token.expose_secret()).map_err(|error| unsendable(error.into()))?;
    let sale = &seen.sale;
    let urls =
        engine.merchant_urls(&sale.terms, sale.id, seen.private.secret(names::CALLBACK_SECRET))?;
    let session = describe(&sale.terms, &sale.cart, &Shopper::of(&seen.private)?, Some(urls))?;
    payments::place_order(&token, &NewOrder::of(&session)).map_err(unsendable)
}

fn on_order(
    seen: &Seen,
    intent: IntentId,
    act: &Act,
    idempotency_key: &str,
    shipping_address: Option<&SecretString>,
) -> Result<Request, EngineError> {
    let order = seen.sale.order.as_ref().ok_or(kvitt_core::Refusal::NoOrder)?;
    let id = KlarnaOrderId::new(order.klarna_order_id.clone())
        .map_err(|error| unsendable(error.into()))?;
    let key = IdempotencyKey::new(idempotency_key).map_err(|error| unsendable(error.into()))?;
    let request = match act {
        Act::Place { .. } => return Err(kvitt_core::Refusal::AlreadyPlaced.into()),
        Act::Capture { captured_amount, lines, reference, description, shipping_info, .. } => {
            NewCapture::builder(*captured_amount)
                .order_lines(parts(lines))
                .reference(sent_reference(reference.as_deref(), intent))
                .maybe_description(description.clone())
                .shipping_info(shipping_info.iter().map(parcel).collect())
                .build()
                .and_then(|capture| orders::capture(&id, &capture, &key))
        }
        Act::Refund { refunded_amount, lines, reference, description } => {
            NewRefund::builder(*refunded_amount)
                .order_lines(parts(lines))
                .reference(sent_reference(reference.as_deref(), intent))
                .maybe_description(description.clone())
                .build()
                .and_then(|refund| orders::refund(&id, &refund, &key))
        }
        Act::Cancel => orders::cancel(&id, &key),
        Act::Release => orders::release_remaining_authorization(&id, &key),
        Act::Extend => orders::extend_authorization_time(&id, &key),
        Act::UpdateAuthorization { cart, description } => {
            let update = AuthorizationUpdate::to_cart(cart.cart().clone());
            match description {
                Some(description) => update.description(description),
                None => Ok(update),
            }
            .and_then(|update| orders::update_authorization(&id, &update, &key))
        }
        Act::UpdateReferences { merchant_reference1, merchant_reference2 } => {
            let references = MerchantReferences {
                merchant_reference1: merchant_reference1.clone(),
                merchant_reference2: merchant_reference2.clone(),
            };
            orders::update_merchant_references(&id, &references, &key)
        }
        Act::UpdateShippingAddress => {
            let address = shipping_address
                .and_then(|text| serde_json::from_str(text.expose_secret()).ok())
                .ok_or_else(|| {
                    EngineError::Unsendable("shipping_address is missing: give one".to_owned())
                })?;
            orders::update_customer_details(&id, &address, &key)
        }
        Act::AddShippingInfo { capture_id, shipping_info } => {
            let parcels: Vec<_> = shipping_info.iter().map(parcel).collect();
            match capture_id {
                None => orders::add_shipping_info(&id, &parcels, &key),
                Some(capture_id) => CaptureId::new(capture_id.clone())
                    .map_err(Into::into)
                    .and_then(|it| orders::add_capture_shipping_info(&id, &it, &parcels, &key)),
            }
        }
        Act::TriggerSendOut { capture_id } => CaptureId::new(capture_id.clone())
            .map_err(Into::into)
            .and_then(|it| orders::trigger_send_out(&id, &it, &key)),
    };
    request.map_err(unsendable)
}

fn parts(lines: &[LinePart]) -> Vec<OrderLineFields> {
    lines.iter().map(|part| part.line.clone()).collect()
}

fn parcel(info: &kvitt_core::ShippingInfo) -> orders::ShippingInfo {
    orders::ShippingInfo {
        shipping_company: info.shipping_company.clone(),
        shipping_method: info.shipping_method.as_deref().map(Into::into),
        tracking_number: info.tracking_number.clone(),
        tracking_uri: info.tracking_uri.clone(),
        return_shipping_company: info.return_shipping_company.clone(),
        return_tracking_number: info.return_tracking_number.clone(),
        return_tracking_uri: info.return_tracking_uri.clone(),
    }
}

/// Makes a stored call and reads the answer. `in_doubt` says that the same call may have taken
/// effect before.
pub(crate) async fn make(
    client: &Client,
    act: &Act,
    call: &str,
    in_doubt: bool,
) -> Result<Verdict, EngineError> {
    let request: Request = serde_json::from_str(call)
        .map_err(|_| EngineError::Internal("a stored call cannot be read".to_owned()))?;
    let operation = request.operation();
    let answered = match act {
        Act::Place { .. } => client.send::<PlacedOrder>(&request).await.map(|answer| {
            let placed = answer.value;
            let outcome = Outcome::Placed {
                klarna_order_id: placed.order_id.to_string(),
                // Missing is not accepted.
                fraud_status: placed
                    .fraud_status
                    .map_or_else(|| String::from("MISSING"), |status| status.to_string())
                    .into(),
                redirect_url: placed.redirect_url.map(klarna::Private::into_exposed),
                payment_method: placed
                    .authorized_payment_method
                    .and_then(|method| method.r#type)
                    .map(|method| method.to_string()),
            };
            (outcome, answer.status, answer.correlation_id)
        }),
        Act::Capture { .. } => client.send::<CaptureId>(&request).await.map(|answer| {
            let outcome = Outcome::Captured { capture_id: answer.value.to_string() };
            (outcome, answer.status, answer.correlation_id)
        }),
        Act::Refund { .. } => client.send::<RefundId>(&request).await.map(|answer| {
            let outcome = Outcome::Refunded { refund_id: answer.value.to_string() };
            (outcome, answer.status, answer.correlation_id)
        }),
        _ => client
            .send::<()>(&request)
            .await
            .map(|answer| (Outcome::Changed, answer.status, answer.correlation_id)),
    };
    Ok(match answered {
        Ok((outcome, status, correlation_id)) => Verdict::Done {
            outcome,
            evidence: evidence(operation, status, correlation_id.as_ref()),
        },
        Err(error) => failed(act, operation, &error, in_doubt),
    })
}

fn failed(act: &Act, operation: Operation, error: &klarna::Error, in_doubt: bool) -> Verdict {
    let placing = matches!(act, Act::Place { .. });
    let refusal = refused(operation, error);
    let says_so = error.refusal().is_some_and(klarna::Refusal::order_may_exist);
    match error.outcome() {
        // Placing has no idempotency key: after an earlier try a refusal may mean that the
        // earlier one succeeded, and some refusals mean so by themselves.
        Effect::Refused if placing && (in_doubt || says_so) => {
            Verdict::OrderMayExist { refused: refusal, says_so }
        }
        Effect::Refused => Verdict::Refused(refusal),
        // Wrong credentials, or a request that the client itself refuses, will not get better by
        // repeating it. Neither had an effect.
        Effect::NotSent if gives_up(error) && !in_doubt => Verdict::Refused(refusal),
        Effect::NotSent => Verdict::Unknown {
            problem: error.to_string(),
            evidence: refusal.evidence,
            // This try had no effect; one before it, whose end nobody saw, may have had.
            may_have_taken_effect: in_doubt,
        },
        Effect::Unknown => Verdict::Unknown {
            problem: error.to_string(),
            evidence: refusal.evidence,
            may_have_taken_effect: true,
        },
    }
}

fn gives_up(error: &klarna::Error) -> bool {
    !matches!(
        error,
        klarna::Error::TooManyRequests { .. }
            | klarna::Error::HeldBack { .. }
            | klarna::Error::Connect { .. }
            | klarna::Error::TimedOut { .. }
    )
}
