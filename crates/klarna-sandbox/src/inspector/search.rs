//! What the address of a list of sessions or orders asks for: words, and states by their names.

use crate::http::{Call, Parameters};

/// More words than this are not looked for.
const WORDS_MAX: usize = 16;

/// A search; without anything said it finds everything.
#[derive(Default)]
pub(super) struct Search {
    /// In lower case.
    words: Vec<String>,
    pub(super) said: Parameters,
}

impl Search {
    /// What a call's query says: the words in `q`, and states under these names.
    pub(super) fn of(call: &Call, states: &[&'static str]) -> Self {
        let names = ["q"].into_iter().chain(states.iter().copied());
        let said = Parameters::of(names, |name| call.parameter(name));
        let words = said.get("q").split_whitespace().take(WORDS_MAX).map(str::to_lowercase);
        Self { words: words.collect(), said }
    }

    /// Whether a state is the one that is asked for, or none is.
    pub(super) fn wants(&self, name: &str, state: &str) -> bool {
        let wanted = self.said.get(name);
        wanted.is_empty() || wanted == state
    }

    /// Whether each word occurs in one of the texts.
    pub(super) fn finds(&self, texts: &[&str]) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let texts: Vec<String> = texts.iter().map(|text| text.to_lowercase()).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, Method};

    use super::*;

    fn search(query: &str) -> Search {
        let call = Call {
            method: Method::GET,
            path: "/inspector/orders".into(),
            query: Some(query.into()),
            headers: HeaderMap::new(),
            body: None,
            base_url: String::new(),
        };
        Search::of(&call, &["status"])
    }

    #[test]
    fn every_word_has_to_occur_somewhere() {
        let texts = ["0A-1", "Shop-7", "gösta@email.se"];
        for (query, finds) in [
            ("", true),
            ("q=shop", true),
            ("q=GÖSTA+0a", true),
            ("q=shop+8", false),
            ("q=7%20gösta", true),
            ("q=7gösta", false),
        ] {
            assert_eq!(search(query).finds(&texts), finds, "{query}");
        }
        assert!(search("q=").finds(&[]) && !search("q=x").finds(&[]));
    }

    #[test]
    fn a_state_is_wanted_by_its_name() {
        assert!(search("").wants("status", "CAPTURED"));
        assert!(search("status=CAPTURED").wants("status", "CAPTURED"));
        assert!(!search("status=CAPTURE").wants("status", "CAPTURED"));
        assert!(search("standing=x").wants("standing", "y"), "not asked for here");
    }
}
