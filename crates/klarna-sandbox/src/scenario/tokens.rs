//! Making customer tokens as a scenario wants them.

use serde_json::json;

use super::{
    build::{Builder, named, wrong},
    cart,
    wish::{TokenState, TokenWish, Wrong},
};
use crate::{
    rules::{
        read::{Body, Members},
        refusal::Refusal,
    },
    state::customer_tokens::TokenStatus,
};

impl Builder<'_> {
    /// Makes a token of a session whose buyer agreed to it, and brings it where it is to be; gives its
    /// id.
    pub(super) fn customer_token(
        &mut self,
        wish: &TokenWish,
        mut members: Members,
    ) -> Result<String, Wrong> {
        let now = self.world.now;
        let made_at = match &wish.age {
            Some(age) => age.before(now).ok_or_else(|| wrong("age", "it is too long ago"))?,
            None => now,
        };
        members.entry("intent").or_insert(json!("tokenize"));
        let body = cart::session_body(named(members, wish.name.as_deref()), "")?;
        let session_id = self.create_session(&body, made_at)?;
        let authorization = self.authorize(&session_id, wish.payment_method, made_at)?;
        let mut request = Members::from_iter([
            ("description".to_owned(), json!("Subscription")),
            ("intended_use".to_owned(), json!("SUBSCRIPTION")),
        ]);
        for name in ["locale", "purchase_country", "purchase_currency"] {
            request.extend(body.get(name).map(|value| (name.to_owned(), value.clone())));
        }
        let Self { state, world } = self;
        let made = state.tokenize(&authorization, &Body::from(&request), &world.at(made_at));
        let token_id = made.map_err(at_intent)?.token_id.clone();
        match wish.state {
            TokenState::Active => {}
            TokenState::Suspended => {
                state.steer_customer_token(&token_id, Some(TokenStatus::Suspended), None);
            }
            TokenState::Cancelled => {
                let cancelled = Members::from_iter([("status".to_owned(), json!("CANCELLED"))]);
                state.cancel_customer_token(&token_id, &Body::from(&cancelled))?;
            }
            TokenState::Declining => {
                state.steer_customer_token(&token_id, None, Some(true));
            }
        }
        Ok(token_id)
    }
}

/// A token is refused for what its session is for.
fn at_intent(refusal: Refusal) -> Wrong {
    let is_intent = refusal.code == "INVALID_OPERATION";
    let wrong = Wrong::from(refusal);
    if is_intent { Wrong { path: "intent".to_owned(), ..wrong } } else { wrong }
}
