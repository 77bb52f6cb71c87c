//! What happened to a sale, for people: a sentence for each event, who brought it about, and what
//! shows that it is so.

use std::collections::HashMap;

use jiff::Timestamp;
use kvitt_core::{
    AddressKind, ApiKeyId, Cause, CheckoutTerms, Door, Event, Evidence, Outcome, Recorded, Refused,
    Sale, ShippingInfo, UserId,
};
use kvitt_money::Currency;

use super::words::{self, Tone, moment, money};

/// The names that ids stand for.
#[derive(Default)]
pub(super) struct Names {
    pub(super) api_keys: HashMap<ApiKeyId, String>,
    pub(super) users: HashMap<UserId, String>,
}

/// One event.
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    /// The same for people.
    pub(super) moment: String,
    pub(super) sentence: String,
    pub(super) tone: Tone,
    pub(super) who: String,
    /// `capture answered 201`; empty where Klarna was not asked.
    pub(super) evidence: String,
    /// Klarna's id of the exchange, for its support.
    pub(super) correlation_id: Option<String>,
    /// The event's name in the API.
    pub(super) name: String,
    /// The event as it is stored. Events hold no personal data.
    pub(super) stored: String,
}

/// Every event, the latest first.
pub(super) fn timeline(sale: &Sale, events: &[Recorded], names: &Names) -> Vec<Entry> {
    // Amounts of before a change of the market are in the currency of then.
    let mut currency = sale.terms.market.purchase_currency();
    let in_order = events.iter().map(|recorded| {
        if let Event::CheckoutCreated { terms: CheckoutTerms { market, .. }, .. }
        | Event::MarketChanged { market, .. } = &recorded.event
        {
            currency = market.purchase_currency();
        }
        entry(sale, recorded, currency, names)
    });
    let mut entries: Vec<_> = in_order.collect();
    entries.reverse();
    entries
}

fn entry(sale: &Sale, recorded: &Recorded, currency: Currency, names: &Names) -> Entry {
    let intent = recorded.event.intent().and_then(|id| sale.intents.get(&id));
    let act = recorded.event.intent().and_then(|id| words::wanted(sale, id)).unwrap_or_default();
    let (sentence, tone) = told(&recorded.event, &act, currency);
    let evidence = evidence(&recorded.event);
    Entry {
        seq: recorded.seq,
        at: recorded.at,
        moment: moment(recorded.at),
        sentence,
        tone,
        who: who(&recorded.cause, names),
        evidence: evidence.map(answer).unwrap_or_default(),
        correlation_id: evidence.and_then(|evidence| evidence.correlation_id.clone()),
        name: recorded.event.name(intent.map(|intent| intent.act.kind())),
        stored: serde_json::to_string_pretty(&recorded.event).unwrap_or_default(),
    }
}

/// The event in a sentence; `act` is what its intent wants.
fn told(event: &Event, act: &str, currency: Currency) -> (String, Tone) {
    let plain = |text: String| (text, Tone::Plain);
    match event {
        Event::CheckoutCreated { cart, .. } => plain(format!(
            "Checkout opened for {}",
            money(cart.cart().totals().order_amount, currency)
        )),
        Event::CartChanged { cart } => {
            plain(format!("Cart changed to {}", money(cart.cart().totals().order_amount, currency)))
        }
        Event::MarketChanged { account, market, cart } => plain(format!(
            "Moved to {}, {}, {}, with the cart at {}, under the account {account}",
            market.purchase_country().code(),
            market.purchase_currency().code(),
            market.locale(),
            money(cart.cart().totals().order_amount, market.purchase_currency())
        )),
        Event::CheckoutAbandoned => plain("Checkout given up".to_owned()),
        Event::SessionOpened { .. }
        | Event::SessionUpdated { .. }
        | Event::SessionLost { .. }
        | Event::SessionRead { .. }
        | Event::SessionCompleted { .. }
        | Event::SessionRefused { .. } => told_of_session(event),
        Event::AuthorizationReceived { door, .. } => {
            let door = match door {
                Door::Browser => "the browser",
                Door::Callback => "Klarna's callback",
                Door::Session => "Klarna's session",
            };
            plain(format!("The shopper authorized the purchase, as {door} told"))
        }
        Event::AuthorizationReleased { .. } => {
            plain("An authorization that placed no order was given back".to_owned())
        }
        Event::Requested { .. } | Event::UndoRequested { .. } => plain(format!("Wanted: {act}")),
        Event::Held { .. } => (format!("Held until Klarna accepts the order: {act}"), Tone::Wait),
        Event::Resumed { .. } => plain(format!("Klarna accepted the order, so it goes on: {act}")),
        Event::Done { outcome, .. } => (done(act, outcome), Tone::Good),
        Event::UndoDone { .. } => (format!("Done: {act}; nothing is left of it"), Tone::Good),
        Event::Refused { refused, .. } | Event::UndoRefused { refused, .. } => {
            (format!("Klarna refused to {act}: {}", said(refused)), Tone::Bad)
        }
        Event::OutcomeUnknown { attempt, problem, may_have_taken_effect, .. } => {
            let doubt = if *may_have_taken_effect {
                "it may have taken effect"
            } else {
                "it did not leave"
            };
            (format!("No clear answer to try {attempt} to {act}: {problem}; {doubt}"), Tone::Wait)
        }
        Event::NeedsHuman { reason, .. } => (format!("A person has to look: {reason}"), Tone::Bad),
        Event::ExternalCapture { .. }
        | Event::ExternalRefund { .. }
        | Event::ExternalRelease { .. }
        | Event::ExternalUpdate { .. }
        | Event::ExternalReferences { .. }
        | Event::ExternalShippingInfo { .. }
        | Event::ExternalAddress { .. }
        | Event::ExternalOrder { .. } => plain(told_of_others(event, currency)),
        Event::OrderRead { snapshot, .. } => plain(format!(
            "Read from Klarna: {}, fraud {}, captured {}, refunded {}, left {}",
            snapshot.status,
            snapshot.fraud_status.as_str(),
            money(snapshot.captured_amount, currency),
            money(snapshot.refunded_amount, currency),
            money(snapshot.remaining_authorized_amount, currency),
        )),
        Event::AuthorizationExpiring { expires_at, remaining_authorized_amount, .. } => (
            format!(
                "The time to capture runs out at {}, with {} left",
                moment(*expires_at),
                money(*remaining_authorized_amount, currency)
            ),
            Tone::Wait,
        ),
        Event::AuthorizationExpired { uncaptured_amount, .. } => (
            format!(
                "The time to capture ran out; {} was not captured",
                money(*uncaptured_amount, currency)
            ),
            Tone::Bad,
        ),
        Event::ShipmentStopped => ("Klarna asked to stop the shipment".to_owned(), Tone::Bad),
        Event::WebhookEndpointDisabled { endpoint, reason } => (
            format!("Nothing is sent to the webhook endpoint {endpoint} any more: {reason}"),
            Tone::Bad,
        ),
        Event::WebhookGivenUp { endpoint, event, reason } => (
            format!("The webhook about {event} was given up, {endpoint} did not take it: {reason}"),
            Tone::Bad,
        ),
    }
}

/// What became of Klarna's session.
fn told_of_session(event: &Event) -> (String, Tone) {
    let plain = |text: String| (text, Tone::Plain);
    match event {
        Event::SessionOpened { expires_at, .. } => {
            plain(format!("Klarna opened a session, which lasts until {}", moment(*expires_at)))
        }
        Event::SessionUpdated { .. } => plain("Klarna took the changed cart".to_owned()),
        Event::SessionLost { .. } => {
            ("Klarna did not know the session any more".to_owned(), Tone::Wait)
        }
        Event::SessionRead { .. } => {
            plain("Klarna's session was read: nobody has authorized so far".to_owned())
        }
        Event::SessionCompleted { .. } => (
            "Klarna's session is complete: there is an order that is not known here".to_owned(),
            Tone::Bad,
        ),
        Event::SessionRefused { refused } => {
            (format!("Klarna refused the session: {}", said(refused)), Tone::Bad)
        }
        _ => plain(String::new()),
    }
}

/// What somebody else did at Klarna.
fn told_of_others(event: &Event, currency: Currency) -> String {
    match event {
        Event::ExternalCapture { capture_id, captured_amount, .. } => {
            format!(
                "Captured by somebody else: {}, as {capture_id}",
                money(*captured_amount, currency)
            )
        }
        Event::ExternalRefund { refund_id, refunded_amount, .. } => {
            format!(
                "Refunded by somebody else: {}, as {refund_id}",
                money(*refunded_amount, currency)
            )
        }
        Event::ExternalRelease { .. } => "What was left was released by somebody else".to_owned(),
        Event::ExternalUpdate { cart, .. } => {
            format!(
                "Lines changed by somebody else, to {}",
                money(cart.cart().totals().order_amount, currency)
            )
        }
        Event::ExternalReferences { merchant_reference1, merchant_reference2, .. } => {
            let references = [merchant_reference1, merchant_reference2];
            let changed: Vec<_> = references.into_iter().flatten().map(String::as_str).collect();
            format!("References changed by somebody else, to {}", changed.join(", "))
        }
        Event::ExternalShippingInfo { capture_id, shipping_info, .. } => {
            let parcels: Vec<_> = shipping_info.iter().map(ShippingInfo::name).collect();
            let place = capture_id.as_ref().map_or_else(
                || "to the order".to_owned(),
                |capture_id| format!("to capture {capture_id}"),
            );
            format!("Tracking added by somebody else {place}: {}", parcels.join(", "))
        }
        Event::ExternalAddress { address, members, .. } => {
            let which = match address {
                AddressKind::BillingAddress => "billing",
                AddressKind::ShippingAddress => "shipping",
            };
            format!("Klarna has another {which} address: {}", members.join(", "))
        }
        Event::ExternalOrder { klarna_order_id, .. } => {
            format!("Klarna has an order that was not placed from here, {klarna_order_id}")
        }
        _ => String::new(),
    }
}

fn done(act: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Placed { klarna_order_id, fraud_status, .. } => {
            format!("Klarna took the order as {klarna_order_id}, fraud {}", fraud_status.as_str())
        }
        Outcome::Captured { capture_id } => format!("Done: {act}, as {capture_id}"),
        Outcome::Refunded { refund_id } => format!("Done: {act}, as {refund_id}"),
        Outcome::Changed => format!("Done: {act}"),
    }
}

/// A refusal in Klarna's own words.
pub(super) fn said(refused: &Refused) -> String {
    let messages = refused.error_messages.join("; ");
    match (refused.error_code.as_str(), messages.as_str()) {
        ("", "") => "without a word".to_owned(),
        (code, "") => code.to_owned(),
        ("", messages) => messages.to_owned(),
        (code, messages) => format!("{code}, {messages}"),
    }
}

fn evidence(event: &Event) -> Option<&Evidence> {
    match event {
        Event::SessionOpened { evidence, .. }
        | Event::SessionUpdated { evidence, .. }
        | Event::SessionLost { evidence, .. }
        | Event::SessionRead { evidence, .. }
        | Event::SessionCompleted { evidence, .. }
        | Event::ExternalUpdate { evidence, .. }
        | Event::ExternalReferences { evidence, .. }
        | Event::ExternalShippingInfo { evidence, .. }
        | Event::ExternalAddress { evidence, .. }
        | Event::ExternalOrder { evidence, .. }
        | Event::AuthorizationReleased { evidence, .. }
        | Event::Done { evidence, .. }
        | Event::OutcomeUnknown { evidence, .. }
        | Event::NeedsHuman { evidence, .. }
        | Event::ExternalCapture { evidence, .. }
        | Event::ExternalRefund { evidence, .. }
        | Event::ExternalRelease { evidence }
        | Event::OrderRead { evidence, .. } => Some(evidence),
        Event::SessionRefused { refused }
        | Event::Refused { refused, .. }
        | Event::UndoRefused { refused, .. } => Some(&refused.evidence),
        Event::CheckoutCreated { .. }
        | Event::CartChanged { .. }
        | Event::MarketChanged { .. }
        | Event::CheckoutAbandoned
        | Event::AuthorizationReceived { .. }
        | Event::Requested { .. }
        | Event::Held { .. }
        | Event::Resumed { .. }
        | Event::UndoRequested { .. }
        | Event::UndoDone { .. }
        | Event::AuthorizationExpiring { .. }
        | Event::AuthorizationExpired { .. }
        | Event::ShipmentStopped
        | Event::WebhookEndpointDisabled { .. }
        | Event::WebhookGivenUp { .. } => None,
    }
}

fn answer(evidence: &Evidence) -> String {
    match (evidence.operation.as_str(), evidence.status) {
        ("", None) => String::new(),
        (operation, None) => format!("{operation} was not answered"),
        (operation, Some(status)) => format!("{operation} answered {status}"),
    }
}

fn who(cause: &Cause, names: &Names) -> String {
    match cause {
        Cause::Merchant { api_key } => match names.api_keys.get(api_key) {
            Some(name) => format!("the shop, by its key {name}"),
            None => format!("the shop, by {api_key}"),
        },
        Cause::Operator { user } => match names.users.get(user) {
            Some(name) => name.clone(),
            None => user.to_string(),
        },
        Cause::Shopper => "the shopper".to_owned(),
        Cause::Callback => "a callback from Klarna".to_owned(),
        Cause::Kvitt => "kvitt".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_did_is_told_in_a_sentence() {
        let told = |event: &Event| told(event, "", Currency::SEK).0;
        let tracking = |capture_id: Option<&str>| Event::ExternalShippingInfo {
            capture_id: capture_id.map(str::to_owned),
            shipping_info: ["XYZ1", "XYZ2"]
                .map(|number| ShippingInfo {
                    tracking_number: Some(number.to_owned()),
                    ..ShippingInfo::default()
                })
                .to_vec(),
            evidence: Evidence::default(),
        };
        let whole = told(&tracking(None));
        assert_eq!(whole, "Tracking added by somebody else to the order: XYZ1, XYZ2");
        let part = told(&tracking(Some("c-1")));
        assert_eq!(part, "Tracking added by somebody else to capture c-1: XYZ1, XYZ2");
        let moved = Event::ExternalAddress {
            address: AddressKind::ShippingAddress,
            members: vec!["street_address".to_owned(), "city".to_owned()],
            evidence: Evidence::default(),
        };
        let moved = told(&moved);
        assert_eq!(moved, "Klarna has another shipping address: street_address, city");
    }
}
