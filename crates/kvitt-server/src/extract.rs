//! What handlers ask of a request.

mod body;
mod caller;
mod ids;
mod query;

pub(crate) use body::{Bare, Call, MayCall};
pub(crate) use caller::{IdempotencyKeyParam, Merchant};
pub(crate) use ids::{
    CaptureRef, CaptureRefParams, CheckoutIdParam, CheckoutRef, IntentIdParam, IntentRef,
    OrderIdParam, OrderRef, WebhookEndpointIdParam, WebhookEndpointRef,
};
pub(crate) use query::{
    Nothing, PageParams, Params, limit, one_of, page_position, position, timestamp,
};
