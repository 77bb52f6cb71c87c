//! What all rows of a table are, in a few bytes.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::{CopiedTable, Value};

/// The digest of a table's rows, in order, and how many they are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Digest {
    rows: u64,
    digest: Sha256,
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows && self.hex() == other.hex()
    }
}

impl Digest {
    /// Takes the next row.
    pub(crate) fn add(&mut self, row: &[Value]) {
        self.rows += 1;
        for value in row {
            let (tag, bytes): (u8, &[u8]) = match value {
                Value::Null => (0, &[]),
                Value::Integer(number) => (1, &number.to_be_bytes()),
                Value::Text(text) => (2, text.as_bytes()),
                Value::Bytes(bytes) => (3, bytes),
                Value::Id(id) => (4, id.as_bytes()),
                Value::Flag(flag) => (5, &[u8::from(*flag)]),
            };
            self.digest.update([tag]);
            // With their lengths in front, no two rows look like others.
            self.digest.update((bytes.len() as u64).to_be_bytes());
            self.digest.update(bytes);
        }
    }

    /// How many rows.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// As it is told.
    pub(crate) fn of(&self, name: &'static str) -> CopiedTable {
        CopiedTable { name, rows: self.rows, digest: self.hex() }
    }

    fn hex(&self) -> String {
        self.digest.clone().finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
