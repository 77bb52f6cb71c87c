//! Callbacks that an injected fault holds back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Delivery;

/// How many may be held back.
pub(crate) const HELD_MAX: usize = 10_000;

/// One of them.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(crate) delivery: Delivery,
    /// When it is sent at the latest, by the sandbox's clock.
    pub(crate) until: Timestamp,
    /// The rule by which it is shuffled with others.
    pub(crate) group: Option<u64>,
    /// Where it comes in its group, by chance.
    pub(crate) place: u64,
}

/// All of them, in the order in which they came.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct AllHeld(Vec<Held>);

impl AllHeld {
    pub(crate) fn has_room(&self) -> bool {
        self.0.len() < HELD_MAX
    }

    pub(crate) fn add(&mut self, held: Held) {
        self.0.push(held);
    }

    /// How many a group has.
    pub(crate) fn of_group(&self, rule: u64) -> usize {
        self.0.iter().filter(|it| it.group == Some(rule)).count()
    }

    /// Ends a group, in its order by chance.
    pub(crate) fn release_group(&mut self, rule: u64) -> Vec<Delivery> {
        let mut group: Vec<Held> = self.0.extract_if(.., |it| it.group == Some(rule)).collect();
        group.sort_by_key(|it| it.place);
        group.into_iter().map(|it| it.delivery).collect()
    }

    /// Ends what has waited long enough: first those of no group, the longest due first, then
    /// groups, each as a whole once one of its own has.
    pub(crate) fn release(&mut self, now: Timestamp) -> Vec<Vec<Delivery>> {
        if self.0.iter().all(|it| it.until > now) {
            return Vec::new();
        }
        let is_late = |it: &mut Held| it.group.is_none() && it.until <= now;
        let mut late: Vec<Held> = self.0.extract_if(.., is_late).collect();
        late.sort_by_key(|it| it.until);
        let groups: BTreeSet<u64> =
            self.0.iter().filter(|it| it.until <= now).filter_map(|it| it.group).collect();
        let alone = late.into_iter().map(|it| vec![it.delivery]);
        alone.chain(groups.into_iter().map(|rule| self.release_group(rule))).collect()
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{rules::order::tests::at, state::callbacks::Kind};

    fn held(id: &str, until: &str, group: Option<u64>, place: u64) -> Held {
        let delivery = Delivery {
            callback_id: id.into(),
            kind: Kind::Authorization,
            url: "u".into(),
            body: String::new(),
            session_id: None,
            order_id: None,
            fault: None,
        };
        Held { delivery, until: at(until), group, place }
    }

    fn ids(released: Vec<Vec<Delivery>>) -> Vec<Vec<String>> {
        let ids = |it: Vec<Delivery>| it.into_iter().map(|it| it.callback_id).collect();
        released.into_iter().map(ids).collect()
    }

    #[test]
    fn what_is_due_goes_and_groups_go_together() {
        let mut all = AllHeld::default();
        for one in [
            held("late", "2026-01-01T02:00:00Z", None, 0),
            held("early", "2026-01-01T01:00:00Z", None, 0),
            held("later", "2026-01-01T03:00:00Z", None, 0),
            held("second", "2026-01-01T01:00:00Z", Some(4), 9),
            held("first", "2026-01-01T05:00:00Z", Some(4), 2),
            held("alone", "2026-01-01T05:00:00Z", Some(5), 1),
        ] {
            all.add(one);
        }
        assert_eq!(all.of_group(4), 2);
        assert!(all.release(at("2026-01-01T00:59:59Z")).is_empty());
        let released = ids(all.release(at("2026-01-01T02:00:00Z")));
        assert_eq!(released, [vec!["early"], vec!["late"], vec!["first", "second"]]);
        assert_eq!(ids(vec![all.release_group(5)]), [["alone"]]);
        assert_eq!(ids(all.release(at("2026-01-01T03:00:00Z"))), [["later"]]);
        assert_eq!(all.len(), 0);
    }

    #[test]
    fn there_is_room_for_so_many() {
        let mut all = AllHeld::default();
        for _ in 0..HELD_MAX {
            assert!(all.has_room());
            all.add(held("c", "2026-01-01T00:00:00Z", None, 0));
        }
        assert!(!all.has_room());
    }
}
