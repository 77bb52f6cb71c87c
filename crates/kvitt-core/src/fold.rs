//! The fold: from a sale's events to the sale.

mod checkout;

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::act::{Act, ActKind, LinePart, Outcome, ShippingInfo};
use crate::cart::SaleCart;
use crate::event::{Cause, CheckoutTerms, Event, Recorded};
use crate::ids::{EventId, IntentId, SaleId};
use crate::intent::{Intent, IntentState};
use crate::order::{Capture, Order, OrderSnapshot, OrderStatus, Refund, sum};
use crate::parcels::is_there;
use crate::sale::Sale;

/// Events that cannot follow each other, or sums that break a law. The ledger was damaged, or
/// written by a program with a fault: nothing may be done with the sale until a person looked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the events of {sale} do not make sense at number {seq}: {problem}")]
pub struct Inconsistent {
    /// The sale.
    pub sale: SaleId,
    /// Position of the event at which it shows.
    pub seq: u64,
    /// What is wrong.
    pub problem: String,
}

impl Sale {
    /// The sale as it follows from its events. `None` where there are none.
    pub fn fold(id: SaleId, events: &[Recorded]) -> Result<Option<Self>, Inconsistent> {
        Self::fold_on(id, None, events)
    }

    /// The sale as it follows from what it was and the events since then. Where that fails, the
    /// sale is gone, since some of the events may have changed it.
    pub fn fold_on(
        id: SaleId,
        before: Option<Self>,
        since: &[Recorded],
    ) -> Result<Option<Self>, Inconsistent> {
        let mut sale = before;
        for recorded in since {
            let inconsistent =
                |problem: String| Inconsistent { sale: id, seq: recorded.seq, problem };
            sale = Some(match (sale, &recorded.event) {
                (None, Event::CheckoutCreated { terms, cart }) if recorded.seq == 1 => {
                    Self::opened(id, recorded, terms, cart)
                }
                (None, _) => {
                    return Err(inconsistent("a sale begins with checkout_created".to_owned()));
                }
                (Some(mut sale), _) => {
                    if recorded.seq != sale.version + 1 {
                        return Err(inconsistent(format!("it follows number {}", sale.version)));
                    }
                    sale.apply(recorded).map_err(inconsistent)?;
                    sale
                }
            });
        }
        Ok(sale)
    }

    fn opened(id: SaleId, recorded: &Recorded, terms: &CheckoutTerms, cart: &SaleCart) -> Self {
        Self {
            id,
            version: 1,
            created_at: recorded.at,
            updated_at: recorded.at,
            terms: terms.clone(),
            cart: cart.clone(),
            cart_version: 1,
            session: None,
            former_accounts: BTreeMap::new(),
            authorizations: Vec::new(),
            abandoned: false,
            stopped: false,
            order: None,
            intents: BTreeMap::new(),
            undos: BTreeMap::new(),
        }
    }

    /// Takes the next event in.
    pub(crate) fn apply(&mut self, recorded: &Recorded) -> Result<(), String> {
        match &recorded.event {
            Event::CheckoutCreated { .. } => return Err("a sale is created once".to_owned()),
            Event::CartChanged { .. }
            | Event::MarketChanged { .. }
            | Event::CheckoutAbandoned
            | Event::SessionOpened { .. }
            | Event::SessionUpdated { .. }
            | Event::SessionRead { .. }
            | Event::SessionCompleted { .. }
            | Event::SessionLost { .. }
            | Event::AuthorizationReceived { .. }
            | Event::AuthorizationReleased { .. } => {
                self.apply_checkout(&recorded.event, recorded.at);
            }
            // What others were told of the sale changes nothing in it.
            Event::SessionRefused { .. }
            | Event::WebhookEndpointDisabled { .. }
            | Event::WebhookGivenUp { .. } => {}
            Event::Requested { intent, act, idempotency_key, part_of } => {
                self.request(Intent {
                    id: *intent,
                    act: act.clone(),
                    idempotency_key: idempotency_key.clone(),
                    requested_at: recorded.at,
                    part_of: *part_of,
                    expires_at_before: self.order.as_ref().and_then(|order| order.expires_at),
                    last_tried_at: recorded.at,
                    state: IntentState::Requested,
                })?;
            }
            Event::Held { intent } => self.settle(*intent, IntentState::Held).map(drop)?,
            Event::Resumed { intent } => self.settle(*intent, IntentState::Requested).map(drop)?,
            Event::Done { intent, outcome, .. } => {
                let act = self.settle(*intent, IntentState::Done(outcome.clone()))?;
                self.carry_out(*intent, &act, outcome, recorded.at)?;
                self.expiry_after(&act);
            }
            Event::Refused { intent, refused } => {
                self.settle(*intent, IntentState::Refused(refused.clone()))?;
                self.undo_step_refused(*intent);
            }
            Event::OutcomeUnknown { .. } => self.lose_sight(&recorded.event, recorded.at)?,
            Event::NeedsHuman { intent, reason, .. } => {
                self.settle(*intent, IntentState::NeedsHuman { reason: reason.clone() })?;
            }
            Event::UndoRequested { .. } | Event::UndoDone { .. } | Event::UndoRefused { .. } => {
                self.apply_undo(&recorded.event, recorded.at)?;
            }
            Event::ExternalCapture { .. }
            | Event::ExternalRefund { .. }
            | Event::ExternalRelease { .. }
            | Event::ExternalUpdate { .. }
            | Event::ExternalReferences { .. }
            | Event::ExternalShippingInfo { .. }
            | Event::ExternalAddress { .. }
            | Event::ExternalOrder { .. } => self.adopt(&recorded.event, recorded.at)?,
            Event::OrderRead { snapshot, .. } => self.read(snapshot, recorded.at)?,
            Event::AuthorizationExpiring { .. } | Event::AuthorizationExpired { .. } => {
                self.order_mut()?.expiry.apply(&recorded.event);
            }
            Event::ShipmentStopped => {
                self.stopped = true;
                if let Some(order) = &mut self.order {
                    order.stopped = true;
                }
            }
        }
        self.version = recorded.seq;
        self.updated_at = recorded.at;
        self.check_sums()
    }
    /// The sale as it would be with these events, which are not stored.
    pub(crate) fn with(&self, events: &[Event]) -> Result<Self, String> {
        self.with_at(events, self.updated_at)
    }

    /// The same with events of a moment.
    pub(crate) fn with_at(&self, events: &[Event], at: Timestamp) -> Result<Self, String> {
        let mut after = self.clone();
        for event in events {
            after.apply(&Recorded {
                id: EventId(Uuid::max()),
                seq: after.version + 1,
                at,
                cause: Cause::Kvitt,
                event: event.clone(),
            })?;
        }
        Ok(after)
    }

    fn lose_sight(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        let Event::OutcomeUnknown { intent, attempt, problem, may_have_taken_effect, evidence } =
            event
        else {
            return Ok(());
        };
        let before = self.intents.get(intent).is_some_and(Intent::may_have_taken_effect);
        let state = IntentState::Unknown {
            attempts: *attempt,
            problem: problem.clone(),
            may_have_taken_effect: before || *may_have_taken_effect,
        };
        self.settle(*intent, state)?;
        // What was answered is not under way any more.
        let may_be_under_way = evidence.status.is_none_or(|status| status >= 500);
        if let Some(intent) = self.intents.get_mut(intent).filter(|_| may_be_under_way) {
            intent.last_tried_at = at;
        }
        Ok(())
    }

    /// What somebody else did counts like an act of ours.
    fn adopt(&mut self, event: &Event, at: Timestamp) -> Result<(), String> {
        match event {
            Event::ExternalCapture {
                capture_id,
                captured_amount,
                reference,
                description,
                captured_at,
                ..
            } => {
                check_amount("captured_amount", *captured_amount, &[])?;
                let order = self.order_mut()?;
                if order.captures.iter().any(|known| known.capture_id == *capture_id) {
                    return Err(format!("capture {capture_id} is there already"));
                }
                order.captures.push(Capture {
                    intent: None,
                    capture_id: capture_id.clone(),
                    captured_amount: *captured_amount,
                    lines: Vec::new(),
                    reference: reference.clone(),
                    description: description.clone(),
                    shipping_info: Vec::new(),
                    captured_at: captured_at.unwrap_or(at),
                });
            }
            Event::ExternalRefund {
                refund_id,
                refunded_amount,
                reference,
                description,
                refunded_at,
                ..
            } => {
                check_amount("refunded_amount", *refunded_amount, &[])?;
                let order = self.order_mut()?;
                if order.refunds.iter().any(|known| known.refund_id == *refund_id) {
                    return Err(format!("refund {refund_id} is there already"));
                }
                order.refunds.push(Refund {
                    intent: None,
                    refund_id: refund_id.clone(),
                    refunded_amount: *refunded_amount,
                    lines: Vec::new(),
                    reference: reference.clone(),
                    description: description.clone(),
                    refunded_at: refunded_at.unwrap_or(at),
                });
            }
            Event::ExternalRelease { .. } => self.order_mut()?.released = true,
            Event::ExternalUpdate { cart, .. } => self.order_mut()?.cart = cart.clone(),
            Event::ExternalReferences { merchant_reference1, merchant_reference2, .. } => {
                self.order_mut()?;
                replace(&mut self.terms.merchant_reference1, merchant_reference1.as_ref());
                replace(&mut self.terms.merchant_reference2, merchant_reference2.as_ref());
            }
            Event::ExternalShippingInfo { capture_id, shipping_info, .. } => {
                self.add_parcels(capture_id.as_deref(), shipping_info)?;
            }
            // Addresses stand apart.
            Event::ExternalAddress { .. } => drop(self.order_mut()?),
            Event::ExternalOrder {
                klarna_order_id,
                fraud_status,
                cart,
                placed_at,
                payment_method,
                ..
            } => self.place(Order {
                redirect_url: None,
                payment_method: payment_method.clone(),
                stopped: self.stopped,
                ..Order::placed(klarna_order_id, cart, fraud_status, placed_at.unwrap_or(at))
            })?,
            _ => {}
        }
        Ok(())
    }

    fn place(&mut self, order: Order) -> Result<(), String> {
        if self.order.is_some() {
            return Err("a checkout has at most one order".to_owned());
        }
        self.order = Some(order);
        Ok(())
    }

    fn add_parcels(
        &mut self,
        capture_id: Option<&str>,
        parcels: &[ShippingInfo],
    ) -> Result<(), String> {
        let order = self.order_mut()?;
        let held = match capture_id {
            None => &mut order.shipping_info,
            Some(id) => {
                let capture = order.captures.iter_mut().find(|it| it.capture_id == id);
                &mut capture.ok_or_else(|| format!("there is no capture {id}"))?.shipping_info
            }
        };
        held.extend_from_slice(parcels);
        Ok(())
    }

    fn order_mut(&mut self) -> Result<&mut Order, String> {
        self.order.as_mut().ok_or_else(|| "there is no order yet".to_owned())
    }

    fn request(&mut self, intent: Intent) -> Result<(), String> {
        let (id, part_of) = (intent.id, intent.part_of);
        let kind = intent.act.kind();
        if self.intents.insert(id, intent).is_some() {
            return Err(format!("{id} is requested twice"));
        }
        self.note_cancel_again(kind, id);
        if let Some(order) = self.order.as_mut().filter(|_| kind.moves_money()) {
            order.comparable_at = None;
            // One try, whoever makes it: a refusal is not tried again by itself.
            order.expiry.release_due &= kind != ActKind::Release;
        }
        part_of.map_or(Ok(()), |undo| self.add_undo_step(undo, id))
    }

    /// Moves an intent on and gives its act back.
    fn settle(&mut self, id: IntentId, state: IntentState) -> Result<Act, String> {
        let intent =
            self.intents.get_mut(&id).ok_or_else(|| format!("{id} was never requested"))?;
        if intent.state.is_settled() {
            return Err(format!("{id} is already {}", intent.state.as_str()));
        }
        intent.state = state;
        Ok(intent.act.clone())
    }

    fn carry_out(
        &mut self,
        intent: IntentId,
        act: &Act,
        outcome: &Outcome,
        at: Timestamp,
    ) -> Result<(), String> {
        match (act, outcome) {
            (
                Act::Place { cart, .. },
                Outcome::Placed { klarna_order_id, fraud_status, redirect_url, payment_method },
            ) => {
                let placed = Order::placed(klarna_order_id, cart, fraud_status, at);
                self.place(Order {
                    redirect_url: redirect_url.clone(),
                    payment_method: payment_method.clone(),
                    stopped: self.stopped,
                    ..placed
                })?;
            }
            (
                Act::Capture {
                    captured_amount, lines, reference, description, shipping_info, ..
                },
                Outcome::Captured { capture_id },
            ) => {
                check_amount("captured_amount", *captured_amount, lines)?;
                let captures = &mut self.order_mut()?.captures;
                let place = captures.iter().position(|it| it.capture_id == *capture_id);
                let known = place.and_then(|place| captures.get(place));
                check_known(
                    ("capture", capture_id, *captured_amount),
                    known.map(|it| (it.intent, it.captured_amount)),
                )?;
                // What was read of it before it was known to be ours may be more than went with it.
                let read = known.map_or(&[][..], |it| &it.shipping_info);
                let others = read.iter().filter(|it| !is_there(it, shipping_info));
                let made = Capture {
                    intent: Some(intent),
                    capture_id: capture_id.clone(),
                    captured_amount: *captured_amount,
                    lines: lines.clone(),
                    reference: reference.clone(),
                    description: description.clone(),
                    shipping_info: shipping_info.iter().chain(others).cloned().collect(),
                    captured_at: known.map_or(at, |it| it.captured_at),
                };
                put(captures, place, made);
            }
            (
                Act::Refund { refunded_amount, lines, reference, description },
                Outcome::Refunded { refund_id },
            ) => {
                check_amount("refunded_amount", *refunded_amount, lines)?;
                let refunds = &mut self.order_mut()?.refunds;
                let place = refunds.iter().position(|it| it.refund_id == *refund_id);
                let known = place.and_then(|place| refunds.get(place));
                check_known(
                    ("refund", refund_id, *refunded_amount),
                    known.map(|it| (it.intent, it.refunded_amount)),
                )?;
                let made = Refund {
                    intent: Some(intent),
                    refund_id: refund_id.clone(),
                    refunded_amount: *refunded_amount,
                    lines: lines.clone(),
                    reference: reference.clone(),
                    description: description.clone(),
                    refunded_at: known.map_or(at, |it| it.refunded_at),
                };
                put(refunds, place, made);
            }
            (Act::Cancel, Outcome::Changed) => self.order_mut()?.cancelled = true,
            (Act::Release, Outcome::Changed) => self.order_mut()?.released = true,
            (
                Act::Extend | Act::UpdateShippingAddress | Act::TriggerSendOut { .. },
                Outcome::Changed,
            ) => {
                self.order_mut()?;
            }
            (Act::UpdateAuthorization { cart, .. }, Outcome::Changed) => {
                self.order_mut()?.cart = cart.clone();
            }
            (
                Act::UpdateReferences { merchant_reference1, merchant_reference2 },
                Outcome::Changed,
            ) => {
                self.order_mut()?;
                replace(&mut self.terms.merchant_reference1, merchant_reference1.as_ref());
                replace(&mut self.terms.merchant_reference2, merchant_reference2.as_ref());
            }
            (Act::AddShippingInfo { capture_id, shipping_info }, Outcome::Changed) => {
                self.add_parcels(capture_id.as_deref(), shipping_info)?;
            }
            (act, _) => return Err(format!("the outcome is not one of {}", act.kind().as_str())),
        }
        Ok(())
    }

    fn read(&mut self, snapshot: &OrderSnapshot, at: Timestamp) -> Result<(), String> {
        let is_comparable = self.open_intent(|act| act.kind().moves_money()).is_none();
        let order = self.order_mut()?;
        order.comparable_at = is_comparable.then_some(at);
        // An answer may overtake an older one; fraud news only ever comes from the latest read.
        order.fraud_status = snapshot.fraud_status.clone();
        order.expires_at = snapshot.expires_at.or(order.expires_at);
        // Both are final at Klarna, whoever brought them about. Its clock counts, not ours.
        if OrderStatus::Cancelled.is(&snapshot.status) {
            order.cancelled = true;
        }
        if OrderStatus::Expired.is(&snapshot.status) {
            order.expires_at = Some(order.expires_at.map_or(at, |expires_at| expires_at.min(at)));
        }
        order.expiry.first = order.expiry.first.or(order.expires_at);
        if snapshot.klarna_reference.is_some() {
            order.klarna_reference.clone_from(&snapshot.klarna_reference);
        }
        order.last_read = Some((snapshot.clone(), at));
        self.undo_saw_order();
        Ok(())
    }

    /// `captured <= authorized` and `refunded <= captured`, whatever the events say.
    fn check_sums(&self) -> Result<(), String> {
        let Some(order) = &self.order else { return Ok(()) };
        let amounts = order.amounts(Timestamp::MIN);
        if amounts.captured_amount > amounts.order_amount {
            return Err(format!(
                "captured {} of {} authorized",
                amounts.captured_amount, amounts.order_amount
            ));
        }
        if amounts.refunded_amount > amounts.captured_amount {
            return Err(format!(
                "refunded {} of {} captured",
                amounts.refunded_amount, amounts.captured_amount
            ));
        }
        Ok(())
    }
}

/// What was taken for somebody else's may turn out to be ours: Klarna answers a repeat of ours with
/// it. Then it counts once. It is no other act's, and of no other amount.
fn check_known(
    (what, id, amount): (&str, &str, i64),
    known: Option<(Option<IntentId>, i64)>,
) -> Result<(), String> {
    match known {
        Some((Some(whose), _)) => Err(format!("{what} {id} is {whose}'s already")),
        Some((None, other)) if other != amount => {
            Err(format!("{what} {id} is of {other}, not of {amount}"))
        }
        _ => Ok(()),
    }
}

/// Puts a thing in another's place, or at the end.
fn put<T>(things: &mut Vec<T>, place: Option<usize>, thing: T) {
    match place.and_then(|place| things.get_mut(place)) {
        Some(other) => *other = thing,
        None => things.push(thing),
    }
}

/// An act moves something, and no more or less than its lines are worth.
fn check_amount(field: &str, amount: i64, lines: &[LinePart]) -> Result<(), String> {
    let worth = sum(lines.iter().map(|part| part.line.total_amount));
    if amount < 1 {
        Err(format!("{field} is {amount}"))
    } else if !lines.is_empty() && worth != amount {
        Err(format!("{field} is {amount}, but its lines add up to {worth}"))
    } else {
        Ok(())
    }
}

fn replace(target: &mut Option<String>, value: Option<&String>) {
    if let Some(value) = value {
        *target = Some(value.clone()).filter(|text| !text.is_empty());
    }
}
