//! An authorization arrives, through whichever door, and becomes an order once.

use std::fmt::Write as _;

use klarna::{AuthorizationToken, Operation, Outcome};
use kvitt_core::{
    AUTHORIZATION_LIFETIME, ActKind, Cause, Door, Event, IntentId, IntentState, Refusal, Sale,
    SaleId, Wish,
};
use kvitt_ledger::{NewMessage, PrivateChange};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::engine::{Caller, Draft, Engine};
use crate::evidence::{evidence, refused, unavailable};
use crate::rate::Class;
use crate::work::{self, Claim};
use crate::{EngineError, names};

/// Most authorizations that callbacks may hand in for one checkout, and most in all. A shopper has
/// one or two; each more costs calls to Klarna and stands in the books for ever.
const BY_CALLBACK_MAX: usize = 20;
const AUTHORIZATIONS_MAX: usize = 100;

/// An authorization as it arrived.
#[derive(Debug, Clone)]
pub struct NewAuthorization {
    /// Klarna's authorization token.
    pub token: SecretString,
    /// The session it belongs to; the checkout's current one where absent.
    pub session_id: Option<String>,
    /// Where it came from.
    pub door: Door,
}

/// Digest by which an authorization is known without its token.
pub fn authorization_digest(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Engine {
    /// Takes an authorization in and, where the checkout places by itself, places the order. The
    /// same one through a second door, or twice, changes nothing.
    pub async fn hand_in_authorization(
        &self,
        id: SaleId,
        new: NewAuthorization,
        caller: &Caller,
    ) -> Result<Sale, EngineError> {
        let alone = self.alone_with(id).await;
        let sale = self.receive_authorization(id, &new, caller, None).await?;
        drop(alone);
        if sale.places_automatically() && sale.check_unplaced().is_ok() {
            return Box::pin(self.place_now(id, &caller.cause)).await;
        }
        // An authorization that came too late blocks the shopper's credit for nothing.
        Box::pin(self.follow_up(sale)).await
    }

    /// Takes an authorization in; the worker places the order. For a caller that has no time.
    pub(crate) async fn note_authorization(
        &self,
        id: SaleId,
        new: NewAuthorization,
        caller: &Caller,
        message: NewMessage,
    ) -> Result<Sale, EngineError> {
        let alone = self.alone_with(id).await;
        let sale = self.receive_authorization(id, &new, caller, Some(&message)).await?;
        drop(alone);
        let engine = self.clone();
        tokio::spawn(async move {
            let done = match engine.sale(id).await {
                Ok(sale) if sale.places_automatically() && sale.check_unplaced().is_ok() => {
                    engine.place_now(id, &Cause::Callback).await
                }
                Ok(sale) => engine.follow_up(sale).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tracing::warn!(%id, %error, "placing after a callback is left to the worker");
            }
        });
        Ok(sale)
    }

    async fn receive_authorization(
        &self,
        id: SaleId,
        new: &NewAuthorization,
        caller: &Caller,
        message: Option<&NewMessage>,
    ) -> Result<Sale, EngineError> {
        let token = AuthorizationToken::new(new.token.expose_secret())
            .map_err(|error| EngineError::Unsendable(error.to_string()))?;
        let digest = authorization_digest(token.expose());
        if self.replayed(id, caller).await?.is_some() {
            return self.sale(id).await;
        }
        self.write_once(id, caller, |seen| {
            if seen.sale.authorizations.iter().any(|known| known.digest == digest) {
                let draft = Draft { inbox: message.cloned(), ..Draft::default() };
                return Ok(draft.answering(caller, None, seen.at));
            }
            let max = if new.door == Door::Callback { BY_CALLBACK_MAX } else { AUTHORIZATIONS_MAX };
            if seen.sale.authorizations.len() >= max {
                return Err(EngineError::TooManyAuthorizations { max });
            }
            let session = seen.sale.session.as_ref();
            let session_id = new
                .session_id
                .clone()
                .or_else(|| session.map(|session| session.session_id.clone()))
                .ok_or(EngineError::Refused(Refusal::NotAuthorized))?;
            // The authorization is for what Klarna held; a session of long ago held another cart.
            let cart_version = session
                .filter(|session| session.session_id == session_id)
                .map_or(0, |session| session.cart_version);
            let mut draft = Draft::of([Event::AuthorizationReceived {
                authorization: digest.clone(),
                session_id,
                cart_version,
                door: new.door,
                expires_at: seen.at + AUTHORIZATION_LIFETIME,
            }])
            .answering(caller, None, seen.at);
            draft.inbox = message.cloned();
            draft.private.push(PrivateChange::SetSecret {
                name: names::authorization_token(&digest),
                value: new.token.clone(),
            });
            if seen.sale.places_automatically() && seen.sale.check_unplaced().is_ok() {
                work::schedule_place(id, self.settings().retry_after, &mut draft);
            } else {
                work::schedule_release(id, self, &mut draft);
            }
            Ok(draft)
        })
        .await
    }

    /// Places the order now, or says which one there is. Whoever comes second finds it placed.
    pub async fn place_now(&self, id: SaleId, cause: &Cause) -> Result<Sale, EngineError> {
        let placed = self.act(id, Wish::Place, None, &Caller::without_key(cause.clone())).await;
        match placed {
            Ok(answered) => Ok(answered.sale),
            // Somebody else placed it, or is about to.
            Err(EngineError::Refused(
                Refusal::AlreadyPlaced
                | Refusal::ActInProgress { .. }
                | Refusal::OutcomeUnknown { .. },
            )) => self.sale(id).await,
            Err(error) => Err(error),
        }
    }

    /// Places by itself what is still to be placed: the worker's part.
    pub(crate) async fn place_by_itself(
        &self,
        id: SaleId,
        claim: Option<Claim>,
    ) -> Result<Sale, EngineError> {
        let mut intent: Option<IntentId> = None;
        let sale = self
            .write(id, &Cause::Kvitt, |seen| {
                let mut draft = if let Ok(act) = seen.sale.decide(Wish::Place, seen.at) {
                    let caller = Caller::without_key(Cause::Kvitt);
                    self.intent_draft(seen, act, None, &caller)?
                } else {
                    // Placed, being placed, given up or too late: nothing is left to place.
                    let mut draft = Draft::default();
                    if seen.sale.losing_authorizations(seen.at).next().is_some() {
                        work::schedule_release(id, self, &mut draft);
                    }
                    draft
                };
                intent = draft.events.iter().find_map(Event::intent);
                draft.fence = claim.map(Claim::fence);
                work::finish(id, work::PLACE, &mut draft);
                Ok(draft)
            })
            .await?;
        match intent {
            Some(intent) => self.carry_out(id, intent, None).await,
            None => self.follow_up(sale).await,
        }
    }

    /// Gives back every authorization that placed no order, so that the shopper's credit is free.
    pub(crate) async fn release_authorizations(
        &self,
        id: SaleId,
        claim: Option<Claim>,
        class: Class,
    ) -> Result<Sale, EngineError> {
        self.check_not_frozen().await?;
        let sale = self.sale(id).await?;
        let private = self.parts.ledger.private(id).await?;
        let now = self.now().await;
        let mut released = Vec::new();
        for authorization in sale.losing_authorizations(now) {
            let digest = &authorization.digest;
            let Some(token) = private.secret(&names::authorization_token(digest)) else { continue };
            let token = AuthorizationToken::new(token.expose_secret())
                .map_err(|error| EngineError::Unsendable(error.to_string()))?;
            let client = self.access.client(&authorization.account, class)?;
            let seen = match client.payments().cancel_authorization(&token).await {
                Ok(answer) => evidence(
                    Operation::CancelAuthorization,
                    answer.status,
                    answer.correlation_id.as_ref(),
                ),
                // Gone already: superseded, expired or given back. A token that is dead by itself
                // holds nothing, whatever else Klarna has against giving it back.
                Err(error)
                    if error.status() == Some(404)
                        || (error.outcome() == Outcome::Refused
                            && now >= authorization.expires_at) =>
                {
                    refused(Operation::CancelAuthorization, &error).evidence
                }
                Err(error) => {
                    return Err(unavailable(id, &error));
                }
            };
            released.push((digest.clone(), seen));
        }
        self.write(id, &Cause::Kvitt, |seen| {
            let mut draft = Draft { fence: claim.map(Claim::fence), ..Draft::default() };
            for (authorization, evidence) in &released {
                draft.events.push(Event::AuthorizationReleased {
                    authorization: authorization.clone(),
                    evidence: evidence.clone(),
                });
                draft.private.push(PrivateChange::RemoveSecret {
                    name: names::authorization_token(authorization),
                });
            }
            // One that lost while these were given back still needs the work.
            let lost: Vec<_> = sale.losing_authorizations(now).map(|it| &it.digest).collect();
            if seen.sale.losing_authorizations(now).all(|it| lost.contains(&&it.digest)) {
                work::finish(id, work::RELEASE_AUTHORIZATIONS, &mut draft);
            }
            Ok(draft)
        })
        .await
    }

    /// Does at once what an act left to be done, as far as it can be; the rest is the worker's.
    pub(crate) async fn follow_up(&self, mut sale: Sale) -> Result<Sale, EngineError> {
        let unread = sale.order.as_ref().is_some_and(|order| {
            let changed_since = |read_at| {
                sale.intents.values().any(|intent| {
                    let kind = intent.act.kind();
                    let moved = matches!(kind, ActKind::Extend | ActKind::UpdateAuthorization)
                        && intent.state.is_settled();
                    let refused = work::wants_read_when_refused(kind)
                        && matches!(intent.state, IntentState::Refused(_));
                    (moved || refused) && intent.requested_at >= read_at
                })
            };
            order.last_read.as_ref().is_none_or(|(_, read_at)| changed_since(*read_at))
        });
        if unread {
            match self.read_order(sale.id, None, Class::Bulk).await {
                Ok(read) => sale = read,
                Err(error) => tracing::warn!(id = %sale.id, %error, "the order will be read later"),
            }
        }
        if sale.losing_authorizations(self.now().await).next().is_some() {
            match self.release_authorizations(sale.id, None, Class::Shopper).await {
                Ok(released) => sale = released,
                Err(error) => {
                    tracing::warn!(id = %sale.id, %error, "authorizations will be released later");
                }
            }
        }
        Ok(sale)
    }
}
