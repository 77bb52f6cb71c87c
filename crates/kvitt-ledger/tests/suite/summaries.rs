//! Lists and searches.

use std::sync::Arc;

use kvitt_core::SaleId;
use kvitt_ledger::{Append, Ledger, LedgerError, SaleQuery, SaleSummary};

use super::sample::{moment, sale, step, summary};

/// Stores a new sale, created this many microseconds in, with a change to its summary.
async fn store(
    ledger: &dyn Ledger,
    number: u128,
    created_at_us: i64,
    change: impl FnOnce(&mut SaleSummary),
) -> SaleSummary {
    let mut summary = summary(sale(number), 1);
    summary.created_at = moment(created_at_us);
    change(&mut summary);
    let append = Append { summary: summary.clone(), ..step(sale(number), 0) };
    ledger.append(append).await.unwrap();
    summary
}

async fn found(ledger: &dyn Ledger, change: impl FnOnce(&mut SaleQuery)) -> Vec<SaleId> {
    let mut query = SaleQuery::all(moment(0));
    change(&mut query);
    let page = ledger.summaries(&query).await.unwrap();
    page.items.into_iter().map(|item| item.sale).collect()
}

async fn search(ledger: &dyn Ledger, text: &str) -> Vec<SaleId> {
    found(ledger, |query| query.search = Some(text.to_owned())).await
}

pub(crate) async fn a_summary_is_replaced_by_the_next(ledger: Arc<dyn Ledger>) {
    let first = store(&*ledger, 1, 0, |summary| summary.attention = Some("look".to_owned())).await;
    assert_eq!(ledger.summary(sale(1)).await.unwrap(), Some(first));

    let second = SaleSummary {
        sale: sale(1),
        version: 2,
        created_at: moment(0),
        updated_at: moment(7),
        account: "us".to_owned(),
        purchase_country: "US".to_owned(),
        purchase_currency: "USD".to_owned(),
        checkout_status: "completed".to_owned(),
        order_status: Some("PART_CAPTURED".to_owned()),
        fraud_status: Some("ACCEPTED".to_owned()),
        klarna_order_id: Some("d5d3".to_owned()),
        klarna_reference: Some("K4MADNY".to_owned()),
        merchant_reference1: Some("1001".to_owned()),
        merchant_reference2: Some("å".to_owned()),
        order_amount: i64::MAX,
        captured_amount: 3,
        refunded_amount: 2,
        remaining_authorized_amount: -1,
        placed_at: Some(moment(5)),
        expires_at: Some(moment(-6)),
        attention: None,
        look_at: None,
    };
    let append = Append { summary: second.clone(), ..step(sale(1), 1) };
    ledger.append(append).await.unwrap();

    assert_eq!(ledger.summary(sale(1)).await.unwrap(), Some(second.clone()));
    let page = ledger.summaries(&SaleQuery::all(moment(0))).await.unwrap();
    assert_eq!((page.items, page.next_cursor), (vec![second.clone()], None));

    // Each by itself, and what differs in its case alone.
    let changes: [fn(&mut SaleSummary); 9] = [
        |it| it.created_at = moment(1),
        |it| it.klarna_order_id = Some("D5d3".to_owned()),
        |it| it.klarna_reference = Some("K4MADNy".to_owned()),
        |it| it.merchant_reference1 = None,
        |it| it.merchant_reference2 = Some("Å".to_owned()),
        |it| it.attention = Some("look".to_owned()),
        |it| it.look_at = Some(moment(8)),
        |it| it.order_status = Some("CAPTURED".to_owned()),
        |it| it.captured_amount = 4,
    ];
    let mut last = second;
    for change in changes {
        last.version += 1;
        change(&mut last);
        let append = Append { summary: last.clone(), ..step(sale(1), last.version - 1) };
        ledger.append(append).await.unwrap();
        assert_eq!(ledger.summary(sale(1)).await.unwrap(), Some(last.clone()));
    }
}

pub(crate) async fn each_filter_holds(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    store(ledger, 1, 10, |_| {}).await;
    store(ledger, 2, 20, |summary| summary.order_status = Some("AUTHORIZED".to_owned())).await;
    store(ledger, 3, 30, |summary| summary.fraud_status = Some("PENDING".to_owned())).await;
    store(ledger, 4, 40, |summary| summary.account = "us".into()).await;
    store(ledger, 5, 50, |summary| summary.purchase_country = "NO".into()).await;
    store(ledger, 6, 60, |summary| summary.attention = Some("look".to_owned())).await;

    let all: Vec<_> = (1..=6).rev().map(sale).collect();
    assert_eq!(found(ledger, |_| {}).await, all, "newest first");
    assert_eq!(found(ledger, |query| query.orders_only = true).await, [sale(2)]);
    let fraud = Some("PENDING".to_owned());
    assert_eq!(found(ledger, |query| query.fraud_status = fraud).await, [sale(3)]);
    assert_eq!(found(ledger, |query| query.account = Some("us".to_owned())).await, [sale(4)]);
    assert_eq!(found(ledger, |query| query.account = Some("nobody".to_owned())).await, []);
    let country = Some("NO".to_owned());
    assert_eq!(found(ledger, |query| query.purchase_country = country).await, [sale(5)]);
    assert_eq!(found(ledger, |query| query.attention_only = true).await, [sale(6)]);
    let from = Some(moment(50));
    assert_eq!(found(ledger, |query| query.created_from = from).await, [sale(6), sale(5)]);
    let before = Some(moment(30));
    assert_eq!(found(ledger, |query| query.created_before = before).await, [sale(2), sale(1)]);
}

pub(crate) async fn filters_hold_together(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    for number in 1..=8 {
        store(ledger, number, 0, |summary| {
            summary.merchant_reference1 = (number & 1 == 0).then(|| "A-1".to_owned());
            summary.order_status = (number & 2 == 0).then(|| "PART_CAPTURED".to_owned());
            summary.attention = (number & 4 == 0).then(|| "look".to_owned());
            summary.expires_at = Some(moment(0));
        })
        .await;
    }
    let found = found(ledger, |query| {
        query.search = Some("A-".to_owned());
        query.status = Some("CAPTURED".to_owned());
        query.orders_only = true;
        query.attention_only = true;
    });
    assert_eq!(found.await, [sale(8)]);
}

pub(crate) async fn search_finds_a_beginning_or_all(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    store(ledger, 1, 1, |summary| summary.merchant_reference1 = Some("Shop-1001".to_owned())).await;
    store(ledger, 2, 2, |summary| summary.merchant_reference2 = Some("shop-1002".to_owned())).await;
    store(ledger, 3, 3, |summary| summary.klarna_order_id = Some("d5d30a1c-77".to_owned())).await;
    store(ledger, 4, 4, |summary| summary.klarna_reference = Some("K4MADNY".to_owned())).await;
    store(ledger, 5, 5, |_| {}).await;

    assert_eq!(search(ledger, "Shop-1001").await, [sale(1)]);
    assert_eq!(search(ledger, "SHOP-").await, [sale(2), sale(1)]);
    assert_eq!(search(ledger, " shop-1002\n").await, [sale(2)]);
    assert_eq!(search(ledger, "1002").await, [], "not in the middle");
    assert_eq!(search(ledger, "D5D30A").await, [sale(3)]);
    assert_eq!(search(ledger, "k4mad").await, [sale(4)]);
    assert_eq!(search(ledger, "k4madnyx").await, []);
    assert_eq!(search(ledger, &sale(5).order_id().to_string()).await, [sale(5)]);
    assert_eq!(search(ledger, &sale(5).checkout_id().to_string().to_uppercase()).await, [sale(5)]);
    assert_eq!(search(ledger, "ord_0192f0c8").await.len(), 5);
    assert_eq!(search(ledger, "chk_ffff").await, []);
    assert_eq!(search(ledger, "  ").await.len(), 5, "blanks look for nothing");
}

pub(crate) async fn search_takes_wildcards_as_they_are(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    let odd = "50%_off' OR 1=1 --\u{10fffe}";
    store(ledger, 1, 1, |summary| summary.merchant_reference1 = Some(odd.to_owned())).await;
    store(ledger, 2, 2, |summary| summary.merchant_reference1 = Some("50 kr".to_owned())).await;

    assert_eq!(search(ledger, odd).await, [sale(1)]);
    assert_eq!(search(ledger, "50%").await, [sale(1)]);
    for pattern in ["%", "_", "*", "5_", "' OR 1=1 --", "ord_%", &"9".repeat(10_000)] {
        assert_eq!(search(ledger, pattern).await, [], "{pattern:.20}");
    }
}

pub(crate) async fn pages_over_one_moment_are_whole_and_newest_first(ledger: Arc<dyn Ledger>) {
    const SALES: u128 = 25;
    let ledger = &*ledger;
    for number in 1..=SALES {
        // Ten at a time share their moment.
        let created_at_us = i64::try_from(number / 10).unwrap();
        store(ledger, number, created_at_us, |_| {}).await;
    }
    for limit in [1, 2, 5, 7, 24, 25, 26] {
        let mut query = SaleQuery { limit, ..SaleQuery::all(moment(0)) };
        let mut seen = Vec::new();
        loop {
            let page = ledger.summaries(&query).await.unwrap();
            assert!((1..=usize::try_from(limit).unwrap()).contains(&page.items.len()));
            seen.extend(page.items.into_iter().map(|item| item.sale));
            query.cursor = page.next_cursor;
            assert!(seen.len() <= 25, "pages without end");
            if query.cursor.is_none() {
                break;
            }
        }
        assert!(seen.into_iter().eq((1..=SALES).rev().map(sale)), "{limit} to a page");
    }
}

pub(crate) async fn what_comes_later_does_not_move_a_page(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    for number in 1..=4 {
        store(ledger, number, 0, |_| {}).await;
    }
    let mut query = SaleQuery { limit: 2, ..SaleQuery::all(moment(0)) };
    let first = ledger.summaries(&query).await.unwrap();
    store(ledger, 5, 1, |_| {}).await;
    store(ledger, 6, 0, |_| {}).await;
    query.cursor = first.next_cursor;
    let second = ledger.summaries(&query).await.unwrap();

    let seen = first.items.into_iter().chain(second.items).map(|item| item.sale);
    assert!(seen.eq([sale(4), sale(3), sale(2), sale(1)]));
    assert_eq!(second.next_cursor, None);
}

pub(crate) async fn a_page_is_never_empty_or_endless(ledger: Arc<dyn Ledger>) {
    let ledger = &*ledger;
    store(ledger, 1, 1, |_| {}).await;
    store(ledger, 2, 2, |_| {}).await;
    assert_eq!(found(ledger, |query| query.limit = 0).await, [sale(2)]);
    assert_eq!(found(ledger, |query| query.limit = u32::MAX).await, [sale(2), sale(1)]);
}

pub(crate) async fn a_cursor_of_another_make_is_refused(ledger: Arc<dyn Ledger>) {
    for bad in ["", "1", "0192f0c8", &"g".repeat(48), "' OR 1=1"] {
        let query = SaleQuery { cursor: Some(bad.to_owned()), ..SaleQuery::all(moment(0)) };
        let error = ledger.summaries(&query).await.unwrap_err();
        assert!(matches!(error, LedgerError::BadCursor), "{bad:?}: {error}");
    }
}

/// More than a store puts in order at once.
const MANY: u32 = 5_100;

pub(crate) async fn a_search_that_fits_most_is_answered_like_any_other(ledger: Arc<dyn Ledger>) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..MANY {
        let ledger = Arc::clone(&ledger);
        tasks.spawn(async move {
            store(&*ledger, u128::from(number) + 1, i64::from(number), |summary| {
                summary.merchant_reference1 = Some(format!("lot-{number}"));
                summary.order_status =
                    Some(if number % 100 == 7 { "EXPIRED" } else { "CAPTURED" }.to_owned());
                summary.expires_at = None;
            })
            .await
        });
    }
    tasks.join_all().await;

    let newest: Vec<_> = (1..=u128::from(MANY)).rev().map(sale).collect();
    assert_eq!(search(&*ledger, "LOT-").await, newest[..50]);
    let expired = |query: &mut SaleQuery| {
        query.search = Some("lot-".to_owned());
        query.status = Some("EXPIRED".to_owned());
    };
    let wanted: Vec<_> = newest.iter().skip(92).step_by(100).copied().collect();
    assert_eq!(found(&*ledger, expired).await, wanted[..50]);

    let mut query = SaleQuery { search: Some("lot-".to_owned()), ..SaleQuery::all(moment(0)) };
    query.limit = 500;
    let mut seen = Vec::new();
    loop {
        let page = ledger.summaries(&query).await.unwrap();
        seen.extend(page.items.into_iter().map(|item| item.sale));
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, newest);

    // One that fits few finds all of them, newest first.
    let few: Vec<_> = (4_200..4_210).chain([420]).map(|number| sale(number + 1)).collect();
    let mut few = few;
    few.sort_by_key(|sale| std::cmp::Reverse(*sale));
    assert_eq!(search(&*ledger, "lot-420").await, few);
    let captured = |query: &mut SaleQuery| {
        query.search = Some("lot-420".to_owned());
        query.status = Some("CAPTURED".to_owned());
    };
    few.retain(|it| *it != sale(4_208));
    assert_eq!(found(&*ledger, captured).await, few);
}
