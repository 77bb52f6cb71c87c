//! How many calls a second an account may make, as its settings say it.

use klarna::Environment as KlarnaEnvironment;
use kvitt_engine::{Limit, Rate};

use super::Problems;
use super::file::RateTable;

/// Far above what Klarna allows anybody by its documentation.
const CALLS_MAX: u32 = 10_000;

/// What the environment allows, within what the table says; `label` names a key of the table. What
/// is wrong is noted.
pub(super) fn rate(
    table: &RateTable,
    environment: Option<KlarnaEnvironment>,
    label: impl Fn(&str) -> String,
    problems: &mut Problems,
) -> Rate {
    let mut at_most = |key, given: Option<i64>, published| match given {
        None => published,
        Some(given) => {
            if let Ok(most @ 1..=CALLS_MAX) = u32::try_from(given) {
                return Limit::AtMost(most);
            }
            problems.add(format_args!(
                "{} is {given}: give a number of calls from 1 to {CALLS_MAX}, or leave it out \
                 for what Klarna allows",
                label(key)
            ));
            published
        }
    };
    let published = Rate::of(environment);
    Rate {
        sessions: at_most("sessions_per_second", table.sessions_per_second, published.sessions),
        others: at_most("others_per_second", table.others_per_second, published.others),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sessions: Option<i64>, others: Option<i64>) -> (Rate, Vec<String>) {
        let table = RateTable { sessions_per_second: sessions, others_per_second: others };
        let environment = Some(KlarnaEnvironment::Production);
        let mut problems = Problems::default();
        let rate = rate(&table, environment, |key| format!("rate.{key}"), &mut problems);
        (rate, problems.all().to_vec())
    }

    #[test]
    fn an_account_has_what_klarna_allows_unless_told() {
        let published = Limit::Published;
        let none = Problems::default;
        let of =
            |environment| rate(&RateTable::default(), environment, |_| String::new(), &mut none());
        let production = of(Some(KlarnaEnvironment::Production));
        assert_eq!(production, Rate { sessions: published(40), others: published(200) });
        let playground = of(Some(KlarnaEnvironment::Playground));
        assert_eq!(playground, Rate { sessions: published(5), others: published(50) });
        assert_eq!(of(None), Rate { sessions: Limit::Unknown, others: Limit::Unknown });
        let told = Rate { sessions: Limit::AtMost(1), others: published(200) };
        assert_eq!(read(Some(1), None), (told, Vec::new()));
        let told = Rate { sessions: published(40), others: Limit::AtMost(10_000) };
        assert_eq!(read(None, Some(10_000)), (told, Vec::new()));
    }

    #[test]
    fn a_number_that_lets_nothing_or_everything_through_is_refused() {
        for bad in [0, -1, 10_001, i64::MAX] {
            let (rate, problems) = read(Some(bad), Some(bad));
            assert_eq!(rate, Rate::of(Some(KlarnaEnvironment::Production)));
            let [sessions, others] = problems.as_slice() else { panic!("{problems:?}") };
            assert!(sessions.starts_with(&format!("rate.sessions_per_second is {bad}: ")));
            assert!(others.starts_with(&format!("rate.others_per_second is {bad}: ")));
            assert!(others.contains("from 1 to 10000"), "{others}");
        }
    }
}
