//! An order as Klarna has it, and what of it nobody here knew: acts of ours whose answer was lost,
//! and acts of people in Klarna's portal.

use jiff::{SignedDuration, Timestamp};
use kvitt_money::{Cart, Money, OrderLine};

use crate::act::{Act, ActKind, Outcome, ShippingInfo};
use crate::cart::{LineId, SaleCart};
use crate::decide::keeps_captured_lines;
use crate::event::{Event, Evidence};
use crate::ids::IntentId;
use crate::intent::{Intent, IntentState};
use crate::order::{Order, OrderSnapshot, OrderStatus};
use crate::parcels::is_there;
use crate::sale::Sale;

/// How far Klarna's clock may be behind ours: what it dates so much before a request may still have
/// come of it.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// An order as it was read from Klarna.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderAtKlarna {
    /// State and sums.
    pub snapshot: OrderSnapshot,
    /// Every capture.
    pub captures: Vec<MoveAtKlarna>,
    /// Every refund that has an id.
    pub refunds: Vec<MoveAtKlarna>,
    /// Tracking that belongs to no single capture.
    pub shipping_info: Vec<ShippingInfo>,
    /// The lines and sums, where they add up.
    pub cart: Option<Cart>,
    /// The shop's order number.
    pub merchant_reference1: Option<String>,
    /// The shop's second reference.
    pub merchant_reference2: Option<String>,
}

/// A capture or refund as it was read from Klarna.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveAtKlarna {
    /// Klarna's id.
    pub id: String,
    /// How much, in minor units.
    pub amount: i64,
    /// The reference that it was made with, where it can be read back.
    pub reference: Option<String>,
    /// Shown to the customer.
    pub description: Option<String>,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// Tracking, of captures only.
    pub shipping_info: Vec<ShippingInfo>,
}

/// Whether an act of ours, whose answer nobody saw, took effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// It did.
    Done(Outcome),
    /// It did not, so it can be asked for again.
    NotDone,
    /// What Klarna has may be ours or somebody else's, or the act leaves nothing that could be
    /// read: a person has to tell.
    Ambiguous(String),
}

/// The reference that a capture or refund of ours goes out with, by which it is known again. It is
/// the shop's own where it gave one, else the intent's id.
pub fn sent_reference(reference: Option<&str>, intent: IntentId) -> String {
    reference.filter(|text| !text.is_empty()).map_or_else(|| intent.to_string(), str::to_owned)
}

impl Sale {
    fn ambiguous(&self, what: &str, count: usize, amount: i64) -> Recognised {
        let amount = Money::new(amount, self.terms.market.purchase_currency());
        Recognised::Ambiguous(format!(
            "Klarna has {count} {what} of {amount} that nobody here knows of, and nothing tells \
             which is the one that was asked for: look at the order at Klarna, and settle this with \
             its id"
        ))
    }

    /// Whether an act on the order took effect, by what Klarna now has. The act must not be under
    /// way any more.
    pub fn recognise(&self, intent: &Intent, found: &OrderAtKlarna) -> Recognised {
        let Some(order) = &self.order else { return Recognised::NotDone };
        let snapshot = &found.snapshot;
        let did = |it: bool| {
            if it { Recognised::Done(Outcome::Changed) } else { Recognised::NotDone }
        };
        match &intent.act {
            Act::Capture { captured_amount, reference, .. } => {
                let sent = sent_reference(reference.as_deref(), intent.id);
                let unknown = unknown_captures(order, found);
                match our_move(unknown, *captured_amount, &sent, intent) {
                    Ok(Some(id)) => Recognised::Done(Outcome::Captured { capture_id: id }),
                    Ok(None) => Recognised::NotDone,
                    Err(count) => self.ambiguous("captures", count, *captured_amount),
                }
            }
            Act::Refund { refunded_amount, reference, .. } => {
                let sent = sent_reference(reference.as_deref(), intent.id);
                let unknown = unknown_refunds(order, found);
                match our_move(unknown, *refunded_amount, &sent, intent) {
                    Ok(Some(id)) => Recognised::Done(Outcome::Refunded { refund_id: id }),
                    Ok(None) => Recognised::NotDone,
                    Err(count) => self.ambiguous("refunds", count, *refunded_amount),
                }
            }
            Act::Cancel => did(OrderStatus::Cancelled.is(&snapshot.status)),
            Act::Release => did(is_released(snapshot)),
            Act::Extend => did(snapshot.expires_at > intent.expires_at_before),
            Act::AddShippingInfo { capture_id, shipping_info } => {
                let there = match capture_id {
                    None => Some(&found.shipping_info),
                    Some(id) => {
                        found.captures.iter().find(|it| it.id == *id).map(|it| &it.shipping_info)
                    }
                };
                did(there.is_some_and(|there| shipping_info.iter().all(|it| is_there(it, there))))
            }
            Act::UpdateAuthorization { cart, .. } => {
                did(found.cart.as_ref().is_some_and(|it| is_worth_the_same(cart.cart(), it)))
            }
            Act::UpdateReferences { merchant_reference1, merchant_reference2 } => {
                let is_so = |wanted: &Option<String>, there: &Option<String>| {
                    wanted.is_none() || wanted == there
                };
                did(is_so(merchant_reference1, &found.merchant_reference1)
                    && is_so(merchant_reference2, &found.merchant_reference2))
            }
            Act::TriggerSendOut { capture_id } => Recognised::Ambiguous(format!(
                "Klarna shows nothing of what it sends to customers, so nothing tells whether the \
                 message of capture {capture_id} was sent once more: ask the customer, and settle \
                 this as done or not done"
            )),
            // Nothing personal is compared here. (There is an order, so it is not being placed.)
            Act::UpdateShippingAddress | Act::Place { .. } => Recognised::NotDone,
        }
    }

    /// What others did to the order, as events: nothing that an act of ours which is still open may
    /// have done, and nothing that does not add up, which shows as a difference instead.
    pub fn external(&self, found: &OrderAtKlarna, evidence: &Evidence) -> Vec<Event> {
        let Some(order) = &self.order else { return Vec::new() };
        let is_open =
            |wanted: &dyn Fn(ActKind) -> bool| self.open_intent(|act| wanted(act.kind())).is_some();
        let mut events = Vec::new();
        let is_foreign = |kind| move |it: &&MoveAtKlarna| !self.may_have_made(kind, it);
        for it in unknown_captures(order, found).filter(is_foreign(ActKind::Capture)) {
            events.push(Event::ExternalCapture {
                capture_id: it.id.clone(),
                captured_amount: it.amount,
                reference: it.reference.clone(),
                description: it.description.clone(),
                captured_at: it.at,
                evidence: evidence.clone(),
            });
        }
        for it in unknown_refunds(order, found).filter(is_foreign(ActKind::Refund)) {
            events.push(Event::ExternalRefund {
                refund_id: it.id.clone(),
                refunded_amount: it.amount,
                reference: it.reference.clone(),
                description: it.description.clone(),
                refunded_at: it.at,
                evidence: evidence.clone(),
            });
        }
        if !is_open(&ActKind::moves_money) {
            events.extend(
                self.changed_lines(order, found)
                    .map(|cart| Event::ExternalUpdate { cart, evidence: evidence.clone() }),
            );
            let left = order.amounts(Timestamp::MIN).remaining_authorized_amount;
            if left > found_captured(order, found) && is_released(&found.snapshot) {
                events.push(Event::ExternalRelease { evidence: evidence.clone() });
            }
        }
        if !is_open(&|kind| kind == ActKind::UpdateReferences) {
            let changed = |here: &Option<String>, there: &Option<String>| {
                there.clone().filter(|_| here != there)
            };
            let terms = &self.terms;
            let first = changed(&terms.merchant_reference1, &found.merchant_reference1);
            let second = changed(&terms.merchant_reference2, &found.merchant_reference2);
            if first.is_some() || second.is_some() {
                events.push(Event::ExternalReferences {
                    merchant_reference1: first,
                    merchant_reference2: second,
                    evidence: evidence.clone(),
                });
            }
        }
        events.extend(self.external_parcels(order, found, evidence));
        if self.with(&events).is_ok() { events } else { Vec::new() }
    }

    /// The checkout's cart as the order has it: as it is here, where it is worth the same.
    pub fn cart_as_placed(&self, placed: &Cart) -> Option<SaleCart> {
        if is_worth_the_same(self.cart.cart(), placed) {
            Some(self.cart.clone())
        } else {
            with_known_ids(&self.cart, placed)
        }
    }

    /// Whether an act of ours that is not over can have made this capture or refund.
    pub(crate) fn may_have_made(&self, kind: ActKind, it: &MoveAtKlarna) -> bool {
        let is_open = |intent: &&Intent| !intent.state.is_settled() && intent.act.kind() == kind;
        self.intents.values().filter(is_open).any(|intent| {
            let (amount, reference) = match &intent.act {
                Act::Capture { captured_amount, reference, .. } => (captured_amount, reference),
                Act::Refund { refunded_amount, reference, .. } => (refunded_amount, reference),
                _ => return false,
            };
            let sent = sent_reference(reference.as_deref(), intent.id);
            // What is held was not sent, unless by a kvitt whose ledger was lost.
            let was_sent = intent.state != IntentState::Held || it.reference.is_some();
            was_sent && is_candidate(it, *amount, &sent, intent)
        })
    }

    /// The cart as Klarna has it, where it is another than here, and can be taken over: the order
    /// is neither cancelled nor released, which may change Klarna's sums too, and keeps what was
    /// captured.
    fn changed_lines(&self, order: &Order, found: &OrderAtKlarna) -> Option<SaleCart> {
        let cart = found.cart.as_ref()?;
        let is_over = order.cancelled || order.released || is_released(&found.snapshot);
        if is_over || self.held().next().is_some() || is_worth_the_same(order.cart.cart(), cart) {
            return None;
        }
        let cart = with_known_ids(&order.cart, cart)?;
        keeps_captured_lines(order, &cart).is_ok().then_some(cart)
    }
}

/// Whether two carts have the same lines, as far as money goes. Texts may come back otherwise than
/// they were sent.
fn is_worth_the_same(one: &Cart, other: &Cart) -> bool {
    let lines = |cart: &Cart| {
        let mut lines: Vec<_> = cart.order_lines().iter().map(worth).collect();
        lines.sort_unstable();
        lines
    };
    one.totals().order_amount == other.totals().order_amount && lines(one) == lines(other)
}

/// A cart whose lines keep the ids that they have here, as far as they can be known again; and of
/// those that did not change everything else, which need not come back as it was sent.
fn with_known_ids(known: &SaleCart, cart: &Cart) -> Option<SaleCart> {
    let mut free: Vec<(&LineId, &OrderLine)> = known.lines().collect();
    let mut take = |is_it: &dyn Fn(&OrderLine) -> bool| {
        let place = free.iter().position(|(_, line)| is_it(line))?;
        Some(free.remove(place).0.clone())
    };
    let ids: Vec<_> = cart
        .order_lines()
        .iter()
        .map(|line| {
            let product = |it: &OrderLine| {
                it.line_type == line.line_type
                    && it.reference == line.reference
                    && it.name == line.name
            };
            take(&|it| product(it) && it.unit_price == line.unit_price)
                .or_else(|| take(&|it| product(it)))
        })
        .collect();
    let lines = cart.order_lines().iter().zip(&ids).map(|(line, id)| {
        let before = id.as_ref().and_then(|id| known.line(id));
        before.filter(|before| worth(before) == worth(line)).unwrap_or(line).clone()
    });
    let cart = Cart::with_totals(cart.purchase_country(), lines.collect(), cart.totals()).ok()?;
    SaleCart::new(cart, &ids).ok()
}

/// What of a line is money.
fn worth(line: &OrderLine) -> (i64, i64, i64, i64, i64) {
    (
        line.quantity,
        line.unit_price,
        line.total_discount_amount,
        line.total_amount,
        line.total_tax_amount,
    )
}

/// Nothing is left to capture of an order that was neither cancelled nor ran out of time.
fn is_released(snapshot: &OrderSnapshot) -> bool {
    snapshot.remaining_authorized_amount == 0
        && snapshot.captured_amount > 0
        && OrderStatus::Captured.is(&snapshot.status)
        && snapshot.captured_amount < snapshot.order_amount
}

/// How much was captured that nobody here knew of.
fn found_captured(order: &Order, found: &OrderAtKlarna) -> i64 {
    crate::order::sum(unknown_captures(order, found).map(|it| it.amount))
}

pub(crate) fn unknown_captures<'a>(
    order: &'a Order,
    found: &'a OrderAtKlarna,
) -> impl Iterator<Item = &'a MoveAtKlarna> {
    found.captures.iter().filter(|it| !order.captures.iter().any(|own| own.capture_id == it.id))
}

pub(crate) fn unknown_refunds<'a>(
    order: &'a Order,
    found: &'a OrderAtKlarna,
) -> impl Iterator<Item = &'a MoveAtKlarna> {
    found.refunds.iter().filter(|it| !order.refunds.iter().any(|own| own.refund_id == it.id))
}

/// The one that is ours; none; or how many there are that may be. Where Klarna shows references,
/// ours says whose it is; where it does not, only one of the right amount, made since we asked,
/// can be ours.
fn our_move<'a>(
    unknown: impl Iterator<Item = &'a MoveAtKlarna>,
    amount: i64,
    sent_reference: &str,
    intent: &Intent,
) -> Result<Option<String>, usize> {
    let candidates: Vec<_> =
        unknown.filter(|it| is_candidate(it, amount, sent_reference, intent)).collect();
    let named: Vec<_> = candidates.iter().filter(|it| it.reference.is_some()).collect();
    match (named.as_slice(), candidates.as_slice()) {
        ([only], _) => Ok(Some(only.id.clone())),
        ([], [only]) => Ok(Some(only.id.clone())),
        ([], []) => Ok(None),
        ([], several) => Err(several.len()),
        (several, _) => Err(several.len()),
    }
}

fn is_candidate(it: &MoveAtKlarna, amount: i64, sent_reference: &str, intent: &Intent) -> bool {
    it.amount == amount
        && is_since(it, intent)
        && it.reference.as_deref().is_none_or(|read| read == sent_reference)
}

/// Whether it can have been made since an act was wanted.
pub(crate) fn is_since(it: &MoveAtKlarna, intent: &Intent) -> bool {
    it.at.is_none_or(|at| at >= intent.requested_at - CLOCK_SKEW)
}
