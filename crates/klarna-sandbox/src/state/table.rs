//! A table of the store: rows by id, in the order in which they came, knowing which have changed.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    marker::PhantomData,
    sync::Arc,
};

use foldhash::quality::RandomState;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, MapAccess, Visitor},
    ser::SerializeMap,
};

use crate::keep::from_json;

/// The highest number that a kept row may have: no table counts so far.
const NUMBER_MAX: u64 = 1 << 53;

struct Row<V> {
    number: u64,
    value: V,
}

/// Rows by id.
pub(crate) struct Table<V> {
    /// Boxed, so that a table that grows moves pointers and nobody waits for it.
    rows: HashMap<Arc<str>, Box<Row<V>>, RandomState>,
    ids: BTreeMap<u64, Arc<str>>,
    next_number: u64,
    /// What changed since somebody last asked; `None`: nobody wants to know.
    changes: Option<Changes>,
}

/// Which rows of a table have changed.
#[derive(Default)]
pub(crate) struct Changes {
    /// The numbers of rows that were put or lent for change. Some may be gone since.
    pub(crate) put: BTreeSet<u64>,
    /// The ids of rows that were removed. Some may be there again, under a new number.
    pub(crate) removed: BTreeSet<Arc<str>>,
}

impl Changes {
    pub(crate) fn is_empty(&self) -> bool {
        self.put.is_empty() && self.removed.is_empty()
    }

    /// Takes over what another has.
    pub(crate) fn extend(&mut self, other: Self) {
        self.put.extend(other.put);
        self.removed.extend(other.removed);
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { rows: HashMap::default(), ids: BTreeMap::new(), next_number: 0, changes: None }
    }
}

impl<V> Table<V> {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn get(&self, id: &str) -> Option<&V> {
        self.rows.get(id).map(|row| &row.value)
    }

    /// The row, for change.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut V> {
        let row = self.rows.get_mut(id)?;
        if let Some(changes) = &mut self.changes {
            changes.put.insert(row.number);
        }
        Some(&mut row.value)
    }

    /// Puts a row; one that was there under the id keeps its place.
    pub(crate) fn insert(&mut self, id: &str, value: V) -> &mut V {
        let number = self.rows.get(id).map_or(self.next_number, |row| row.number);
        if let Some(changes) = &mut self.changes {
            changes.put.insert(number);
        }
        self.insert_as(number, id, value)
    }

    /// Puts a row under a number that is its own or nobody's.
    fn insert_as(&mut self, number: u64, id: &str, value: V) -> &mut V {
        let key = match self.rows.get_key_value(id) {
            Some((key, _)) => Arc::clone(key),
            None => Arc::from(id),
        };
        self.ids.insert(number, Arc::clone(&key));
        self.next_number = self.next_number.max(number.saturating_add(1));
        let row = Box::new(Row { number, value });
        &mut self.rows.entry(key).insert_entry(row).into_mut().value
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<V> {
        let (key, row) = self.rows.remove_entry(id)?;
        self.ids.remove(&row.number);
        if let Some(changes) = &mut self.changes {
            changes.put.remove(&row.number);
            changes.removed.insert(key);
        }
        Some(row.value)
    }

    /// The rows with their ids, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.ids.values().filter_map(|id| Some((&**id, self.get(id)?)))
    }

    /// The rows below a number with theirs, the newest first.
    pub(crate) fn below(&self, number: u64) -> impl Iterator<Item = (u64, &V)> {
        let ids = self.ids.range(..number).rev();
        ids.filter_map(|(number, id)| Some((*number, self.get(id)?)))
    }

    /// The rows above a number with theirs, the oldest first.
    pub(crate) fn above(&self, number: u64) -> impl Iterator<Item = (u64, &V)> {
        let ids = self.ids.range(number.saturating_add(1)..);
        ids.filter_map(|(number, id)| Some((*number, self.get(id)?)))
    }

    /// A row's number.
    pub(crate) fn number_of(&self, id: &str) -> Option<u64> {
        self.rows.get(id).map(|row| row.number)
    }

    /// The id of the row of a number.
    pub(crate) fn id_of(&self, number: u64) -> Option<Arc<str>> {
        self.ids.get(&number).map(Arc::clone)
    }

    /// All rows with their ids, the oldest first.
    pub(crate) fn into_rows(mut self) -> impl Iterator<Item = (Arc<str>, V)> {
        self.ids
            .into_values()
            .filter_map(move |id| Some((Arc::clone(&id), self.rows.remove(&id)?.value)))
    }

    /// The ids of the rows that a test holds for, the oldest first.
    pub(crate) fn ids_of(&self, holds: impl Fn(&V) -> bool) -> Vec<String> {
        self.iter().filter(|(_, value)| holds(value)).map(|(id, _)| id.to_owned()).collect()
    }
}

/// A table, whatever its rows are, as its keeper sees it.
pub(crate) trait Rows {
    /// From now on it notes what changes.
    fn track(&mut self);
    /// What has changed since this was last asked.
    fn take_changes(&mut self) -> Changes;
    /// What was taken could not be kept: it will be taken again.
    fn give_back(&mut self, changes: Changes);
    /// Whether there is something to take.
    fn has_changes(&self) -> bool;
    /// How many rows there are.
    fn count(&self) -> usize;
    /// The lowest number from this one on that a row has.
    fn next_from(&self, number: u64) -> Option<u64>;
    /// The row of a number, as JSON with its id; `None`: there is none.
    fn row(&self, number: u64) -> Option<(&str, serde_json::Result<String>)>;
    /// Puts a row that was kept. It is not noted as a change.
    fn put_kept(&mut self, number: u64, id: &str, row: &str) -> Result<(), String>;
    /// Removes a row that was kept. It is not noted as a change.
    fn remove_kept(&mut self, id: &str);
}

impl<V: Serialize + DeserializeOwned> Rows for Table<V> {
    fn track(&mut self) {
        self.changes.get_or_insert_default();
    }

    fn take_changes(&mut self) -> Changes {
        self.changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn give_back(&mut self, mut given: Changes) {
        if let Some(changes) = &mut self.changes {
            given.put.retain(|number| self.ids.contains_key(number));
            changes.extend(given);
        }
    }

    fn has_changes(&self) -> bool {
        self.changes.as_ref().is_some_and(|changes| !changes.is_empty())
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn next_from(&self, number: u64) -> Option<u64> {
        self.ids.range(number..).next().map(|(number, _)| *number)
    }

    fn row(&self, number: u64) -> Option<(&str, serde_json::Result<String>)> {
        let id = self.ids.get(&number)?;
        Some((id, serde_json::to_string(self.get(id)?)))
    }

    fn put_kept(&mut self, number: u64, id: &str, row: &str) -> Result<(), String> {
        let value = from_json(row)?;
        let is_free = self.ids.get(&number).is_none_or(|held| **held == *id);
        if !is_free || number > NUMBER_MAX {
            return Err(format!("number: {number} is another row's, or too high"));
        }
        // One that was removed and came again stands under its newer number.
        self.remove_kept(id);
        self.insert_as(number, id, value);
        Ok(())
    }

    fn remove_kept(&mut self, id: &str) {
        if let Some(row) = self.rows.remove(id) {
            self.ids.remove(&row.number);
        }
    }
}

impl<V: Serialize> Serialize for Table<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (id, value) in self.iter() {
            map.serialize_entry(id, value)?;
        }
        map.end()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Table<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Rows<V>(PhantomData<V>);

        impl<'de, V: Deserialize<'de>> Visitor<'de> for Rows<V> {
            type Value = Table<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("rows by id")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<V>, A::Error> {
                let mut table = Table::default();
                while let Some((id, value)) = map.next_entry::<String, V>()? {
                    table.insert(id.borrow(), value);
                }
                Ok(table)
            }
        }

        deserializer.deserialize_map(Rows(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(table: &Table<i32>) -> Vec<&str> {
        table.iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn rows_stay_in_the_order_in_which_they_came() {
        let mut table = Table::default();
        for (id, value) in [("b", 1), ("a", 2), ("c", 3)] {
            table.insert(id, value);
        }
        *table.insert("b", 4) += 1;
        assert_eq!(table.remove("a"), Some(2));
        assert_eq!(table.remove("a"), None);
        table.insert("a", 6);
        assert_eq!(ids(&table), ["b", "c", "a"]);
        assert_eq!(table.ids_of(|value| *value > 4), ["b", "a"]);
        let text = serde_json::to_string(&table).unwrap();
        assert_eq!(text, r#"{"b":5,"c":3,"a":6}"#);
        let again: Table<i32> = serde_json::from_str(&text).unwrap();
        assert_eq!((ids(&again), again.len()), (vec!["b", "c", "a"], 3));
        let all: Vec<(u64, &i32)> = table.below(u64::MAX).collect();
        assert_eq!(all, [(3, &6), (2, &3), (0, &5)]);
        assert_eq!(table.below(2).collect::<Vec<_>>(), [(0, &5)]);
        assert_eq!(table.above(0).collect::<Vec<_>>(), [(2, &3), (3, &6)]);
        assert_eq!(table.above(3).count() + table.below(0).count(), 0);
    }
}
