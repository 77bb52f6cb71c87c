//! How the dashboard says things: states, acts, amounts and times, for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kvitt_core::{Act, ActKind, IntentId, Sale};
use kvitt_engine::AlarmKind;
use kvitt_money::{Currency, Money};

/// How something is meant, for colour beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Wait,
    Bad,
}

impl Tone {
    /// Its name in the style sheet.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }
}

/// A state in a word.
pub(super) struct Badge {
    pub(super) word: String,
    pub(super) tone: Tone,
}

/// An order's state, in Klarna's words. One that is not known is shown as it is.
pub(super) fn status(word: &str) -> Badge {
    let (text, tone) = match word {
        "AUTHORIZED" => ("Authorized", Tone::Wait),
        "PART_CAPTURED" => ("Part captured", Tone::Wait),
        "CAPTURED" => ("Captured", Tone::Good),
        "CANCELLED" => ("Cancelled", Tone::Plain),
        "EXPIRED" => ("Expired", Tone::Bad),
        other => (other, Tone::Plain),
    };
    Badge { word: text.to_owned(), tone }
}

/// A checkout's state, where there is no order yet.
pub(super) fn checkout_status(word: &str) -> Badge {
    let (text, tone) = match word {
        "open" => ("Not paid yet", Tone::Plain),
        "authorized" => ("Authorized, not placed", Tone::Wait),
        "placing" => ("Being placed", Tone::Wait),
        "abandoned" => ("Given up", Tone::Plain),
        other => (other, Tone::Plain),
    };
    Badge { word: text.to_owned(), tone }
}

/// Klarna's word on fraud, where it is worth a word: an accepted order is the usual one.
pub(super) fn fraud(word: &str) -> Option<Badge> {
    let (text, tone) = match word {
        "ACCEPTED" => return None,
        "PENDING" => ("Fraud check pending".to_owned(), Tone::Wait),
        "REJECTED" => ("Rejected for fraud".to_owned(), Tone::Bad),
        other => (format!("Fraud: {other}"), Tone::Bad),
    };
    Some(Badge { word: text, tone })
}

/// An amount by the currency's own exponent.
pub(super) fn money(minor: i64, currency: Currency) -> String {
    Money::new(minor, currency).to_string()
}

/// The same from an ISO 4217 code out of the ledger; one that is not known shows minor units.
pub(super) fn money_of(minor: i64, code: &str) -> String {
    Currency::from_code(code)
        .map_or_else(|| format!("{minor} minor units of {code}"), |it| money(minor, it))
}

/// A moment, to the minute; the page says that all of them are UTC.
pub(super) fn moment(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An alarm as a title.
pub(super) fn alarm(kind: AlarmKind) -> &'static str {
    match kind {
        AlarmKind::WorkLate => "Due work is late",
        AlarmKind::NoCallbacks => "Klarna is not heard of",
        AlarmKind::WebhooksLate => "Webhooks are late",
    }
}

/// Undoing as the title of a page or a button.
pub(super) const UNDO: &str = "Undo the order";

/// A kind of act as the title of a page or a button.
pub(super) fn title(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Place => "Place the order",
        ActKind::Capture => "Capture",
        ActKind::Refund => "Refund",
        ActKind::Cancel => "Cancel the order",
        ActKind::Release => "Release the rest",
        ActKind::Extend => "Extend the time",
        ActKind::UpdateAuthorization => "Change the lines",
        ActKind::UpdateReferences => "Change the references",
        ActKind::UpdateShippingAddress => "Change the address",
        ActKind::AddShippingInfo => "Add tracking",
        ActKind::TriggerSendOut => "Send the customer's message again",
    }
}

/// An act with its amount, such as `capture 129.00 SEK`.
pub(super) fn act(act: &Act, currency: Currency) -> String {
    match act {
        Act::Place { cart, .. } => {
            format!("place the order of {}", money(cart.cart().totals().order_amount, currency))
        }
        Act::Capture { captured_amount, .. } => {
            format!("capture {}", money(*captured_amount, currency))
        }
        Act::Refund { refunded_amount, .. } => {
            format!("refund {}", money(*refunded_amount, currency))
        }
        Act::Cancel => "cancel the order".to_owned(),
        Act::Release => "release what is left".to_owned(),
        Act::Extend => "extend the time to capture".to_owned(),
        Act::UpdateAuthorization { cart, .. } => {
            format!("change the lines to {}", money(cart.cart().totals().order_amount, currency))
        }
        Act::UpdateReferences { .. } => "change the shop's references".to_owned(),
        Act::UpdateShippingAddress => "change the shipping address".to_owned(),
        Act::AddShippingInfo { shipping_info, .. } => match shipping_info.len() {
            1 => "add the tracking of a parcel".to_owned(),
            parcels => format!("add the tracking of {parcels} parcels"),
        },
        Act::TriggerSendOut { .. } => "send the customer's message again".to_owned(),
    }
}

/// What an act or an undo wants.
pub(super) fn wanted(sale: &Sale, id: IntentId) -> Option<String> {
    let currency = sale.terms.market.purchase_currency();
    match sale.intents.get(&id) {
        Some(intent) => Some(act(&intent.act, currency)),
        None => sale.undos.get(&id).map(|_| "undo the order".to_owned()),
    }
}

/// A text with its first letter in upper case.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_not_known_are_kept_and_never_good() {
        assert_eq!(status("CLOSED").word, "CLOSED");
        assert_eq!(status("CLOSED").tone, Tone::Plain);
        let fraud = fraud("HELD").unwrap();
        assert_eq!((fraud.word.as_str(), fraud.tone), ("Fraud: HELD", Tone::Bad));
    }

    #[test]
    fn amounts_and_moments() {
        assert_eq!(money_of(12_900, "SEK"), "129.00 SEK");
        assert_eq!(money_of(5, "???"), "5 minor units of ???");
        assert_eq!(moment("2026-01-02T03:04:59.5Z".parse().unwrap()), "2026-01-02 03:04");
        assert_eq!(sentence("öppna 1"), "Öppna 1");
        assert_eq!(sentence(""), "");
    }
}
