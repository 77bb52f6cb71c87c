//! How much the store keeps: what a client can make without end is forgotten from its oldest on.

use super::{State, placing::Authorization, sessions::Session, table::Table};
use crate::{config::Config, rules::weight::Weigh};

/// What a row takes besides its parts, its places in tables and indices included, about.
const ROW: usize = 512;

/// How many buyers may be on the way, and how many that just came back from it.
const FLOWS_MAX: usize = 10_000;

/// How much is kept.
#[derive(Clone, Copy)]
pub(crate) struct StoreLimits {
    pub(crate) sessions: usize,
    pub(crate) session_bytes: usize,
    pub(crate) orders: usize,
    pub(crate) order_bytes: usize,
}

impl StoreLimits {
    pub(crate) fn of(config: &Config) -> Self {
        Self {
            sessions: config.sessions_max,
            session_bytes: config.session_bytes_max,
            orders: config.orders_max,
            order_bytes: config.order_bytes_max,
        }
    }
}

/// What the rows of the store take, in bytes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Weights {
    sessions: usize,
    orders: usize,
    tokens: usize,
    flows: usize,
    hpp_sessions: usize,
}

/// Corrects a sum by the new weight of one row.
fn set(sum: &mut usize, row: &mut usize, weight: usize) {
    *sum = sum.saturating_sub(*row).saturating_add(weight);
    *row = weight;
}

impl State {
    /// Weighs a session with what its buyer agreed to.
    pub(crate) fn weigh_session(&mut self, session_id: &str) {
        let Self { sessions, authorizations, weights, .. } = self;
        let Some(session) = sessions.get_mut(session_id) else { return };
        let token = session.authorization_token.as_deref();
        let authorization = token.and_then(|token| authorizations.get(token));
        let weight = ROW + weight_of(session) + authorization.map_or(0, |it| ROW + of_token(it));
        set(&mut weights.sessions, &mut session.memory, weight);
    }

    pub(crate) fn weigh_order(&mut self, order_id: &str) {
        let Some(order) = self.orders.get_mut(order_id) else { return };
        let weight = ROW + order.weight();
        set(&mut self.weights.orders, &mut order.memory, weight);
    }

    pub(crate) fn weigh_customer_token(&mut self, token_id: &str) {
        let Some(token) = self.customer_tokens.get_mut(token_id) else { return };
        let weight = ROW + token.billing_address.weight() + token.customer.weight();
        set(&mut self.weights.tokens, &mut token.memory, weight);
    }

    pub(crate) fn weigh_flow(&mut self, flow_id: &str) {
        let Some(flow) = self.flows.get_mut(flow_id) else { return };
        let weight = ROW + flow.weight();
        set(&mut self.weights.flows, &mut flow.memory, weight);
    }

    pub(crate) fn weigh_hpp_session(&mut self, session_id: &str) {
        let Some(session) = self.hpp_sessions.get_mut(session_id) else { return };
        let weight = ROW + session.weight();
        set(&mut self.weights.hpp_sessions, &mut session.memory, weight);
    }

    pub(crate) fn forget_hpp_session(&mut self, session_id: &str) {
        let Some(session) = self.hpp_sessions.remove(session_id) else { return };
        self.hpp_pages.remove(&session.page_id);
        let sum = &mut self.weights.hpp_sessions;
        *sum = sum.saturating_sub(session.memory);
    }

    pub(crate) fn forget_flow(&mut self, flow_id: &str) {
        if let Some(flow) = self.flows.remove(flow_id) {
            self.weights.flows = self.weights.flows.saturating_sub(flow.memory);
        }
    }

    /// Weighs what came from elsewhere, and all of it together anew.
    pub(crate) fn weigh_all(&mut self) {
        for id in self.sessions.ids_of(|it| it.memory == 0) {
            self.weigh_session(&id);
        }
        for id in self.orders.ids_of(|it| it.memory == 0) {
            self.weigh_order(&id);
        }
        for id in self.customer_tokens.ids_of(|it| it.memory == 0) {
            self.weigh_customer_token(&id);
        }
        for id in self.hpp_sessions.ids_of(|it| it.memory == 0) {
            self.weigh_hpp_session(&id);
        }
        self.weights = Weights {
            sessions: self.sessions.iter().map(|(_, it)| it.memory).sum(),
            orders: self.orders.iter().map(|(_, it)| it.memory).sum(),
            tokens: self.customer_tokens.iter().map(|(_, it)| it.memory).sum(),
            flows: self.flows.iter().map(|(_, it)| it.memory).sum(),
            hpp_sessions: self.hpp_sessions.iter().map(|(_, it)| it.memory).sum(),
        };
    }

    /// Forgets the oldest of what is too much. What is newest stays, however large it is.
    pub(crate) fn keep_within(&mut self, limits: StoreLimits) {
        while self.sessions.len() > limits.sessions
            || (self.weights.sessions > limits.session_bytes && self.sessions.len() > 1)
        {
            let Some(id) = oldest(&self.sessions) else { break };
            self.forget_session(&id);
        }
        while self.hpp_sessions.len() > limits.sessions
            || (self.weights.hpp_sessions > limits.session_bytes && self.hpp_sessions.len() > 1)
        {
            let Some(id) = oldest(&self.hpp_sessions) else { break };
            self.forget_hpp_session(&id);
        }
        while self.flows.len() > FLOWS_MAX
            || (self.weights.flows > limits.session_bytes && self.flows.len() > 1)
        {
            let Some(id) = oldest(&self.flows) else { break };
            self.forget_flow(&id);
        }
        while self.orders.len() > limits.orders
            || (self.weights.orders > limits.order_bytes && self.orders.len() > 1)
        {
            let Some(id) = oldest(&self.orders) else { break };
            if let Some(order) = self.orders.remove(&id) {
                self.weights.orders = self.weights.orders.saturating_sub(order.memory);
            }
        }
        while self.customer_tokens.len() > limits.orders
            || (self.weights.tokens > limits.order_bytes && self.customer_tokens.len() > 1)
        {
            let Some(id) = oldest(&self.customer_tokens) else { break };
            if let Some(token) = self.customer_tokens.remove(&id) {
                self.weights.tokens = self.weights.tokens.saturating_sub(token.memory);
            }
        }
    }

    /// Forgets a session and what belongs to it.
    pub(super) fn forget_session(&mut self, id: &str) {
        let Some(session) = self.sessions.remove(id) else { return };
        self.weights.sessions = self.weights.sessions.saturating_sub(session.memory);
        if let Some(token) = &session.authorization_token {
            self.authorizations.remove(token);
        }
    }
}

/// The id of the row that came first.
pub(super) fn oldest<V>(table: &Table<V>) -> Option<String> {
    table.iter().next().map(|(id, _)| id.to_owned())
}

fn weight_of(session: &Session) -> usize {
    let agreed = session.to_finalize.as_ref().map_or(0, |(members, _)| members.weight());
    session.purchase.weight() + agreed
}

fn of_token(authorization: &Authorization) -> usize {
    let placed = authorization.placed.as_ref().map_or(0, |(body, _)| body.weight());
    let tokenized = authorization.tokenized.as_ref().map_or(0, |(body, _)| body.weight());
    authorization.purchase.weight() + placed + tokenized
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Bytes;
    use serde_json::json;

    use super::*;
    use crate::{
        rules::{
            order::tests::{at, order},
            read::{Body, Members},
        },
        source::tests::Counting,
        state::{
            Moment,
            held::HeldPurchase,
            sessions::{Authorized, Outcome},
        },
    };

    const GENEROUS: StoreLimits = StoreLimits {
        sessions: 100,
        session_bytes: 1_000_000,
        orders: 100,
        order_bytes: 1_000_000,
    };

    fn with_sessions(bytes: &[usize]) -> State {
        let mut state = State::default();
        for (number, bytes) in bytes.iter().enumerate() {
            let purchase = HeldPurchase::Sent(Bytes::from(vec![b' '; *bytes]));
            let now = at("2026-01-01T00:00:00Z");
            state.keep_session(Session::open(number.to_string(), purchase, now));
        }
        state
    }

    fn sessions(state: &State) -> Vec<&str> {
        state.sessions.iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn the_oldest_sessions_go_beyond_a_number_or_a_size() {
        let mut state = with_sessions(&[1000, 2000, 3000]);
        assert_eq!(state.weights.sessions, 6000 + 3 * ROW);
        state.keep_within(GENEROUS);
        assert_eq!(sessions(&state), ["0", "1", "2"]);
        state.keep_within(StoreLimits { sessions: 2, ..GENEROUS });
        assert_eq!(sessions(&state), ["1", "2"]);
        state.keep_within(StoreLimits { session_bytes: 5000 + 2 * ROW - 1, ..GENEROUS });
        assert_eq!(sessions(&state), ["2"]);
        state.keep_within(StoreLimits { session_bytes: 1, ..GENEROUS });
        assert_eq!((sessions(&state), state.weights.sessions), (vec!["2"], 3000 + ROW));
    }

    #[test]
    fn what_a_superseded_token_was_for_is_forgotten() {
        let body = json!({"purchase_country": "SE", "purchase_currency": "SEK",
            "order_amount": 100, "order_lines": [{"name": "A", "quantity": 1,
                "unit_price": 100, "total_amount": 100}],
            "billing_address": {"given_name": "Alice", "family_name": "Test",
                "email": "a@email.se", "street_address": "Street 1", "postal_code": "11148",
                "city": "Stockholm", "country": "SE", "phone": "+46701740615"}});
        let mut state = State::default();
        let purchase = HeldPurchase::Sent(Bytes::from(body.to_string()));
        let ids = Counting::default();
        let settings = Arc::default();
        let now = at("2026-01-01T00:00:00Z");
        let moment = Moment { now, ids: &ids, settings, base_url: "" };
        state.keep_session(Session::open("s".into(), purchase, now));
        let outcome = || Some(Outcome::Approved);
        for _ in 0..3 {
            let agreed = state.authorize("s", outcome(), &Members::new(), None, &moment);
            assert!(matches!(agreed, Ok(Authorized::Approved { .. })));
        }
        assert_eq!((state.authorizations.len(), state.given_up.len()), (1, 2));
        let change = json!({"billing_address": {"city": "Lund"}});
        let update = state.update_session("s", &Body::of(&change), &moment);
        assert!(update.is_ok());
        assert_eq!((state.authorizations.len(), state.given_up.len()), (0, 3));
    }

    #[test]
    fn a_row_is_weighed_anew_when_it_changes() {
        let mut state = with_sessions(&[1000]);
        let session = state.sessions.get_mut("0").unwrap();
        session.purchase = HeldPurchase::Sent(Bytes::from(vec![b' '; 10]));
        state.weigh_session("0");
        assert_eq!(state.weights.sessions, 10 + ROW);
        state.forget_session("0");
        assert_eq!(state.weights.sessions, 0);
    }

    #[test]
    fn a_store_that_was_restored_or_moved_is_weighed_as_the_one_before() {
        let mut state = with_sessions(&[0, 0]);
        let sent = r#"{"purchase_country":"SE","purchase_currency":"SEK","order_amount":1,
            "order_lines":[{"name":"A","quantity":1,"unit_price":1,"total_amount":1}]}"#;
        for id in ["0", "1"] {
            let purchase = HeldPurchase::Sent(Bytes::from_static(sent.as_bytes()));
            state.sessions.get_mut(id).unwrap().purchase = purchase;
        }
        state.orders.insert("o", order());
        for id in ["0", "1"] {
            state.weigh_session(id);
        }
        state.weigh_order("o");
        let text = serde_json::to_string(&state).unwrap();
        let mut restored: State = serde_json::from_str(&text).unwrap();
        assert_eq!(restored.weights, Weights::default());
        restored.weigh_all();
        assert!(restored.weights.sessions > 2 * ROW);
        assert!(restored.weights.orders > ROW);
        let mut moved = State::default();
        for (id, row) in restored.sessions.into_rows() {
            moved.sessions.insert(&id, row);
        }
        moved.weigh_all();
        assert_eq!(moved.weights.sessions, restored.weights.sessions);
    }

    #[test]
    fn the_oldest_orders_go_beyond_a_number_or_a_size() {
        let mut state = State::default();
        for id in ["a", "b", "c"] {
            let mut order = order();
            order.merchant_data = Some("x".repeat(10_000));
            state.orders.insert(id, order);
            state.weigh_order(id);
        }
        let one = state.weights.orders / 3;
        assert!((10_000..16_000).contains(&one), "{one}");
        state.keep_within(StoreLimits { orders: 2, ..GENEROUS });
        assert_eq!(state.orders.iter().map(|(id, _)| id).collect::<Vec<_>>(), ["b", "c"]);
        state.keep_within(StoreLimits { order_bytes: 2 * one - 1, ..GENEROUS });
        assert_eq!(state.orders.iter().map(|(id, _)| id).collect::<Vec<_>>(), ["c"]);
        assert_eq!(state.weights.orders, one);
    }
}
