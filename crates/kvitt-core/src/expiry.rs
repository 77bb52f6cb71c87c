//! When an order's time to capture runs out, and what kvitt does about it by itself.
//!
//! Klarna's rules (its documentation: extended authorization): an extension counts the account's
//! own period anew from the day of the call, so that several on one day give the same date; only
//! while the authorization lasts; never beyond 180 days after the order; never for some payment
//! methods. So it is best made late, though not so late that a bad day costs the authorization.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::act::{Act, ActKind};
use crate::event::Event;
use crate::intent::{Intent, IntentState};
use crate::order::{FraudStatus, Order, OrderStatus};
use crate::sale::Sale;

/// No authorization lasts longer than so many days after the order (Klarna documentation:
/// extended authorization).
const AUTHORIZATION_DAYS_MAX: i64 = 180;

/// An account's period where the order does not tell it (Klarna documentation: the standard).
const PERIOD_DAYS: i64 = 28;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What a merchant wants done about authorizations that run out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryPolicy {
    /// Whether kvitt extends them by itself.
    pub extend: bool,
    /// How long before the end that happens; half of the account's period at most.
    pub extend_before: SignedDuration,
    /// How long before the end somebody is told, where it will not be extended by itself.
    pub alarm_before: Vec<SignedDuration>,
}

/// Nothing is extended unasked, for it goes on holding the customer's credit; but somebody is told
/// in time.
impl Default for ExpiryPolicy {
    fn default() -> Self {
        Self { extend: false, extend_before: DAY * 5, alarm_before: vec![DAY * 7, DAY * 2] }
    }
}

/// What will become of an order's time to capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryPlan {
    /// Until when can be captured.
    pub expires_at: Timestamp,
    /// Until when can be captured at most, however often it is extended.
    pub last_possible_at: Timestamp,
    /// When kvitt extends it by itself, if it does.
    pub extend_at: Option<Timestamp>,
    /// Until when can be captured then; Klarna has the last word.
    pub extends_to: Option<Timestamp>,
    /// Why kvitt does not extend it by itself, if it does not.
    pub not_extended: Option<NotExtended>,
    /// When somebody is told next, if nothing changes until then.
    pub next_alarm_at: Option<Timestamp>,
}

/// Why kvitt does not extend an authorization by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotExtended {
    /// The merchant does not want it.
    Policy,
    /// It would not last longer: no extension reaches beyond 180 days after the order.
    NothingToGain,
    /// Klarna does not extend how the customer pays.
    PaymentMethod,
    /// Klarna does not stand behind the order.
    Fraud,
    /// Klarna refused it the last time.
    Refused,
    /// The last extension did not move the date, or it was not read since.
    NotMoved,
    /// An act that moves money is not over.
    UnderWay,
}

impl NotExtended {
    /// The reason for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::NothingToGain => "nothing_to_gain",
            Self::PaymentMethod => "payment_method",
            Self::Fraud => "fraud",
            Self::Refused => "refused",
            Self::NotMoved => "not_moved",
            Self::UnderWay => "under_way",
        }
    }

    /// The reason in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Policy => "extending is not asked for: the account's expiry.extend is false",
            Self::NothingToGain => {
                "an extension would gain nothing: none reaches beyond 180 days after the order"
            }
            Self::PaymentMethod => "Klarna does not extend this payment method",
            Self::Fraud => "Klarna does not stand behind the order",
            Self::Refused => "Klarna refused to extend it",
            Self::NotMoved => "the last extension did not move the date, as far as is known",
            Self::UnderWay => "another act is not over yet",
        }
    }
}

/// What an order's time to capture asks for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpiryStep {
    /// Extend it.
    Extend,
    /// Read the order: somebody may have extended or closed it at Klarna.
    ReadOrder,
    /// Append this alarm.
    Raise(Box<Event>),
    /// Nothing.
    Wait,
}

/// What was done about an order's time to capture so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ExpiryState {
    /// Until when could be captured when that was first read.
    pub(crate) first: Option<Timestamp>,
    /// The last alarm before an end: that end, and when the alarm was due.
    pub(crate) alarm: Option<(Timestamp, Timestamp)>,
    /// The last end that was told of.
    pub(crate) told_end: Option<Timestamp>,
    /// The last shipment is captured, and nobody tried to release what is left since.
    pub(crate) release_due: bool,
}

impl ExpiryState {
    /// Takes an alarm in.
    pub(crate) fn apply(&mut self, alarm: &Event) {
        match alarm {
            Event::AuthorizationExpiring { expires_at, due_at, .. } => {
                self.alarm = Some((*expires_at, *due_at));
            }
            Event::AuthorizationExpired { expires_at, .. } => self.told_end = Some(*expires_at),
            _ => {}
        }
    }
}

impl Sale {
    /// What will become of the order's time to capture, while something can be captured.
    pub fn expiry_plan(&self, policy: &ExpiryPolicy, at: Timestamp) -> Option<ExpiryPlan> {
        let (order, expires_at) = self.expiring()?;
        if order.is_expired(at) {
            return None;
        }
        let extension = self.extension(order, expires_at, policy);
        let extend_at = extension.ok().map(|extend_at| extend_at.max(at));
        Some(ExpiryPlan {
            expires_at,
            last_possible_at: last_possible_at(order),
            extend_at,
            extends_to: extend_at.map(|extend_at| extends_to(order, expires_at, extend_at)),
            not_extended: extension.err(),
            next_alarm_at: match extend_at {
                Some(_) => None,
                None => alarms(order, expires_at, policy).min().or(Some(expires_at)),
            },
        })
    }

    /// When the order's time to capture asks for something next, if nothing else happens.
    pub fn expiry_due_at(&self, policy: &ExpiryPolicy) -> Option<Timestamp> {
        let (order, expires_at) = self.expiring()?;
        let end = (order.expiry.told_end != Some(expires_at)).then_some(expires_at);
        let before = match self.extension(order, expires_at, policy) {
            Ok(extend_at) => Some(extend_at),
            Err(_) => alarms(order, expires_at, policy).min(),
        };
        // What was to be done before an end that was told of cannot be done any more.
        end.and_then(|end| before.into_iter().chain([end]).min())
    }

    /// What the order's time to capture asks for at a moment.
    pub fn next_expiry_step(&self, policy: &ExpiryPolicy, at: Timestamp) -> ExpiryStep {
        let Some((order, expires_at)) = self.expiring() else { return ExpiryStep::Wait };
        let amounts = order.amounts(Timestamp::MIN);
        let raise = |due_at: Timestamp, alarm: Event| {
            let is_read = order.last_read.as_ref().is_some_and(|(_, read_at)| *read_at >= due_at);
            if is_read { ExpiryStep::Raise(Box::new(alarm)) } else { ExpiryStep::ReadOrder }
        };
        if at >= expires_at {
            if order.expiry.told_end == Some(expires_at) {
                return ExpiryStep::Wait;
            }
            let uncaptured_amount = amounts.order_amount - amounts.captured_amount;
            return raise(
                expires_at,
                Event::AuthorizationExpired { expires_at, uncaptured_amount },
            );
        }
        let due = match self.extension(order, expires_at, policy) {
            Ok(extend_at) if at >= extend_at => return ExpiryStep::Extend,
            Ok(_) => None,
            // Who looks late is told once, of what is nearest.
            Err(_) => alarms(order, expires_at, policy).filter(|due_at| *due_at <= at).max(),
        };
        due.map_or(ExpiryStep::Wait, |due_at| {
            let remaining_authorized_amount = amounts.remaining_authorized_amount;
            let alarm =
                Event::AuthorizationExpiring { expires_at, due_at, remaining_authorized_amount };
            raise(due_at, alarm)
        })
    }

    /// What follows for the time to capture from an act that Klarna did.
    pub(crate) fn expiry_after(&mut self, act: &Act) {
        let Some(order) = &mut self.order else { return };
        if let Act::Capture { is_final: true, .. } = act {
            order.expiry.release_due = true;
        }
    }

    /// Why a person has to look at the time to capture: somebody was told that it ends.
    pub(crate) fn expiry_attention(&self) -> Option<String> {
        let (order, expires_at) = self.expiring()?;
        let (end, _) = order.expiry.alarm?;
        (end == expires_at && order.expiry.told_end != Some(end)).then(|| {
            format!("can be captured until {expires_at} only: capture, extend or undo the order")
        })
    }

    /// The order and the end of its time to capture, if something is left that it ends for.
    fn expiring(&self) -> Option<(&Order, Timestamp)> {
        let order = self.order.as_ref()?;
        let is_open = matches!(
            order.status(Timestamp::MIN),
            OrderStatus::Authorized | OrderStatus::PartCaptured
        );
        Some((order, order.expires_at?)).filter(|_| is_open)
    }

    /// When the authorization is extended by itself, or why it is not.
    fn extension(
        &self,
        order: &Order,
        expires_at: Timestamp,
        policy: &ExpiryPolicy,
    ) -> Result<Timestamp, NotExtended> {
        let extensions = |intent: &&Intent| intent.act.kind() == ActKind::Extend;
        let last = self.intents.values().rev().find(extensions);
        let period = DAY * i32::try_from(period_days(order)).unwrap_or(i32::MAX);
        let extend_at = earlier(expires_at, policy.extend_before.min(period / 2));
        if !policy.extend {
            Err(NotExtended::Policy)
        } else if extends_to(order, expires_at, extend_at) <= expires_at {
            Err(NotExtended::NothingToGain)
        } else if is_never_extended(order) {
            Err(NotExtended::PaymentMethod)
        } else if order.stopped || order.fraud_status != FraudStatus::Accepted {
            Err(NotExtended::Fraud)
        } else if self.open_undo().is_some()
            || self.open_intent(|act| act.kind().moves_money()).is_some()
        {
            Err(NotExtended::UnderWay)
        } else if last.is_some_and(|it| matches!(it.state, IntentState::Refused(_))) {
            Err(NotExtended::Refused)
        } else if last.is_some_and(|it| it.expires_at_before == Some(expires_at)) {
            Err(NotExtended::NotMoved)
        } else {
            Ok(extend_at)
        }
    }
}

/// The alarms before an end that were not raised yet, nor were made needless by a nearer one.
fn alarms(
    order: &Order,
    expires_at: Timestamp,
    policy: &ExpiryPolicy,
) -> impl Iterator<Item = Timestamp> {
    let raised = order.expiry.alarm.filter(|(end, _)| *end == expires_at).map(|(_, due_at)| due_at);
    let all = policy.alarm_before.iter().map(move |before| earlier(expires_at, *before));
    all.filter(move |due_at| raised.is_none_or(|raised| *due_at > raised))
}

/// Klarna's exclusions, as far as its word for the payment method tells them: Pay Now by card, and
/// financing in the United States. Which words it uses for them is a guess; the rest it refuses.
fn is_never_extended(order: &Order) -> bool {
    let Some(method) = &order.payment_method else { return false };
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(method));
    let in_us = order.cart.cart().purchase_country().code() == "US";
    is(&["card", "pay_by_card"]) || (in_us && is(&["fixed_sum_credit"]))
}

/// How many days the account's authorizations last, as the order's own first end tells.
fn period_days(order: &Order) -> i64 {
    let days = order.expiry.first.map(|first| day(first) - day(order.placed_at));
    days.map_or(PERIOD_DAYS, |days| i64::from(days.get_days())).max(1)
}

fn last_possible_at(order: &Order) -> Timestamp {
    midnight(day(order.placed_at), AUTHORIZATION_DAYS_MAX)
}

/// Where an extension at a moment leads.
fn extends_to(order: &Order, expires_at: Timestamp, at: Timestamp) -> Timestamp {
    midnight(day(at), period_days(order)).min(last_possible_at(order)).max(expires_at)
}

/// Klarna's days are those of UTC (its sample order).
fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// Midnight at the start of the day so many days later (Klarna's sample order: created 2022-07-08,
/// expires 2022-08-05T00:00).
fn midnight(day: Date, days: i64) -> Timestamp {
    let later = day.saturating_add(jiff::Span::new().days(days));
    later.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
}

fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}
