//! What Payments answers.

use super::{
    client_token,
    json::{Json, Object},
    time,
};
use crate::{
    rules::{
        line::{Line, Subscription},
        market,
        method::Method,
        purchase::Purchase,
        texts::{
            ADDRESS, ATTACHMENT, CUSTOMER, CUSTOMER_SHOWN, MERCHANT_URLS, Member, OPTIONS,
            PRODUCT_IDENTIFIERS, Texts,
        },
    },
    state::{customer_tokens::CustomerToken, placing::Placed, sessions::Session},
};

const BADGE: &str = "https://x.klarnacdn.net/payment-method/assets/badges/generic/klarna.svg";

/// Identifier and name, as recorded from 2021 (United States) and 2024 (Europe).
fn categories(country: &str) -> &'static [(&'static str, &'static str)] {
    if market::region(country) == "us" {
        &[("pay_over_time", "4 interest-free payments")]
    } else {
        &[
            ("pay_later", "Buy now, pay later"),
            ("pay_over_time", "Monthly financing"),
            ("pay_now", "Pay now"),
        ]
    }
}

fn payment_method_categories(purchase: &Purchase) -> Json<'static> {
    categories(&purchase.country())
        .iter()
        .map(|(identifier, name)| {
            let badges = Object::new().with("descriptive", BADGE).with("standard", BADGE);
            Object::new()
                .with("identifier", *identifier)
                .with("name", *name)
                .with("asset_urls", badges)
        })
        .collect()
}

/// A session as it is answered when it is created.
pub(crate) fn created_session<'a>(
    session_id: &'a str,
    purchase: &Purchase,
    base_url: &str,
) -> Object<'a> {
    Object::new()
        .with("session_id", session_id)
        .with("client_token", client_token(session_id, purchase, base_url))
        .with("payment_method_categories", payment_method_categories(purchase))
}

/// A session as it is read. Customer details only show after authorization (Klarna
/// documentation); the member order is the schema's.
pub(crate) fn read_session<'a>(
    session: &'a Session,
    purchase: &'a Purchase,
    authorization_token: Option<&'a str>,
    base_url: &str,
) -> Object<'a> {
    let status = if session.order_id.is_some() { "complete" } else { "incomplete" };
    let is_known = session.authorization_token.is_some() || session.order_id.is_some();
    let customer = purchase.customer.as_ref().filter(|_| is_known);
    let shown = |address: &'a Option<Texts>| {
        address.as_ref().filter(|_| is_known).map(|address| texts(address, &ADDRESS))
    };
    Object::new()
        .maybe("acquiring_channel", purchase.acquiring_channel.as_ref())
        .maybe("attachment", purchase.attachment.as_ref().map(|it| texts(it, &ATTACHMENT)))
        .maybe("authorization_token", authorization_token)
        .maybe("billing_address", shown(&purchase.billing_address))
        .with("client_token", client_token(&session.session_id, purchase, base_url))
        .maybe(
            "custom_payment_method_ids",
            purchase.custom_payment_method_ids.as_ref().map(|ids| ids.iter().collect::<Json>()),
        )
        .maybe("customer", customer.map(|it| texts(it, &CUSTOMER[..CUSTOMER_SHOWN])))
        .maybe("design", purchase.design.as_ref())
        .with("expires_at", time(session.expires_at))
        .maybe("locale", purchase.locale.as_ref())
        .maybe("merchant_data", purchase.merchant_data.as_ref())
        .maybe("merchant_reference1", purchase.merchant_reference1.as_ref())
        .maybe("merchant_reference2", purchase.merchant_reference2.as_ref())
        .maybe("merchant_urls", purchase.merchant_urls.as_ref().map(|it| texts(it, &MERCHANT_URLS)))
        .maybe("options", purchase.options.as_ref().map(|it| texts(it, &OPTIONS)))
        .with("order_amount", purchase.amount())
        .with("order_lines", purchase.lines().iter().map(line).collect::<Json>())
        .maybe("order_tax_amount", purchase.order_tax_amount)
        .with("payment_method_categories", payment_method_categories(purchase))
        .maybe("purchase_country", purchase.purchase_country.as_ref())
        .maybe("purchase_currency", purchase.purchase_currency.as_ref())
        .maybe("shipping_address", shown(&purchase.shipping_address))
        .with("status", status)
        .maybe("intent", purchase.intent.as_ref())
}

/// An order as it is answered when it is placed.
pub(crate) fn placed(placed: &Placed) -> Object<'_> {
    Object::new()
        .with("order_id", &placed.order_id)
        .maybe("redirect_url", placed.redirect_url.as_ref())
        .with("fraud_status", placed.fraud_status.as_str())
        .with("authorized_payment_method", payment_method(placed.method))
}

/// How a purchase is paid. In how many parts is told by the schema, not by a recording.
fn payment_method(method: Method) -> Object<'static> {
    Object::new()
        .with("type", method.payments)
        .maybe("number_of_installments", method.installments())
}

/// A customer token as it is answered when it is made.
pub(crate) fn customer_token(token: &CustomerToken) -> Object<'_> {
    Object::new()
        .with("token_id", &token.token_id)
        .with("payment_method_reference", &token.payment_method_reference)
        .with("redirect_url", &token.redirect_url)
        .maybe("billing_address", token.billing_address.as_ref().map(|it| texts(it, &ADDRESS)))
        .maybe("customer", token.customer.as_ref().map(|it| texts(it, &CUSTOMER[..2])))
}

/// A customer token as it is read: what it is charged by and whether it can be (recorded exchange).
/// Cards and accounts are the sandbox's own.
pub(crate) fn read_customer_token(token: &CustomerToken) -> Object<'_> {
    let read = Object::new()
        .with("status", token.status.as_str())
        .with("payment_method_type", token.method.orders);
    match token.method.payments {
        "card" | "pay_by_card" | "slice_it_by_card" | "pay_later_by_card" => {
            let card = Object::new()
                .with("brand", "VISA")
                .with("expiry_date", "12/2030")
                .with("masked_number", "411111******1111");
            read.with("card", card)
        }
        "direct_debit" => {
            let account = Object::new().with("masked_number", "DE11520513735*******31");
            read.with("direct_debit", account)
        }
        _ => read,
    }
}

/// Those members of a table that are known.
pub(crate) fn texts<'a>(texts: &'a Texts, table: &'static [Member]) -> Object<'a> {
    table
        .iter()
        .fold(Object::new(), |object, member| object.maybe(member.name, texts.get(member.name)))
}

fn line(line: &Line) -> Object<'_> {
    Object::new()
        .maybe("image_url", line.image_url.as_ref())
        .maybe("merchant_data", line.merchant_data.as_ref())
        .with("name", &line.name)
        .maybe("product_identifiers", identifiers(line))
        .maybe("product_url", line.product_url.as_ref())
        .with("quantity", line.quantity)
        .maybe("quantity_unit", line.quantity_unit.as_ref())
        .maybe("reference", line.reference.as_ref())
        .maybe("tax_rate", line.tax_rate)
        .with("total_amount", line.total_amount)
        .maybe("total_discount_amount", line.total_discount_amount)
        .maybe("total_tax_amount", line.total_tax_amount)
        .maybe("type", line.kind.as_ref())
        .with("unit_price", line.unit_price)
        .maybe("subscription", line.subscription.as_ref().map(subscription))
}

/// What the product is, if that was sent.
pub(crate) fn identifiers(line: &Line) -> Option<Object<'_>> {
    let identifiers = line.product_identifiers.as_ref().filter(|it| !it.is_empty());
    identifiers.map(|it| texts(it, &PRODUCT_IDENTIFIERS))
}

/// How often the line is paid.
pub(crate) fn subscription(subscription: &Subscription) -> Object<'_> {
    Object::new()
        .with("name", &subscription.name)
        .with("interval", &subscription.interval)
        .with("interval_count", subscription.interval_count)
}
