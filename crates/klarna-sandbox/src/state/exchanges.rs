//! The last requests and answers, for tests and for people who look.

use std::collections::VecDeque;

use jiff::Timestamp;

/// One request and its answer.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) at: Timestamp,
    pub(crate) duration_milliseconds: f64,
    pub(crate) method: String,
    /// With the query, as it was asked for.
    pub(crate) path: String,
    /// The address under which the sandbox was called.
    pub(crate) base_url: String,
    /// `Authorization` is hidden.
    pub(crate) request_headers: Vec<(String, String)>,
    pub(crate) request_body: String,
    /// None: the connection was dropped by a fault.
    pub(crate) status: Option<u16>,
    pub(crate) response_headers: Vec<(String, String)>,
    pub(crate) response_body: String,
    /// The injected fault, if one struck.
    pub(crate) fault: Option<&'static str>,
}

/// The newest exchanges, up to a limit.
#[derive(Default)]
pub(crate) struct Exchanges {
    kept: VecDeque<Exchange>,
    /// How many there have been, also those that were forgotten.
    total: u64,
}

impl Exchanges {
    pub(crate) fn remember(&mut self, exchange: Exchange, max: usize) {
        self.total += 1;
        self.kept.push_back(exchange);
        while self.kept.len() > max {
            self.kept.pop_front();
        }
    }

    /// Those whose path contains the text, the newest last.
    pub(crate) fn matching<'a>(
        &'a self,
        path_contains: &'a str,
    ) -> impl Iterator<Item = &'a Exchange> {
        self.kept.iter().filter(move |exchange| exchange.path.contains(path_contains))
    }

    pub(crate) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_keeps_the_newest() {
        let mut exchanges = Exchanges::default();
        for n in 0..5 {
            let exchange = Exchange {
                at: Timestamp::UNIX_EPOCH,
                duration_milliseconds: 0.0,
                method: "GET".into(),
                path: format!("/{n}"),
                base_url: String::new(),
                request_headers: Vec::new(),
                request_body: String::new(),
                status: Some(200),
                response_headers: Vec::new(),
                response_body: String::new(),
                fault: None,
            };
            exchanges.remember(exchange, 2);
        }
        let paths: Vec<&str> = exchanges.matching("").map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["/3", "/4"]);
        assert_eq!(exchanges.matching("4").count(), 1);
        assert_eq!(exchanges.total(), 5);
    }
}
