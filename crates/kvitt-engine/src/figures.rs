//! Figures, counted from the feed some time after the events, so that no step of a sale waits for them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::civil::Date;
use kvitt_core::{FigureKind, Figures, Recorded, Sale, SaleId, add_figures, figure_changes};
use kvitt_ledger::{Figure, FigureStep};

use crate::EngineError;
use crate::engine::Engine;

/// How many events are counted in one step.
const BATCH: u32 = 1_000;
/// How long counting rests when nothing has happened since.
const REST: Duration = Duration::from_secs(2);
/// How long it rests where another process counts, and at most after a step of its own.
const LEFT_TO_ANOTHER: Duration = Duration::from_secs(20);
/// Counting rests this many times as long as it took: shoppers come first.
const RESTS_FOR: u32 = 19;

impl Engine {
    /// The figures of some kinds, of a day and later. They run a few seconds behind the events.
    pub async fn figures(
        &self,
        kinds: &[FigureKind],
        since: Date,
    ) -> Result<Vec<Figure>, EngineError> {
        Ok(self.ledger().figures().since(kinds, since).await?)
    }

    /// Counts the next stretch of the feed, and says how many events that were. None where another
    /// process counted it meanwhile.
    pub async fn count_figures(&self) -> Result<Option<usize>, EngineError> {
        let from = self.ledger().figures().place().await?;
        Ok(self.count_from(from).await?.map(|(counted, _)| counted))
    }

    /// Counts the stretch after a place, and says how many events that were and up to where.
    async fn count_from(&self, from: u64) -> Result<Option<(usize, u64)>, EngineError> {
        let entries = self.ledger().feed(from, BATCH).await?;
        let Some(to) = entries.last().map(|entry| entry.position) else {
            return Ok(Some((0, from)));
        };
        let counted = entries.len();
        let mut sales: BTreeMap<SaleId, Vec<Recorded>> = BTreeMap::new();
        for entry in entries {
            sales.entry(entry.sale).or_default().push(entry.recorded);
        }
        let mut changes = Figures::new();
        for (sale, events) in sales {
            add_figures(&mut changes, self.changes_by(sale, events).await?);
            // What is read where it is asked for never waits, and due work is of the same task.
            tokio::task::yield_now().await;
        }
        let is_ours = self.ledger().figures().add(&FigureStep { from, to, changes }).await?;
        Ok(is_ours.then_some((counted, to)))
    }

    /// What some events of a sale, which follow each other, change in the figures.
    async fn changes_by(&self, sale: SaleId, news: Vec<Recorded>) -> Result<Figures, EngineError> {
        let (Some(first), Some(last)) =
            (news.first().map(|it| it.seq), news.last().map(|it| it.seq))
        else {
            return Ok(Figures::new());
        };
        let is_whole = u64::try_from(news.len()) == Ok(last);
        let events = if is_whole { news } else { self.ledger().events(sale).await? };
        // What came after is counted in its own turn.
        let counted = events.get(..events.partition_point(|it| it.seq <= last)).unwrap_or(&events);
        let (known, news) = counted.split_at(counted.partition_point(|it| it.seq < first));
        let before = Sale::fold(sale, known)?;
        let after = Sale::fold_on(sale, before.clone(), news)?;
        Ok(after.map(|after| figure_changes(before.as_ref(), &after)).unwrap_or_default())
    }

    /// Counts for as long as the process lives; of several processes one does, as a rule.
    pub(crate) async fn keep_counting(&self) {
        let mut own_place = None;
        loop {
            let began = Instant::now();
            let rest = match self.count_in_turn(&mut own_place).await {
                Ok(Some(0)) => REST,
                Ok(Some(_)) => (began.elapsed() * RESTS_FOR).min(LEFT_TO_ANOTHER),
                Ok(None) => LEFT_TO_ANOTHER,
                Err(error) => {
                    tracing::warn!(%error, "the figures could not be counted on");
                    LEFT_TO_ANOTHER
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// Counts on, unless somebody else has since this one did.
    async fn count_in_turn(&self, own: &mut Option<u64>) -> Result<Option<usize>, EngineError> {
        let place = self.ledger().figures().place().await?;
        if own.replace(place).is_some_and(|own| own != place) {
            return Ok(None);
        }
        let counted = self.count_from(place).await?;
        if let Some((_, to)) = counted {
            *own = Some(to);
        }
        Ok(counted.map(|(events, _)| events))
    }
}
