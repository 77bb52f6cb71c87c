//! Decisions about a checkout: its cart, its end, and placing its order.

use jiff::Timestamp;
use kvitt_money::PurchaseMarket;

use crate::act::{Act, ActKind};
use crate::cart::SaleCart;
use crate::event::Event;
use crate::intent::IntentState;
use crate::refusal::Refusal;
use crate::sale::Sale;

impl Sale {
    pub(super) fn may_place(&self, at: Timestamp) -> Result<(), Refusal> {
        self.check_unplaced()?;
        let authorization = self.usable_authorization().ok_or(Refusal::NotAuthorized)?;
        if at >= authorization.expires_at {
            return Err(Refusal::AuthorizationExpired { expired_at: authorization.expires_at });
        }
        Ok(())
    }

    pub(super) fn decide_place(&self, at: Timestamp) -> Result<Act, Refusal> {
        self.may_place(at)?;
        let authorization = self.usable_authorization().ok_or(Refusal::NotAuthorized)?;
        check_worth(&self.cart)?;
        Ok(Act::Place { authorization: authorization.digest.clone(), cart: self.cart.clone() })
    }

    /// Decides a new cart for the country that the checkout is in.
    pub fn decide_cart(&self, cart: SaleCart) -> Result<Event, Refusal> {
        self.check_cart(&cart, self.terms.market)?;
        Ok(Event::CartChanged { cart })
    }

    /// Decides another country, currency or locale, under the account that sells there. The cart
    /// stays as it is where none is given, and where its country is the market's.
    pub fn decide_market(
        &self,
        account: String,
        market: PurchaseMarket,
        cart: Option<SaleCart>,
    ) -> Result<Event, Refusal> {
        let cart = cart.unwrap_or_else(|| self.cart.clone());
        self.check_cart(&cart, market)?;
        Ok(Event::MarketChanged { account, market, cart })
    }

    fn check_cart(&self, cart: &SaleCart, market: PurchaseMarket) -> Result<(), Refusal> {
        match self.check_unplaced() {
            Err(
                Refusal::ActInProgress { .. }
                | Refusal::OutcomeUnknown { .. }
                | Refusal::OrderUnknown,
            ) => {
                return Err(Refusal::CartFrozen);
            }
            other => other?,
        }
        let given = cart.cart().purchase_country();
        let expected = market.purchase_country();
        if given != expected {
            return Err(Refusal::CountryChanged { given: given.code(), expected: expected.code() });
        }
        check_worth(cart)
    }

    /// Decides that the shop gives the checkout up. `None` where it already did.
    pub fn decide_abandon(&self) -> Result<Option<Event>, Refusal> {
        match self.check_unplaced() {
            Ok(()) => Ok(Some(Event::CheckoutAbandoned)),
            Err(Refusal::Abandoned) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    /// The checkout has no order, and none is being placed.
    pub fn check_unplaced(&self) -> Result<(), Refusal> {
        if self.order.is_some() {
            return Err(Refusal::AlreadyPlaced);
        }
        if let Some(intent) = self.open_intent(|act| act.kind() == ActKind::Place) {
            let (kind, intent_id) = (ActKind::Place, intent.id);
            return Err(match intent.state {
                IntentState::Requested => Refusal::ActInProgress { kind, intent: intent_id },
                _ => Refusal::OutcomeUnknown { kind, intent: intent_id },
            });
        }
        if self.has_unknown_order() {
            return Err(Refusal::OrderUnknown);
        }
        if self.abandoned { Err(Refusal::Abandoned) } else { Ok(()) }
    }
}

/// A purchase that costs nothing is none of Klarna's (its API description: a minimum of 1 where
/// money is to be captured later).
pub fn check_worth(cart: &SaleCart) -> Result<(), Refusal> {
    let value = cart.cart().totals().order_amount;
    if value < 1 { Err(Refusal::NotPositive { field: "order_amount", value }) } else { Ok(()) }
}
