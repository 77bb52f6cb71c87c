//! Sales as an act left them: who acts on one of them next need not read it again.
//!
//! Nothing rests on it. What is decided on a sale from here is only stored if nothing has happened
//! to the sale meanwhile, whoever wrote it, and what would not be stored is decided anew on what the
//! ledger has.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashlink::LruCache;
use kvitt_core::{Recorded, Sale, SaleId};

/// How many sales are kept: those of the last moments on a busy server, some 15 MB.
const SALES_MAX: usize = 512;

/// A sale with more events than this is read each time.
const EVENTS_MAX: usize = 64;

/// A sale and the events that it follows from, oldest first.
type History = (Sale, Vec<Recorded>);

/// The sales that were acted on last.
pub(crate) struct Recent(Mutex<LruCache<SaleId, History>>);

impl Default for Recent {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(SALES_MAX)))
    }
}

impl Recent {
    /// Keeps a sale as it is now, in place of the one that was kept longest.
    pub(crate) fn keep(&self, sale: Sale, events: Vec<Recorded>) {
        let mut sales = self.sales();
        if events.len() <= EVENTS_MAX {
            sales.insert(sale.id, (sale, events));
        } else {
            sales.remove(&sale.id);
        }
    }

    /// Takes a sale out, if it is there.
    pub(crate) fn take(&self, id: SaleId) -> Option<History> {
        self.sales().remove(&id)
    }

    fn sales(&self) -> MutexGuard<'_, LruCache<SaleId, History>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kvitt_core::{Cause, CheckoutTerms, Event, EventId, Placement, SaleCart};
    use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket, TaxRate};
    use uuid::Uuid;

    use super::*;

    fn id(number: usize) -> SaleId {
        SaleId(Uuid::from_u128(number as u128))
    }

    /// A checkout with so many events.
    fn history(sale: SaleId, events: usize) -> History {
        let rate = TaxRate::new(2500).unwrap();
        let cup = OrderLine::tax_inclusive("Cup", 10_000, rate, 3).unwrap();
        let cart = SaleCart::numbered(Cart::sum(Country::SE, vec![cup]).unwrap());
        let terms = CheckoutTerms {
            account: "main".to_owned(),
            market: PurchaseMarket::new("SE", "SEK", "sv-SE").unwrap(),
            placement: Placement::Automatic,
            merchant_reference1: None,
            merchant_reference2: None,
            merchant_data: None,
            confirmation_url: None,
        };
        let first = Event::CheckoutCreated { terms, cart: cart.clone() };
        let all = std::iter::once(first).chain(std::iter::repeat(Event::CartChanged { cart }));
        let events: Vec<_> = (1..)
            .zip(all.take(events))
            .map(|(seq, event)| Recorded {
                id: EventId(Uuid::from_u128(seq.into())),
                seq,
                at: Timestamp::UNIX_EPOCH,
                cause: Cause::Kvitt,
                event,
            })
            .collect();
        (Sale::fold(sale, &events).unwrap().unwrap(), events)
    }

    fn keep(recent: &Recent, sale: SaleId, events: usize) {
        let (sale, events) = history(sale, events);
        recent.keep(sale, events);
    }

    #[test]
    fn what_was_kept_is_taken_once() {
        let recent = Recent::default();
        assert!(recent.take(id(1)).is_none());
        keep(&recent, id(1), 1);
        keep(&recent, id(1), 2);
        assert_eq!(recent.take(id(1)), Some(history(id(1), 2)));
        assert!(recent.take(id(1)).is_none());
    }

    #[test]
    fn there_is_room_for_the_last_ones_alone_and_none_for_the_largest() {
        let recent = Recent::default();
        for number in 0..=SALES_MAX {
            keep(&recent, id(number), 1);
        }
        assert!(recent.take(id(0)).is_none());
        assert!(recent.take(id(1)).is_some() && recent.take(id(SALES_MAX)).is_some());
        keep(&recent, id(1), EVENTS_MAX);
        keep(&recent, id(2), EVENTS_MAX + 1);
        assert!(recent.take(id(1)).is_some());
        assert!(recent.take(id(2)).is_none(), "what was kept of it before is old");
    }
}
