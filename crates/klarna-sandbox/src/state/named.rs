//! Finding orders and sessions by whatever a person has at hand, and letting one of them expire.

use super::{Moment, State, orders};
use crate::rules::{order::Order, purchase::Purchase};

/// Why a name leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unnamed {
    /// Nothing has it.
    Nobody,
    /// Several have it: their ids.
    Several(Vec<String>),
}

/// The only one of these ids.
fn only(mut ids: impl Iterator<Item = String>) -> Result<String, Unnamed> {
    let first = ids.next().ok_or(Unnamed::Nobody)?;
    match ids.next() {
        None => Ok(first),
        Some(second) => Err(Unnamed::Several([first, second].into_iter().chain(ids).collect())),
    }
}

impl State {
    /// The id of the order with this id, `klarna_reference` or `merchant_reference1`.
    pub(crate) fn order_named(&self, name: &str) -> Result<String, Unnamed> {
        if let Some(order) = orders::find(&self.orders, name) {
            return Ok(order.order_id.clone());
        }
        let has_it = |order: &&Order| {
            order.klarna_reference.eq_ignore_ascii_case(name)
                || order.merchant_reference1.as_deref() == Some(name)
        };
        only(
            self.orders
                .iter()
                .map(|(_, order)| order)
                .filter(has_it)
                .map(|order| order.order_id.clone()),
        )
    }

    /// The id of the session with this id or `merchant_reference1`. One that led to an order has
    /// no other name than its id: the order has it.
    pub(crate) fn session_named(&self, name: &str) -> Result<String, Unnamed> {
        if let Some(session) = self.sessions.get(name) {
            return Ok(session.session_id.clone());
        }
        let is_called = |purchase: &Purchase| purchase.merchant_reference1.as_deref() == Some(name);
        // Most of half a million sessions need not be read for it.
        let open = self.sessions.iter().map(|(_, session)| session).filter(|session| {
            session.order_id.is_none()
                && session.purchase.may_hold(name)
                && is_called(&session.purchase.get())
        });
        only(open.map(|session| session.session_id.clone()))
    }

    /// Lets an order's authorization run out now. Gives the order's state, or `Err` with it if
    /// nothing of it can run out.
    pub(crate) fn expire_order(
        &mut self,
        order_id: &str,
        moment: &Moment<'_>,
    ) -> Result<(), &'static str> {
        let Some(order) = orders::find_mut(&mut self.orders, order_id) else { return Ok(()) };
        if !order.status.is_open() {
            return Err(order.status.as_str());
        }
        order.expires_at = moment.now;
        self.settle_order(order_id, moment);
        Ok(())
    }

    /// Lets a session run out now. `Err`: it led to an order and is over already.
    pub(crate) fn expire_session(
        &mut self,
        session_id: &str,
        moment: &Moment<'_>,
    ) -> Result<(), &'static str> {
        let Some(session) = self.sessions.get_mut(session_id) else { return Ok(()) };
        if session.order_id.is_some() {
            return Err("complete");
        }
        session.expires_at = session.expires_at.min(moment.now);
        self.expire_hpp_sessions_of(session_id, moment);
        Ok(())
    }
}
