//! Patterns of paths.

use serde::{Deserialize, Serialize};

const LENGTH_MAX: usize = 2000;

/// A pattern such as `/ordermanagement/v1/orders/*/captures`: `*` stands for any one part, `**` for
/// any number of them. As in Klarna's own paths, doubled and trailing slashes make no difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pattern(String);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let refused = |why: &str| {
            Err(format!("{text:?} {why}; send one like /ordermanagement/v1/orders/*/captures"))
        };
        if text.len() > LENGTH_MAX {
            return Err(format!("longer than {LENGTH_MAX} bytes; send a shorter pattern"));
        }
        if !text.starts_with('/') {
            return refused("does not begin with a slash");
        }
        if text.contains(['?', '#']) {
            return refused("has a query, but paths are compared without theirs");
        }
        if parts(&text).any(|part| part.contains('*') && part != "*" && part != "**") {
            return refused("has a * that is not a whole part");
        }
        if parts(&text).filter(|part| *part == "**").count() > 1 {
            return refused("has ** more than once");
        }
        Ok(Self(text))
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> + Clone {
    path.split('/').filter(|part| !part.is_empty())
}

impl Pattern {
    /// Whether a path's parts fit.
    pub(crate) fn fits(&self, segments: &[&str]) -> bool {
        fits(&parts(&self.0).collect::<Vec<_>>(), segments)
    }
}

/// Whether the parts of a path fit those of a pattern, which has `**` once at most.
pub(crate) fn fits(pattern: &[&str], segments: &[&str]) -> bool {
    let all = |pattern: &[&str], segments: &[&str]| {
        pattern.len() == segments.len()
            && pattern.iter().zip(segments).all(|(part, it)| *part == "*" || part == it)
    };
    let Some(place) = pattern.iter().position(|part| *part == "**") else {
        return all(pattern, segments);
    };
    let (before, after) = (&pattern[..place], &pattern[place + 1..]);
    let Some(middle) = segments.len().checked_sub(after.len()).filter(|it| *it >= before.len())
    else {
        return false;
    };
    all(before, &segments[..before.len()]) && all(after, &segments[middle..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, path: &str) -> bool {
        let segments: Vec<&str> = parts(path).collect();
        Pattern::try_from(pattern.to_owned()).unwrap().fits(&segments)
    }

    #[test]
    fn a_star_is_one_part_and_two_are_any_number() {
        for (pattern, path, expected) in [
            ("/a/*/c", "/a/b/c", true),
            ("/a/*/c", "//a/b/c/", true),
            ("/a/*/c", "/a/c", false),
            ("/a/*/c", "/a/b/b/c", false),
            ("/a/*", "/a", false),
            ("/a/**", "/a", true),
            ("/a/**", "/a/b/c", true),
            ("/a/**/c", "/a/c", true),
            ("/a/**/c", "/a/b/b/c", true),
            ("/a/**/c", "/a/b/b/d", false),
            ("/a/**/a", "/a", false),
            ("/**/c", "/a/b/c", true),
            ("/**", "/", true),
            ("/", "/", true),
            ("/", "/a", false),
            ("/a", "/A", false),
        ] {
            assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        let long = format!("/{}", "a".repeat(LENGTH_MAX));
        for (text, part) in [
            ("", "does not begin"),
            ("a/b", "does not begin"),
            ("/a?b=c", "query"),
            ("/a/b*", "whole part"),
            ("/a/***", "whole part"),
            ("/**/a/**", "more than once"),
            (&long, "shorter"),
        ] {
            let error = Pattern::try_from(text.to_owned()).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
