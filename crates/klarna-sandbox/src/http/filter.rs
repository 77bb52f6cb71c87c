//! Which exchanges somebody wants to see, as the query of an address says it: the same words for
//! the control API, its live stream, archives and pages.

use aho_corasick::AhoCorasick;

use super::{Call, parameters::Parameters};
use crate::exchanges::Exchange;

/// More words than this are not looked for.
const WORDS_MAX: usize = 16;
/// Nor is more of a word than this, in bytes.
const WORD_BYTES_MAX: usize = 256;
const IDS_MAX: usize = 64;

/// A choice among exchanges. Without anything said, all of them.
#[derive(Default)]
pub(crate) struct Filter {
    /// Each of them occurs in the exchange.
    words: Vec<Word>,
    /// At least one of them occurs in it.
    about: Option<AhoCorasick>,
    method: String,
    status: String,
    /// The first part of the path.
    api: String,
    path_contains: String,
    is_struck: bool,
    /// As it was sent.
    said: Parameters,
}

struct Word {
    text: AhoCorasick,
    /// It may also be meant as one.
    status: Option<u16>,
}

/// The parameters that a filter is made of.
const PARAMETERS: [&str; 7] = ["q", "about", "method", "status", "api", "fault", "path_contains"];

impl Filter {
    /// What a call's query asks for: `q` (words, each of which occurs in path, headers, bodies or
    /// status), `about` (ids, one of which occurs there), `method`, `status` (`404`, `4xx`, or
    /// `none` where the connection was dropped), `api` (`payments`), `fault` (`yes`: struck by
    /// one), `path_contains` (exactly so).
    pub(crate) fn of(call: &Call) -> Self {
        Self::saying(|name| call.parameter(name))
    }

    /// The exchanges that mention one of these ids.
    pub(crate) fn about(ids: &[&str]) -> Self {
        Self::saying(|name| (name == "about").then(|| ids.join(",")))
    }

    fn saying(parameter: impl Fn(&str) -> Option<String>) -> Self {
        let said = Parameters::of(PARAMETERS, parameter);
        let text = |name| said.get(name);
        let word = |word: &str| {
            let text = searcher(&[word])?;
            Some(Word { text, status: word.parse().ok().filter(|_| word.len() == 3) })
        };
        let ids: Vec<&str> =
            text("about").split(',').filter(|id| !id.is_empty()).take(IDS_MAX).collect();
        Self {
            words: text("q").split_whitespace().take(WORDS_MAX).filter_map(word).collect(),
            about: if ids.is_empty() { None } else { searcher(&ids) },
            method: text("method").to_owned(),
            status: text("status").to_ascii_lowercase(),
            api: text("api").to_owned(),
            path_contains: text("path_contains").to_owned(),
            is_struck: text("fault") == "yes",
            said,
        }
    }

    /// What was said to make it.
    pub(crate) fn said(&self) -> &Parameters {
        &self.said
    }

    /// Whether an exchange is among those that are wanted.
    pub(crate) fn fits(&self, it: &Exchange) -> bool {
        let status = it.answer.as_ref().map(|answer| answer.status);
        let has_method =
            self.method.is_empty() || self.method.eq_ignore_ascii_case(it.method.as_str());
        let has_api = || {
            let first = it.path.split(['/', '?']).find(|part| !part.is_empty());
            self.api.is_empty() || first == Some(self.api.as_str())
        };
        has_method
            && fits_status(&self.status, status)
            && has_api()
            && (!self.is_struck || it.fault.is_some())
            && it.path.contains(&self.path_contains)
            && self.words.iter().all(|word| {
                (word.status.is_some() && word.status == status) || mentions(it, &word.text)
            })
            && self.about.as_ref().is_none_or(|ids| mentions(it, ids))
    }
}

/// Finds one of these texts, in capitals or not. `None`: it cannot be made.
fn searcher(texts: &[&str]) -> Option<AhoCorasick> {
    let begin = |text: &&str| text.as_bytes()[..text.len().min(WORD_BYTES_MAX)].to_vec();
    AhoCorasick::builder().ascii_case_insensitive(true).build(texts.iter().map(begin)).ok()
}

fn fits_status(wanted: &str, status: Option<u16>) -> bool {
    match (wanted, status) {
        ("", _) | ("none", None) => true,
        (_, None) => false,
        (wanted, Some(status)) => {
            let class = wanted.strip_suffix("xx").and_then(|it| it.parse::<u16>().ok());
            class.map_or_else(|| wanted.parse() == Ok(status), |class| status / 100 == class)
        }
    }
}

/// Whether a text occurs anywhere in an exchange.
fn mentions(it: &Exchange, text: &AhoCorasick) -> bool {
    let answer = it.answer.as_ref();
    text.is_match(&it.path)
        || text.is_match(it.method.as_str())
        || it.fault.is_some_and(|fault| text.is_match(fault))
        || it.request_body.as_ref().is_some_and(|body| text.is_match(&**body))
        || answer.is_some_and(|answer| {
            text.is_match(&*answer.body) || answer.headers().any(|(_, value)| text.is_match(value))
        })
        || it.request_headers.values().any(|value| text.is_match(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};
    use jiff::Timestamp;
    use url::form_urlencoded;

    use super::*;
    use crate::answer::Answer;

    fn exchange() -> Exchange {
        let mut request_headers = HeaderMap::new();
        request_headers.insert("klarna-idempotency-key", "Key-1".parse().unwrap());
        let answer = Answer::document(404, "application/json", r#"{"error_code":"NO_SUCH_ORDER"}"#);
        Exchange {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            duration_milliseconds: 0.0,
            method: Method::POST,
            path: "/ordermanagement/v1/orders/0a-1/captures?x=y".into(),
            base_url: String::new(),
            request_headers,
            request_body: Some(r#"{"captured_amount": 4711, "name": "Gånge Rolf"}"#.into()),
            answer: Some(answer.with("klarna-correlation-id", "c-77")),
            fault: Some("delay"),
        }
    }

    fn of(query: &str) -> Filter {
        let all: Vec<(String, String)> =
            form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Filter::saying(|name| all.iter().find(|(it, _)| it == name).map(|(_, text)| text.clone()))
    }

    #[test]
    fn words_are_looked_for_everywhere() {
        for (query, fits) in [
            ("", true),
            ("q=4711", true),
            ("q=no_such_order", true),
            ("q=ORDERMANAGEMENT", true),
            ("q=post", true),
            ("q=key-1", true),
            ("q=C-77", true),
            ("q=gånge", true),
            ("q=delay", true),
            ("q=404", true),
            ("q=40", false),
            ("q=4711++captures", true),
            ("q=4711+refunds", false),
            ("q=%20", true),
            ("about=9,0A-1", true),
            ("about=9,8", false),
            ("about=,", true),
        ] {
            assert_eq!(of(query).fits(&exchange()), fits, "{query}");
        }
    }

    #[test]
    fn filters_are_exact() {
        for (query, fits) in [
            ("method=post", true),
            ("method=POS", false),
            ("status=404", true),
            ("status=4XX", true),
            ("status=5xx", false),
            ("status=none", false),
            ("status=what", false),
            ("api=ordermanagement", true),
            ("api=order", false),
            ("fault=yes", true),
            ("path_contains=/captures", true),
            ("path_contains=/Captures", false),
            ("method=POST&status=4xx&api=payments", false),
        ] {
            assert_eq!(of(query).fits(&exchange()), fits, "{query}");
        }
        let dropped = Exchange { answer: None, fault: None, ..exchange() };
        for (query, fits) in
            [("status=none", true), ("status=4xx", false), ("fault=yes", false), ("q=404", false)]
        {
            assert_eq!(of(query).fits(&dropped), fits, "{query}");
        }
    }

    #[test]
    fn what_was_said_can_be_said_again() {
        let filter = of("status=4xx&q=a+%26b&page=7&method=");
        assert_eq!(filter.said().query(&[("after", "7")]), "?q=a+%26b&status=4xx&after=7");
        assert_eq!(filter.said().get("q"), "a &b");
        assert!(!filter.said().is_empty() && of("method=&x=1").said().is_empty());
        assert_eq!(Filter::default().said().query(&[]), "");
        assert_eq!(Filter::about(&["a", "b"]).said().query(&[]), "?about=a%2Cb");
    }

    #[test]
    fn a_word_of_any_length_can_be_looked_for() {
        let long = "x".repeat(100_000);
        assert!(!of(&format!("q={long}")).fits(&exchange()));
        let many = "4711+".repeat(10_000);
        assert!(of(&format!("q={many}")).fits(&exchange()));
    }
}
