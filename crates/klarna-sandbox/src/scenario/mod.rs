//! Scenarios: orders, sessions, hosted payment pages and customer tokens in chosen states, made all at
//! once.
//!
//! A scenario is a JSON document (`kvitt sandbox seed` writes it as TOML). Each of them in it has
//! the members of Klarna's session, of which what is left out is filled in, and a few of the
//! scenario's own: a name, the state, the age. Each is brought where it is to be by the sandbox's
//! own transitions, so that no state comes about that could not.

mod build;
mod cart;
mod pages;
mod tokens;
mod wish;

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::{
    build::{Builder, World},
    wish::{Length, Wrong},
};
use crate::{
    Error, Sandbox, ScenarioProblem,
    rules::{order::Order, read::Members},
    sandbox::Shared,
    settings::Settings,
    state::{
        State,
        callbacks::{Kind, Repeat},
        clock::PACE_MAX,
        customer_tokens::CustomerToken,
        faults::{
            NewRule, Rules,
            callback::{CallbackEffect, CallbackMatch},
            effect::Effect,
            request::RequestMatch,
        },
        hpp::Completion,
        sessions::Session,
    },
    write::client_token,
};

/// What was seeded.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Seeded {
    /// In the scenario's order.
    pub orders: Vec<SeededOrder>,
    /// In the scenario's order.
    pub sessions: Vec<SeededSession>,
    /// In the scenario's order.
    #[serde(default)]
    pub hosted_pages: Vec<SeededHostedPage>,
    /// In the scenario's order.
    #[serde(default)]
    pub customer_tokens: Vec<SeededCustomerToken>,
}

/// An order as it came out. Amounts in minor units.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the members have Klarna's names")]
pub struct SeededOrder {
    /// The scenario's name for it.
    pub name: Option<String>,
    pub order_id: String,
    pub klarna_reference: String,
    /// The session that it was placed from.
    pub session_id: String,
    pub status: String,
    pub fraud_status: String,
    pub purchase_country: String,
    pub purchase_currency: String,
    pub order_amount: i64,
    pub captured_amount: i64,
    pub refunded_amount: i64,
    pub remaining_authorized_amount: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub merchant_reference1: Option<String>,
}

/// A session as it came out. It has no `Debug`: its tokens are good for something.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the members have Klarna's names")]
pub struct SeededSession {
    /// The scenario's name for it.
    pub name: Option<String>,
    pub session_id: String,
    pub client_token: String,
    /// Where the buyer has agreed: what an order is placed with.
    pub authorization_token: Option<String>,
    pub expires_at: Timestamp,
    pub purchase_country: String,
    pub purchase_currency: String,
    /// In minor units.
    pub order_amount: i64,
}

/// A hosted payment page as it came out. It has no `Debug`: its link and token are good for
/// something.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the members have Klarna's names")]
pub struct SeededHostedPage {
    /// The scenario's name for it.
    pub name: Option<String>,
    pub session_id: String,
    /// The session of Klarna Payments that it hosts.
    pub payment_session_id: String,
    /// Where the buyer pays.
    pub redirect_url: String,
    pub status: String,
    /// Where it was paid and no order was placed: what one is placed with.
    pub authorization_token: Option<String>,
    /// Where it was paid and placed.
    pub order_id: Option<String>,
    pub expires_at: Timestamp,
    pub purchase_country: String,
    pub purchase_currency: String,
    /// In minor units.
    pub order_amount: i64,
}

/// A customer token as it came out. It has no `Debug`: it is good for something.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the members have Klarna's names")]
pub struct SeededCustomerToken {
    /// The scenario's name for it.
    pub name: Option<String>,
    pub token_id: String,
    /// The session that it was made in.
    pub session_id: String,
    pub status: String,
    /// Whether its orders are declined.
    pub declines: bool,
    pub payment_method_type: String,
    pub purchase_country: String,
}

impl Sandbox {
    /// Makes what a scenario asks for, beside what is there. Its members are `settings`, `clock`
    /// (`advance`, `pace`), `faults`, `defaults`, `sessions`, `hosted_pages`, `customer_tokens` and
    /// `orders`; the repository's `docs/scenarios.md` describes them.
    ///
    /// # Errors
    /// Whatever is wrong, each with the member's path. Nothing was made or changed then.
    ///
    /// # Examples
    /// ```
    /// # fn main() -> Result<(), klarna_sandbox::Error> {
    /// let sandbox = klarna_sandbox::Sandbox::new(klarna_sandbox::Config::default());
    /// let seeded = sandbox.seed(&serde_json::json!({
    ///     "orders": [{"name": "half shipped", "state": "part_captured", "age": "P3D"}],
    /// }))?;
    /// assert_eq!(seeded.orders[0].status, "PART_CAPTURED");
    /// # Ok(())
    /// # }
    /// ```
    pub fn seed(&self, scenario: &Value) -> Result<Seeded, Error> {
        seed(&self.0, scenario.clone(), "http://localhost")
    }
}

/// A scenario's document. What it makes is read one by one, so that each can be told what is wrong
/// with it.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Scenario {
    settings: Members,
    clock: ClockWish,
    faults: Vec<NewRule<RequestMatch, Effect>>,
    callback_faults: Vec<NewRule<CallbackMatch, CallbackEffect>>,
    defaults: Members,
    sessions: Vec<Value>,
    hosted_pages: Vec<Value>,
    customer_tokens: Vec<Value>,
    orders: Vec<Value>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct ClockWish {
    advance: Option<Length>,
    pace: Option<u32>,
}

/// Makes what a scenario asks for, or tells everything that is wrong with it.
pub(crate) fn seed(shared: &Shared, scenario: Value, base_url: &str) -> Result<Seeded, Error> {
    let refused = |path: String, message: String| {
        Error::Scenario(vec![ScenarioProblem { path, name: None, message }])
    };
    if !scenario.is_object() {
        return Err(refused(".".to_owned(), "a scenario is an object of members".to_owned()));
    }
    let read: Result<Scenario, _> = serde_path_to_error::deserialize(scenario);
    let scenario =
        read.map_err(|error| refused(error.path().to_string(), error.inner().to_string()))?;
    let mut problems = Problems::default();
    let mut state = shared.state();
    let settings = problems.settings(&state.settings, &scenario.settings);
    let leap = problems.clock(&scenario.clock, shared.now(&state));
    let now = crate::rules::lifetime::later(shared.now(&state), leap);
    let faults = problems.rules("faults", &state.faults, scenario.faults, now);
    let callback_faults =
        problems.rules("callback_faults", &state.callback_faults, scenario.callback_faults, now);
    let settings = Arc::new(settings);
    let world = World { now, ids: &*shared.ids, settings: Arc::clone(&settings), base_url };
    let mut builder = Builder { state: State::default(), world };
    let Scenario { defaults, sessions, hosted_pages, customer_tokens, orders, .. } = scenario;
    let wishes = Wishes { sessions, hosted_pages, customer_tokens, orders };
    let made = problems.purchases(&mut builder, &defaults, wishes);
    if !problems.found.is_empty() {
        return Err(Error::Scenario(problems.found));
    }
    let built = builder.state;
    let seeded = told(&built, made, base_url);
    state.settings = settings;
    state.clock.advance(shared.base_time(), leap);
    if let Some(pace) = scenario.clock.pace {
        state.clock.set_pace(shared.base_time(), pace);
    }
    state.faults = faults;
    state.callback_faults = callback_faults;
    take_over(&mut state, built);
    Ok(seeded)
}

/// Takes over everything that was built.
fn take_over(state: &mut State, built: State) {
    for (id, row) in built.authorizations.into_rows() {
        state.authorizations.insert(&id, row);
    }
    for (id, row) in built.sessions.into_rows() {
        state.sessions.insert(&id, Session { memory: 0, ..row });
        state.weigh_session(&id);
    }
    for (_, row) in built.hpp_sessions.into_rows() {
        state.keep_hpp_session(row);
    }
    for (id, row) in built.customer_tokens.into_rows() {
        state.customer_tokens.insert(&id, CustomerToken { memory: 0, ..row });
        state.weigh_customer_token(&id);
    }
    for (id, row) in built.orders.into_rows() {
        state.orders.insert(&id, Order { memory: 0, ..row });
        state.weigh_order(&id);
    }
    // Decisions that fell in the past were told then; pushes come again and again.
    let is_push = |repeat: &Repeat| repeat.delivery.kind == Kind::Push;
    for repeat in built.repeats.into_rows().filter(is_push) {
        if state.repeats.has_room() {
            state.repeats.add(repeat);
        }
    }
}

/// What is to be made.
struct Wishes {
    sessions: Vec<Value>,
    hosted_pages: Vec<Value>,
    customer_tokens: Vec<Value>,
    orders: Vec<Value>,
}

/// Each with its name, if it has one, and how it is found in the store that was built.
type Named<T> = Vec<(Option<String>, T)>;

/// What was made.
#[derive(Default)]
struct Made {
    sessions: Named<String>,
    hosted_pages: Named<String>,
    customer_tokens: Named<String>,
    /// With the session's id at the end.
    orders: Named<(String, String)>,
}

/// What is wrong so far.
#[derive(Default)]
struct Problems {
    found: Vec<ScenarioProblem>,
    names: Vec<String>,
}

impl Problems {
    fn add(&mut self, place: &str, name: Option<String>, wrong: Wrong) {
        let dot = if wrong.path.is_empty() || place.is_empty() { "" } else { "." };
        let path = format!("{place}{dot}{}", wrong.path);
        self.found.push(ScenarioProblem { path, name, message: wrong.message });
    }

    fn settings(&mut self, held: &Settings, changes: &Members) -> Settings {
        let mut settings = held.clone();
        if let Err(error) = settings.change(changes) {
            let message = error.to_string();
            let (member, message) = message.split_once(": ").unwrap_or(("", &message));
            let wrong = Wrong { path: member.to_owned(), message: message.to_owned() };
            self.add("settings", None, wrong);
        }
        settings
    }

    /// The rules that are set, and new ones.
    fn rules<M: Clone, E: Clone>(
        &mut self,
        list: &str,
        held: &Rules<M, E>,
        newer: Vec<NewRule<M, E>>,
        now: Timestamp,
    ) -> Rules<M, E> {
        let mut rules = held.clone();
        for (place, rule) in newer.into_iter().enumerate() {
            if let Err(message) = rules.add(rule, now) {
                let (member, message) = message.split_once(": ").unwrap_or(("", &message));
                let wrong = Wrong { path: member.to_owned(), message: message.to_owned() };
                self.add(&format!("{list}[{place}]"), None, wrong);
            }
        }
        rules
    }

    /// How far the clock is to leap.
    fn clock(&mut self, wish: &ClockWish, now: Timestamp) -> SignedDuration {
        if let Some(pace) = wish.pace.filter(|pace| !(1..=PACE_MAX).contains(pace)) {
            let message = format!("{pace} is not possible: give 1 to {PACE_MAX}");
            self.add("clock", None, Wrong { path: "pace".to_owned(), message });
        }
        let Some(advance) = &wish.advance else { return SignedDuration::ZERO };
        advance.after(now).unwrap_or_else(|| {
            let message = format!("{} leads beyond the end of time", advance.text);
            self.add("clock", None, Wrong { path: "advance".to_owned(), message });
            SignedDuration::ZERO
        })
    }

    fn purchases(&mut self, builder: &mut Builder<'_>, defaults: &Members, wishes: Wishes) -> Made {
        if let Err(wrong) = wish::check_defaults(defaults) {
            self.add("defaults", None, wrong);
            return Made::default();
        }
        Made {
            sessions: self.each("sessions", wishes.sessions, |value| {
                let (wish, members) = wish::session(value, defaults)?;
                builder.session(&wish, members)
            }),
            hosted_pages: self.each("hosted_pages", wishes.hosted_pages, |value| {
                let (wish, members) = wish::page(value, defaults)?;
                builder.page(&wish, members)
            }),
            customer_tokens: self.each("customer_tokens", wishes.customer_tokens, |value| {
                let (wish, members) = wish::token(value, defaults)?;
                builder.customer_token(&wish, members)
            }),
            orders: self.each("orders", wishes.orders, |value| {
                let (wish, members) = wish::order(value, defaults)?;
                builder.order(&wish, members)
            }),
        }
    }

    /// Makes what a list asks for; what cannot be made is noted.
    fn each<T>(
        &mut self,
        list: &str,
        wishes: Vec<Value>,
        mut make: impl FnMut(Value) -> Result<T, Wrong>,
    ) -> Named<T> {
        let mut named = Vec::new();
        for (place, value) in wishes.into_iter().enumerate() {
            let (place, name) = (format!("{list}[{place}]"), name_of(&value));
            self.note_name(&place, name.as_deref());
            match make(value) {
                Ok(it) => named.push((name, it)),
                Err(wrong) => self.add(&place, name, wrong),
            }
        }
        named
    }

    fn note_name(&mut self, place: &str, name: Option<&str>) {
        let Some(name) = name else { return };
        if self.names.iter().any(|known| known == name) {
            let message = "the name is taken: give each another".to_owned();
            let wrong = Wrong { path: "name".to_owned(), message };
            self.add(place, Some(name.to_owned()), wrong);
        }
        self.names.push(name.to_owned());
    }
}

fn name_of(value: &Value) -> Option<String> {
    value.get("name")?.as_str().map(str::to_owned)
}

fn told(built: &State, made: Made, base_url: &str) -> Seeded {
    let sessions = made
        .sessions
        .into_iter()
        .filter_map(|(name, id)| Some(seeded_session(name, built.sessions.get(&id)?, base_url)));
    let orders = made.orders.into_iter().filter_map(|(name, (id, session_id))| {
        Some(seeded_order(name, session_id, built.orders.get(&id)?))
    });
    let hosted_pages =
        made.hosted_pages.into_iter().filter_map(|(name, id)| seeded_page(name, built, &id));
    let customer_tokens = made
        .customer_tokens
        .into_iter()
        .filter_map(|(name, id)| Some(seeded_token(name, built.customer_tokens.get(&id)?)));
    Seeded {
        orders: orders.collect(),
        sessions: sessions.collect(),
        hosted_pages: hosted_pages.collect(),
        customer_tokens: customer_tokens.collect(),
    }
}

fn seeded_page(name: Option<String>, built: &State, id: &str) -> Option<SeededHostedPage> {
    let page = built.hpp_sessions.get(id)?;
    let purchase = built.sessions.get(&page.payment_session_id)?.purchase.get();
    let (authorization_token, order_id) = match &page.result {
        Some(Completion::Authorized { authorization_token }) => {
            (Some(authorization_token.clone()), None)
        }
        Some(Completion::Placed { order_id, .. }) => (None, Some(order_id.clone())),
        None => (None, None),
    };
    Some(SeededHostedPage {
        name,
        session_id: page.session_id.clone(),
        payment_session_id: page.payment_session_id.clone(),
        redirect_url: page.redirect_url(),
        status: page.status.as_str().to_owned(),
        authorization_token,
        order_id,
        expires_at: page.expires_at,
        purchase_country: purchase.country(),
        purchase_currency: purchase.purchase_currency.clone().unwrap_or_default(),
        order_amount: purchase.amount(),
    })
}

fn seeded_session(name: Option<String>, session: &Session, base_url: &str) -> SeededSession {
    let purchase = session.purchase.get();
    SeededSession {
        name,
        session_id: session.session_id.clone(),
        client_token: client_token(&session.session_id, &purchase, base_url),
        authorization_token: session.authorization_token.clone(),
        expires_at: session.expires_at,
        purchase_country: purchase.country(),
        purchase_currency: purchase.purchase_currency.clone().unwrap_or_default(),
        order_amount: purchase.amount(),
    }
}

fn seeded_token(name: Option<String>, token: &CustomerToken) -> SeededCustomerToken {
    SeededCustomerToken {
        name,
        token_id: token.token_id.clone(),
        session_id: token.session_id.clone(),
        status: token.status.as_str().to_owned(),
        declines: token.declines,
        payment_method_type: token.method.orders.to_owned(),
        purchase_country: token.purchase_country.clone(),
    }
}

fn seeded_order(name: Option<String>, session_id: String, order: &Order) -> SeededOrder {
    SeededOrder {
        name,
        order_id: order.order_id.clone(),
        klarna_reference: order.klarna_reference.clone(),
        session_id,
        status: order.status.as_str().to_owned(),
        fraud_status: order.fraud_status.as_str().to_owned(),
        purchase_country: order.purchase_country.clone(),
        purchase_currency: order.purchase_currency.clone(),
        order_amount: order.order_amount,
        captured_amount: order.captured_amount,
        refunded_amount: order.refunded_amount,
        remaining_authorized_amount: order.remaining_authorized_amount,
        created_at: order.created_at,
        expires_at: order.expires_at,
        merchant_reference1: order.merchant_reference1.clone(),
    }
}
