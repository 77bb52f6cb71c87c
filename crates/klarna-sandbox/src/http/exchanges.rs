//! What the control API tells of the exchanges that are kept.

use std::sync::Arc;

use tokio::task;

use super::{Call, control::Error, exchange, filter::Filter};
use crate::{answer::Answer, exchanges::Exchange, sandbox::Shared};

/// How many exchanges are borrowed at once. Between two such loans others get their turn.
pub(crate) const LOAN: usize = 1000;

/// One exchange by its number.
pub(crate) fn one(shared: &Shared, number: &str) -> Result<Answer, Error> {
    let found = number.parse().ok().and_then(|number| shared.exchanges().get(number));
    let text = || format!("exchange {number} is not kept; GET /sandbox/v1/exchanges lists them");
    let found = found.ok_or_else(|| Error::new(404, "NOT_FOUND", text()))?;
    Ok(Answer::document(200, "application/json", exchange::line(&found)))
}

/// Those that fit the [`Filter`] and whose number is above `after`, the first `limit` of them or the
/// last `newest`, as a JSON array, the newest last.
pub(crate) async fn list(shared: &Shared, call: &Call) -> Answer {
    let lines = written(shared, call, exchange::line).await;
    Answer::document(200, "application/json", exchange::list(&lines))
}

/// The same as an HTTP archive.
pub(crate) async fn archive(shared: &Shared, call: &Call) -> Answer {
    let entries = written(shared, call, exchange::archive_entry).await;
    Answer::document(200, "application/json", exchange::archive(&entries))
}

async fn written(shared: &Shared, call: &Call, write: fn(&Exchange) -> String) -> Vec<String> {
    let filter = Filter::of(call);
    let number = |name| call.parameter(name).and_then(|text| text.parse::<u64>().ok());
    let mut after = number("after").unwrap_or(0);
    let limit = number("limit").and_then(|it| usize::try_from(it).ok()).unwrap_or(usize::MAX);
    let newest = number("newest").and_then(|it| usize::try_from(it).ok());
    let mut all = Vec::new();
    if let Some(newest) = newest {
        let mut before = u64::MAX;
        while all.len() < newest {
            let lent: Vec<Arc<Exchange>> = shared.exchanges().below(before, LOAN);
            let Some(last) = lent.last() else { break };
            before = last.number;
            let wanted = lent.iter().filter(|it| it.number > after && filter.fits(it));
            all.extend(wanted.take(newest - all.len()).map(|it| write(it)));
            task::yield_now().await;
        }
        all.reverse();
        return all;
    }
    while all.len() < limit {
        let lent: Vec<Arc<Exchange>> = shared.exchanges().above(after, LOAN);
        let Some(last) = lent.last() else { break };
        after = last.number;
        let wanted = lent.iter().filter(|it| filter.fits(it)).take(limit - all.len());
        all.extend(wanted.map(|it| write(it)));
        task::yield_now().await;
    }
    all
}
