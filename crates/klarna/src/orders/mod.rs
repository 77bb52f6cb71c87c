//! Order Management: what happens to a placed order.
//!
//! The functions build requests; [`Orders`], reached through
//! [`Client::orders`](crate::Client::orders), sends them. Every write takes an
//! [`IdempotencyKey`]: the same wanted act keeps its key over all its attempts.

mod capture;
mod due_date;
mod merchant_references;
mod order;
mod refund;
mod request;
mod shipping_info;
mod update;

pub use capture::{Capture, NewCapture};
pub use due_date::{DueDateExtension, DueDateOption, DueDateOptions};
pub use merchant_references::MerchantReferences;
pub use order::{Order, OrderStatus};
pub use refund::{NewRefund, Refund};
pub use request::{
    acknowledge, add_capture_shipping_info, add_shipping_info, cancel, capture, capture_by_id,
    captures, extend_authorization_time, extend_due_date, extend_due_date_options, get, refund,
    refund_by_id, release_remaining_authorization, trigger_send_out, update_authorization,
    update_customer_details, update_merchant_references,
};
pub use shipping_info::{ShippingInfo, ShippingMethod};
pub use update::AuthorizationUpdate;

use crate::{Address, Answer, CaptureId, Client, Error, IdempotencyKey, OrderId, RefundId};

/// The operations of Order Management.
#[derive(Debug, Clone, Copy)]
pub struct Orders<'a> {
    client: &'a Client,
}

impl<'a> Orders<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Reads an order. Klarna asks not to poll it to confirm an operation: the operation's own
    /// answer says enough.
    pub async fn get(&self, order_id: &OrderId) -> Result<Answer<Order>, Error> {
        self.client.send(&get(order_id)?).await
    }

    /// Says that the order was received. Nothing about it changes.
    pub async fn acknowledge(
        &self,
        order_id: &OrderId,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&acknowledge(order_id, key)?).await
    }

    /// Sets a new total and new lines, before the order is fully captured.
    pub async fn update_authorization(
        &self,
        order_id: &OrderId,
        update: &AuthorizationUpdate,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&update_authorization(order_id, update, key)?).await
    }

    /// Captures a part or all of what is left. The answer is the id only.
    pub async fn capture(
        &self,
        order_id: &OrderId,
        new_capture: &NewCapture,
        key: &IdempotencyKey,
    ) -> Result<Answer<CaptureId>, Error> {
        self.client.send(&capture(order_id, new_capture, key)?).await
    }

    /// Reads all captures of an order.
    pub async fn captures(&self, order_id: &OrderId) -> Result<Answer<Vec<Capture>>, Error> {
        self.client.send(&captures(order_id)?).await
    }

    /// Reads one capture.
    pub async fn capture_by_id(
        &self,
        order_id: &OrderId,
        capture_id: &CaptureId,
    ) -> Result<Answer<Capture>, Error> {
        self.client.send(&capture_by_id(order_id, capture_id)?).await
    }

    /// Adds parcels to a capture.
    pub async fn add_capture_shipping_info(
        &self,
        order_id: &OrderId,
        capture_id: &CaptureId,
        shipping_info: &[ShippingInfo],
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        let request = add_capture_shipping_info(order_id, capture_id, shipping_info, key)?;
        self.client.send(&request).await
    }

    /// Sends the customer's message about a capture again.
    pub async fn trigger_send_out(
        &self,
        order_id: &OrderId,
        capture_id: &CaptureId,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&trigger_send_out(order_id, capture_id, key)?).await
    }

    /// Moves the due date of a capture by a number of days that
    /// [`Orders::extend_due_date_options`] offers; the shop pays the fee.
    pub async fn extend_due_date(
        &self,
        order_id: &OrderId,
        capture_id: &CaptureId,
        extension: DueDateExtension,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&extend_due_date(order_id, capture_id, extension, key)?).await
    }

    /// Reads by how many days, and for which fee, a capture's due date can be moved.
    pub async fn extend_due_date_options(
        &self,
        order_id: &OrderId,
        capture_id: &CaptureId,
    ) -> Result<Answer<DueDateOptions>, Error> {
        self.client.send(&extend_due_date_options(order_id, capture_id)?).await
    }

    /// Changes the shipping address; Klarna assesses the customer again.
    pub async fn update_customer_details(
        &self,
        order_id: &OrderId,
        shipping_address: &Address,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&update_customer_details(order_id, shipping_address, key)?).await
    }

    /// Extends the authorization by the account's period, counted from today.
    pub async fn extend_authorization_time(
        &self,
        order_id: &OrderId,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&extend_authorization_time(order_id, key)?).await
    }

    /// Changes the shop's references.
    pub async fn update_merchant_references(
        &self,
        order_id: &OrderId,
        references: &MerchantReferences,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&update_merchant_references(order_id, references, key)?).await
    }

    /// Refunds a part or all of what was captured. The answer is the id only.
    pub async fn refund(
        &self,
        order_id: &OrderId,
        new_refund: &NewRefund,
        key: &IdempotencyKey,
    ) -> Result<Answer<RefundId>, Error> {
        self.client.send(&refund(order_id, new_refund, key)?).await
    }

    /// Reads one refund.
    pub async fn refund_by_id(
        &self,
        order_id: &OrderId,
        refund_id: &RefundId,
    ) -> Result<Answer<Refund>, Error> {
        self.client.send(&refund_by_id(order_id, refund_id)?).await
    }

    /// Gives up what is left after at least one capture. Before the first capture it is
    /// [`Orders::cancel`] that does so.
    pub async fn release_remaining_authorization(
        &self,
        order_id: &OrderId,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&release_remaining_authorization(order_id, key)?).await
    }

    /// Adds parcels to an order, before it is captured.
    pub async fn add_shipping_info(
        &self,
        order_id: &OrderId,
        shipping_info: &[ShippingInfo],
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&add_shipping_info(order_id, shipping_info, key)?).await
    }

    /// Cancels an order that has no captures.
    pub async fn cancel(
        &self,
        order_id: &OrderId,
        key: &IdempotencyKey,
    ) -> Result<Answer<()>, Error> {
        self.client.send(&cancel(order_id, key)?).await
    }
}
