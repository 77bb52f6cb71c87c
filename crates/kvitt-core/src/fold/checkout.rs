//! What happens to a checkout before there is an order: its cart, its sessions, its
//! authorizations.

use jiff::Timestamp;

use crate::event::Event;
use crate::sale::{Authorization, Sale, Session};

impl Sale {
    pub(super) fn apply_checkout(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CartChanged { cart } => {
                self.cart = cart.clone();
                self.cart_version += 1;
            }
            Event::MarketChanged { account, market, cart } => {
                self.leave_session(account);
                self.terms.account.clone_from(account);
                self.terms.market = *market;
                self.cart = cart.clone();
                self.cart_version += 1;
            }
            Event::CheckoutAbandoned => self.abandoned = true,
            Event::SessionOpened {
                session_id,
                expires_at,
                cart_version,
                payment_method_categories,
                ..
            } => {
                self.session = Some(Session {
                    session_id: session_id.clone(),
                    expires_at: *expires_at,
                    cart_version: *cart_version,
                    payment_method_categories: payment_method_categories.clone(),
                    opened_at: at,
                    reads: 0,
                    is_complete: false,
                });
            }
            Event::SessionRead { session_id, .. } => {
                if let Some(session) = self.session_mut(session_id) {
                    session.reads = session.reads.saturating_add(1);
                }
            }
            Event::SessionCompleted { session_id, .. } => {
                if let Some(session) = self.session_mut(session_id) {
                    session.is_complete = true;
                }
            }
            Event::SessionUpdated { session_id, cart_version, .. } => {
                if let Some(session) = self.session_mut(session_id) {
                    session.cart_version = *cart_version;
                }
            }
            Event::SessionLost { session_id, .. } if self.session_mut(session_id).is_some() => {
                self.session = None;
            }
            Event::AuthorizationReceived {
                authorization,
                session_id,
                cart_version,
                expires_at,
                ..
            } => self.receive(Authorization {
                digest: authorization.clone(),
                account: self.account_of(session_id).to_owned(),
                session_id: session_id.clone(),
                cart_version: *cart_version,
                expires_at: *expires_at,
                released: false,
            }),
            Event::AuthorizationReleased { authorization, .. } => {
                for known in self.authorizations.iter_mut().filter(|it| it.digest == *authorization)
                {
                    known.released = true;
                }
            }
            _ => {}
        }
    }

    /// The same token through a second door is no news, however late it comes.
    fn receive(&mut self, authorization: Authorization) {
        if !self.authorizations.iter().any(|known| known.digest == authorization.digest) {
            self.authorizations.push(authorization);
        }
    }

    /// No session outlives its market. Its authorizations may still come, and are given back to the
    /// account that gave them.
    fn leave_session(&mut self, next_account: &str) {
        let session = self.session.take();
        if let Some(session) = session.filter(|_| self.terms.account != next_account) {
            self.former_accounts.insert(session.session_id, self.terms.account.clone());
        }
    }

    fn account_of(&self, session_id: &str) -> &str {
        self.former_accounts.get(session_id).unwrap_or(&self.terms.account)
    }

    fn session_mut(&mut self, session_id: &str) -> Option<&mut Session> {
        self.session.as_mut().filter(|session| session.session_id == session_id)
    }
}
