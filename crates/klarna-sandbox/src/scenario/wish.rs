//! What a scenario says of one order, session, hosted page or customer token, read strictly: a name
//! that is misspelt would otherwise change nothing, silently.

use jiff::{SignedDuration, Span, Timestamp, tz::TimeZone};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::rules::{hpp, method::Method, purchase::Purchase, read::Members};

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OrderState {
    Authorized,
    /// Authorized, and its authorization was extended.
    Extended,
    /// Waits for its fraud decision.
    Pending,
    Rejected,
    PartCaptured,
    Captured,
    /// Captured by itself when it was placed.
    AutoCaptured,
    PartRefunded,
    Refunded,
    /// A part was captured, the rest given back to the buyer.
    Released,
    Cancelled,
    Expired,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SessionState {
    #[default]
    Open,
    /// The buyer has agreed; the token places an order.
    Authorized,
    Expired,
}

/// How far a hosted payment page has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PageState {
    #[default]
    Waiting,
    InProgress,
    /// Paid: authorized, or placed if its options say so.
    Completed,
    Failed,
    Back,
    Error,
    Cancelled,
    /// The merchant withdrew it.
    Disabled,
    /// Nobody paid in time.
    Timeout,
}

/// How a customer token stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TokenState {
    #[default]
    Active,
    Suspended,
    Cancelled,
    /// Active, but its orders are declined.
    Declining,
}

/// What fraud control will say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Decision {
    #[default]
    Accepted,
    Rejected,
}

/// How long something is or takes, as ISO 8601 writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Length {
    span: Span,
    pub(super) text: String,
}

impl TryFrom<String> for Length {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let span: Option<Span> = text.parse().ok();
        let span = span
            .filter(|span| !span.is_negative())
            .ok_or_else(|| format!("{text:?} is no duration: write it like PT10M, P3D or P1M"))?;
        Ok(Self { span, text })
    }
}

impl Length {
    /// So long before.
    pub(super) fn before(&self, now: Timestamp) -> Option<Timestamp> {
        Some(now.to_zoned(TimeZone::UTC).checked_sub(self.span).ok()?.timestamp())
    }

    /// How long it is from now on.
    pub(super) fn after(&self, now: Timestamp) -> Option<SignedDuration> {
        let then = now.to_zoned(TimeZone::UTC).checked_add(self.span).ok()?.timestamp();
        Some(then.duration_since(now))
    }
}

/// A payment method by its Payments name.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(super) struct PaymentMethod(pub(super) Method);

/// What a scenario alone says of an order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrderWish {
    pub(super) name: Option<String>,
    pub(super) state: OrderState,
    /// How long ago it was placed.
    pub(super) age: Option<Length>,
    pub(super) payment_method: Option<PaymentMethod>,
    /// In minor units.
    pub(super) captured_amount: Option<i64>,
    /// In minor units.
    pub(super) refunded_amount: Option<i64>,
    /// For one that is pending: what will be decided, and when.
    pub(super) decision: Option<Decision>,
    pub(super) decision_in: Option<Length>,
}

/// What a scenario alone says of a session.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionWish {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) state: SessionState,
    /// How long ago it was created.
    pub(super) age: Option<Length>,
    pub(super) payment_method: Option<PaymentMethod>,
}

/// What a scenario alone says of a hosted payment page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PageWish {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) state: PageState,
    /// How long ago it was created, with its session.
    pub(super) age: Option<Length>,
    pub(super) payment_method: Option<PaymentMethod>,
    #[serde(default)]
    pub(super) page: PageMembers,
}

/// What a scenario alone says of a customer token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenWish {
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) state: TokenState,
    /// How long ago it was made, with its session.
    pub(super) age: Option<Length>,
    pub(super) payment_method: Option<PaymentMethod>,
}

/// What the request for a page says besides its payment session.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PageMembers {
    pub(super) merchant_urls: Members,
    pub(super) options: Members,
}

/// Members that purchases share, where they do not say otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DefaultsWish {
    #[serde(rename = "age")]
    _age: Option<Length>,
    #[serde(rename = "payment_method")]
    _payment_method: Option<PaymentMethod>,
}

/// What is wrong with a member.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Empty: the whole.
    pub(super) path: String,
    pub(super) message: String,
}

/// The members of Klarna's session, by their names.
fn is_klarnas(name: &str, known: &Members) -> bool {
    known.contains_key(name)
}

/// The names of Klarna's session.
fn klarnas() -> Members {
    match serde_json::to_value(Purchase::default()) {
        Ok(Value::Object(members)) => members,
        _ => Members::new(),
    }
}

/// Tells the scenario's own members from Klarna's, which are given back as they are.
fn read<T: DeserializeOwned>(members: Members) -> Result<(T, Members), Wrong> {
    let known = klarnas();
    let (purchase, own): (Members, Members) =
        members.into_iter().partition(|(name, _)| is_klarnas(name, &known));
    let wish = serde_path_to_error::deserialize(Value::Object(own)).map_err(|error| {
        let path = error.path().to_string();
        let mut message = error.inner().to_string();
        if message.starts_with("unknown field") {
            let names: Vec<&str> = known.keys().map(String::as_str).collect();
            message = format!("{message}; of Klarna's there are {}", names.join(", "));
        }
        Wrong { path: if path == "." { String::new() } else { path }, message }
    })?;
    Ok((wish, purchase))
}

/// Members with the defaults behind them.
fn with_defaults(value: Value, defaults: &Members) -> Result<Members, Wrong> {
    let Value::Object(members) = value else {
        return Err(Wrong { path: String::new(), message: "it is no table of members".to_owned() });
    };
    Ok(defaults.clone().into_iter().chain(members).collect())
}

/// Reads an order.
pub(super) fn order(value: Value, defaults: &Members) -> Result<(OrderWish, Members), Wrong> {
    read(with_defaults(value, defaults)?)
}

/// Reads a session.
pub(super) fn session(value: Value, defaults: &Members) -> Result<(SessionWish, Members), Wrong> {
    read(with_defaults(value, defaults)?)
}

/// Reads a customer token.
pub(super) fn token(value: Value, defaults: &Members) -> Result<(TokenWish, Members), Wrong> {
    read(with_defaults(value, defaults)?)
}

/// Reads a hosted payment page.
pub(super) fn page(value: Value, defaults: &Members) -> Result<(PageWish, Members), Wrong> {
    let (wish, members): (PageWish, Members) = read(with_defaults(value, defaults)?)?;
    let PageMembers { merchant_urls, options } = &wish.page;
    check_names("page.merchant_urls", merchant_urls, &hpp::MERCHANT_URLS)?;
    check_names("page.options", options, &hpp::OPTIONS)?;
    Ok((wish, members))
}

/// Refuses members that Klarna does not have.
fn check_names(place: &str, members: &Members, names: &[&str]) -> Result<(), Wrong> {
    match members.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(Wrong {
            path: format!("{place}.{name}"),
            message: format!("unknown field `{name}`, expected one of {}", names.join(", ")),
        }),
        None => Ok(()),
    }
}

/// Checks the defaults by themselves, so that their mistakes are not told of every order.
pub(super) fn check_defaults(defaults: &Members) -> Result<(), Wrong> {
    read::<DefaultsWish>(defaults.clone()).map(drop)
}
