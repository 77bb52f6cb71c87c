//! One act on an order: filled in, looked over, done.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use kvitt_core::{
    ActKind, Cause, LineId, Order, OrderId, Refusal, Requester, SHIPPING_METHODS, Sale, SaleId,
};
use kvitt_engine::{Caller, EngineError, Idempotency, Shopper};
use kvitt_money::{LineType, OrderLineFields};

use super::act_form::{Fields, Wanted, Wrong, amount_member, is_bare, quantity_member, wanted};
use super::act_preview::{picks_lines, preview_page};
use super::form::DashboardForm;
use super::message::page;
use super::session::SignedIn;
use super::words::{self, money};
use super::{Trouble, order_name};
use crate::acts::noted;
use crate::app::App;
use crate::orders::as_order;
use crate::problem::{Problem, codes};

/// The order and the act in the path.
pub(super) struct ActRef {
    sale: SaleId,
    kind: ActKind,
}

impl FromRequestParts<App> for ActRef {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Trouble> {
        let no_such = || Problem::new(codes::NOT_FOUND, "there is no such order or act");
        let Path((id, kind)) = Path::<(String, String)>::from_request_parts(parts, app)
            .await
            .map_err(|_| no_such())?;
        let id: OrderId = id.parse().map_err(|_| no_such())?;
        let mut kinds = ActKind::ON_ORDERS.into_iter();
        let kind = kinds.find(|known| known.as_str() == kind).ok_or_else(no_such)?;
        Ok(Self { sale: id.into(), kind })
    }
}

/// The sale behind the page, which has an order.
struct Ordered {
    sale: Sale,
    shopper: Shopper,
}

impl Ordered {
    async fn read(app: &App, id: SaleId) -> Result<Self, Trouble> {
        let sale = app.engine().sale(id).await.map_err(|error| as_order(id, error))?;
        let shopper = app.engine().shopper(id).await?;
        if sale.order.is_none() {
            return Err(EngineError::Refused(Refusal::NoOrder).into());
        }
        Ok(Self { sale, shopper })
    }

    fn order(&self) -> Result<&Order, Trouble> {
        Ok(self.sale.order.as_ref().ok_or(EngineError::Refused(Refusal::NoOrder))?)
    }
}

/// `GET /dashboard/orders/{id}/acts/{kind}`: the form; where nothing is to be filled in, at once
/// what the act would do.
pub(super) async fn form(
    State(app): State<App>,
    signed_in: SignedIn,
    act: ActRef,
) -> Result<Response, Trouble> {
    let ordered = Ordered::read(&app, act.sale).await?;
    ordered.sale.may(act.kind, app.engine().now().await).map_err(EngineError::Refused)?;
    let fields = Fields::default();
    if is_bare(act.kind) {
        let wanted = Wanted::from(match act.kind {
            ActKind::Cancel => kvitt_core::Wish::Cancel,
            ActKind::Release => kvitt_core::Wish::Release,
            _ => kvitt_core::Wish::Extend,
        });
        return preview(&app, &signed_in, &ordered, wanted, &fields).await;
    }
    form_page(StatusCode::OK, &signed_in, &ordered, act.kind, &fields, &[])
}

/// `POST /dashboard/orders/{id}/acts/{kind}`: looks over, goes back to the form, or does it.
pub(super) async fn submit(
    State(app): State<App>,
    act: ActRef,
    DashboardForm { signed_in, form }: DashboardForm<Vec<(String, String)>>,
) -> Result<Response, Trouble> {
    let ordered = Ordered::read(&app, act.sale).await?;
    let fields = Fields::new(form);
    let again =
        |status, wrong: &[Wrong]| form_page(status, &signed_in, &ordered, act.kind, &fields, wrong);
    if fields.typed("step") == Some("edit") {
        return again(StatusCode::OK, &[]);
    }
    let wanted = match wanted(act.kind, &fields, &ordered.sale, ordered.order()?) {
        Ok(wanted) => wanted,
        Err(wrong) => return again(StatusCode::UNPROCESSABLE_ENTITY, &wrong),
    };
    let done = if fields.typed("step") == Some("confirm") {
        confirm(&app, &signed_in, &act, wanted, &fields).await
    } else {
        preview(&app, &signed_in, &ordered, wanted, &fields).await
    };
    match done {
        // What the business refuses can mostly be mended in the form.
        Err(Trouble(problem)) if !is_bare(act.kind) && problem.status().is_client_error() => {
            let wrong = Wrong { member: String::new(), text: problem.detail().to_owned() };
            again(problem.status(), &[wrong])
        }
        done => done,
    }
}

async fn preview(
    app: &App,
    signed_in: &SignedIn,
    ordered: &Ordered,
    wanted: Wanted,
    fields: &Fields,
) -> Result<Response, Trouble> {
    let preview = app.engine().preview(ordered.sale.id, wanted.wish).await?;
    let at = app.engine().now().await;
    let key = app.config().ids.id(at).to_string();
    Ok(preview_page(signed_in, &ordered.sale, &preview, fields, key))
}

/// Does it. The same yes sent twice is one act, which both lead to.
async fn confirm(
    app: &App,
    signed_in: &SignedIn,
    act: &ActRef,
    wanted: Wanted,
    fields: &Fields,
) -> Result<Response, Trouble> {
    let Some(key) = fields.text("idempotency_key") else {
        let detail = "the page is not complete: look the act over again";
        return Err(Problem::new(codes::INVALID_MEMBER, detail).into());
    };
    let user = signed_in.user.id;
    let caller = Caller {
        cause: Cause::Operator { user },
        idempotency: Some(Idempotency {
            requester: Requester::User(user),
            key: key.to_owned(),
            request_hash: fields.digest(act.kind),
        }),
    };
    let answered =
        app.engine().act(act.sale, wanted.wish, wanted.shipping_address, &caller).await?;
    let (sale, events) = app.engine().history(act.sale).await?;
    noted(app, &sale, &events, answered.intent, answered.replayed);
    let order = act.sale.order_id();
    let page = format!("/dashboard/orders/{order}?intent={}#result", answered.intent);
    Ok(Redirect::to(&page).into_response())
}

/// One line of which pieces are picked.
struct LineInput {
    member: String,
    name: String,
    /// How many there are to pick from, and what they are worth.
    most: i64,
    worth: String,
    value: String,
    /// A line of no pieces is taken as a whole.
    is_whole: bool,
    is_checked: bool,
}

/// An input for a text.
struct TextInput {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: &'static str,
    maxlength: u32,
    value: String,
    problem: String,
}

#[derive(Template)]
#[template(path = "dashboard/act.html")]
struct ActPage<'a> {
    signed_in: &'a SignedIn,
    href: String,
    back: String,
    order_name: String,
    title: &'static str,
    /// What is wrong, but not with one of the texts below.
    problems: Vec<String>,
    lines: Vec<LineInput>,
    lines_title: &'static str,
    /// Tax lines that are typed anew.
    taxes: Vec<LineInput>,
    takes_amount: bool,
    by_amount: bool,
    amount: TextInput,
    texts: Vec<TextInput>,
    /// The captures that a parcel can belong to: id, name, whether it is chosen.
    captures: Vec<(String, String, bool)>,
    methods: Vec<(&'static str, bool)>,
}

fn form_page(
    status: StatusCode,
    signed_in: &SignedIn,
    ordered: &Ordered,
    kind: ActKind,
    fields: &Fields,
    wrong: &[Wrong],
) -> Result<Response, Trouble> {
    let sale = &ordered.sale;
    let order = ordered.order()?;
    let currency = sale.terms.market.purchase_currency();
    let back = format!("/dashboard/orders/{}", sale.id.order_id());
    let text = |(name, label, hint, kind, maxlength): Described| TextInput {
        name,
        label,
        hint,
        kind,
        maxlength,
        value: fields
            .typed(name)
            .map_or_else(|| known(name, ordered, order).unwrap_or_default(), str::to_owned),
        problem: wrong.iter().find(|it| it.member == name).map_or("", |it| &it.text).to_owned(),
    };
    let texts: Vec<TextInput> = described(kind).iter().copied().map(text).collect();
    let told_at_inputs =
        |it: &&Wrong| texts.iter().any(|text| text.name == it.member) || it.member == "amount";
    let chosen = fields.text("shipping_method").unwrap_or_default();
    let (lines, taxes) = line_inputs(kind, order, fields, |minor| money(minor, currency));
    Ok(page(
        status,
        &ActPage {
            signed_in,
            href: format!("{back}/acts/{}", kind.as_str()),
            back,
            order_name: order_name(sale),
            title: words::title(kind),
            problems: wrong
                .iter()
                .filter(|it| !told_at_inputs(it))
                .map(|it| it.text.clone())
                .collect(),
            lines,
            taxes,
            lines_title: match kind {
                ActKind::Capture => "What ships",
                ActKind::Refund => "What came back",
                _ => "What stays in the order",
            },
            takes_amount: matches!(kind, ActKind::Capture | ActKind::Refund),
            by_amount: fields.typed("by") == Some("amount"),
            amount: text((
                "amount",
                "Amount",
                "The customer's invoice then shows no lines for it.",
                "text",
                20,
            )),
            captures: captures(kind, order, fields, |minor| money(minor, currency)),
            methods: if matches!(kind, ActKind::Capture | ActKind::AddShippingInfo) {
                SHIPPING_METHODS.split(", ").map(|it| (it, it == chosen)).collect()
            } else {
                Vec::new()
            },
            texts,
        },
    ))
}

/// Name, label, hint, type and longest length of an input.
type Described = (&'static str, &'static str, &'static str, &'static str, u32);

const NOTES: [Described; 2] = [
    ("reference", "Reference", "Your own, such as a delivery number.", "text", 255),
    ("description", "Description", "Shown to the customer.", "text", 255),
];
const PARCEL: [Described; 3] = [
    ("shipping_company", "Carrier", "", "text", 100),
    ("tracking_number", "Tracking number", "", "text", 100),
    ("tracking_uri", "Tracking page", "Where the parcel is followed: https://…", "url", 1024),
];
const REFERENCES: [Described; 2] = [
    ("merchant_reference1", "Order number", "Shown to the customer.", "text", 255),
    ("merchant_reference2", "Second reference", "Shown in settlements.", "text", 255),
];
const ADDRESS: [Described; 10] = [
    ("given_name", "First name", "", "text", 100),
    ("family_name", "Last name", "", "text", 100),
    ("street_address", "Street and number", "", "text", 100),
    ("street_address2", "Apartment, floor, care of", "", "text", 100),
    ("postal_code", "Postal code", "", "text", 10),
    ("city", "City", "", "text", 200),
    ("region", "State or region", "", "text", 200),
    ("country", "Country", "Two letters, such as SE.", "text", 2),
    ("email", "E-mail", "", "email", 100),
    ("phone", "Phone", "", "tel", 100),
];

fn described(kind: ActKind) -> Vec<Described> {
    match kind {
        ActKind::Capture => NOTES.into_iter().chain(PARCEL).collect(),
        ActKind::Refund => NOTES.to_vec(),
        ActKind::UpdateAuthorization => NOTES[1..].to_vec(),
        ActKind::UpdateReferences => REFERENCES.to_vec(),
        ActKind::UpdateShippingAddress => ADDRESS.to_vec(),
        ActKind::AddShippingInfo => PARCEL.to_vec(),
        ActKind::Place | ActKind::Cancel | ActKind::Release | ActKind::Extend => Vec::new(),
    }
}

/// What an input holds before anybody typed: references and address as they are.
fn known(name: &str, ordered: &Ordered, order: &Order) -> Option<String> {
    let terms = &ordered.sale.terms;
    let shopper = &ordered.shopper;
    let address = shopper.shipping_address.as_ref().or(shopper.billing_address.as_ref());
    let part = |part: fn(&klarna::Address) -> &Option<String>| part(address?).clone();
    match name {
        "merchant_reference1" => terms.merchant_reference1.clone(),
        "merchant_reference2" => terms.merchant_reference2.clone(),
        "given_name" => part(|it| &it.given_name),
        "family_name" => part(|it| &it.family_name),
        "street_address" => part(|it| &it.street_address),
        "street_address2" => part(|it| &it.street_address2),
        "postal_code" => part(|it| &it.postal_code),
        "city" => part(|it| &it.city),
        "region" => part(|it| &it.region),
        "country" => part(|it| &it.country)
            .or_else(|| Some(order.cart.cart().purchase_country().code().to_owned())),
        "email" => part(|it| &it.email),
        "phone" => part(|it| &it.phone),
        _ => None,
    }
}

/// The lines to pick from, and those whose amount is typed anew.
fn line_inputs(
    kind: ActKind,
    order: &Order,
    fields: &Fields,
    money: impl Fn(i64) -> String,
) -> (Vec<LineInput>, Vec<LineInput>) {
    if !picks_lines(kind) {
        return (Vec::new(), Vec::new());
    }
    let left: BTreeMap<LineId, OrderLineFields> = match kind {
        ActKind::Capture => order.uncaptured_lines(),
        ActKind::Refund => order.unrefunded_lines(),
        _ => order.cart.lines().map(|(id, line)| (id.clone(), (**line).clone())).collect(),
    };
    let mut lines = Vec::new();
    let mut taxes = Vec::new();
    for (line_id, _) in order.cart.lines() {
        let Some(line) = left.get(line_id) else { continue };
        let is_whole = line.quantity == 0 && line.total_amount != 0;
        if line.quantity == 0 && !is_whole {
            continue;
        }
        let is_tax = kind == ActKind::UpdateAuthorization && line.line_type == LineType::SalesTax;
        let member = if is_tax { amount_member(line_id) } else { quantity_member(line_id) };
        let typed = fields.typed(&member);
        // What ships is mostly all of it; what comes back is mostly little.
        let usual = if kind == ActKind::Refund { 0 } else { line.quantity };
        let input = LineInput {
            value: typed.map_or_else(
                || if is_tax { String::new() } else { usual.to_string() },
                str::to_owned,
            ),
            is_checked: typed.is_some(),
            member,
            name: line.name.clone(),
            most: line.quantity,
            worth: money(line.total_amount),
            is_whole,
        };
        if is_tax { &mut taxes } else { &mut lines }.push(input);
    }
    (lines, taxes)
}

fn captures(
    kind: ActKind,
    order: &Order,
    fields: &Fields,
    money: impl Fn(i64) -> String,
) -> Vec<(String, String, bool)> {
    if kind != ActKind::AddShippingInfo {
        return Vec::new();
    }
    let chosen = fields.text("capture_id").unwrap_or_default();
    let named = |(number, capture): (usize, &kvitt_core::Capture)| {
        let amount = money(capture.captured_amount);
        let name = format!("Capture {number}, {amount}, {}", words::moment(capture.captured_at));
        (capture.capture_id.clone(), name, capture.capture_id == chosen)
    };
    (1..).zip(&order.captures).map(named).collect()
}
