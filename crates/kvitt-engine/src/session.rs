//! The Klarna session of a checkout: opened, kept in step with the cart, replaced when lost.

use klarna::payments::{MerchantUrls, NewSession, Purchase, SessionUpdate};
use klarna::{Customer, Operation, Outcome, SessionId};
use kvitt_core::{
    Cause, CheckoutTerms, Event, PaymentMethodCategory, SESSION_LIFETIME, Sale, SaleCart, SaleId,
};
use kvitt_ledger::PrivateChange;
use kvitt_money::Country;
use secrecy::{ExposeSecret, SecretString};

use crate::callback::ORDER_ID;
use crate::engine::{Draft, Engine};
use crate::evidence::{evidence, refused, unavailable};
use crate::rate::Class;
use crate::shopper::{Shopper, impersonal};
use crate::{EngineError, names};

/// Whether Klarna would take such a session, by all that can be known before asking.
pub(crate) fn check(
    terms: &CheckoutTerms,
    cart: &SaleCart,
    shopper: &Shopper,
) -> Result<(), EngineError> {
    describe(terms, cart, shopper, None)?;
    Ok(())
}

/// The session that Klarna should hold.
pub(crate) fn describe(
    terms: &CheckoutTerms,
    cart: &SaleCart,
    shopper: &Shopper,
    urls: Option<MerchantUrls>,
) -> Result<NewSession, EngineError> {
    let purchase = Purchase::new(terms.market, cart.cart().clone())
        .map_err(|error| unsendable(error.into()))?;
    NewSession::builder(purchase)
        .maybe_merchant_reference1(terms.merchant_reference1.clone())
        .maybe_merchant_reference2(terms.merchant_reference2.clone())
        .maybe_merchant_data(terms.merchant_data.clone())
        .maybe_billing_address(shopper.billing_address.clone())
        .maybe_shipping_address(shopper.shipping_address.clone())
        .maybe_customer(shopper.customer.clone())
        .maybe_merchant_urls(urls)
        .build()
        .map_err(unsendable)
}

/// What Klarna may know of a shopper who has not decided for Klarna yet: nothing about a person
/// (Klarna documentation: privacy). The browser tells the rest when it authorizes, and placing
/// repeats it. In the United States the widget was seen to need the address from the start.
fn before_authorizing(terms: &CheckoutTerms, shopper: Shopper) -> Shopper {
    if terms.market.purchase_country() == Country::US {
        return shopper;
    }
    let organization = |it: &Customer| matches!(it, Customer::Organization(_));
    Shopper { customer: shopper.customer.filter(organization), ..Shopper::default() }
}

/// A request that the client refuses to build.
pub(crate) fn unsendable(error: klarna::Error) -> EngineError {
    match error {
        klarna::Error::Money(error) => EngineError::Amount(error),
        other => EngineError::Unsendable(other.to_string()),
    }
}

impl Engine {
    /// Where Klarna calls back for a checkout. The secret in it is the checkout's own.
    pub(crate) fn merchant_urls(
        &self,
        terms: &CheckoutTerms,
        id: SaleId,
        callback_secret: Option<&SecretString>,
    ) -> Result<MerchantUrls, EngineError> {
        let secret = callback_secret
            .ok_or_else(|| EngineError::Internal("a checkout without callback secret".to_owned()))?
            .expose_secret();
        let base = self.settings().public_url.as_str().trim_end_matches('/');
        let door =
            |name: &str| format!("{base}/callbacks/klarna/{}/{secret}/{name}", id.checkout_id());
        // Klarna fills the placeholders (its API description of Payments). The shopper comes by
        // here on the way to the shop, so that an order's id is known even if its answer was lost.
        let told = |name: &str| {
            format!("{}?{ORDER_ID}={{order.id}}&session_id={{session.id}}", door(name))
        };
        MerchantUrls::builder()
            .authorization(door("authorization"))
            .notification(door("notification"))
            .push(told("push"))
            .maybe_confirmation(terms.confirmation_url.as_ref().map(|_| told("confirmation")))
            .build()
            .map_err(|error| unsendable(error.into()))
    }

    /// Makes sure that Klarna holds a session for the cart as it is. Heals a lost or expired one.
    /// Nothing happens once the order is placed or the checkout given up.
    pub(crate) async fn ensure_session(&self, id: SaleId) -> Result<Sale, EngineError> {
        let sale = self.sale(id).await?;
        let now = self.now().await;
        if sale.check_unplaced().is_err() {
            return Ok(sale);
        }
        // Nobody may begin to pay by a ledger that must not place.
        self.check_not_frozen().await?;
        match &sale.session {
            Some(session) if now >= session.expires_at => Box::pin(self.open_session(sale)).await,
            Some(session) if session.cart_version == sale.cart_version => Ok(sale),
            Some(session) => {
                let session_id = session.session_id.clone();
                Box::pin(self.update_session(sale, session_id)).await
            }
            None => Box::pin(self.open_session(sale)).await,
        }
    }

    async fn open_session(&self, sale: Sale) -> Result<Sale, EngineError> {
        let private = self.parts.ledger.private(sale.id).await?;
        let urls =
            self.merchant_urls(&sale.terms, sale.id, private.secret(names::CALLBACK_SECRET))?;
        let shopper = before_authorizing(&sale.terms, Shopper::of(&private)?);
        let session = describe(&sale.terms, &sale.cart, &shopper, Some(urls))?;
        let client = self.klarna(&sale, Class::Shopper)?;
        let answer = match client.payments().create_session(&session).await {
            Ok(answer) => answer,
            Err(error) => {
                return Err(self.session_failed(&sale, Operation::CreateSession, &error).await?);
            }
        };
        let evidence =
            evidence(Operation::CreateSession, answer.status, answer.correlation_id.as_ref());
        let created = answer.value;
        let opened = self
            .write(sale.id, &Cause::Kvitt, |seen| {
                // Another replica opened one first: that is the one a shopper may hold already. Or the
                // checkout moved to another market, which this session is not for.
                if seen.sale.session != sale.session || seen.sale.terms != sale.terms {
                    return Ok(Draft::default());
                }
                let mut draft = Draft::of([Event::SessionOpened {
                    session_id: created.session_id.to_string(),
                    expires_at: seen.at + SESSION_LIFETIME,
                    cart_version: sale.cart_version,
                    payment_method_categories: created
                        .payment_method_categories
                        .iter()
                        .map(|category| PaymentMethodCategory {
                            identifier: category.identifier.clone().unwrap_or_default(),
                            name: category.name.clone().unwrap_or_default(),
                        })
                        .collect(),
                    evidence: evidence.clone(),
                }]);
                draft.private.push(PrivateChange::SetSecret {
                    name: names::CLIENT_TOKEN.to_owned(),
                    value: SecretString::from(created.client_token.expose().to_owned()),
                });
                Ok(draft)
            })
            .await?;
        if opened.terms == sale.terms {
            Ok(opened)
        } else {
            Box::pin(self.ensure_session(sale.id)).await
        }
    }

    async fn update_session(&self, sale: Sale, session_id: String) -> Result<Sale, EngineError> {
        let private = self.parts.ledger.private(sale.id).await?;
        let urls =
            self.merchant_urls(&sale.terms, sale.id, private.secret(names::CALLBACK_SECRET))?;
        let session = describe(&sale.terms, &sale.cart, &Shopper::of(&private)?, Some(urls))?;
        let client = self.klarna(&sale, Class::Shopper)?;
        let klarna_id =
            SessionId::new(session_id.clone()).map_err(|error| unsendable(error.into()))?;
        // The cart is all that changed; addresses and URLs stay as Klarna holds them.
        let update = SessionUpdate::builder()
            .purchase(session.purchase().clone())
            .build()
            .map_err(unsendable)?;
        match client.payments().update_session(&klarna_id, &update).await {
            Ok(answer) => {
                let evidence = evidence(
                    Operation::UpdateSession,
                    answer.status,
                    answer.correlation_id.as_ref(),
                );
                let updated = self
                    .write(sale.id, &Cause::Kvitt, |_| {
                        Ok(Draft::of([Event::SessionUpdated {
                            session_id: session_id.clone(),
                            cart_version: sale.cart_version,
                            evidence: evidence.clone(),
                        }]))
                    })
                    .await?;
                // Another replica changed the cart meanwhile, and this update may have undone its.
                if updated.cart_version == sale.cart_version {
                    Ok(updated)
                } else {
                    Box::pin(self.ensure_session(sale.id)).await
                }
            }
            Err(error) if is_lost(&error) => {
                let evidence = refused(Operation::UpdateSession, &error).evidence;
                let sale = self
                    .write(sale.id, &Cause::Kvitt, |_| {
                        Ok(Draft::of([Event::SessionLost {
                            session_id: session_id.clone(),
                            evidence: evidence.clone(),
                        }]))
                    })
                    .await?;
                self.open_session(sale).await
            }
            Err(error) => Err(self.session_failed(&sale, Operation::UpdateSession, &error).await?),
        }
    }

    /// A refusal is stored with the checkout; silence is not a fact.
    async fn session_failed(
        &self,
        sale: &Sale,
        operation: Operation,
        error: &klarna::Error,
    ) -> Result<EngineError, EngineError> {
        if error.outcome() != Outcome::Refused {
            return Ok(unavailable(sale.id, error));
        }
        let refused = refused(operation, error);
        self.write(sale.id, &Cause::Kvitt, |seen| {
            let refused = impersonal(&seen.private, refused.clone());
            Ok(Draft::of([Event::SessionRefused { refused }]))
        })
        .await?;
        Ok(EngineError::KlarnaRefused { sale: sale.id, refused: Box::new(refused) })
    }
}

/// `NOT_FOUND` heals with a new session. `SESSION_COMPLETED` does not: it means that an order
/// exists.
pub(crate) fn is_lost(error: &klarna::Error) -> bool {
    error.status() == Some(404)
        && error.error_code().is_some_and(|code| *code == klarna::ErrorCode::NotFound)
}
