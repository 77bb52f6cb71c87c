//! What Order Management answers. Member order and defaults are those of recorded exchanges:
//! missing texts of known objects are empty, missing objects are absent, nothing is null.

use std::borrow::Cow;

use super::{
    json::{Json, Object},
    payments::{identifiers, subscription, texts},
    time,
};
use crate::{
    rules::{
        line::Line,
        order::{Order, Refund},
        shipping::DUE_DATE_OPTIONS,
        texts::{ADDRESS, ADDRESS_ALWAYS, SHIPPING_INFO, Texts},
    },
    settings::Settings,
};

/// An order as it is read.
pub(crate) fn order<'a>(order: &'a Order, settings: &Settings) -> Object<'a> {
    let method = Object::new()
        .with("type", order.method.orders)
        .with("description", order.method.description)
        .maybe("number_of_installments", order.method.installments());
    let parcels = (!order.shipping_info.is_empty()).then(|| parcels(&order.shipping_info));
    Object::new()
        .with("order_id", &order.order_id)
        .with("status", order.status.as_str())
        .with("fraud_status", order.fraud_status.as_str())
        .with("order_amount", order.order_amount)
        .with("original_order_amount", order.original_order_amount)
        .with("captured_amount", order.captured_amount)
        .with("refunded_amount", order.refunded_amount)
        .with("remaining_authorized_amount", order.remaining_authorized_amount)
        .with("purchase_currency", &order.purchase_currency)
        .with("locale", &order.locale)
        .with("order_lines", lines(&order.order_lines))
        .maybe("merchant_reference1", order.merchant_reference1.as_ref())
        .maybe("merchant_reference2", order.merchant_reference2.as_ref())
        .with("klarna_reference", &order.klarna_reference)
        .maybe("customer", order.customer.as_ref().map(customer))
        .maybe("billing_address", order.billing_address.as_ref().map(address))
        .maybe("shipping_address", order.shipping_address.as_ref().map(address))
        .with("created_at", time(order.created_at))
        .with("purchase_country", &order.purchase_country)
        .with("expires_at", time(order.expires_at))
        .with("captures", captures(order, settings))
        .with("refunds", order.refunds.iter().map(|it| refund(it, settings)).collect::<Json>())
        .maybe("merchant_data", order.merchant_data.as_ref())
        .with("initial_payment_method", method)
        .maybe("shipping_info", parcels)
}

/// The captures of an order.
pub(crate) fn captures<'a>(order: &'a Order, settings: &Settings) -> Json<'a> {
    (0..order.captures.len()).map(|place| capture(order, place, settings)).collect()
}

/// The capture of this place.
pub(crate) fn capture<'a>(order: &'a Order, place: usize, settings: &Settings) -> Object<'a> {
    let Some(capture) = order.captures.get(place) else { return Object::new() };
    let shows_all = settings.unallocated_refunds_show_on_captures;
    let share = order.unallocated_refunds().nth(place).filter(|_| shows_all);
    let reference = capture.reference.as_ref().filter(|_| settings.capture_references_are_readable);
    Object::new()
        .with("capture_id", &capture.capture_id)
        .with("klarna_reference", &capture.klarna_reference)
        .with("captured_amount", capture.captured_amount)
        .with("captured_at", time(capture.captured_at))
        .with("description", &capture.description)
        .maybe("reference", reference)
        .with("order_lines", lines(&capture.order_lines))
        .with("refunded_amount", capture.refunded_amount + share.unwrap_or(0))
        .maybe("billing_address", capture.billing_address.as_ref().map(address))
        .maybe("shipping_address", capture.shipping_address.as_ref().map(address))
        .with("shipping_info", parcels(&capture.shipping_info))
}

/// One refund.
pub(crate) fn refund<'a>(refund: &'a Refund, settings: &Settings) -> Object<'a> {
    let reference = refund.reference.as_ref().filter(|_| settings.refund_references_are_readable);
    Object::new()
        .with("refund_id", &refund.refund_id)
        .with("refunded_amount", refund.refunded_amount)
        .with("refunded_at", time(refund.refunded_at))
        .with("description", &refund.description)
        .maybe("reference", reference)
        .with("order_lines", lines(&refund.order_lines))
        .with("credit_invoice", false)
}

/// The choices for putting off an invoice.
pub(crate) fn due_date_options(order: &Order) -> Object<'_> {
    // An order that is not paid by invoice has no choice: no refusal is declared here.
    let options: Json = DUE_DATE_OPTIONS
        .iter()
        .filter(|_| order.method.is_invoice())
        .map(|(days, fee)| Object::new().with("amount", *fee).with("number_of_days", *days))
        .collect();
    Object::new().with("currency", &order.purchase_currency).with("options", options)
}

fn lines(lines: &[Line]) -> Json<'_> {
    lines.iter().map(line).collect()
}

fn line(line: &Line) -> Object<'_> {
    Object::new()
        .with("reference", line.reference.as_deref().unwrap_or_default())
        .with("type", line.kind_or_default())
        .with("quantity", line.quantity)
        .with("quantity_unit", line.quantity_unit.as_deref().unwrap_or_default())
        .with("name", &line.name)
        .with("total_amount", line.total_amount)
        .with("unit_price", line.unit_price)
        .with("total_discount_amount", line.total_discount_amount.unwrap_or(0))
        .with("tax_rate", line.tax_rate.unwrap_or(0))
        .with("total_tax_amount", line.total_tax_amount.unwrap_or(0))
        .maybe("merchant_data", line.merchant_data.as_ref())
        .maybe("product_url", line.product_url.as_ref())
        .maybe("image_url", line.image_url.as_ref())
        .maybe("product_identifiers", identifiers(line))
        .maybe("subscription", line.subscription.as_ref().map(subscription))
}

fn parcels(parcels: &[Texts]) -> Json<'_> {
    parcels.iter().map(|parcel| texts(parcel, &SHIPPING_INFO)).collect()
}

fn customer(customer: &Texts) -> Object<'_> {
    Object::new()
        .maybe("date_of_birth", customer.get("date_of_birth"))
        .with("type", customer.get("type").filter(|it| !it.is_empty()).unwrap_or("person"))
}

fn address(address: &Texts) -> Object<'_> {
    ADDRESS.iter().enumerate().fold(Object::new(), |object, (index, member)| {
        let text = address.get(member.name).filter(|text| !text.is_empty());
        match member.name {
            "country" => object.with("country", upper_case(text.unwrap_or_default())),
            "postal_code" => {
                let country = address.get("country").unwrap_or_default();
                object.with("postal_code", postal_code(country, text.unwrap_or_default()))
            }
            name if index < ADDRESS_ALWAYS => object.with(name, text.unwrap_or_default()),
            name => object.maybe(name, text),
        }
    })
}

/// A postal code as Order Management writes it: Swedish ones in two groups (recorded exchange).
/// Nothing is known of other countries'.
fn postal_code<'a>(country: &str, text: &'a str) -> Cow<'a, str> {
    let is_five = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    if country.eq_ignore_ascii_case("SE") && is_five {
        let (area, place) = text.split_at(3);
        return [area, " ", place].concat().into();
    }
    text.into()
}

fn upper_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return text.to_ascii_uppercase().into();
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        rules::{
            order::tests::order as sample,
            read::{Body, Reader},
            texts::Side,
        },
        write::text::compact,
    };

    #[test]
    fn an_order_reads_compactly_in_klarnas_order() {
        let mut one = sample();
        one.order_lines.truncate(1);
        let body = json!({"city": "Lund", "country": "se"});
        let mut problems = Vec::new();
        let body = Body::of(&body);
        let mut reader = Reader::new(&body, &mut problems);
        one.billing_address = Some(Texts::read(&mut reader, &ADDRESS, Side::Orders));
        assert_eq!(
            String::from_utf8(compact(&order(&one, &Settings::default()).into())).unwrap(),
            concat!(
                r#"{"order_id":"o","status":"AUTHORIZED","fraud_status":"ACCEPTED","#,
                r#""order_amount":10000,"original_order_amount":10000,"captured_amount":0,"#,
                r#""refunded_amount":0,"remaining_authorized_amount":10000,"#,
                r#""purchase_currency":"SEK","locale":"en-SE","order_lines":[{"reference":"a","#,
                r#""type":"physical","quantity":1,"quantity_unit":"","name":"A","#,
                r#""total_amount":6000,"unit_price":6000,"total_discount_amount":0,"#,
                r#""tax_rate":0,"total_tax_amount":0}],"klarna_reference":"ABCDEFGH","#,
                r#""billing_address":{"given_name":"","family_name":"","title":"","#,
                r#""street_address":"","street_address2":"","postal_code":"","city":"Lund","#,
                r#""region":"","country":"SE","email":"","phone":""},"#,
                r#""created_at":"2026-01-01T10:00:00.000Z","purchase_country":"SE","#,
                r#""expires_at":"2026-01-29T00:00:00.000Z","captures":[],"refunds":[],"#,
                r#""initial_payment_method":{"type":"INVOICE","description":"Pay later"}}"#,
            )
        );
    }
}
