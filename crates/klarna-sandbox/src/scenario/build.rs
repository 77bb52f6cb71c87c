//! Bringing orders and sessions into the state that a scenario asks for: by the sandbox's own
//! transitions, at moments of the past, in a store of their own.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{
    cart,
    wish::{Decision, OrderState, OrderWish, PaymentMethod, SessionState, SessionWish, Wrong},
};
use crate::{
    rules::{
        authorization, capture, lifetime,
        order::{FraudStatus, Order, Status},
        read::{Body, Members},
        refund,
        refusal::Refusal,
    },
    settings::Settings,
    source::IdSource,
    state::{Moment, State, orders, sessions::Authorized},
};

/// The longest that a test person makes fraud control think, in minutes (Klarna documentation).
const DECISION_MINUTES_MAX: i64 = 99;

/// What building needs to know of the world.
pub(super) struct World<'a> {
    /// The sandbox's time when the scenario is seeded.
    pub(super) now: Timestamp,
    pub(super) ids: &'a dyn IdSource,
    pub(super) settings: Arc<Settings>,
    pub(super) base_url: &'a str,
}

impl World<'_> {
    pub(super) fn at(&self, now: Timestamp) -> Moment<'_> {
        let settings = Arc::clone(&self.settings);
        Moment { now, ids: self.ids, settings, base_url: self.base_url }
    }
}

/// Builds into a store of its own.
pub(super) struct Builder<'a> {
    pub(super) state: State,
    pub(super) world: World<'a>,
}

/// How much of what there is.
#[derive(Clone, Copy)]
enum Share {
    Whole,
    Part,
}

/// What is done to a placed order.
#[derive(Clone, Copy)]
enum Act {
    Capture(Share),
    Refund(Share),
    Release,
    Cancel,
    Extend,
}

/// What leads to a state.
fn acts(state: OrderState) -> &'static [Act] {
    use OrderState as S;
    match state {
        S::Authorized | S::Pending | S::Rejected | S::AutoCaptured | S::Expired => &[],
        S::Extended => &[Act::Extend],
        S::PartCaptured => &[Act::Capture(Share::Part)],
        S::Captured => &[Act::Capture(Share::Whole)],
        S::PartRefunded => &[Act::Capture(Share::Whole), Act::Refund(Share::Part)],
        S::Refunded => &[Act::Capture(Share::Whole), Act::Refund(Share::Whole)],
        S::Released => &[Act::Capture(Share::Part), Act::Release],
        S::Cancelled => &[Act::Cancel],
    }
}

impl From<Refusal> for Wrong {
    fn from(refusal: Refusal) -> Self {
        let text = refusal.messages.join(" ");
        let fields = text.strip_prefix("Bad value: ").and_then(|fields| fields.split(", ").next());
        let path = fields.unwrap_or_default().to_owned();
        Self { path, message: format!("Klarna would refuse it: {text}") }
    }
}

impl From<cart::Wrong> for Wrong {
    fn from((path, message): cart::Wrong) -> Self {
        Self { path, message }
    }
}

pub(super) fn wrong(path: &str, message: impl Into<String>) -> Wrong {
    Wrong { path: path.to_owned(), message: message.into() }
}

impl Builder<'_> {
    /// Makes a session; gives its id.
    pub(super) fn session(
        &mut self,
        wish: &SessionWish,
        members: Members,
    ) -> Result<String, Wrong> {
        let now = self.world.now;
        let is_to_be_over = wish.state == SessionState::Expired;
        let created_at = match &wish.age {
            Some(age) => age.before(now).ok_or_else(|| wrong("age", "it is too long ago"))?,
            None if is_to_be_over => lifetime::later(now, -lifetime::SESSION),
            None => now,
        };
        let is_over = lifetime::later(created_at, lifetime::SESSION) <= now;
        if is_over != is_to_be_over {
            let text = "a session lives for 48 hours: give an age that fits the state, or none";
            return Err(wrong("age", text));
        }
        let body = cart::session_body(named(members, wish.name.as_deref()), "")?;
        let session_id = self.create_session(&body, created_at)?;
        if wish.state == SessionState::Authorized {
            self.authorize(&session_id, wish.payment_method, now)?;
        }
        Ok(session_id)
    }

    /// Makes an order and brings it where it is to be; gives its id and its session's.
    pub(super) fn order(
        &mut self,
        wish: &OrderWish,
        members: Members,
    ) -> Result<(String, String), Wrong> {
        check_members(wish)?;
        let placed_at = self.placed_at(wish)?;
        let email_part = self.email_part(wish, placed_at)?;
        let mut members = named(members, wish.name.as_deref());
        if wish.state == OrderState::AutoCaptured {
            members.insert("auto_capture".to_owned(), json!(true));
        }
        let body = cart::session_body(members, &email_part)?;
        let session_id = self.create_session(&body, placed_at)?;
        let token = self.authorize(&session_id, wish.payment_method, placed_at)?;
        let moment = self.world.at(placed_at);
        let order_id = self.state.place(&token, &Body::from(&body), &moment)?.order_id;

        let acts = acts(wish.state);
        let age = self.world.now.duration_since(placed_at);
        let steps = i32::try_from(acts.len()).unwrap_or(i32::MAX).saturating_add(1);
        for (act, step) in acts.iter().zip(1..) {
            let at = lifetime::later(placed_at, age / steps * step);
            self.perform(*act, &order_id, wish, &body, at)?;
        }
        let days = self.world.settings.authorization_days;
        check_outcome(self.aged(&order_id, self.world.now)?, wish.state, days)?;
        Ok((order_id, session_id))
    }

    pub(super) fn create_session(
        &mut self,
        body: &Members,
        at: Timestamp,
    ) -> Result<String, Wrong> {
        let moment = self.world.at(at);
        Ok(self.state.create_session(&Body::from(body), &moment)?)
    }

    pub(super) fn authorize(
        &mut self,
        session_id: &str,
        method: Option<PaymentMethod>,
        at: Timestamp,
    ) -> Result<String, Wrong> {
        let (moment, method) = (self.world.at(at), method.map(|method| method.0));
        let data = Members::new();
        match self.state.authorize(session_id, None, &data, method, &moment)? {
            Authorized::Approved { authorization_token } => Ok(authorization_token),
            Authorized::InvalidFields(fields) => {
                let first = fields.first().map_or("billing_address", String::as_str);
                Err(wrong(first, "the buyer would be asked to mend it"))
            }
            Authorized::Denied | Authorized::Aborted | Authorized::ToFinalize => Err(wrong(
                "billing_address.email",
                "this test person is denied and places no order",
            )),
        }
    }

    /// The order after everything that was due by then.
    fn aged(&mut self, order_id: &str, at: Timestamp) -> Result<&mut Order, Wrong> {
        self.state.settle_order(order_id, &self.world.at(at));
        // It was placed a moment ago.
        orders::find_mut(&mut self.state.orders, order_id).ok_or_else(|| wrong("", "it got lost"))
    }

    fn perform(
        &mut self,
        act: Act,
        order_id: &str,
        wish: &OrderWish,
        body: &Members,
        at: Timestamp,
    ) -> Result<(), Wrong> {
        let settings = Arc::clone(&self.world.settings);
        let id = self.world.at(at).uuid();
        let lines: &[Value] = match body.get("order_lines") {
            Some(Value::Array(lines)) => lines,
            _ => &[],
        };
        let order = self.aged(order_id, at)?;
        match act {
            Act::Capture(share) => {
                let all = order.remaining_authorized_amount;
                let request = request("captured_amount", wish.captured_amount, share, all, lines)?;
                let request = capture::Request::read(&Body::from(&request))?;
                let pending = settings.capture_while_pending;
                capture::capture(order, request, id, at, pending)
                    .map_err(|refusal| at_amount(refusal, "captured_amount"))
            }
            Act::Refund(share) => {
                let all = order.captured_amount;
                let request = request("refunded_amount", wish.refunded_amount, share, all, lines)?;
                let request = refund::Request::read(&Body::from(&request))?;
                refund::refund(order, request, id, at)
                    .map_err(|refusal| at_amount(refusal, "refunded_amount"))
            }
            Act::Release => Ok(authorization::release(order)?),
            Act::Cancel => Ok(authorization::cancel(order)?),
            Act::Extend => Ok(authorization::extend(order, at, settings.authorization_days)?),
        }
    }

    fn placed_at(&self, wish: &OrderWish) -> Result<Timestamp, Wrong> {
        let days = |days: i64| SignedDuration::from_hours(days * 24);
        let default = match wish.state {
            OrderState::Expired => days(i64::from(self.world.settings.authorization_days) + 1),
            OrderState::Extended => days(i64::from(self.world.settings.authorization_days) / 2),
            _ => SignedDuration::ZERO,
        };
        match &wish.age {
            None => Ok(lifetime::later(self.world.now, -default)),
            Some(age) => {
                age.before(self.world.now).ok_or_else(|| wrong("age", "it is too long ago"))
            }
        }
    }

    /// The plus part that makes the buyer the test person whom the state needs.
    fn email_part(&self, wish: &OrderWish, placed_at: Timestamp) -> Result<String, Wrong> {
        let decided = match wish.state {
            OrderState::Rejected => return Ok("+pend-reject-00".to_owned()),
            OrderState::Pending => wish.decision.unwrap_or_default(),
            _ => return Ok(String::new()),
        };
        let age = self.world.now.duration_since(placed_at);
        let left = match &wish.decision_in {
            Some(length) => length.after(self.world.now).unwrap_or(SignedDuration::MAX),
            None => SignedDuration::from_mins(DECISION_MINUTES_MAX).saturating_sub(age),
        };
        let seconds = age.saturating_add(left).as_secs();
        let minutes = seconds / 60 + i64::from(seconds % 60 > 0);
        if left <= SignedDuration::ZERO || minutes > DECISION_MINUTES_MAX {
            let text = format!(
                "the decision falls after now, and within {DECISION_MINUTES_MAX} minutes of the \
                 placing: give a shorter age, or a decision_in that fits"
            );
            return Err(wrong("decision_in", text));
        }
        let word = match decided {
            Decision::Accepted => "accept",
            Decision::Rejected => "reject",
        };
        Ok(format!("+pend-{word}-{minutes:02}"))
    }
}

/// Gives a purchase the name as its first reference, by which it is found again.
pub(super) fn named(mut members: Members, name: Option<&str>) -> Members {
    if let Some(name) = name {
        members.entry("merchant_reference1").or_insert(json!(name));
    }
    members
}

/// Refuses members that the state has no use for.
fn check_members(wish: &OrderWish) -> Result<(), Wrong> {
    use OrderState as S;
    let takes_captured =
        matches!(wish.state, S::PartCaptured | S::Released | S::PartRefunded | S::Refunded);
    let takes_decision = wish.state == S::Pending;
    let useless = [
        ("captured_amount", wish.captured_amount.is_some() && !takes_captured),
        ("refunded_amount", wish.refunded_amount.is_some() && wish.state != S::PartRefunded),
        ("decision", wish.decision.is_some() && !takes_decision),
        ("decision_in", wish.decision_in.is_some() && !takes_decision),
    ];
    match useless.iter().find(|(_, is_useless)| *is_useless) {
        Some((name, _)) => {
            let text =
                "an order in this state has none to choose: leave it out, or change the state";
            Err(wrong(name, text))
        }
        None => Ok(()),
    }
}

fn at_amount(refusal: Refusal, member: &str) -> Wrong {
    let wrong = Wrong::from(refusal);
    Wrong { path: member.to_owned(), ..wrong }
}

/// What a capture or refund sends: the amount that the scenario names, or everything with its
/// lines, or of a part the first line, or half.
fn request(
    member: &str,
    named: Option<i64>,
    share: Share,
    all: i64,
    lines: &[Value],
) -> Result<Members, Wrong> {
    let total = |line: &Value| line["total_amount"].as_i64().unwrap_or(0);
    let sum = |lines: &[Value]| lines.iter().map(total).fold(0, i64::saturating_add);
    let first = lines.get(..1).unwrap_or_default();
    let (amount, lines): (i64, &[Value]) = match (named, share) {
        (Some(amount), _) => (amount, &[]),
        (None, Share::Whole) => (all, if sum(lines) == all { lines } else { &[] }),
        (None, Share::Part) if (1..all).contains(&sum(first)) => (sum(first), first),
        (None, Share::Part) => (all / 2, &[]),
    };
    if matches!(share, Share::Part) && !(1..all).contains(&amount) {
        return Err(wrong(member, format!("{amount} is no part of {all}: choose between them")));
    }
    let mut members = Members::new();
    members.insert(member.to_owned(), json!(amount));
    if !lines.is_empty() {
        members.insert("order_lines".to_owned(), json!(lines));
    }
    Ok(members)
}

/// Refuses an order that did not come to where it was to be, because time or its own members took
/// it elsewhere.
fn check_outcome(order: &Order, state: OrderState, days: u16) -> Result<(), Wrong> {
    use OrderState as S;
    let accepted = order.fraud_status == FraudStatus::Accepted;
    let is_authorized = order.status == Status::Authorized;
    let is_captured = order.status == Status::Captured;
    let arrived = match state {
        S::Authorized => is_authorized && accepted,
        S::Extended => {
            let before = lifetime::midnight_after(order.created_at, i64::from(days));
            is_authorized && accepted && order.expires_at > before
        }
        S::Pending => is_authorized && order.fraud_status == FraudStatus::Pending,
        S::Rejected => is_authorized && order.fraud_status == FraudStatus::Rejected,
        S::PartCaptured => order.status == Status::PartCaptured,
        S::Captured | S::AutoCaptured => is_captured && order.refunded_amount == 0,
        S::PartRefunded => (1..order.captured_amount).contains(&order.refunded_amount),
        S::Refunded => order.refunded_amount == order.captured_amount,
        S::Released => is_captured && order.captured_amount < order.order_amount,
        S::Cancelled => order.status == Status::Cancelled,
        S::Expired => order.status == Status::Expired,
    };
    if arrived {
        return Ok(());
    }
    let way_out = match (order.status, order.fraud_status) {
        (Status::Expired, _) => "it is too old: give it a younger age",
        (Status::Cancelled, FraudStatus::Rejected) => {
            "Klarna cancels a rejected order after four hours: give it a younger age"
        }
        (Status::Captured, _) => "what remained has lapsed: give it a younger age",
        _ if state == S::Extended => {
            "on the day of the placing an extension changes nothing: give it an older age"
        }
        _ if state == S::Expired => "it is too young: give it an older age, or none",
        _ => "leave out what leads elsewhere, such as a buyer's e-mail with a plus part",
    };
    let (status, fraud) = (order.status.as_str(), order.fraud_status.as_str());
    let text = format!(
        "it came out as {status} with fraud status {fraud}, {} captured and {} refunded, expiring \
         {}: {way_out}",
        order.captured_amount, order.refunded_amount, order.expires_at
    );
    Err(wrong("state", text))
}
