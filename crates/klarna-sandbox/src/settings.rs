//! The switches: one for each point on which Klarna's sources are silent or disagree. All of them
//! can be moved while the sandbox runs.

mod days;

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// When the merchant's authorization callback is sent, seen from the answer to the browser.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorizationCallback {
    /// Answered or given up before the browser hears of it.
    Before,
    /// A moment after.
    #[default]
    After,
    /// A moment after, and once more.
    Twice,
    /// Lost.
    Never,
}

/// What a placing is answered whose token has placed an order with the same body already. Klarna
/// documents the three refusals without saying when each applies, and 200 was inferred from them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum RepeatedPlacing {
    /// 200 with the order of the first.
    #[default]
    #[serde(rename = "200")]
    SameOrder,
    /// 403 `INVALID_OPERATION`: the token is consumed.
    #[serde(rename = "403")]
    TokenConsumed,
    /// 404 `SESSION_COMPLETED`.
    #[serde(rename = "404")]
    SessionCompleted,
    /// 409 `BAD_VALUE`, as for another body.
    #[serde(rename = "409")]
    Conflict,
}

/// The value of a header: printable ASCII, 200 characters at most.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct HeaderText(Cow<'static, str>);

impl HeaderText {
    /// The value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HeaderText {
    type Error = SettingError;

    fn try_from(text: String) -> Result<Self, SettingError> {
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !is_printable || text.is_empty() || text.len() > 200 {
            let why = "a header's value has 1 to 200 printable characters of ASCII";
            return Err(SettingError(why.to_owned()));
        }
        Ok(Self(text.into()))
    }
}

/// What a distribution of a hosted payment page's link is answered. Klarna's file declares both
/// without saying when each applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum DistributionStatus {
    /// Created, without a body.
    #[default]
    #[serde(rename = "201")]
    Created,
    /// No content.
    #[serde(rename = "204")]
    NoContent,
}

/// The switches. Defaults and their reasons are listed in the crate's `FIDELITY.md`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, not a state")]
pub struct Settings {
    /// When a buyer's approval is called back to the merchant. Default: a moment after the browser
    /// was answered (Klarna documentation: best effort, in no order).
    pub authorization_callback: AuthorizationCallback,
    /// How long an authorization lasts, in days. Default 28, by contract up to 180 (Klarna
    /// documentation); at least 1.
    #[serde(deserialize_with = "days::read")]
    pub authorization_days: u16,
    /// Whether the certificate of a receiver of callbacks is checked. Default: yes, as Klarna's
    /// would be; switched off, a shop on localhost may use a certificate of its own making.
    pub callback_certificates_are_checked: bool,
    /// The content type of callbacks that have a body. Default `application/json` (guess).
    pub callback_content_type: HeaderText,
    /// The pause before the second attempt of an authorization callback; it doubles for the third.
    /// Milliseconds of real time, default 1000 (Klarna documentation).
    pub callback_pause_milliseconds: u64,
    /// Who callbacks say that they come from. Default `klarna-sandbox`: what Klarna sends is not
    /// known.
    pub callback_user_agent: HeaderText,
    /// Whether a capture's `reference` can be read back. Default: yes (the schema has it; no
    /// recording shows one).
    pub capture_references_are_readable: bool,
    /// Whether an order may be captured while its `fraud_status` is `PENDING`. Default: refused
    /// with 403 `CAPTURE_NOT_ALLOWED` (guess).
    pub capture_while_pending: bool,
    /// Whether a body of another content type than JSON is refused with 415. Default: yes (guess).
    pub content_type_is_checked: bool,
    /// The pause between two attempts of a hosted payment page's status callback. Milliseconds of
    /// real time, default 3000 (Klarna documentation: a few seconds).
    pub hpp_callback_pause_milliseconds: u64,
    /// How long a hosted payment page's status callback waits for its answer. Milliseconds of real
    /// time, default 3000 (Klarna documentation).
    pub hpp_callback_timeout_milliseconds: u64,
    /// Whether a completed session of a hosted payment page shows its customer's names and date of
    /// birth. Default: no (the schema has them, no sample does).
    pub hpp_customer_is_shown: bool,
    /// What a distribution is answered. Default: 201 (Klarna's PHP library refuses the 204 that
    /// Klarna's file declares as well).
    pub hpp_distribution_status: DistributionStatus,
    /// Whether a session of a hosted payment page that expires unpaid is called back with the
    /// status `TIMEOUT`. Default: no (Klarna's guide speaks of it, the schema has no such status).
    pub hpp_timeout_is_told: bool,
    /// Whether a partly captured order becomes `EXPIRED` at its expiry. Default: it becomes
    /// `CAPTURED` with nothing remaining (guess).
    pub part_captured_becomes_expired: bool,
    /// Whether `merchant_urls.push` is called, from two minutes after placing until the order is
    /// acknowledged. Default: yes (Klarna documentation for Checkout; a guess for Payments).
    pub push_callback: bool,
    /// How many sessions one credential may create in a second; 0: any number. Klarna's live
    /// service allows 40, its playground 5 (Klarna documentation). Default 0.
    pub rate_limit_sessions: u32,
    /// How many other calls one credential may make in a second; 0: any number. Klarna's live
    /// service allows 200, its playground 50 (Klarna documentation). Default 0.
    pub rate_limit_others: u32,
    /// Whether a refund's `reference` can be read back. Default: yes, as for captures.
    pub refund_references_are_readable: bool,
    /// What a repeated placing is answered. Default: 200 with the same order (inferred).
    pub repeated_placing: RepeatedPlacing,
    /// Whether a refused placing is repeated for the same token whatever the next body says.
    /// Default: yes (observed in 2017).
    pub sticky_placing_errors: bool,
    /// Whether refunds that were not allocated to a capture show in the `refunded_amount` of
    /// captures, the oldest first. Default: no (recorded exchange).
    pub unallocated_refunds_show_on_captures: bool,
    /// Whether changing amount, lines or addresses of a session voids an authorization that was
    /// given for the earlier state. Default: yes (guess; Klarna documents "re-authorize").
    pub update_voids_authorization: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            authorization_callback: AuthorizationCallback::After,
            authorization_days: 28,
            callback_certificates_are_checked: true,
            callback_content_type: HeaderText("application/json".into()),
            callback_pause_milliseconds: 1000,
            callback_user_agent: HeaderText("klarna-sandbox".into()),
            capture_references_are_readable: true,
            capture_while_pending: false,
            content_type_is_checked: true,
            hpp_callback_pause_milliseconds: 3000,
            hpp_callback_timeout_milliseconds: 3000,
            hpp_customer_is_shown: false,
            hpp_distribution_status: DistributionStatus::Created,
            hpp_timeout_is_told: false,
            part_captured_becomes_expired: false,
            push_callback: true,
            rate_limit_sessions: 0,
            rate_limit_others: 0,
            refund_references_are_readable: true,
            repeated_placing: RepeatedPlacing::SameOrder,
            sticky_placing_errors: true,
            unallocated_refunds_show_on_captures: false,
            update_voids_authorization: true,
        }
    }
}

/// Why a switch cannot be moved so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError(String);

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

impl Settings {
    /// The names of all switches, in alphabetic order.
    pub fn names() -> Vec<String> {
        members(&Self::default()).into_iter().map(|(name, _)| name).collect()
    }

    /// Moves one switch. The value is written as in JSON; a bare word is a text, so that
    /// `repeated_placing` takes `409`.
    ///
    /// # Errors
    /// There is no switch of this name, or it does not take this value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SettingError> {
        let written = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        self.change(&Map::from_iter([(name.to_owned(), written)]))
    }

    /// Moves the switches that the object names; either all of them or, with an error, none.
    pub(crate) fn change(&mut self, changes: &Map<String, Value>) -> Result<(), SettingError> {
        let mut all = members(self);
        let mut tried = self.clone();
        for (name, value) in changes {
            let Some(held) = all.get_mut(name) else {
                let names = Self::names().join(", ");
                let text = format!("{name}: there is no such setting; there are {names}");
                return Err(SettingError(text));
            };
            *held = value.clone();
            let read = serde_json::from_value(Value::Object(all.clone())).or_else(|error| {
                // A text that looks like a number, such as 409.
                let Value::Number(number) = value else { return Err(error) };
                all.insert(name.clone(), Value::from(number.to_string()));
                serde_json::from_value(Value::Object(all.clone())).map_err(|worded| {
                    if worded.to_string().starts_with("unknown variant") { worded } else { error }
                })
            });
            tried = read.map_err(|error| SettingError(format!("{name}: {}", in_words(&error))))?;
        }
        *self = tried;
        Ok(())
    }
}

/// Why a value does not fit, with ranges in the place of Rust's names of types.
fn in_words(error: &serde_json::Error) -> String {
    [("u32", u64::from(u32::MAX)), ("u64", u64::MAX)].into_iter().fold(
        error.to_string(),
        |text, (type_name, max)| {
            let range = format!("expected a whole number from 0 to {max}");
            text.replace(&format!("expected {type_name}"), &range)
        },
    )
}

/// The switches as JSON. Plain members only: serialising them cannot fail.
fn members(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_switch_is_moved_by_its_name() {
        let mut settings = Settings::default();
        settings.set("capture_while_pending", "true").unwrap();
        settings.set("authorization_days", "1").unwrap();
        settings.set("authorization_days", "180").unwrap();
        settings.set("authorization_callback", "twice").unwrap();
        settings.set("repeated_placing", "409").unwrap();
        assert!(settings.capture_while_pending);
        assert_eq!(settings.authorization_days, 180);
        assert_eq!(settings.authorization_callback, AuthorizationCallback::Twice);
        assert_eq!(settings.repeated_placing, RepeatedPlacing::Conflict);
    }

    #[test]
    fn what_does_not_fit_names_the_switch_and_the_way_out() {
        let mut settings = Settings::default();
        let mut text = |name, value| settings.set(name, value).unwrap_err().to_string();
        assert_eq!(
            text("repeated_placing", "410"),
            "repeated_placing: unknown variant `410`, expected one of `200`, `403`, `404`, `409`"
        );
        for (value, sent) in [
            ("0", "integer `0`"),
            ("181", "integer `181`"),
            ("65537", "integer `65537`"),
            ("-1", "integer `-1`"),
        ] {
            let bounds = "expected a whole number of days from 1 to 180";
            assert_eq!(
                text("authorization_days", value),
                format!("authorization_days: invalid value: {sent}, {bounds}")
            );
        }
        assert!(text("authorization_days", "1.5").ends_with("of days from 1 to 180"));
        assert!(text("authorization_days", "week").ends_with("of days from 1 to 180"));
        assert!(text("rate_limit_others", "some").ends_with("a whole number from 0 to 4294967295"));
        assert!(
            text("callback_pause_milliseconds", "1.5").ends_with("from 0 to 18446744073709551615")
        );
        assert!(text("capture_while_pending", "maybe").contains("expected a boolean"));
        let unknown = text("captures", "true");
        assert!(unknown.starts_with("captures: there is no such setting; there are authorization"));
        assert!(unknown.contains("repeated_placing"), "{unknown}");
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn a_headers_value_can_be_sent() {
        let mut settings = Settings::default();
        settings.set("callback_user_agent", "Klarna 1.0").unwrap();
        assert_eq!(settings.callback_user_agent.as_str(), "Klarna 1.0");
        for bad in ["", "two\nlines", "ä", &"x".repeat(201)] {
            let error = settings.set("callback_user_agent", bad).unwrap_err().to_string();
            assert!(error.starts_with("callback_user_agent: a header's value"), "{error}");
        }
    }

    #[test]
    fn a_change_is_made_in_full_or_not_at_all() {
        let mut settings = Settings::default();
        let bad = json!({"authorization_days": 7, "sticky_placing_errors": 7});
        assert!(settings.change(bad.as_object().unwrap()).is_err());
        assert_eq!(settings, Settings::default());
    }
}
