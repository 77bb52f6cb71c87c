//! Figures that are counted after the events, in whatever pieces, by whichever process.

use jiff::civil::date;
use kvitt_core::{FigureKind, Sale, Wish};
use kvitt_engine::Engine;

use crate::shop::{Shop, capture_amount, refund};

/// Kind, count and amount of each figure that is kept.
async fn kept(engine: &Engine) -> Vec<(&'static str, i64, i64)> {
    let figures = engine.figures(&FigureKind::ALL, date(2000, 1, 1)).await.unwrap();
    figures.iter().map(|it| (it.kind.as_str(), it.tally.count, it.tally.amount)).collect()
}

async fn count_all(engine: &Engine) -> usize {
    let mut counted = 0;
    loop {
        match engine.count_figures().await.unwrap() {
            Some(0) => return counted,
            Some(events) => counted += events,
            None => {}
        }
    }
}

fn by_itself(sales: &[Sale]) -> Vec<(&'static str, i64, i64)> {
    let mut sums = std::collections::BTreeMap::new();
    for (key, tally) in sales.iter().flat_map(Sale::figures) {
        let sum: &mut (i64, i64) = sums.entry(key.kind.as_str()).or_default();
        *sum = (sum.0 + tally.count, sum.1 + tally.amount);
    }
    sums.into_iter().map(|(kind, (count, amount))| (kind, count, amount)).collect()
}

#[tokio::test]
async fn whatever_the_pieces_the_figures_are_those_of_the_sales() {
    let shop = Shop::open().await;
    assert_eq!(shop.engine.count_figures().await.unwrap(), Some(0), "there is nothing yet");
    let one = shop.order().await;
    assert!(count_all(&shop.engine).await > 3);
    assert_eq!(kept(&shop.engine).await[0], ("authorized", 1, 55_000));

    shop.act(one.id, capture_amount(20_000)).await.unwrap();
    let two = shop.order().await;
    count_all(&shop.engine).await;
    shop.act(one.id, refund(&[])).await.unwrap();
    shop.act(one.id, Wish::Release).await.unwrap();
    shop.act(two.id, capture_amount(700)).await.unwrap();
    let checkout = shop.checkout().await;
    count_all(&shop.engine).await;
    assert_eq!(count_all(&shop.engine).await, 0, "what is counted is not counted again");

    let mut sales = Vec::new();
    for id in [one.id, two.id, checkout.id] {
        sales.push(shop.engine.sale(id).await.unwrap());
    }
    assert_eq!(
        kept(&shop.engine).await,
        [
            ("authorized", 2, 110_000),
            ("captured", 2, 20_700),
            ("captured_of_placed", 2, 20_700),
            ("open", 1, 54_300),
            ("refunded", 1, 20_000),
            ("refunded_of_placed", 1, 20_000),
        ]
    );
    assert_eq!(kept(&shop.engine).await, by_itself(&sales));
}

#[tokio::test]
async fn two_processes_count_nothing_twice() {
    let shop = Shop::open().await;
    let other = shop.another_replica().await;
    for _ in 0..3 {
        let order = shop.order().await;
        shop.act(order.id, capture_amount(100)).await.unwrap();
        let (one, two) = tokio::join!(shop.engine.count_figures(), other.count_figures());
        one.unwrap();
        two.unwrap();
    }
    count_all(&other).await;
    let figures = kept(&shop.engine).await;
    assert_eq!(figures[..2], [("authorized", 3, 165_000), ("captured", 3, 300)]);
}
