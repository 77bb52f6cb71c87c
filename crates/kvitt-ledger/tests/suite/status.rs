//! The order's state, which time changes without an event.

use std::sync::Arc;

use jiff::Timestamp;
use kvitt_core::SaleId;
use kvitt_ledger::{Append, Ledger, SaleQuery};

use super::sample::{moment, sale, step, summary};

/// Stored state, when it expires in microseconds, state before 100 and state from 100 on.
type Sample = (State, Option<i64>, State, State);
type State = Option<&'static str>;

const ORDERS: [Sample; 9] = [
    (None, None, None, None),
    (Some("AUTHORIZED"), Some(100), Some("AUTHORIZED"), Some("EXPIRED")),
    (Some("AUTHORIZED"), None, Some("AUTHORIZED"), Some("AUTHORIZED")),
    (Some("PART_CAPTURED"), Some(100), Some("PART_CAPTURED"), Some("CAPTURED")),
    (Some("PART_CAPTURED"), Some(101), Some("PART_CAPTURED"), Some("PART_CAPTURED")),
    (Some("CAPTURED"), Some(100), Some("CAPTURED"), Some("CAPTURED")),
    (Some("CANCELLED"), Some(100), Some("CANCELLED"), Some("CANCELLED")),
    (Some("EXPIRED"), None, Some("EXPIRED"), Some("EXPIRED")),
    (Some("A_NEW_STATE"), Some(100), Some("A_NEW_STATE"), Some("A_NEW_STATE")),
];

async fn store_orders(ledger: &dyn Ledger) {
    for (number, (stored, expires_at, ..)) in (0..).zip(ORDERS) {
        let mut summary = summary(sale(number), 1);
        summary.order_status = stored.map(str::to_owned);
        summary.expires_at = expires_at.map(moment);
        summary.remaining_authorized_amount = 700;
        ledger.append(Append { summary, ..step(sale(number), 0) }).await.unwrap();
    }
}

async fn found(ledger: &dyn Ledger, status: &str, at: Timestamp) -> Vec<SaleId> {
    let query = SaleQuery { status: Some(status.to_owned()), ..SaleQuery::all(at) };
    let mut found: Vec<_> =
        ledger.summaries(&query).await.unwrap().items.into_iter().map(|item| item.sale).collect();
    found.sort_unstable();
    found
}

pub(crate) async fn each_state_is_found_as_what_it_is_at_that_time(ledger: Arc<dyn Ledger>) {
    store_orders(&*ledger).await;
    let expected = |status: &str, late: bool| -> Vec<SaleId> {
        (0..)
            .zip(ORDERS)
            .filter(|(_, (.., before, after))| if late { after } else { before } == &Some(status))
            .map(|(number, _)| sale(number))
            .collect()
    };
    let states =
        ["AUTHORIZED", "PART_CAPTURED", "CAPTURED", "CANCELLED", "EXPIRED", "A_NEW_STATE", "", "x"];
    for status in states {
        assert_eq!(found(&*ledger, status, moment(99)).await, expected(status, false), "{status}");
        assert_eq!(found(&*ledger, status, moment(100)).await, expected(status, true), "{status}");
    }
}

pub(crate) async fn the_summary_and_the_filter_agree(ledger: Arc<dyn Ledger>) {
    store_orders(&*ledger).await;
    for at in [99, 100, 101] {
        for item in ledger.summaries(&SaleQuery::all(moment(at))).await.unwrap().items {
            let left = item.remaining_authorized_amount_at(moment(at));
            let expired = item.expires_at.is_some_and(|expires_at| expires_at <= moment(at));
            assert_eq!(left, if expired { 0 } else { 700 });
            match item.order_status_at(moment(at)) {
                Some(status) => {
                    let found = found(&*ledger, status, moment(at)).await;
                    assert!(found.contains(&item.sale), "{status} at {at}: {item:?}");
                }
                None => assert_eq!(item.order_status, None),
            }
        }
    }
}
