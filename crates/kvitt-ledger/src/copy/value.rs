//! Values on their way from one store to the other.

use uuid::Uuid;

/// A value, the same whichever store it is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// None.
    Null,
    /// A number, an amount or a time.
    Integer(i64),
    /// A text, JSON among them.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An id without its prefix.
    Id(Uuid),
    /// Yes or no.
    Flag(bool),
}

impl Value {
    /// How many bytes it takes, about.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => size_of::<Self>(),
        }
    }
}
