//! Checkouts: opened, changed, given up.

use kvitt_core::{CheckoutTerms, Event, Placement, Sale, SaleCart, SaleId};
use kvitt_ledger::{LedgerError, PrivateChange};
use kvitt_money::PurchaseMarket;
use secrecy::SecretString;

use crate::engine::{Caller, Draft, Engine};
use crate::shopper::Shopper;
use crate::{EngineError, names, session, work};

/// What a shop wants of a new checkout.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    /// Country, currency and locale.
    pub market: PurchaseMarket,
    /// What it sells.
    pub cart: SaleCart,
    /// When the order is placed.
    pub placement: Placement,
    /// The Klarna account; the one that the market leads to where absent.
    pub account: Option<String>,
    /// The shop's order number, shown to the customer.
    pub merchant_reference1: Option<String>,
    /// The shop's second reference.
    pub merchant_reference2: Option<String>,
    /// Passed through to the order.
    pub merchant_data: Option<String>,
    /// Where the shopper's browser goes after the purchase.
    pub confirmation_url: Option<String>,
    /// Who buys, as far as the shop knows and wants to send.
    pub shopper: Shopper,
}

/// Another market for a checkout.
#[derive(Debug, Clone)]
pub struct MarketChange {
    /// Country, currency and locale.
    pub market: PurchaseMarket,
    /// What is sold there; as it is where absent.
    pub cart: Option<SaleCart>,
    /// The Klarna account; the sale's own where absent, or the one of another country.
    pub account: Option<String>,
}

/// A checkout as its caller is answered.
#[derive(Debug, Clone)]
pub struct CheckoutAnswered {
    /// The sale as it is now.
    pub sale: Sale,
    /// Whether an earlier request under the same key is answered again.
    pub replayed: bool,
}

impl Engine {
    /// Opens a checkout and its Klarna session. Under the same `Idempotency-Key` it is the same
    /// checkout; where Klarna could not be reached the first time, the session is opened then.
    pub async fn create_checkout(
        &self,
        new: NewCheckout,
        caller: &Caller,
    ) -> Result<CheckoutAnswered, EngineError> {
        let at = self.now().await;
        let id = match &caller.idempotency {
            Some(idempotency) => SaleId::derived(idempotency.requester, &idempotency.key),
            None => SaleId(self.new_id(at)),
        };
        let _alone = self.alone_with(id).await;
        let known = self.replayed(id, caller).await?.is_some();
        if !known {
            let account = match &new.account {
                Some(name) => self.parts.accounts.get(name)?,
                None => self.parts.accounts.route(new.market.purchase_country())?,
            };
            let name = account.name.clone();
            match self.store_checkout(id, new, name, caller).await {
                // Another replica was quicker with the same request.
                Err(EngineError::Ledger(
                    LedgerError::Conflict { .. } | LedgerError::IdempotencyKeyTaken,
                )) => {
                    self.replayed(id, caller).await?.ok_or(EngineError::Conflict)?;
                }
                stored => {
                    stored?;
                }
            }
        }
        let sale = self.ensure_session(id).await?;
        Ok(CheckoutAnswered { sale, replayed: known })
    }

    async fn store_checkout(
        &self,
        id: SaleId,
        new: NewCheckout,
        account: String,
        caller: &Caller,
    ) -> Result<Sale, EngineError> {
        let terms = CheckoutTerms {
            account,
            market: new.market,
            placement: new.placement,
            merchant_reference1: new.merchant_reference1,
            merchant_reference2: new.merchant_reference2,
            merchant_data: new.merchant_data,
            confirmation_url: new.confirmation_url,
        };
        // Whether Klarna would take it is checked before anything is stored.
        kvitt_core::check_worth(&new.cart)?;
        session::check(&terms, &new.cart, &new.shopper)?;
        let at = self.now().await;
        let mut draft = Draft::of([Event::CheckoutCreated { terms, cart: new.cart }])
            .answering(caller, None, at);
        draft.private = new.shopper.changes()?;
        for name in [names::CALLBACK_SECRET, names::SHOPPER_SECRET] {
            draft.private.push(PrivateChange::SetSecret {
                name: name.to_owned(),
                value: self.parts.ids.secret(),
            });
        }
        let known = self.append(id, None, at, caller.cause.clone(), draft).await?;
        Ok(known.sale)
    }

    /// Changes the cart before an order is placed. An authorization of the old cart places no
    /// order any more; the shopper authorizes again.
    pub async fn change_cart(
        &self,
        id: SaleId,
        cart: SaleCart,
        caller: &Caller,
    ) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        if self.replayed(id, caller).await?.is_none() {
            let sale = self
                .write_once(id, caller, |seen| {
                    let event = seen.sale.decide_cart(cart.clone())?;
                    session::check(&seen.sale.terms, &cart, &Shopper::of(&seen.private)?)?;
                    let mut draft = Draft::default().answering(caller, None, seen.at);
                    if seen.sale.cart != cart {
                        draft.events.push(event);
                        work::schedule_release(id, self, &mut draft);
                    }
                    Ok(draft)
                })
                .await?;
            Box::pin(self.follow_up(sale)).await?;
        }
        self.ensure_session(id).await
    }

    /// Moves a checkout to another country, currency or locale before an order is placed, with a cart
    /// that fits there; the cart stays where none is given. Klarna keeps the market of a session for
    /// good, so this opens another one, and gives back what was authorized in the one before.
    /// `account` is needed only where another than the country's is wanted.
    pub async fn change_market(
        &self,
        id: SaleId,
        change: MarketChange,
        caller: &Caller,
    ) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        if self.replayed(id, caller).await?.is_none() {
            let MarketChange { market, cart, account } = change;
            let sale = self
                .write_once(id, caller, |seen| {
                    let sale = &seen.sale;
                    let account = self.account_for(sale, market, account.as_deref())?;
                    let event = sale.decide_market(account.clone(), market, cart.clone())?;
                    let mut draft = Draft::default().answering(caller, None, seen.at);
                    let is_same = sale.terms.market == market && sale.terms.account == account;
                    if is_same && cart.as_ref().is_none_or(|cart| sale.cart == *cart) {
                        return Ok(draft);
                    }
                    let (shopper, forgotten) =
                        Shopper::of(&seen.private)?.in_country(market.purchase_country());
                    let terms = CheckoutTerms { market, account, ..sale.terms.clone() };
                    session::check(&terms, cart.as_ref().unwrap_or(&sale.cart), &shopper)?;
                    draft.events.push(event);
                    // No page may offer the session of the market before.
                    let name = names::CLIENT_TOKEN.to_owned();
                    draft.private.push(PrivateChange::RemoveSecret { name });
                    draft.private.extend(forgotten);
                    work::schedule_release(id, self, &mut draft);
                    Ok(draft)
                })
                .await?;
            Box::pin(self.follow_up(sale)).await?;
        }
        self.ensure_session(id).await
    }

    /// The account for a market: the one that is named, else the sale's own within its country, else
    /// the one that sells in the other country.
    fn account_for(
        &self,
        sale: &Sale,
        market: PurchaseMarket,
        named: Option<&str>,
    ) -> Result<String, EngineError> {
        let country = market.purchase_country();
        let account = match named {
            Some(name) => self.parts.accounts.get(name)?,
            None if country == sale.terms.market.purchase_country() => {
                return Ok(sale.terms.account.clone());
            }
            None => self.parts.accounts.route(country)?,
        };
        Ok(account.name.clone())
    }

    /// Gives a checkout up. Whatever the shopper authorized is given back.
    pub async fn abandon(&self, id: SaleId, caller: &Caller) -> Result<Sale, EngineError> {
        let _alone = self.alone_with(id).await;
        if self.replayed(id, caller).await?.is_some() {
            return self.sale(id).await;
        }
        let sale = self
            .write_once(id, caller, |seen| {
                let mut draft = Draft::default().answering(caller, None, seen.at);
                if let Some(event) = seen.sale.decide_abandon()? {
                    draft.events.push(event);
                    work::schedule_release(id, self, &mut draft);
                }
                Ok(draft)
            })
            .await?;
        self.follow_up(sale).await
    }

    /// A secret of a sale, for the face that needs it.
    pub async fn secret(
        &self,
        id: SaleId,
        name: &str,
    ) -> Result<Option<SecretString>, EngineError> {
        Ok(self.parts.ledger.private(id).await?.secret(name).cloned())
    }

    /// Who buys, as far as is known.
    pub async fn shopper(&self, id: SaleId) -> Result<Shopper, EngineError> {
        Shopper::of(&self.parts.ledger.private(id).await?)
    }
}
