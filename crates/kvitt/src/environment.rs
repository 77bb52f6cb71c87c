//! The `KVITT_…` variables of the process, read once.

use std::collections::BTreeMap;

/// The `KVITT_…` variables. An empty one counts as not set, since that is how compose files and
/// shells pass on what they do not have. Prints nothing of itself: there are secrets in it.
#[derive(Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The process's own.
    pub(crate) fn of_process() -> Self {
        std::env::vars_os()
            .map(|(name, value)| {
                (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned())
            })
            .collect()
    }

    /// The variable's value, if it is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names of all variables that are set and begin like this.
    pub(crate) fn names_under(&self, prefix: &str) -> impl Iterator<Item = &str> {
        self.0.keys().filter(move |name| name.starts_with(prefix)).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        let kept =
            |(name, value): &(String, String)| name.starts_with("KVITT_") && !value.is_empty();
        Self(variables.into_iter().filter(kept).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_or_somebody_elses_is_not_there() {
        let variables = [("KVITT_LISTEN", "a:1"), ("KVITT_LOG", ""), ("PATH", "/bin")];
        let environment: Environment = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(environment.get("KVITT_LISTEN"), Some("a:1"));
        assert_eq!(environment.get("KVITT_LOG"), None);
        assert_eq!(environment.get("PATH"), None);
        assert_eq!(environment.names_under("KVITT_").collect::<Vec<_>>(), ["KVITT_LISTEN"]);
    }
}
