//! The parameters of a query that say something, to be read and said again in other addresses.

use url::form_urlencoded;

/// Names and what was said under them, without blanks around it.
#[derive(Clone, Default)]
pub(crate) struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// Those of these names under which anything was said.
    pub(crate) fn of(
        names: impl IntoIterator<Item = &'static str>,
        parameter: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let said = names.into_iter().filter_map(|name| {
            let text = parameter(name)?.trim().to_owned();
            (!text.is_empty()).then_some((name, text))
        });
        Self(said.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was said under a name; empty: nothing.
    pub(crate) fn get(&self, wanted: &str) -> &str {
        self.0.iter().find(|(name, _)| *name == wanted).map_or("", |(_, text)| text)
    }

    /// The query that says the same and more: `?q=boots&after=7`, or nothing.
    pub(crate) fn query(&self, more: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().map(|(name, text)| (*name, text.as_str())));
        query.extend_pairs(more);
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }
}
