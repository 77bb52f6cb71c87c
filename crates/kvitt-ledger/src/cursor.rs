//! Where a page of sales ended, as a text that is only handed back.

use jiff::Timestamp;
use kvitt_core::SaleId;
use uuid::Uuid;

use crate::error::LedgerError;

/// The last sale of a page: the next one goes on after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// When that sale was created, in microseconds since 1970.
    pub(crate) created_at_us: i64,
    /// The sale.
    pub(crate) sale: SaleId,
}

impl Cursor {
    pub(crate) fn after(created_at: Timestamp, sale: SaleId) -> Self {
        Self { created_at_us: created_at.as_microsecond(), sale }
    }

    pub(crate) fn to_text(self) -> String {
        format!("{:016x}{}", self.created_at_us, self.sale.0.as_simple())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, LedgerError> {
        let canonical = text.len() == 48
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let (time, sale) =
            text.split_at_checked(16).filter(|_| canonical).ok_or(LedgerError::BadCursor)?;
        let time = u64::from_str_radix(time, 16).map_err(|_| LedgerError::BadCursor)?;
        let sale = Uuid::try_parse(sale).map_err(|_| LedgerError::BadCursor)?;
        Ok(Self { created_at_us: time.cast_signed(), sale: SaleId(sale) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_as_it_is_written() {
        for created_at_us in [i64::MIN, -1, 0, 1_764_000_000_123_456, i64::MAX] {
            let cursor = Cursor { created_at_us, sale: SaleId(Uuid::from_u128(0xabc << 96)) };
            assert_eq!(Cursor::parse(&cursor.to_text()).unwrap(), cursor);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let good = Cursor { created_at_us: 7, sale: SaleId(Uuid::from_u128(7)) }.to_text();
        let upper = Cursor { created_at_us: 10, sale: SaleId(Uuid::nil()) }.to_text();
        for bad in [
            "",
            "x",
            &good[1..],
            &format!("{good}0"),
            &good.replace('7', "g"),
            &upper.replace('a', "A"),
            &format!("+{}", &good[1..]),
            &"ä".repeat(24),
        ] {
            assert!(matches!(Cursor::parse(bad), Err(LedgerError::BadCursor)), "{bad:?}");
        }
    }
}
