//! How things are written on the pages.

use jiff::{SignedDuration, Timestamp};

use crate::rules::{
    hpp,
    order::{FraudStatus, Status},
    texts::{ADDRESS, Texts},
};

/// What a colour says besides the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Wait,
    Bad,
}

impl Tone {
    /// Its name in the style sheet.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
        }
    }
}

/// A word in a colour.
#[derive(Clone, Copy)]
pub(super) struct Badge {
    pub(super) word: &'static str,
    pub(super) tone: Tone,
}

pub(super) fn status(status: Status) -> Badge {
    let tone = match status {
        Status::Authorized => Tone::Plain,
        Status::PartCaptured => Tone::Wait,
        Status::Captured => Tone::Good,
        Status::Cancelled | Status::Expired => Tone::Bad,
    };
    Badge { word: status.as_str(), tone }
}

pub(super) fn fraud(status: FraudStatus) -> Badge {
    let tone = match status {
        FraudStatus::Accepted => Tone::Good,
        FraudStatus::Pending => Tone::Wait,
        FraudStatus::Rejected => Tone::Bad,
    };
    Badge { word: status.as_str(), tone }
}

/// How a hosted payment page stands.
pub(super) fn hosted(status: hpp::Status) -> Badge {
    use hpp::Status::{
        Back, Cancelled, Completed, Disabled, Error, Failed, InProgress, Timeout, Waiting,
    };
    let tone = match status {
        Waiting => Tone::Plain,
        InProgress | Back => Tone::Wait,
        Completed => Tone::Good,
        Failed | Error | Cancelled | Disabled | Timeout => Tone::Bad,
    };
    Badge { word: status.as_str(), tone }
}

/// How an HTTP status is coloured; no answer is none of them.
pub(super) fn answered(status: Option<u16>) -> Tone {
    match status {
        Some(200..=399) => Tone::Good,
        Some(400..=499) => Tone::Wait,
        Some(_) | None => Tone::Bad,
    }
}

/// A moment for people and for programs.
#[derive(Clone)]
pub(super) struct Moment {
    pub(super) text: String,
    pub(super) iso: String,
}

/// To the second, in UTC.
pub(super) fn moment(at: Timestamp) -> Moment {
    Moment { text: at.strftime("%Y-%m-%d %H:%M:%S").to_string(), iso: at.to_string() }
}

/// To the millisecond, in UTC.
pub(super) fn exact_moment(at: Timestamp) -> Moment {
    Moment { text: at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(), iso: at.to_string() }
}

/// How long something took.
pub(super) fn milliseconds(duration: f64) -> String {
    if duration < 10.0 { format!("{duration:.1} ms") } else { format!("{duration:.0} ms") }
}

/// How far a clock is ahead of the machine's.
pub(super) fn ahead(offset: SignedDuration) -> String {
    let seconds = offset.as_secs();
    let parts = [
        (seconds / 86_400, "day", "days"),
        (seconds / 3600 % 24, "hour", "hours"),
        (seconds / 60 % 60, "minute", "minutes"),
        (seconds % 60, "second", "seconds"),
    ];
    let parts = parts.into_iter().filter(|(number, ..)| *number > 0).take(2);
    let texts: Vec<String> = parts.map(|(number, one, many)| count(number, one, many)).collect();
    if texts.is_empty() {
        "like the machine's".into()
    } else {
        format!("{} ahead", texts.join(" "))
    }
}

/// The beginning of an id, which tells it from the others on a page.
pub(super) fn short(id: &str) -> &str {
    let end = id.char_indices().nth(8).map_or(id.len(), |(place, _)| place);
    &id[..end]
}

/// A count with its noun.
fn count(number: i64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// An address line by line; texts that no line has place for follow.
pub(super) fn address(texts: &Texts) -> Vec<String> {
    const TOGETHER: [&[&str]; 5] = [
        &["title", "given_name", "family_name"],
        &["street_address"],
        &["street_address2"],
        &["postal_code", "city"],
        &["region", "country"],
    ];
    let known = |name: &&str| texts.get(name).filter(|text| !text.is_empty());
    let rest = ADDRESS.iter().map(|member| member.name);
    let rest = rest.filter(|name| !TOGETHER.iter().any(|line| line.contains(name)));
    let lines =
        TOGETHER.iter().map(|line| line.iter().filter_map(known).collect::<Vec<_>>().join(" "));
    let rest = rest.filter_map(|name| known(&name)).map(str::to_owned);
    lines.filter(|line| !line.is_empty()).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_utc() {
        let at: Timestamp = "2026-03-01T12:00:07.25Z".parse().unwrap();
        assert_eq!(moment(at).text, "2026-03-01 12:00:07");
        assert_eq!(exact_moment(at).text, "2026-03-01 12:00:07.250");
        assert_eq!(exact_moment(at).iso, "2026-03-01T12:00:07.25Z");
        assert_eq!(moment(Timestamp::MIN).text, "-9999-01-02 01:59:59");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(milliseconds(0.04), "0.0 ms");
        assert_eq!(milliseconds(9.94), "9.9 ms");
        assert_eq!(milliseconds(1234.5), "1234 ms");
        assert_eq!(short("0192f0c8-1111"), "0192f0c8");
        assert_eq!(short("åäö"), "åäö");
    }

    #[test]
    fn a_leap_is_told_by_its_largest_parts() {
        for (seconds, text) in [
            (0, "like the machine's"),
            (1, "1 second ahead"),
            (61, "1 minute 1 second ahead"),
            (3600, "1 hour ahead"),
            (2 * 86_400 + 59, "2 days 59 seconds ahead"),
            (86_400 + 7200 + 60, "1 day 2 hours ahead"),
        ] {
            assert_eq!(ahead(SignedDuration::from_secs(seconds)), text);
        }
    }
}
