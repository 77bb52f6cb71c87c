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
        self.words.iter().all(|word| texts.iter().any(|text| text.to_lowercase().contains(word)))
    }
}
