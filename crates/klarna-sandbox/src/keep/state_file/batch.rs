//! Taking what changed from the tables, and copying what they hold, a piece at a time.

use std::io;

use super::lines;
use crate::state::{State, table::Changes};

/// What a batch took from the tables: what still has to be written, and what was.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) left: Vec<Changes>,
    pub(super) written: Vec<Changes>,
}

impl Taken {
    /// Takes what changed and writes lines of it until the budget is used up. Gives whether nothing
    /// is left.
    pub(super) fn write(
        &mut self,
        state: &mut State,
        text: &mut String,
        budget: usize,
    ) -> io::Result<bool> {
        let tables = state.tables();
        self.left.resize_with(tables.len(), Changes::default);
        self.written.resize_with(tables.len(), Changes::default);
        for ((name, table), (left, written)) in
            tables.into_iter().zip(self.left.iter_mut().zip(&mut self.written))
        {
            left.extend(table.take_changes());
            while text.len() < budget {
                if let Some(id) = left.removed.pop_first() {
                    lines::removed(text, name, &id)?;
                    written.removed.insert(id);
                } else if let Some(number) = left.put.pop_first() {
                    lines::put(text, name, table, number)?;
                    written.put.insert(number);
                } else {
                    break;
                }
            }
        }
        Ok(self.left.iter().all(Changes::is_empty))
    }
}

/// Where copying all rows has come to: the table's place among the tables, and a row's number.
#[derive(Default)]
pub(super) struct Copied {
    table: usize,
    from: u64,
}

impl Copied {
    /// Writes rows until the budget is used up. Gives whether these were the last.
    pub(super) fn go_on(
        &mut self,
        state: &mut State,
        text: &mut String,
        budget: usize,
    ) -> io::Result<bool> {
        for (name, table) in state.tables().into_iter().skip(self.table) {
            while let Some(number) = table.next_from(self.from) {
                if text.len() >= budget {
                    return Ok(false);
                }
                lines::put(text, name, table, number)?;
                self.from = number + 1;
            }
            self.table += 1;
            self.from = 0;
        }
        Ok(true)
    }

    /// Whether the row of this number was copied, of the table that is being copied.
    #[cfg(test)]
    pub(super) fn is_beyond(&self, number: u64) -> bool {
        self.from > number
    }
}
