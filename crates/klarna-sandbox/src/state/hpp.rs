//! Hosted payment pages: created, read, withdrawn, and how each stands.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Moment, State,
    callbacks::{Delivery, Kind},
};
use crate::{
    rules::{
        hpp::{MerchantUrls, Options, PlaceOrderMode, Placeholders, Request, Status},
        lifetime, market,
        purchase::Purchase,
        read::Body,
        refusal::Refusal,
        weight::Weigh,
    },
    source,
    write::{hpp, json::Object, text::compact},
};

/// A session of the hosted payment page.
#[derive(Serialize, Deserialize)]
pub(crate) struct HppSession {
    pub(crate) session_id: String,
    /// The last part of its page's address.
    pub(crate) page_id: String,
    /// The address under which the sandbox was called when this was made.
    pub(crate) base_url: String,
    /// Where its pages are.
    pub(crate) pages_url: String,
    /// The payment session that it hosts.
    pub(crate) payment_session_id: String,
    pub(crate) status: Status,
    pub(crate) updated_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) merchant_urls: MerchantUrls,
    pub(crate) options: Options,
    /// The key to the distribution module.
    pub(crate) distribution_token: String,
    /// What a completed session brought, by its place-order mode.
    pub(crate) result: Option<Completion>,
    /// The last flow in which the buyer stood.
    pub(super) flow_id: Option<String>,
    /// How much memory it takes.
    #[serde(skip)]
    pub(super) memory: usize,
}

impl Weigh for HppSession {
    fn weight(&self) -> usize {
        self.base_url.weight()
            + self.pages_url.weight()
            + self.merchant_urls.weight()
            + self.options.weight()
    }
}

/// What came of a completed session.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Completion {
    Authorized { authorization_token: String },
    Placed { order_id: String, klarna_reference: String },
}

/// What time or its payment session does to a session.
enum Due {
    Completed,
    TimedOut,
    Forgotten,
}

impl HppSession {
    /// Where the buyer pays.
    pub(crate) fn redirect_url(&self) -> String {
        format!("{}/payments/{}", self.pages_url, self.page_id)
    }

    /// Where its QR code is.
    pub(crate) fn qr_code_url(&self) -> String {
        format!("{}/payments/{}/qr", self.pages_url, self.session_id)
    }

    /// Where an operator hands its page over.
    pub(crate) fn operators_url(&self) -> String {
        format!("{}/distributions/{}", self.pages_url, self.session_id)
    }

    /// Where the browser goes as the session stands, if the merchant has a URL for it.
    pub(crate) fn leads_to(&self) -> Option<String> {
        let mut known = self.placeholders();
        match &self.result {
            Some(Completion::Authorized { authorization_token }) => {
                known.authorization_token = Some(authorization_token);
            }
            Some(Completion::Placed { order_id, .. }) => known.order_id = Some(order_id),
            None => {}
        }
        Some(known.fill(self.merchant_urls.of(self.status)?))
    }

    /// What every URL may have. Token and order id are for the success URL only (Klarna
    /// documentation).
    fn placeholders(&self) -> Placeholders<'_> {
        Placeholders { session_id: &self.session_id, ..Placeholders::default() }
    }

    fn is_open(&self, now: Timestamp) -> bool {
        self.status.is_open() && self.expires_at > now
    }
}

fn not_found() -> Refusal {
    Refusal::new(404, "NOT_FOUND", "HPP session has expired or could not be found")
}

impl State {
    pub(crate) fn create_hpp_session(
        &mut self,
        body: &Body<'_>,
        moment: &Moment<'_>,
    ) -> Result<&HppSession, Refusal> {
        let Request { payment_session_id, merchant_urls, options } = Request::read(body)?;
        let expired = || Refusal::new(404, "NOT_FOUND", "Payment session has expired");
        let payment_session_id = payment_session_id.ok_or_else(expired)?;
        let hosted = self.open_session(&payment_session_id, moment.now).map_err(|refusal| {
            if refusal.code == "SESSION_COMPLETED" { refusal } else { expired() }
        })?;
        let expires_at = lifetime::earlier(hosted.expires_at, lifetime::HPP_BEFORE_SESSION);
        let country = hosted.purchase.get().country();
        if expires_at <= moment.now {
            return Err(expired());
        }
        let page_id = loop {
            let page_id = source::page_id(moment.ids);
            if self.hpp_pages.get(&page_id).is_none() {
                break page_id;
            }
        };
        let session_id = moment.loose_uuid();
        let session = HppSession {
            session_id: session_id.clone(),
            page_id,
            base_url: moment.base_url.to_owned(),
            pages_url: market::hpp_base(moment.base_url, &country),
            payment_session_id,
            status: Status::Waiting,
            updated_at: moment.now,
            expires_at,
            merchant_urls,
            options,
            distribution_token: moment.uuid(),
            result: None,
            flow_id: None,
            memory: 0,
        };
        self.keep_hpp_session(session);
        self.hpp_sessions.get(&session_id).ok_or_else(not_found)
    }

    /// Puts in a session that is new here.
    pub(crate) fn keep_hpp_session(&mut self, session: HppSession) {
        let id = session.session_id.clone();
        self.hpp_pages.insert(&session.page_id, id.clone());
        self.hpp_sessions.insert(&id, HppSession { memory: 0, ..session });
        self.weigh_hpp_session(&id);
    }

    /// The session as it may be read.
    pub(crate) fn read_hpp_session(
        &mut self,
        session_id: &str,
        moment: &Moment<'_>,
    ) -> Result<&HppSession, Refusal> {
        self.follow_payment_session(session_id, moment);
        let session = self.hpp_sessions.get(session_id);
        session.filter(|session| session.expires_at > moment.now).ok_or_else(not_found)
    }

    /// The merchant withdraws the session. What is over already stays as it is (guess), but a
    /// completed one is refused (Klarna documentation; the code is a guess).
    pub(crate) fn disable_hpp_session(
        &mut self,
        session_id: &str,
        moment: &Moment<'_>,
    ) -> Result<(), Refusal> {
        let session = self.read_hpp_session(session_id, moment)?;
        if session.status == Status::Completed {
            let text = "HPP session has already been successfully completed";
            return Err(Refusal::new(400, "SESSION_COMPLETED", text));
        }
        if session.status.is_open() {
            self.set_hpp_status(session_id, Status::Disabled, moment);
        }
        Ok(())
    }

    /// The session whose page has this address.
    pub(crate) fn hpp_session_of_page(&self, page_id: &str) -> Option<&HppSession> {
        self.hpp_sessions.get(self.hpp_pages.get(page_id)?)
    }

    /// The session, if its buyer may still pay.
    pub(super) fn open_hpp_session(
        &mut self,
        session_id: &str,
        now: Timestamp,
    ) -> Option<&mut HppSession> {
        // Lent for change only if it is open: who watches the table would take it for changed.
        self.hpp_sessions.get(session_id).filter(|session| session.is_open(now))?;
        self.hpp_sessions.get_mut(session_id)
    }

    /// A session's new status, which its merchant is told.
    pub(super) fn set_hpp_status(&mut self, session_id: &str, status: Status, moment: &Moment<'_>) {
        let Some(session) = self.hpp_sessions.get_mut(session_id) else { return };
        session.status = status;
        session.updated_at = moment.now;
        if status != Status::Timeout || moment.settings.hpp_timeout_is_told {
            let told = self.status_update(session_id, moment);
            let sending = told.and_then(|told| self.plan(told, moment.now));
            self.outbox.extend(sending);
        }
    }

    /// What the merchant is told, if they have a URL for it.
    fn status_update(&self, session_id: &str, moment: &Moment<'_>) -> Option<Delivery> {
        let session = self.hpp_sessions.get(session_id)?;
        let url = session.placeholders().fill(session.merchant_urls.status_update.as_deref()?);
        let event_id = moment.uuid();
        let customer = self.hpp_customer(session, moment);
        let read = hpp::session(session, customer.as_deref());
        let body = Object::new().with("event_id", &event_id).with("session", read);
        let body = String::from_utf8_lossy(&compact(&body.into())).into_owned();
        Some(Delivery {
            callback_id: event_id,
            kind: Kind::StatusUpdate,
            url,
            body,
            session_id: Some(session_id.to_owned()),
            order_id: None,
            fault: None,
        })
    }

    /// Whose details a completed session shows, where the switch says so.
    pub(crate) fn hpp_customer(
        &self,
        session: &HppSession,
        moment: &Moment<'_>,
    ) -> Option<Cow<'_, Purchase>> {
        session.result.as_ref().filter(|_| moment.settings.hpp_customer_is_shown)?;
        Some(self.sessions.get(&session.payment_session_id)?.purchase.get())
    }

    /// The authorized purchase's token, or the order that is made of it, completes the session. A
    /// purchase that cannot be placed is an error (guess).
    pub(super) fn complete_hpp_session(
        &mut self,
        session_id: &str,
        authorization_token: String,
        moment: &Moment<'_>,
    ) {
        let Some(session) = self.hpp_sessions.get(session_id) else { return };
        let result = match session.options.place_order_mode {
            PlaceOrderMode::None => Some(Completion::Authorized { authorization_token }),
            mode @ (PlaceOrderMode::PlaceOrder | PlaceOrderMode::CaptureOrder) => {
                let captures = mode == PlaceOrderMode::CaptureOrder;
                let placed = self.place_authorized(&authorization_token, captures, moment);
                placed.ok().and_then(|placed| self.hpp_placed(&placed.order_id))
            }
        };
        let status = if result.is_some() { Status::Completed } else { Status::Error };
        if let Some(session) = self.hpp_sessions.get_mut(session_id) {
            session.result = result;
        }
        self.set_hpp_status(session_id, status, moment);
    }

    fn hpp_placed(&self, order_id: &str) -> Option<Completion> {
        let order = self.orders.get(order_id)?;
        Some(Completion::Placed {
            order_id: order.order_id.clone(),
            klarna_reference: order.klarna_reference.clone(),
        })
    }

    /// A session whose payment session was completed elsewhere is completed too (Klarna
    /// documentation: their statuses are tied). It may be looked at only after it has expired: what
    /// counts is whether the order was placed before.
    fn follow_payment_session(&mut self, session_id: &str, moment: &Moment<'_>) {
        let completed =
            self.hpp_sessions.get(session_id).and_then(|it| self.completed_elsewhere(it));
        let Some(result) = completed else { return };
        if let Some(session) = self.hpp_sessions.get_mut(session_id) {
            session.result = Some(result);
        }
        self.set_hpp_status(session_id, Status::Completed, moment);
    }

    fn completed_elsewhere(&self, session: &HppSession) -> Option<Completion> {
        // First, since it costs nothing: all sessions are asked once a second.
        if !session.status.is_open() {
            return None;
        }
        let hosted = self.sessions.get(&session.payment_session_id)?;
        let order_id = hosted.order_id.as_deref()?;
        let placed_at = self.orders.get(order_id)?.created_at;
        if session.expires_at <= placed_at {
            return None;
        }
        match (session.options.place_order_mode, &hosted.authorization_token) {
            (PlaceOrderMode::None, Some(token)) => {
                Some(Completion::Authorized { authorization_token: token.clone() })
            }
            _ => self.hpp_placed(order_id),
        }
    }

    /// Lets happen to sessions what is due by now.
    pub(super) fn settle_hpp_sessions(&mut self, moment: &Moment<'_>) {
        for id in self.hpp_sessions.ids_of(|it| self.due(it, moment.now).is_some()) {
            self.settle_hpp_session(&id, moment);
        }
    }

    /// Lets happen to a session what is due by now.
    pub(crate) fn settle_hpp_session(&mut self, session_id: &str, moment: &Moment<'_>) {
        let session = self.hpp_sessions.get(session_id);
        match session.and_then(|it| self.due(it, moment.now)) {
            Some(Due::Completed) => self.follow_payment_session(session_id, moment),
            Some(Due::TimedOut) => self.set_hpp_status(session_id, Status::Timeout, moment),
            Some(Due::Forgotten) => self.forget_hpp_session(session_id),
            None => {}
        }
    }

    /// The pages of a payment session that runs out now run out with it.
    pub(super) fn expire_hpp_sessions_of(&mut self, session_id: &str, moment: &Moment<'_>) {
        let lasts =
            |it: &HppSession| it.payment_session_id == session_id && it.expires_at > moment.now;
        for id in self.hpp_sessions.ids_of(lasts) {
            if let Some(session) = self.hpp_sessions.get_mut(&id) {
                session.expires_at = moment.now;
            }
        }
    }

    /// How a session stands by now, also if nobody has looked at it since.
    pub(crate) fn hpp_standing(&self, session: &HppSession, now: Timestamp) -> Status {
        match self.due(session, now) {
            Some(Due::Completed) => Status::Completed,
            Some(Due::TimedOut) => Status::Timeout,
            Some(Due::Forgotten) | None => session.status,
        }
    }

    fn due(&self, session: &HppSession, now: Timestamp) -> Option<Due> {
        let remembered_until = lifetime::later(session.expires_at, lifetime::SESSION_REMEMBERED);
        if self.completed_elsewhere(session).is_some() {
            Some(Due::Completed)
        } else if session.status.is_open() && session.expires_at <= now {
            Some(Due::TimedOut)
        } else {
            (remembered_until <= now).then_some(Due::Forgotten)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        rules::order::tests::at,
        settings::Settings,
        source::tests::Counting,
        state::{
            hpp_buyers::{Decision, Shown},
            limits::StoreLimits,
        },
    };

    fn moment<'a>(ids: &'a Counting, now: &str) -> Moment<'a> {
        let settings = Arc::new(Settings::default());
        Moment { now: at(now), ids, settings, base_url: "http://127.0.0.1:4010" }
    }

    /// A page's session id.
    fn hosted(state: &mut State, mut page: Value, moment: &Moment<'_>) -> String {
        let cart = json!({"purchase_country": "SE", "purchase_currency": "SEK",
            "order_amount": 100, "order_lines": [
                {"name": "Boots", "quantity": 1, "unit_price": 100, "total_amount": 100}]});
        let hosted = state.create_session(&Body::of(&cart), moment).unwrap();
        let url = format!("http://127.0.0.1:4010/payments/v1/sessions/{hosted}");
        page["payment_session_url"] = json!(url);
        state.create_hpp_session(&Body::of(&page), moment).unwrap().session_id.clone()
    }

    #[test]
    fn a_forgotten_session_leaves_nothing_behind() {
        let ids = Counting::default();
        let mut state = State::default();
        let start = "2026-03-01T12:00:00Z";
        let long = format!("https://shop.example/{}", "x".repeat(1000));
        for _ in 0..4 {
            let page = json!({"merchant_urls": {"success": long}});
            hosted(&mut state, page, &moment(&ids, start));
        }
        let counted = |state: &State| (state.hpp_sessions.len(), state.hpp_pages.len());
        let generous =
            StoreLimits { sessions: 4, session_bytes: 1_000_000, orders: 1, order_bytes: 1 };
        state.keep_within(generous);
        assert_eq!(counted(&state), (4, 4));
        state.keep_within(StoreLimits { sessions: 3, ..generous });
        assert_eq!(counted(&state), (3, 3));
        // Each takes more than a thousand bytes and less than three.
        state.keep_within(StoreLimits { session_bytes: 3000, ..generous });
        let (left, pages) = counted(&state);
        assert!((1..3).contains(&left), "{left}");
        assert_eq!(left, pages);
        // 47 hours until it is over, and 48 in which that can be said.
        for (now, left) in [("2026-03-05T10:59:59Z", left), ("2026-03-05T11:00:00Z", 0)] {
            // The second time for what the first has brought to its end.
            state.settle_hpp_sessions(&moment(&ids, now));
            state.settle_hpp_sessions(&moment(&ids, now));
            assert_eq!(counted(&state), (left, left), "{now}");
        }
    }

    #[test]
    fn what_completed_a_session_before_its_end_counts_whenever_it_is_looked_at() {
        let ids = Counting::default();
        let limits = StoreLimits {
            sessions: 9,
            session_bytes: 1_000_000,
            orders: 9,
            order_bytes: 1_000_000,
        };
        // The page ends after 47 hours, its payment session an hour later.
        for (placed, status) in
            [("2026-03-03T10:59:59Z", Status::Completed), ("2026-03-03T11:00:00Z", Status::Timeout)]
        {
            // Looked at within the hour, while it is remembered, and when all else is forgotten.
            for looked in ["2026-03-03T11:00:01Z", "2026-03-05T10:00:00Z", "2026-03-20T12:00:00Z"] {
                let mut state = State::default();
                let id = hosted(&mut state, json!({}), &moment(&ids, "2026-03-01T12:00:00Z"));
                let payment_session =
                    state.hpp_sessions.get(&id).unwrap().payment_session_id.clone();
                let agreed = moment(&ids, "2026-03-03T10:30:00Z");
                let nothing = serde_json::Map::new();
                state.authorize(&payment_session, None, &nothing, None, &agreed).unwrap();
                let session = state.sessions.get(&payment_session).unwrap();
                let token = session.authorization_token.clone().unwrap();
                state.place_authorized(&token, false, &moment(&ids, placed)).unwrap();

                let page = state.hpp_sessions.get(&id).unwrap();
                assert_eq!(state.hpp_standing(page, at(looked)), status, "{placed} {looked}");
                state.settle(at(looked), &ids, limits);
                let page = state.hpp_sessions.get(&id).unwrap();
                assert_eq!(page.status, status, "{placed} {looked}");
                assert_eq!(page.result.is_some(), status == Status::Completed);
            }
        }
    }

    #[test]
    fn the_newest_distributions_are_kept() {
        let ids = Counting::default();
        let moment = moment(&ids, "2026-03-01T12:00:00Z");
        let mut state = State::default();
        let id = hosted(&mut state, json!({}), &moment);
        let mut first = None;
        for _ in 0..=10_000 {
            let contact = json!({"method": "email", "contact_information": {"email": "a@b.se"}});
            state.distribute(&id, &Body::of(&contact), &moment).unwrap();
            let newest = || state.distributions.iter().next_back().map(|(id, _)| id.to_owned());
            first = first.or_else(newest);
        }
        assert_eq!(state.distributions.len(), 10_000);
        assert!(state.distributions.get(&first.unwrap()).is_none());
    }

    #[test]
    fn sessions_and_distributions_survive_being_saved() {
        let ids = Counting::default();
        let moment = moment(&ids, "2026-03-01T12:00:00Z");
        let mut state = State::default();
        let page = json!({
            "merchant_urls": {"success": "https://shop.example/?t={{authorization_token}}"},
            "options": {"purchase_type": "buy", "payment_method_category": "pay_now"}});
        let id = hosted(&mut state, page, &moment);
        let contact = json!({"method": "email", "contact_information": {"email": "a@b.se"}});
        state.distribute(&id, &Body::of(&contact), &moment).unwrap();
        let Shown::Flow(flow_id) = state.enter_hpp_page(&id, &moment) else { panic!() };
        assert_eq!(state.enter_hpp_page(&id, &moment), Shown::Flow(flow_id.clone()));

        let saved = serde_json::to_string(&state).unwrap();
        let mut state: State = serde_json::from_str(&saved).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), saved);
        let page_id = state.hpp_sessions.get(&id).unwrap().page_id.clone();
        let restored = state.hpp_session_of_page(&page_id).unwrap();
        assert_eq!(
            (restored.status, restored.options.pay_words()),
            (Status::InProgress, "Buy for")
        );
        // Flows are not saved: the buyer begins anew.
        let Shown::Flow(new_id) = state.enter_hpp_page(&id, &moment) else { panic!() };
        assert_ne!(new_id, flow_id);
        let nothing = serde_json::Map::new();
        let approved = Some(Decision::Approved);
        state.decide_hpp_session(&id, approved, &nothing, None, &moment).unwrap();
        let saved = serde_json::to_string(&state).unwrap();
        let state: State = serde_json::from_str(&saved).unwrap();
        let restored = state.hpp_sessions.get(&id).unwrap();
        let Some(Completion::Authorized { authorization_token }) = &restored.result else {
            panic!()
        };
        let success = format!("https://shop.example/?t={authorization_token}");
        assert_eq!(restored.leads_to(), Some(success));
    }
}
