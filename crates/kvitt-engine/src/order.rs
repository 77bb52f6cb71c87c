//! The order as Klarna has it.

use klarna::{Operation, OrderId as KlarnaOrderId};
use kvitt_core::{
    Cause, Event, Evidence, FraudStatus, MoveAtKlarna, OrderAtKlarna, OrderSnapshot, Refusal, Sale,
    SaleId, ShippingInfo,
};
use kvitt_money::{Cart, OrderLineFields, TaxRate, Totals};

use crate::EngineError;
use crate::addresses;
use crate::engine::{Draft, Engine};
use crate::evidence::{evidence, unavailable};
use crate::rate::Class;
use crate::session::unsendable;
use crate::work::{self, Claim};

/// How often an order is read again because something happened to the sale meanwhile.
const READS_MAX: u32 = 4;

impl Engine {
    /// Reads the order from Klarna and records what it says.
    pub async fn refresh(&self, id: SaleId) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        self.read_order(id, None, Class::Act).await
    }

    pub(crate) async fn read_order(
        &self,
        id: SaleId,
        claim: Option<Claim>,
        class: Class,
    ) -> Result<Sale, EngineError> {
        for _ in 0..READS_MAX {
            match self.read_order_once(id, claim, class).await {
                Err(EngineError::Conflict) => {}
                done => return done,
            }
        }
        Err(EngineError::Conflict)
    }

    /// Reads and records, unless something happened to the sale in between: what was read then may
    /// be older than what is known, and must not pass for the latest.
    async fn read_order_once(
        &self,
        id: SaleId,
        claim: Option<Claim>,
        class: Class,
    ) -> Result<Sale, EngineError> {
        let sale = self.sale(id).await?;
        let asked = self.ask_klarna(&sale, class).await?;
        let (order, evidence) = asked.map_err(|error| unavailable(id, &error))?;
        let found = at_klarna(&order);
        self.write(id, &Cause::Kvitt, |seen| {
            if seen.sale.version != sale.version {
                return Err(EngineError::Conflict);
            }
            let mut draft = Draft::of(seen.sale.external(&found, &evidence));
            let addresses = addresses::external(&seen.sale, &seen.private, &order, &evidence)?;
            draft = draft.and(addresses);
            draft.events.push(Event::OrderRead {
                snapshot: found.snapshot.clone(),
                evidence: evidence.clone(),
            });
            draft.fence = claim.map(Claim::fence);
            work::finish(id, work::READ_ORDER, &mut draft);
            if let Some(claim) = claim {
                work::finish_claimed(claim, &mut draft);
            }
            Ok(draft)
        })
        .await
    }
}

impl Engine {
    /// The order as Klarna has it now. Nothing is recorded.
    pub(crate) async fn look_at_klarna(
        &self,
        sale: &Sale,
        class: Class,
    ) -> Result<(OrderAtKlarna, Evidence), EngineError> {
        let asked = self.ask_klarna(sale, class).await?;
        let (order, evidence) = asked.map_err(|error| unavailable(sale.id, &error))?;
        Ok((at_klarna(&order), evidence))
    }

    /// The same with what is personal in it, and with what Klarna answers if it does not answer with
    /// the order.
    pub(crate) async fn ask_klarna(
        &self,
        sale: &Sale,
        class: Class,
    ) -> Result<Result<(klarna::orders::Order, Evidence), klarna::Error>, EngineError> {
        let order = sale.order.as_ref().ok_or(Refusal::NoOrder)?;
        let client = self.klarna(sale, class)?;
        let klarna_id = KlarnaOrderId::new(order.klarna_order_id.clone())
            .map_err(|error| unsendable(error.into()))?;
        Ok(client.orders().get(&klarna_id).await.map(|answer| {
            let correlation_id = answer.correlation_id.as_ref();
            let evidence = evidence(Operation::GetOrder, answer.status, correlation_id);
            (answer.value, evidence)
        }))
    }
}

/// An order with its captures and refunds, in the words of the business.
pub(crate) fn at_klarna(order: &klarna::orders::Order) -> OrderAtKlarna {
    OrderAtKlarna {
        snapshot: snapshot(order),
        captures: order.captures.iter().map(capture).collect(),
        refunds: order.refunds.iter().filter_map(refund).collect(),
        shipping_info: order.shipping_info.iter().map(parcel).collect(),
        cart: cart(order),
        merchant_reference1: text(order.merchant_reference1.as_ref()),
        merchant_reference2: text(order.merchant_reference2.as_ref()),
    }
}

/// The lines and sums, where they are shown and add up.
pub(crate) fn cart(order: &klarna::orders::Order) -> Option<Cart> {
    let lines: Vec<_> = order.order_lines.iter().map(line).collect::<Option<_>>()?;
    let taxes = lines.iter().map(|line| line.total_tax_amount);
    let order_tax_amount = taxes.fold(0, i64::saturating_add);
    let totals = Totals { order_amount: order.order_amount, order_tax_amount };
    Cart::check(order.country()?, lines, totals).ok()
}

/// What was not sent comes back as an empty text (recorded exchange).
fn text(read: Option<&String>) -> Option<String> {
    read.filter(|text| !text.is_empty()).cloned()
}

/// A line as it was read. What of it is no money and can be missing is not taken over.
fn line(read: &klarna::read::OrderLine) -> Option<OrderLineFields> {
    let line_type = read.r#type.clone().map(serde_json::Value::String);
    Some(OrderLineFields {
        line_type: line_type.map(serde_json::from_value).transpose().ok()?.unwrap_or_default(),
        reference: text(read.reference.as_ref()),
        name: read.name.clone()?,
        quantity: read.quantity?,
        quantity_unit: text(read.quantity_unit.as_ref()),
        unit_price: read.unit_price?,
        tax_rate: TaxRate::new(read.tax_rate.unwrap_or_default()).ok()?,
        total_amount: read.total_amount?,
        total_discount_amount: read.total_discount_amount.unwrap_or_default(),
        total_tax_amount: read.total_tax_amount.unwrap_or_default(),
        product_url: text(read.product_url.as_ref()),
        image_url: text(read.image_url.as_ref()),
        merchant_data: read.merchant_data.clone().map(klarna::Private::into_exposed),
        product_identifiers: None,
        subscription: None,
    })
}

fn capture(capture: &klarna::orders::Capture) -> MoveAtKlarna {
    MoveAtKlarna {
        id: capture.capture_id.to_string(),
        amount: capture.captured_amount,
        reference: capture.reference.clone(),
        description: capture.description.clone(),
        at: capture.captured_at.as_ref().and_then(klarna::DateTime::timestamp),
        shipping_info: capture.shipping_info.iter().map(parcel).collect(),
    }
}

fn refund(refund: &klarna::orders::Refund) -> Option<MoveAtKlarna> {
    Some(MoveAtKlarna {
        id: refund.refund_id.as_ref()?.to_string(),
        amount: refund.refunded_amount,
        reference: refund.reference.clone(),
        description: refund.description.clone(),
        at: refund.refunded_at.as_ref().and_then(klarna::DateTime::timestamp),
        shipping_info: Vec::new(),
    })
}

fn parcel(read: &klarna::read::ShippingInfo) -> ShippingInfo {
    ShippingInfo {
        shipping_company: text(read.shipping_company.as_ref()),
        shipping_method: text(read.shipping_method.as_ref().map(ToString::to_string).as_ref()),
        tracking_number: text(read.tracking_number.as_ref()),
        tracking_uri: text(read.tracking_uri.as_ref()),
        return_shipping_company: text(read.return_shipping_company.as_ref()),
        return_tracking_number: text(read.return_tracking_number.as_ref()),
        return_tracking_uri: text(read.return_tracking_uri.as_ref()),
    }
}

/// What Klarna says, in the words of the business. What is missing must not pass for a good value.
fn snapshot(order: &klarna::orders::Order) -> OrderSnapshot {
    OrderSnapshot {
        status: order.status.to_string(),
        fraud_status: fraud_status(order),
        order_amount: order.order_amount,
        original_order_amount: order.original_order_amount.unwrap_or(order.order_amount),
        captured_amount: order.captured_amount,
        refunded_amount: order.refunded_amount,
        remaining_authorized_amount: order.remaining_authorized_amount,
        expires_at: order.expires_at.as_ref().and_then(klarna::DateTime::timestamp),
        klarna_reference: order.klarna_reference.clone(),
    }
}

/// Klarna's word on fraud. Missing is not accepted.
pub(crate) fn fraud_status(order: &klarna::orders::Order) -> FraudStatus {
    let said = order.fraud_status.as_ref();
    said.map_or_else(|| String::from("MISSING"), ToString::to_string).into()
}
