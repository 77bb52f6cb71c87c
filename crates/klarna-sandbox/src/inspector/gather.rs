//! A page of a long list, gathered without holding up those who change it: rows are looked at a
//! thousand at a time, by their numbers, which stay what they are.

use askama::Template;
use tokio::task;

use crate::{
    http::{Call, Parameters},
    state::table::Table,
};

/// How many rows are looked at before others get their turn.
pub(super) const LOAN: usize = 1000;

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// Below this number, going down.
    Below(u64),
    /// Above this number, going up.
    Above(u64),
}

impl Begin {
    /// As an address says it: `before` or `after` a number, else with the newest.
    pub(super) fn of(call: &Call) -> Self {
        let number = |name| call.parameter(name).and_then(|text| text.parse().ok());
        match (number("before"), number("after")) {
            (Some(before), _) => Self::Below(before),
            (None, Some(after)) => Self::Above(after),
            (None, None) => Self::NEWEST,
        }
    }

    pub(super) const NEWEST: Self = Self::Below(u64::MAX);
}

/// The rows of one look.
pub(super) struct Loan<R> {
    /// The number of the row that was looked at last; `None`: there are no more.
    pub(super) last: Option<u64>,
    /// Those of them that are wanted, with their numbers.
    pub(super) found: Vec<(u64, R)>,
}

impl<R> Loan<R> {
    /// Looks at the next rows until more than a page of them is wanted: those of which `read`
    /// gives something.
    pub(super) fn of<T>(
        rows: impl Iterator<Item = (u64, T)>,
        max: usize,
        read: impl Fn(T) -> Option<R>,
    ) -> Self {
        let mut loan = Self { last: None, found: Vec::new() };
        for (number, row) in rows.take(LOAN) {
            loan.last = Some(number);
            loan.found.extend(read(row).map(|row| (number, row)));
            if loan.found.len() > max {
                break;
            }
        }
        loan
    }

    /// The same of a table's rows, from there on.
    pub(super) fn of_table<V>(
        table: &Table<V>,
        at: Begin,
        max: usize,
        read: impl Fn(&V) -> Option<R>,
    ) -> Self {
        match at {
            Begin::Below(number) => Self::of(table.below(number), max, read),
            Begin::Above(number) => Self::of(table.above(number), max, read),
        }
    }
}

/// One page, the newest first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<R> {
    pub(super) rows: Vec<R>,
    /// The page of newer rows begins after this number.
    pub(super) newer: Option<u64>,
    /// The page of older rows begins before this number.
    pub(super) older: Option<u64>,
}

/// Links to the other pages of a list.
#[derive(Template)]
#[template(path = "inspector/pager.html")]
pub(super) struct Pager {
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
}

impl Pager {
    /// From a page of the list at this path, for what was searched there.
    pub(super) fn of<R>(path: &str, said: &Parameters, begin: Begin, page: &Page<R>) -> Self {
        let at =
            |name, number: u64| format!("{path}{}", said.query(&[(name, &number.to_string())]));
        Self {
            newest: (begin != Begin::NEWEST).then(|| format!("{path}{}", said.query(&[]))),
            newer: page.newer.map(|number| at("after", number)),
            older: page.older.map(|number| at("before", number)),
        }
    }
}

/// Gathers a page of at most so many rows.
pub(super) async fn gather<R>(
    begin: Begin,
    max: usize,
    look: impl Fn(Begin) -> Loan<R>,
) -> Page<R> {
    let found = walk(begin, max, &look).await;
    match begin {
        Begin::Above(_) if found.len() > max => {
            let mut rows = found;
            rows.truncate(max);
            rows.reverse();
            let newer = rows.first().map(|(number, _)| *number);
            let older = rows.last().map(|(number, _)| *number);
            Page { rows: values(rows), newer, older }
        }
        // The newest page, and full if there are enough.
        Begin::Above(_) => below(walk(Begin::NEWEST, max, &look).await, max, true),
        Begin::Below(_) => below(found, max, begin == Begin::NEWEST),
    }
}

fn below<R>(mut rows: Vec<(u64, R)>, max: usize, is_newest: bool) -> Page<R> {
    let has_older = rows.len() > max;
    rows.truncate(max);
    let newer = rows.first().map(|(number, _)| *number).filter(|_| !is_newest);
    let older = rows.last().map(|(number, _)| *number).filter(|_| has_older);
    Page { rows: values(rows), newer, older }
}

fn values<R>(rows: Vec<(u64, R)>) -> Vec<R> {
    rows.into_iter().map(|(_, row)| row).collect()
}

/// One row more than a page holds, or all that there are.
async fn walk<R>(mut at: Begin, max: usize, look: &impl Fn(Begin) -> Loan<R>) -> Vec<(u64, R)> {
    let mut all = Vec::new();
    loop {
        let Loan { last, found } = look(at);
        all.extend(found);
        let Some(last) = last.filter(|_| all.len() <= max) else { break };
        at = match at {
            Begin::Below(_) => Begin::Below(last),
            Begin::Above(_) => Begin::Above(last),
        };
        task::yield_now().await;
    }
    all.truncate(max + 1);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows 1 to 5000, of which those are wanted that a number divides.
    async fn page(begin: Begin, divisor: u64) -> (Vec<u64>, Option<u64>, Option<u64>) {
        let look = |at| {
            let wanted = |n: u64| Some(n).filter(|n| n.is_multiple_of(divisor));
            match at {
                Begin::Below(n) => Loan::of((1..n.min(5001)).rev().map(|n| (n, n)), 3, wanted),
                Begin::Above(n) => Loan::of((n + 1..=5000).map(|n| (n, n)), 3, wanted),
            }
        };
        let Page { rows, newer, older } = gather(begin, 3, look).await;
        (rows, newer, older)
    }

    #[tokio::test]
    async fn every_page_leads_to_its_neighbours() {
        assert_eq!(page(Begin::NEWEST, 1).await, (vec![5000, 4999, 4998], None, Some(4998)));
        assert_eq!(
            page(Begin::Below(4998), 1).await,
            (vec![4997, 4996, 4995], Some(4997), Some(4995))
        );
        assert_eq!(
            page(Begin::Above(4994), 1).await,
            (vec![4997, 4996, 4995], Some(4997), Some(4995))
        );
        assert_eq!(page(Begin::Above(4997), 1).await, page(Begin::NEWEST, 1).await);
        assert_eq!(page(Begin::Above(4999), 1).await, page(Begin::NEWEST, 1).await);
        assert_eq!(page(Begin::Below(3), 1).await, (vec![2, 1], Some(2), None));
        assert_eq!(page(Begin::Below(4), 1).await, (vec![3, 2, 1], Some(3), None));
        assert_eq!(page(Begin::Below(1), 1).await, (vec![], None, None));
    }

    #[tokio::test]
    async fn what_is_rare_is_found_however_far() {
        assert_eq!(page(Begin::NEWEST, 1500).await, (vec![4500, 3000, 1500], None, None));
        assert_eq!(page(Begin::NEWEST, 1000).await, (vec![5000, 4000, 3000], None, Some(3000)));
        assert_eq!(page(Begin::Below(3000), 1000).await, (vec![2000, 1000], Some(2000), None));
        assert_eq!(
            page(Begin::Above(1), 1000).await,
            (vec![3000, 2000, 1000], Some(3000), Some(1000))
        );
        assert_eq!(page(Begin::NEWEST, 6000).await, (vec![], None, None));
    }
}
