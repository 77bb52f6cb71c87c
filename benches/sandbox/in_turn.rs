//! A few requests, made beforehand, that come round again.

use crate::common::load::Source;

pub(crate) struct InTurn<'a> {
    requests: &'a [Vec<u8>],
    next: usize,
}

/// One for each connection, each of which begins with another request.
pub(crate) fn in_turn(requests: &[Vec<u8>], connections: usize) -> Vec<InTurn<'_>> {
    (0..connections).map(|next| InTurn { requests, next }).collect()
}

impl Source for InTurn<'_> {
    fn next(&mut self) -> &[u8] {
        let request = &self.requests[self.next % self.requests.len()];
        self.next += 1;
        request
    }
}
