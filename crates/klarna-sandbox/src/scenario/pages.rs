//! Bringing hosted payment pages where a scenario wants them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    build::{Builder, named, wrong},
    cart,
    wish::{PageState, PageWish, Wrong},
};
use crate::{
    rules::{
        hpp::Status,
        lifetime,
        read::{Body, Members},
    },
    state::hpp_buyers::Decision,
};

/// What brings a page where it is to be.
enum Act {
    Nothing,
    Decide(Decision),
    Withdraw,
}

/// What leads to a state, and how the page stands then.
fn way(state: PageState) -> (Act, Status) {
    use Act::{Decide, Nothing, Withdraw};
    match state {
        PageState::Waiting => (Nothing, Status::Waiting),
        PageState::InProgress => (Decide(Decision::Entered), Status::InProgress),
        PageState::Completed => (Decide(Decision::Approved), Status::Completed),
        PageState::Failed => (Decide(Decision::Denied), Status::Failed),
        PageState::Back => (Decide(Decision::Back), Status::Back),
        PageState::Error => (Decide(Decision::Error), Status::Error),
        PageState::Cancelled => (Decide(Decision::Cancelled), Status::Cancelled),
        PageState::Disabled => (Withdraw, Status::Disabled),
        PageState::Timeout => (Nothing, Status::Timeout),
    }
}

impl Builder<'_> {
    /// Makes a page with its payment session, and brings it where it is to be; gives its id.
    pub(super) fn page(&mut self, wish: &PageWish, members: Members) -> Result<String, Wrong> {
        let now = self.world.now;
        let created_at = self.page_created_at(wish)?;
        let body = cart::session_body(named(members, wish.name.as_deref()), "")?;
        let payment_session_id = self.create_session(&body, created_at)?;
        let session_url =
            format!("{}/payments/v1/sessions/{payment_session_id}", self.world.base_url);
        let request: Members = [
            ("payment_session_url".to_owned(), json!(session_url)),
            ("merchant_urls".to_owned(), Value::Object(wish.page.merchant_urls.clone())),
            ("options".to_owned(), Value::Object(wish.page.options.clone())),
        ]
        .into_iter()
        .collect();
        let Self { state, world } = self;
        let created = state.create_hpp_session(&Body::from(&request), &world.at(created_at));
        let created = created.map_err(|refusal| at("page", refusal.into()))?;
        let id = created.session_id.clone();
        // What the buyer did lies half way between then and now, or the end.
        let lived = now.min(created.expires_at).duration_since(created_at);
        let acted_at = lifetime::later(created_at, lived / 2);
        let (act, wanted) = way(wish.state);
        let moment = world.at(acted_at);
        match act {
            Act::Nothing => {}
            Act::Decide(decision) => {
                let method = wish.payment_method.map(|method| method.0);
                let nothing = Members::new();
                state.decide_hpp_session(&id, Some(decision), &nothing, method, &moment)?;
            }
            Act::Withdraw => state.disable_hpp_session(&id, &moment)?,
        }
        // The first time for what is due, the second for what is over since long ago.
        state.settle_hpp_session(&id, &world.at(now));
        state.settle_hpp_session(&id, &world.at(now));
        let came_out = state.hpp_sessions.get(&id).map(|session| session.status);
        check_outcome(came_out, wanted)?;
        Ok(id)
    }

    fn page_created_at(&self, wish: &PageWish) -> Result<Timestamp, Wrong> {
        let now = self.world.now;
        match &wish.age {
            Some(age) => age.before(now).ok_or_else(|| wrong("age", "it is too long ago")),
            None if wish.state == PageState::Timeout => {
                let session = lifetime::later(now, -lifetime::SESSION);
                Ok(lifetime::later(session, lifetime::HPP_BEFORE_SESSION))
            }
            None => Ok(now),
        }
    }
}

/// A refusal of what stands in this member.
fn at(member: &str, refused: Wrong) -> Wrong {
    Wrong { path: member.to_owned(), ..refused }
}

fn check_outcome(came_out: Option<Status>, wanted: Status) -> Result<(), Wrong> {
    let text = match came_out {
        Some(status) if status == wanted => return Ok(()),
        None => "95 hours after its making a page is forgotten: give it a younger age".to_owned(),
        Some(Status::Timeout) => {
            "it came out as TIMEOUT, since a page lives for 47 hours: give it a younger age"
                .to_owned()
        }
        Some(status) if wanted == Status::Timeout => {
            let status = status.as_str();
            format!(
                "it came out as {status}, since a page lives for 47 hours: give it an older age"
            )
        }
        Some(status) => format!(
            "it came out as {}: leave out what leads elsewhere, such as an intent or an e-mail that \
             lets no order be placed",
            status.as_str()
        ),
    };
    Err(wrong(if came_out.is_none() { "age" } else { "state" }, text))
}
