//! One order: what it is, what happened, and what may be done with it.

mod movements;
mod placed;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use kvitt_core::{ExpiryPlan, IntentId, IntentState, OrderId, Sale, SaleId};
use kvitt_engine::Shopper;
use serde::Deserialize;

use self::placed::{Placed, placed};
use super::concern::{Button, ConcernShown, concerns};
use super::message::page;
use super::session::SignedIn;
use super::timeline::{self, Entry, Names};
use super::words::{self, Badge, Tone, moment, money, sentence};
use super::{Trouble, order_name};
use crate::app::App;
use crate::orders::as_order;
use crate::problem::{Problem, codes};

/// What came of the act that led here.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    intent: String,
}

struct Said {
    tone: Tone,
    title: String,
    text: String,
    /// The way out, where it needs somebody.
    button: Option<Button>,
}

#[derive(Template)]
#[template(path = "dashboard/order.html")]
struct OrderPage<'a> {
    signed_in: &'a SignedIn,
    name: String,
    amount: String,
    status: Badge,
    fraud: Option<Badge>,
    facts: Vec<(&'static str, String)>,
    said: Option<Said>,
    /// What needs somebody, but what is said already.
    concerns: Vec<ConcernShown>,
    warnings: Vec<String>,
    placed: Option<Placed>,
    shopper: Vec<(&'static str, Vec<String>)>,
    timeline: Vec<Entry>,
}

/// `GET /dashboard/orders/{id}`
pub(super) async fn order(
    State(app): State<App>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let no_such = |_| Problem::new(codes::NOT_FOUND, format!("there is no order {id:?}"));
    let sale_id = SaleId::from(id.parse::<OrderId>().map_err(no_such)?);
    let engine = app.engine();
    let (sale, events) = engine.history(sale_id).await.map_err(|error| as_order(sale_id, error))?;
    let shopper = engine.shopper(sale_id).await?;
    let names = names(&app).await?;
    let at = engine.now().await;
    let currency = sale.terms.market.purchase_currency();
    let order = sale.order.as_ref();
    let intent = asked.intent.parse().ok();
    let (mut of_intent, concerns): (Vec<_>, Vec<_>) = concerns(&sale, at)
        .into_iter()
        .partition(|concern| intent.is_some() && concern.asked_for == intent);
    let way_out = of_intent.pop().map(|concern| concern.button);
    let cart = order.map_or(&sale.cart, |order| &order.cart).cart();
    Ok(page(
        StatusCode::OK,
        &OrderPage {
            signed_in: &signed_in,
            name: order_name(&sale),
            amount: money(cart.totals().order_amount, currency),
            status: order.map_or_else(
                || words::checkout_status(sale.checkout_status().as_str()),
                |order| words::status(order.status(at).as_str()),
            ),
            fraud: order.and_then(|order| words::fraud(order.fraud_status.as_str())),
            facts: facts(&sale, engine.expiry_plan(&sale, at).as_ref()),
            said: intent.and_then(|intent| said(&sale, intent, way_out)),
            concerns,
            warnings: warnings(&sale, intent),
            placed: placed(&sale, at),
            shopper: people(&shopper),
            timeline: timeline::timeline(&sale, &events, &names),
        },
    ))
}

async fn names(app: &App) -> Result<Names, Trouble> {
    let ledger = app.engine().ledger();
    Ok(Names {
        api_keys: ledger.api_keys().await?.into_iter().map(|key| (key.id, key.name)).collect(),
        users: ledger.users().await?.into_iter().map(|user| (user.id, user.name)).collect(),
    })
}

fn facts(sale: &Sale, plan: Option<&ExpiryPlan>) -> Vec<(&'static str, String)> {
    let order = sale.order.as_ref();
    let of = |text: Option<&String>| text.cloned();
    [
        ("Order number", of(sale.terms.merchant_reference1.as_ref())),
        ("Second reference", of(sale.terms.merchant_reference2.as_ref())),
        ("Klarna's reference", order.and_then(|it| it.klarna_reference.clone())),
        ("Klarna's order id", order.map(|it| it.klarna_order_id.clone())),
        ("kvitt's order id", Some(sale.id.order_id().to_string())),
        ("Paid by", order.and_then(|it| it.payment_method.clone())),
        ("Account", Some(sale.terms.account.clone())),
        (
            "Market",
            Some(format!(
                "{}, {}",
                sale.terms.market.purchase_country().code(),
                sale.terms.market.locale()
            )),
        ),
        ("Opened", Some(moment(sale.created_at))),
        ("Placed", order.map(|it| moment(it.placed_at))),
        ("Capture before", order.and_then(|it| it.expires_at).map(moment)),
        ("Extended", plan.map(extended)),
    ]
    .into_iter()
    .filter_map(|(label, text)| Some((label, text?)))
    .collect()
}

/// What will become of the time to capture.
fn extended(plan: &ExpiryPlan) -> String {
    let last = format!("{} at the latest", moment(plan.last_possible_at));
    match (plan.extend_at, plan.extends_to, plan.not_extended) {
        (Some(at), Some(to), _) => format!("At {} to {}; {last}", moment(at), moment(to)),
        (_, _, why) => {
            let why = why.map(|why| sentence(why.sentence())).unwrap_or_default();
            let alarm = plan.next_alarm_at.map(|at| format!(". Next alarm at {}", moment(at)));
            format!("Not by itself: possible until {last}{}. {why}", alarm.unwrap_or_default())
        }
    }
}

/// What came of an act.
fn said(sale: &Sale, id: IntentId, button: Option<Button>) -> Option<Said> {
    let act = words::wanted(sale, id)?;
    let said = |tone, title: String, text: String| Some(Said { tone, title, text, button });
    match &sale.state_of(id)? {
        IntentState::Done(_) => {
            said(Tone::Good, format!("Done: {act}"), "Klarna has confirmed it.".to_owned())
        }
        IntentState::Refused(refused) => said(
            Tone::Bad,
            format!("Klarna refused to {act}"),
            format!(
                "Nothing changed. Klarna said: {}.",
                timeline::said(refused).trim_end_matches('.')
            ),
        ),
        IntentState::Requested => said(
            Tone::Wait,
            format!("Under way: {act}"),
            "Klarna has not answered yet. Load this page again in a moment.".to_owned(),
        ),
        IntentState::Held => said(
            Tone::Wait,
            format!("Held: {act}"),
            "Klarna still reviews the order. It goes on by itself once Klarna accepts, and is \
             dropped if Klarna rejects."
                .to_owned(),
        ),
        IntentState::Unknown { problem, .. } => said(
            Tone::Wait,
            format!("Not known yet: {act}"),
            format!(
                "{}. kvitt asks again by itself, and never does it twice. Until it is known no \
                 other money moves on this order.",
                sentence(problem)
            ),
        ),
        IntentState::NeedsHuman { reason } => {
            said(Tone::Bad, format!("Not known: {act}"), sentence(reason))
        }
    }
}

/// What goes on by itself; `said` is what the page says already.
fn warnings(sale: &Sale, said: Option<IntentId>) -> Vec<String> {
    // What is open of an undo stands for the whole of it.
    let undo = sale.open_undo().map(|undo| undo.id);
    let open = undo.or_else(|| sale.open_intent(|_| true).map(|intent| intent.id));
    let open = open.filter(|open| said != Some(*open)).and_then(|open| {
        let act = words::wanted(sale, open)?;
        // What is in doubt is told of where the way out is.
        matches!(sale.state_of(open)?, IntentState::Requested).then(|| format!("under way: {act}"))
    });
    let held = sale.held().filter(|intent| said != Some(intent.id)).map(|intent| {
        let act = words::wanted(sale, intent.id).unwrap_or_default();
        format!("held until Klarna accepts the order: {act}")
    });
    open.into_iter().chain(held).map(|text| sentence(&text)).collect()
}

/// Addresses, as lines of text.
fn people(shopper: &Shopper) -> Vec<(&'static str, Vec<String>)> {
    let lines = |address: &klarna::Address| {
        let joined = |parts: &[&Option<String>]| {
            parts.iter().filter_map(|it| it.as_deref()).collect::<Vec<_>>().join(" ")
        };
        let country = address.country.clone().unwrap_or_default();
        [
            joined(&[&address.title, &address.given_name, &address.family_name]),
            joined(&[&address.organization_name, &address.attention]),
            joined(&[&address.street_address]),
            joined(&[&address.street_address2]),
            joined(&[&address.postal_code, &address.city, &address.region]),
            country,
            joined(&[&address.email]),
            joined(&[&address.phone]),
        ]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
    };
    let both = [
        ("Billing address", &shopper.billing_address),
        ("Shipping address", &shopper.shipping_address),
    ];
    both.into_iter()
        .filter_map(|(label, address)| Some((label, lines(address.as_ref()?))))
        .collect()
}
