//! What is wrong with a configuration.

use std::fmt;

use crate::failure::Failure;

/// Everything that is wrong, each with its way out.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// Notes a problem: the key, the value unless it is secret, and the way out.
    pub(crate) fn add(&mut self, problem: impl fmt::Display) {
        self.0.push(problem.to_string());
    }

    /// Takes the value, or notes the refusal.
    pub(crate) fn keep<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.add(problem)).ok()
    }

    /// How many there are so far.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes over what others noted.
    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The same, each beginning with the file that it is about.
    pub(crate) fn named(self, file: &str) -> Self {
        Self(self.0.into_iter().map(|problem| format!("{file}: {problem}")).collect())
    }

    /// Fails, with every problem at once, if there is any.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.0.as_slice() {
            [] => Ok(()),
            [problem] => {
                Err(Failure::usage(format_args!("this configuration cannot work:\n  - {problem}")))
            }
            problems => Err(Failure::usage(format_args!(
                "this configuration cannot work, for {} reasons:\n  - {}",
                problems.len(),
                problems.join("\n  - ")
            ))),
        }
    }
}

#[cfg(test)]
impl Problems {
    /// All of them, for comparison.
    pub(crate) fn all(&self) -> &[String] {
        &self.0
    }
}
