//! The pure half: requests of Order Management.

use serde::Serialize;

use super::{
    AuthorizationUpdate, DueDateExtension, MerchantReferences, NewCapture, NewRefund, ShippingInfo,
};
use crate::check::FieldError;
use crate::id::encode_segment;
use crate::{
    Address, CaptureId, Error, IdempotencyKey, Method, Operation, OrderId, RefundId, Request,
};

/// `GET …/orders/{order_id}`. Answered with an [`Order`](super::Order).
pub fn get(order_id: &OrderId) -> Result<Request, Error> {
    Request::empty(Operation::GetOrder, Method::Get, order(order_id, ""))
}

/// `POST …/acknowledge`. Answered without a body.
pub fn acknowledge(order_id: &OrderId, key: &IdempotencyKey) -> Result<Request, Error> {
    act(Operation::Acknowledge, order(order_id, "/acknowledge"), key)
}

/// `PATCH …/authorization`. Answered without a body.
pub fn update_authorization(
    order_id: &OrderId,
    update: &AuthorizationUpdate,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/authorization");
    write(Operation::UpdateAuthorization, Method::Patch, path, &update.body(), key)
}

/// `POST …/captures`. Answered with a [`CaptureId`].
pub fn capture(
    order_id: &OrderId,
    new_capture: &NewCapture,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/captures");
    write(Operation::Capture, Method::Post, path, &new_capture.body(), key)
}

/// `GET …/captures`. Answered with a list of [`Capture`](super::Capture)s.
pub fn captures(order_id: &OrderId) -> Result<Request, Error> {
    Request::empty(Operation::GetCaptures, Method::Get, order(order_id, "/captures"))
}

/// `GET …/captures/{capture_id}`. Answered with a [`Capture`](super::Capture).
pub fn capture_by_id(order_id: &OrderId, capture_id: &CaptureId) -> Result<Request, Error> {
    Request::empty(Operation::GetCapture, Method::Get, capture_path(order_id, capture_id, ""))
}

/// `POST …/captures/{capture_id}/shipping-info`. Answered without a body.
pub fn add_capture_shipping_info(
    order_id: &OrderId,
    capture_id: &CaptureId,
    shipping_info: &[ShippingInfo],
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = capture_path(order_id, capture_id, "/shipping-info");
    parcels(Operation::AddCaptureShippingInfo, path, shipping_info, key)
}

/// `POST …/captures/{capture_id}/trigger-send-out`. Answered without a body.
pub fn trigger_send_out(
    order_id: &OrderId,
    capture_id: &CaptureId,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = capture_path(order_id, capture_id, "/trigger-send-out");
    act(Operation::TriggerSendOut, path, key)
}

/// `PATCH …/captures/{capture_id}/extend-due-date`. Answered without a body.
pub fn extend_due_date(
    order_id: &OrderId,
    capture_id: &CaptureId,
    extension: DueDateExtension,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = capture_path(order_id, capture_id, "/extend-due-date");
    write(Operation::ExtendDueDate, Method::Patch, path, &extension, key)
}

/// `GET …/captures/{capture_id}/extend-due-date-options`. Answered with
/// [`DueDateOptions`](super::DueDateOptions).
pub fn extend_due_date_options(
    order_id: &OrderId,
    capture_id: &CaptureId,
) -> Result<Request, Error> {
    let path = capture_path(order_id, capture_id, "/extend-due-date-options");
    Request::empty(Operation::GetExtendDueDateOptions, Method::Get, path)
}

/// `PATCH …/customer-details`. Answered without a body.
pub fn update_customer_details(
    order_id: &OrderId,
    shipping_address: &Address,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        shipping_address: &'a Address,
    }
    shipping_address.check_for_order_management("shipping_address")?;
    let path = order(order_id, "/customer-details");
    let body = Body { shipping_address };
    write(Operation::UpdateCustomerDetails, Method::Patch, path, &body, key)
}

/// `POST …/extend-authorization-time`. Answered without a body.
pub fn extend_authorization_time(
    order_id: &OrderId,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/extend-authorization-time");
    act(Operation::ExtendAuthorizationTime, path, key)
}

/// `PATCH …/merchant-references`. Answered without a body.
pub fn update_merchant_references(
    order_id: &OrderId,
    references: &MerchantReferences,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    references.check()?;
    let path = order(order_id, "/merchant-references");
    write(Operation::UpdateMerchantReferences, Method::Patch, path, references, key)
}

/// `POST …/refunds`. Answered with a [`RefundId`].
pub fn refund(
    order_id: &OrderId,
    new_refund: &NewRefund,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/refunds");
    write(Operation::Refund, Method::Post, path, &new_refund.body(), key)
}

/// `GET …/refunds/{refund_id}`. Answered with a [`Refund`](super::Refund).
pub fn refund_by_id(order_id: &OrderId, refund_id: &RefundId) -> Result<Request, Error> {
    let path = order(order_id, &format!("/refunds/{}", encode_segment(refund_id.as_str())));
    Request::empty(Operation::GetRefund, Method::Get, path)
}

/// `POST …/release-remaining-authorization`. Answered without a body.
pub fn release_remaining_authorization(
    order_id: &OrderId,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/release-remaining-authorization");
    act(Operation::ReleaseRemainingAuthorization, path, key)
}

/// `POST …/shipping-info`. Answered without a body.
pub fn add_shipping_info(
    order_id: &OrderId,
    shipping_info: &[ShippingInfo],
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    let path = order(order_id, "/shipping-info");
    parcels(Operation::AddShippingInfo, path, shipping_info, key)
}

/// `POST …/cancel`. Answered without a body.
pub fn cancel(order_id: &OrderId, key: &IdempotencyKey) -> Result<Request, Error> {
    act(Operation::Cancel, order(order_id, "/cancel"), key)
}

fn order(order_id: &OrderId, rest: &str) -> String {
    format!("/ordermanagement/v1/orders/{}{rest}", encode_segment(order_id.as_str()))
}

fn capture_path(order_id: &OrderId, capture_id: &CaptureId, rest: &str) -> String {
    order(order_id, &format!("/captures/{}{rest}", encode_segment(capture_id.as_str())))
}

fn act(operation: Operation, path: String, key: &IdempotencyKey) -> Result<Request, Error> {
    Ok(Request::empty(operation, Method::Post, path)?.with_key(key))
}

fn write(
    operation: Operation,
    method: Method,
    path: String,
    body: &impl Serialize,
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    Ok(Request::json(operation, method, path, body)?.with_key(key))
}

fn parcels(
    operation: Operation,
    path: String,
    shipping_info: &[ShippingInfo],
    key: &IdempotencyKey,
) -> Result<Request, Error> {
    #[derive(Serialize)]
    struct Body<'a> {
        shipping_info: &'a [ShippingInfo],
    }
    if shipping_info.is_empty() {
        return Err(FieldError::new("shipping_info", "empty", "1 to 500 entries").into());
    }
    super::shipping_info::check_all(shipping_info)?;
    write(operation, Method::Post, path, &Body { shipping_info }, key)
}
