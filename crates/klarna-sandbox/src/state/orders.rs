//! Finding an order by the id in a path.

use std::borrow::Cow;

use super::table::Table;
use crate::rules::order::Order;

/// Klarna reads an id as leniently as its platform's UUID parser: five groups of hexadecimal
/// digits, also shorter ones (recorded exchange). Gives the full form, or `None` if it is no id.
pub(crate) fn canonical(id: &str) -> Option<Cow<'_, str>> {
    const WIDTHS: [usize; 5] = [8, 4, 4, 4, 12];
    if is_canonical(id) {
        return Some(id.into());
    }
    let groups: Vec<&str> = id.split('-').collect();
    if groups.len() != WIDTHS.len() {
        return None;
    }
    let mut full = Vec::with_capacity(WIDTHS.len());
    for (group, width) in groups.iter().zip(WIDTHS) {
        let is_hexadecimal = group.bytes().all(|byte| byte.is_ascii_hexdigit());
        if group.is_empty() || group.len() > width || !is_hexadecimal {
            return None;
        }
        full.push(format!("{:0>width$}", group.to_ascii_lowercase()));
    }
    Some(full.join("-").into())
}

/// Whether an id is written as the sandbox gave it.
fn is_canonical(id: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    id.len() == 36 && id.bytes().enumerate().all(fits)
}

/// The order of this id, however it is written.
pub(crate) fn find<'a>(orders: &'a Table<Order>, id: &str) -> Option<&'a Order> {
    orders.get(&canonical(id)?)
}

/// The order of this id, however it is written, for change.
pub(crate) fn find_mut<'a>(orders: &'a mut Table<Order>, id: &str) -> Option<&'a mut Order> {
    orders.get_mut(&canonical(id)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_leniently() {
        let full = "d8bcb0ac-deeb-325b-8472-0ef2c4b9b3e8";
        assert_eq!(canonical("d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8").as_deref(), Some(full));
        assert_eq!(canonical(&full.to_uppercase()).as_deref(), Some(full));
        assert_eq!(canonical(full).as_deref(), Some(full));
        for bad in ["d8bcb0ac-deeb-325b-84720-ef2c4b9b3e8", "d8bcb0acadeeb-325b-8472-0ef2c4b9b3e8"]
        {
            assert_eq!(canonical(bad), None, "{bad}");
        }
        for bad in ["", "x", "1-2-3-4", "1-2-3-4-", "1-2-3-4-5-6", "g-2-3-4-5", "123456789-1-1-1-1"]
        {
            assert_eq!(canonical(bad), None, "{bad}");
        }
    }
}
