//! A table of the store: rows by id, in the order in which they came, knowing which have changed.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    marker::PhantomData,
    sync::Arc,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};

struct Row<V> {
    number: u64,
    value: V,
}

/// Rows by id.
pub(crate) struct Table<V> {
    rows: HashMap<Arc<str>, Row<V>>,
    ids: BTreeMap<u64, Arc<str>>,
    next_number: u64,
    /// The ids of rows that were put, lent for change or removed; `None`: nobody wants to know.
    changed: Option<HashSet<Arc<str>>>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { rows: HashMap::new(), ids: BTreeMap::new(), next_number: 0, changed: None }
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
        let (key, _) = self.rows.get_key_value(id)?;
        if let Some(changed) = &mut self.changed {
            changed.insert(Arc::clone(key));
        }
        self.rows.get_mut(id).map(|row| &mut row.value)
    }

    /// Puts a row; one that was there under the id keeps its place.
    pub(crate) fn insert(&mut self, id: &str, value: V) -> &mut V {
        let key = match self.rows.get_key_value(id) {
            Some((key, _)) => Arc::clone(key),
            None => Arc::from(id),
        };
        if let Some(changed) = &mut self.changed {
            changed.insert(Arc::clone(&key));
        }
        let number = self.rows.get(id).map_or(self.next_number, |row| row.number);
        if number == self.next_number {
            self.ids.insert(number, Arc::clone(&key));
            self.next_number += 1;
        }
        &mut self.rows.entry(key).insert_entry(Row { number, value }).into_mut().value
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<V> {
        let (key, row) = self.rows.remove_entry(id)?;
        self.ids.remove(&row.number);
        if let Some(changed) = &mut self.changed {
            changed.insert(key);
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

    /// The ids of the rows that a test holds for, the oldest first.
    pub(crate) fn ids_of(&self, holds: impl Fn(&V) -> bool) -> Vec<String> {
        self.iter().filter(|(_, value)| holds(value)).map(|(id, _)| id.to_owned()).collect()
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
