//! Figures: what is counted once is counted no second time.

use std::sync::Arc;

use jiff::civil::{Date, date};
use kvitt_core::{FigureKey, FigureKind, Figures, Tally};
use kvitt_ledger::{FigureStep, Ledger};

const DAY: Date = date(2026, 1, 31);

fn key(kind: FigureKind, day: Date, account: &str, part: &str) -> FigureKey {
    FigureKey {
        kind,
        day,
        account: account.to_owned(),
        purchase_currency: "SEK".to_owned(),
        part: part.to_owned(),
    }
}

async fn add(
    ledger: &dyn Ledger,
    places: (u64, u64),
    changes: impl IntoIterator<Item = (FigureKey, i64, i64)>,
) -> bool {
    let changes: Figures =
        changes.into_iter().map(|(key, count, amount)| (key, Tally { count, amount })).collect();
    ledger.figures().add(&FigureStep { from: places.0, to: places.1, changes }).await.unwrap()
}

async fn told(
    ledger: &dyn Ledger,
    kinds: &[FigureKind],
    since: Date,
) -> Vec<(FigureKind, Date, String, i64, i64)> {
    let figures = ledger.figures().since(kinds, since).await.unwrap();
    figures
        .into_iter()
        .map(|it| {
            assert_eq!(it.purchase_currency, "SEK");
            (it.kind, it.day, it.part, it.tally.count, it.tally.amount)
        })
        .collect()
}

pub(crate) async fn what_is_counted_is_added_up(ledger: Arc<dyn Ledger>) {
    let open = |end: &str| key(FigureKind::Open, DAY, "main", end);
    assert_eq!(ledger.figures().place().await.unwrap(), 0);
    assert!(add(&*ledger, (0, 7), [(open("2026-02-28"), 2, 30_000)]).await);
    assert_eq!(ledger.figures().place().await.unwrap(), 7);
    let moved = [(open("2026-02-28"), -1, -10_000), (open("2026-03-28"), 1, 10_000)];
    assert!(add(&*ledger, (7, 9), moved).await);
    let end = |text: &str| text.to_owned();
    assert_eq!(
        told(&*ledger, &[FigureKind::Open], DAY).await,
        [
            (FigureKind::Open, DAY, end("2026-02-28"), 1, 20_000),
            (FigureKind::Open, DAY, end("2026-03-28"), 1, 10_000),
        ]
    );
    assert!(add(&*ledger, (9, 10), [(open("2026-02-28"), -1, -20_000)]).await);
    assert_eq!(told(&*ledger, &[FigureKind::Open], DAY).await.len(), 1, "nothing is left out");
    assert!(add(&*ledger, (10, 12), []).await);
    assert_eq!(ledger.figures().place().await.unwrap(), 12);
}

pub(crate) async fn what_was_counted_by_another_is_not_counted_again(ledger: Arc<dyn Ledger>) {
    let change = || [(key(FigureKind::Captured, DAY, "main", ""), 1, 500)];
    let (one, two) = tokio::join!(add(&*ledger, (0, 3), change()), add(&*ledger, (0, 3), change()));
    assert!(one != two, "one of them counts");
    assert!(!add(&*ledger, (0, 3), change()).await);
    assert!(!add(&*ledger, (5, 6), change()).await);
    assert_eq!(ledger.figures().place().await.unwrap(), 3);
    let figures = told(&*ledger, &[FigureKind::Captured], DAY).await;
    assert_eq!(figures, [(FigureKind::Captured, DAY, String::new(), 1, 500)]);
}

pub(crate) async fn they_are_asked_for_by_kind_and_day(ledger: Arc<dyn Ledger>) {
    let tomorrow = DAY.tomorrow().unwrap();
    let strange = "capture NOT\0ALLOWED'\"";
    let changes = [
        (key(FigureKind::Authorized, DAY, "main", ""), 1, 100),
        (key(FigureKind::Authorized, DAY, "second", ""), 2, 23),
        (key(FigureKind::Authorized, tomorrow, "main", ""), 3, i64::MAX / 4),
        (key(FigureKind::Refused, tomorrow, "main", strange), 4, 0),
    ];
    assert!(add(&*ledger, (0, 1), changes).await);
    let none = String::new;
    let kinds = [FigureKind::Authorized, FigureKind::Open];
    assert_eq!(
        told(&*ledger, &kinds, DAY).await,
        [
            (FigureKind::Authorized, DAY, none(), 3, 123),
            (FigureKind::Authorized, tomorrow, none(), 3, i64::MAX / 4),
        ]
    );
    assert_eq!(told(&*ledger, &kinds, tomorrow).await.len(), 1);
    let refused = told(&*ledger, &[FigureKind::Refused], DAY).await;
    assert_eq!((refused.len(), refused[0].3), (1, 4));
    assert_eq!(told(&*ledger, &[], DAY).await, []);
}
