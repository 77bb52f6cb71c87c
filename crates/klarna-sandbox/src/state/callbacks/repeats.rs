//! Callbacks that come again until the merchant has heard: fraud notifications and pushes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Delivery, Kind};
use crate::{
    rules::lifetime::{self, later},
    state::table::{Changes, Rows, Table},
};

/// How many may be waiting for their next turn.
pub(crate) const REPEATS_MAX: usize = 100_000;

/// One of them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Repeat {
    pub(crate) delivery: Delivery,
    /// From when its turns are counted.
    since: Timestamp,
    next_at: Timestamp,
}

impl Repeat {
    /// `since`: when what it tells of has happened.
    pub(crate) fn new(delivery: Delivery, since: Timestamp) -> Self {
        let first = match delivery.kind {
            Kind::Push => lifetime::PUSH_TURNS[0],
            Kind::Authorization | Kind::Notification | Kind::StatusUpdate => SignedDuration::ZERO,
        };
        Self { delivery, since, next_at: later(since, first) }
    }

    /// The turn after the one that is taken now. A clock that leaps over several gives one.
    fn after(&self, now: Timestamp) -> Option<Timestamp> {
        let passed = now.duration_since(self.since);
        match self.delivery.kind {
            Kind::Notification => Some(later(now, lifetime::NOTIFICATION_EVERY))
                .filter(|next| *next <= later(self.since, lifetime::NOTIFICATION_FOR)),
            Kind::Push => push_after(passed).map(|next| later(self.since, next)),
            Kind::Authorization | Kind::StatusUpdate => None,
        }
    }
}

/// The first turn of a push that is later than so long after the purchase.
fn push_after(passed: SignedDuration) -> Option<SignedDuration> {
    let last = lifetime::PUSH_TURNS[lifetime::PUSH_TURNS.len() - 1];
    let single = lifetime::PUSH_TURNS.into_iter().find(|turn| *turn > passed);
    let regular = || {
        let every = lifetime::PUSH_EVERY.as_secs();
        let turns = (passed - last).as_secs() / every + 1;
        last + SignedDuration::from_secs(turns * every)
    };
    Some(single.unwrap_or_else(regular)).filter(|turn| *turn <= lifetime::PUSH_FOR)
}

/// All of them, by when each is due.
#[derive(Default)]
pub(crate) struct Repeats {
    /// By their callbacks' ids, in the order in which they came.
    rows: Table<Repeat>,
    /// With the numbers of the rows.
    due: BTreeSet<(Timestamp, u64)>,
}

impl Repeats {
    pub(crate) fn has_room(&self) -> bool {
        self.rows.len() < REPEATS_MAX
    }

    pub(crate) fn add(&mut self, repeat: Repeat) {
        let (id, at) = (repeat.delivery.callback_id.clone(), repeat.next_at);
        self.end(&id);
        self.rows.insert(&id, repeat);
        self.due.extend(self.rows.number_of(&id).map(|number| (at, number)));
    }

    /// The merchant has heard of this one.
    pub(crate) fn end(&mut self, callback_id: &str) {
        self.not_due(callback_id);
        self.rows.remove(callback_id);
    }

    fn not_due(&mut self, callback_id: &str) {
        let number = self.rows.number_of(callback_id);
        if let (Some(number), Some(repeat)) = (number, self.rows.get(callback_id)) {
            self.due.remove(&(repeat.next_at, number));
        }
    }

    /// Those whose turn it is, each once. What is no longer `wanted` ends without another turn.
    pub(crate) fn due(
        &mut self,
        now: Timestamp,
        wanted: impl Fn(&Delivery) -> bool,
    ) -> Vec<Delivery> {
        let mut due = Vec::new();
        while let Some(&(at, number)) = self.due.first().filter(|(at, _)| *at <= now) {
            self.due.remove(&(at, number));
            let Some(id) = self.rows.id_of(number) else { continue };
            let Some(repeat) = self.rows.get_mut(&id) else { continue };
            let is_wanted = wanted(&repeat.delivery);
            if is_wanted {
                due.push(repeat.delivery.clone());
            }
            if let Some(next) = repeat.after(now).filter(|_| is_wanted) {
                repeat.next_at = next;
                self.due.insert((next, number));
            } else {
                self.rows.remove(&id);
            }
        }
        due
    }

    /// All of them, in the order in which they came.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = Repeat> {
        self.rows.into_rows().map(|(_, repeat)| repeat)
    }
}

/// Kept like any table; when each is due follows from the rows.
impl Rows for Repeats {
    fn track(&mut self) {
        self.rows.track();
    }

    fn take_changes(&mut self) -> Changes {
        self.rows.take_changes()
    }

    fn give_back(&mut self, changes: Changes) {
        self.rows.give_back(changes);
    }

    fn has_changes(&self) -> bool {
        self.rows.has_changes()
    }

    fn count(&self) -> usize {
        self.rows.len()
    }

    fn next_from(&self, number: u64) -> Option<u64> {
        self.rows.next_from(number)
    }

    fn row(&self, number: u64) -> Option<(&str, serde_json::Result<String>)> {
        self.rows.row(number)
    }

    fn put_kept(&mut self, number: u64, id: &str, row: &str) -> Result<(), String> {
        self.not_due(id);
        self.rows.put_kept(number, id, row)?;
        self.due.extend(self.rows.get(id).map(|repeat| (repeat.next_at, number)));
        Ok(())
    }

    fn remove_kept(&mut self, id: &str) {
        self.not_due(id);
        self.rows.remove_kept(id);
    }
}

impl Serialize for Repeats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Repeats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut repeats = Self::default();
        for (_, repeat) in Table::<Repeat>::deserialize(deserializer)?.into_rows() {
            repeats.add(repeat);
        }
        Ok(repeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::order::tests::at;

    fn repeat(kind: Kind, id: &str) -> Repeat {
        let delivery = Delivery {
            callback_id: id.into(),
            kind,
            url: "http://shop.example/".into(),
            body: String::new(),
            session_id: None,
            order_id: None,
            fault: None,
        };
        Repeat::new(delivery, at("2026-01-01T00:00:00Z"))
    }

    /// The times at which it is due when asked every minute.
    fn turns(kind: Kind) -> Vec<i64> {
        let mut repeats = Repeats::default();
        repeats.add(repeat(kind, "c"));
        let start = at("2026-01-01T00:00:00Z");
        let at_minute = |minute| later(start, SignedDuration::from_mins(minute));
        let is_due = |minute: &i64| !repeats.due(at_minute(*minute), |_| true).is_empty();
        let turns = (0..4000).filter(is_due).collect();
        assert_eq!(repeats.rows.len() + repeats.due.len(), 0);
        turns
    }

    #[test]
    fn a_notification_comes_every_ten_minutes_for_a_day() {
        let expected: Vec<i64> = (0..=144).map(|turn| turn * 10).collect();
        assert_eq!(turns(Kind::Notification), expected);
    }

    #[test]
    fn a_push_comes_less_and_less_often_for_two_days() {
        let expected = [2, 5, 15, 30, 60, 300, 540, 780, 1020, 1260, 1500, 1740, 1980, 2220, 2460];
        let last = [2700];
        assert_eq!(turns(Kind::Push), [expected.as_slice(), &last].concat());
    }

    #[test]
    fn a_leap_gives_one_turn_and_the_next_is_counted_from_there() {
        let mut repeats = Repeats::default();
        repeats.add(repeat(Kind::Notification, "n"));
        repeats.add(repeat(Kind::Push, "p"));
        let mut due = |time| {
            let due = repeats.due(at(time), |_| true);
            due.into_iter().map(|it| it.callback_id).collect::<Vec<_>>()
        };
        assert_eq!(due("2026-01-01T00:00:00Z"), ["n"]);
        assert_eq!(due("2026-01-01T07:03:00Z"), ["p", "n"]);
        assert!(due("2026-01-01T07:12:59Z").is_empty());
        assert_eq!(due("2026-01-01T07:13:00Z"), ["n"]);
        assert_eq!(due("2026-01-01T09:00:00Z"), ["n", "p"]);
        assert_eq!(due("2026-01-01T23:55:00Z"), ["n", "p"]);
        assert_eq!(due("2026-01-03T01:00:00Z"), ["p"]);
        assert!(due("2027-01-01T00:00:00Z").is_empty());
    }

    #[test]
    fn what_was_heard_or_is_no_longer_wanted_ends() {
        let mut repeats = Repeats::default();
        for id in ["a", "b", "c"] {
            repeats.add(repeat(Kind::Notification, id));
        }
        repeats.end("b");
        repeats.end("unknown");
        let text = serde_json::to_string(&repeats).unwrap();
        let mut repeats: Repeats = serde_json::from_str(&text).unwrap();
        let due = repeats.due(at("2026-01-01T00:00:00Z"), |it| it.callback_id != "c");
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].callback_id, "a");
        assert_eq!((repeats.rows.len(), repeats.due.len()), (1, 1));
    }

    #[test]
    fn what_was_kept_is_due_when_it_was() {
        let mut repeats = Repeats::default();
        repeats.track();
        for id in ["a", "b"] {
            repeats.add(repeat(Kind::Notification, id));
        }
        assert_eq!(repeats.due(at("2026-01-01T00:00:00Z"), |_| true).len(), 2);
        let mut kept = Repeats::default();
        for (number, id) in [(0, "a"), (1, "b")] {
            // As it was written when it was added, and again when its turn was taken.
            let first = serde_json::to_string(&repeat(Kind::Notification, id)).unwrap();
            kept.put_kept(number, id, &first).unwrap();
            let (_, row) = repeats.row(number).unwrap();
            kept.put_kept(number, id, &row.unwrap()).unwrap();
        }
        kept.remove_kept("b");
        assert!(kept.due(at("2026-01-01T00:09:59Z"), |_| true).is_empty());
        assert_eq!(kept.due(at("2026-01-01T00:10:00Z"), |_| true).len(), 1);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut repeats = Repeats::default();
        for number in 0..REPEATS_MAX {
            assert!(repeats.has_room());
            repeats.add(repeat(Kind::Push, &number.to_string()));
        }
        assert!(!repeats.has_room());
        repeats.end("7");
        assert!(repeats.has_room());
    }
}
