//! What is done about authorizations that run out, as an account's settings say it.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use kvitt_core::ExpiryPolicy;

use super::Problems;
use super::file::ExpiryTable;
use super::sources::Given;

/// Nearer than this to the end, a bad day would cost the authorization.
const BEFORE_MIN: SignedDuration = SignedDuration::from_hours(1);
/// Klarna lets no authorization last longer (its documentation: extended authorization).
const BEFORE_MAX: SignedDuration = SignedDuration::from_hours(24 * 180);

/// The policy; `label` names a key of the table. What is wrong is noted.
pub(super) fn policy(
    table: &ExpiryTable,
    label: impl Fn(&str) -> String,
    problems: &mut Problems,
) -> ExpiryPolicy {
    let mut policy = ExpiryPolicy::default();
    if let Some(extend) = table.extend {
        policy.extend = extend;
    }
    let mut before = |key, value: &String| {
        let given = Given { value: value.clone(), label: label(key) };
        let read = duration(value)
            .ok_or_else(|| given.refused("write a time such as P5D or PT36H, from PT1H to P180D"));
        problems.keep(read)
    };
    if let Some(text) = &table.extend_before
        && let Some(extend_before) = before("extend_before", text)
    {
        policy.extend_before = extend_before;
    }
    if let Some(texts) = &table.alarm_before {
        policy.alarm_before =
            texts.iter().filter_map(|text| before("alarm_before", text)).collect();
    }
    policy
}

fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    (BEFORE_MIN..=BEFORE_MAX).contains(&duration).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &ExpiryTable) -> (ExpiryPolicy, Vec<String>) {
        let mut problems = Problems::default();
        let policy = policy(table, |key| format!("expiry.{key}"), &mut problems);
        (policy, problems.all().to_vec())
    }

    #[test]
    fn what_is_not_said_stays_as_usual() {
        let (policy, problems) = read(&ExpiryTable::default());
        assert_eq!((policy, problems), (ExpiryPolicy::default(), Vec::new()));
    }

    #[test]
    fn times_are_read_and_refused_with_the_way_out() {
        let hours = SignedDuration::from_hours;
        let table = ExpiryTable {
            extend: Some(true),
            extend_before: Some("P3D".to_owned()),
            alarm_before: Some(vec!["P10D".to_owned(), "PT36H".to_owned()]),
        };
        let expected = ExpiryPolicy {
            extend: true,
            extend_before: hours(72),
            alarm_before: vec![hours(240), hours(36)],
        };
        assert_eq!(read(&table), (expected, Vec::new()));
        let none = ExpiryTable { alarm_before: Some(Vec::new()), ..ExpiryTable::default() };
        assert!(read(&none).0.alarm_before.is_empty());
        for bad in ["5 days ago", "five", "PT59M", "P181D", "-P5D", ""] {
            let (extend_before, alarm_before) = (Some(bad.to_owned()), Some(vec![bad.to_owned()]));
            let table = ExpiryTable { extend: None, extend_before, alarm_before };
            let (policy, problems) = read(&table);
            assert_eq!(policy.extend_before, ExpiryPolicy::default().extend_before, "{bad}");
            assert_eq!(problems.len(), 2, "{bad}: {problems:?}");
            assert!(problems[0].contains("expiry.extend_before"), "{problems:?}");
            assert!(problems[1].contains("P5D"), "{problems:?}");
        }
    }
}
