//! Field limits, checked before anything is sent.

use std::fmt;
use std::ops::RangeInclusive;

use url::Url;

/// A member of a request that Klarna would refuse. Names the field, what is wrong with its value
/// and what would be accepted. Texts are described by their length, never repeated, since they
/// may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Path of the field as Klarna writes it, such as `billing_address.postal_code`.
    pub field: String,
    /// The value, or a description of it where it may be personal data.
    pub value: String,
    /// What would have been accepted.
    pub expected: String,
}

impl FieldError {
    pub(crate) fn new(
        field: impl Into<String>,
        value: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Self {
        Self { field: field.into(), value: value.to_string(), expected: expected.to_string() }
    }

    /// The same error, said of a member of `object`.
    pub(crate) fn within(self, object: &str) -> Self {
        Self { field: format!("{object}.{}", self.field), ..self }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, expected {}", self.field, self.value, self.expected)
    }
}

impl std::error::Error for FieldError {}

/// Refuses a text with fewer or more characters than the range.
pub(crate) fn length(
    field: impl Into<String>,
    text: &str,
    characters: RangeInclusive<usize>,
) -> Result<(), FieldError> {
    let count = text.chars().count();
    if characters.contains(&count) {
        return Ok(());
    }
    let expected = format!("{} to {} characters", characters.start(), characters.end());
    Err(FieldError::new(field, format_args!("{count} characters long"), expected))
}

/// [`length`] of a text that may be missing, from nothing up to `most` characters.
pub(crate) fn at_most(field: &str, text: Option<&str>, most: usize) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| length(field, text, 0..=most))
}

/// Refuses a number outside the range.
pub(crate) fn range(
    field: &str,
    value: i64,
    accepted: RangeInclusive<i64>,
) -> Result<(), FieldError> {
    if accepted.contains(&value) {
        return Ok(());
    }
    let expected = format!("{} to {}", accepted.start(), accepted.end());
    Err(FieldError::new(field, value, expected))
}

/// Refuses a list with more entries than `most`.
pub(crate) fn count(field: &str, entries: usize, most: usize) -> Result<(), FieldError> {
    if entries <= most {
        return Ok(());
    }
    Err(FieldError::new(
        field,
        format_args!("{entries} entries long"),
        format_args!("at most {most} entries"),
    ))
}

/// Refuses anything but an absolute URL of the web with at most 2,000 characters, without showing
/// it. Klarna itself wants `https`; `http` is let through for sandboxes.
pub(crate) fn web_url(field: &str, text: &str) -> Result<(), FieldError> {
    match scheme(field, text)?.as_deref() {
        Some("https" | "http") => Ok(()),
        _ => Err(FieldError::new(field, "not a URL", "an absolute https URL")),
    }
}

/// [`web_url`] with any scheme, such as an app's own.
pub(crate) fn any_url(field: &str, text: &str) -> Result<(), FieldError> {
    match scheme(field, text)? {
        Some(_) => Ok(()),
        None => Err(FieldError::new(field, "not a URL", "an absolute URL")),
    }
}

fn scheme(field: &str, text: &str) -> Result<Option<String>, FieldError> {
    length(field, text, 1..=2000)?;
    Ok(Url::parse(text).ok().map(|url| url.scheme().to_owned()))
}

/// Refuses anything but two letters.
pub(crate) fn country(field: &str, text: &str) -> Result<(), FieldError> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(());
    }
    let value = format!("{} characters long", text.chars().count());
    Err(FieldError::new(field, value, "the two letters of an ISO 3166 country code"))
}
