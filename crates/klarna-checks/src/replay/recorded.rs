//! A recorded exchange, and how far it can be trusted.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::{
    Error,
    api::{Operation, operation},
    files,
    json::Json,
    text,
};

/// Where an exchange comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Traffic with the real Klarna.
    Recorded,
    /// A test fixture, mostly made of a schema's example.
    Fixture,
    /// A sample of Klarna's documentation.
    DocExample,
}

/// One exchange as its file has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// Where it was found.
    #[serde(default)]
    pub source: String,
    /// What it is.
    pub kind: Kind,
    /// The host that answered.
    #[serde(default)]
    pub host: String,
    /// When, in one of several forms.
    recorded_at: Option<String>,
    /// What its finder remarked.
    #[serde(default)]
    pub notes: String,
    /// Whether parts of request or answer were left out where it was published.
    #[serde(default)]
    pub partial: bool,
    /// The path with names in braces for ids.
    pub path_pattern: String,
    /// What was asked.
    pub request: Request,
    /// What was answered.
    pub response: Response,
}

/// What was asked.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path as it was asked for; ids that are not known are names in braces.
    pub path: String,
    /// The headers that matter.
    #[serde(default)]
    pub headers: Headers,
    /// The body; null if there was none or it is not known.
    #[serde(default)]
    pub body: Json,
}

/// What was answered.
#[derive(Clone, Debug, Deserialize)]
pub struct Response {
    /// The status; `None`: not told.
    pub status: Option<u16>,
    /// The headers, as far as known.
    #[serde(default)]
    pub headers: Headers,
    /// The body; null if it was empty.
    #[serde(default)]
    pub body: Json,
    /// The body letter by letter, where that is known.
    pub body_text: Option<String>,
}

/// Headers by name, in any case.
#[derive(Clone, Debug, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = std::collections::BTreeMap::<String, String>::deserialize(deserializer)?;
        let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
        Ok(Self(members.into_iter().map(lower).collect()))
    }
}

impl Headers {
    /// The value of this name, which has to be in lower case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

impl Exchange {
    /// Reads one file.
    ///
    /// # Errors
    /// It cannot be read or is no exchange.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut exchange: Self =
            serde_json::from_str(&text(path)?).map_err(|error| Error::content(path, &error))?;
        exchange.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(exchange)
    }

    /// The operation that was called.
    ///
    /// # Errors
    /// The sandbox does not have it; the text says what it is.
    pub fn operation(&self) -> Result<Operation, String> {
        operation(&self.request.method, &self.path_pattern)
    }

    /// Whether a schema's or documentation's example is asked to agree in its members and their
    /// types only; real traffic is asked to agree in every value that can be foreseen.
    pub fn is_sample(&self) -> bool {
        self.kind != Kind::Recorded
    }

    /// Whether members that the answer does not show may be there all the same.
    pub fn may_be_abridged(&self) -> bool {
        self.partial || self.is_sample()
    }

    /// Whether the members stand in Klarna's order. Samples and some recorders sort them.
    pub fn keeps_order(&self) -> bool {
        !self.is_sample() && !self.notes.contains("FIELD ORDER")
    }

    /// Whether all headers of the answer are known: then it has a date.
    pub fn has_all_headers(&self) -> bool {
        !self.is_sample() && self.response.headers.get("date").is_some()
    }

    /// The error's code, if the answer is an error.
    pub fn error_code(&self) -> Option<&str> {
        self.response.body.text("error_code")
    }

    /// The error's first text, if the answer is an error.
    pub fn error_text(&self) -> Option<&str> {
        self.response.body.get("error_messages")?.elements()?.first()?.as_text()
    }

    /// Whether it is a success as far as its status tells.
    pub fn is_success(&self) -> bool {
        self.response.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Year and month, as far as they are told.
    pub fn month(&self) -> Option<(u16, u8)> {
        month(self.recorded_at.as_deref()?)
    }
}

/// Reads `2023-09-19T08:56:46Z`, `2019-12-10` and `Wed, 28 Apr 2021 09:07:15 GMT`.
fn month(text: &str) -> Option<(u16, u8)> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if let Some((_, day)) = text.split_once(", ") {
        let mut parts = day.split(' ').skip(1);
        let place = MONTHS.find(parts.next()?)?;
        return Some((parts.next()?.parse().ok()?, u8::try_from(place / 3 + 1).ok()?));
    }
    let mut parts = text.split('-');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The files of a folder that hold exchanges.
///
/// # Errors
/// The folder cannot be read, or holds none.
pub fn exchanges(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let found = files(folder, &[".json"])?;
    if found.is_empty() {
        return Err(Error::nothing(folder, "there is no recorded exchange (*.json) in it"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_in_every_form() {
        assert_eq!(month("2023-09-19T08:56:46.761Z"), Some((2023, 9)));
        assert_eq!(month("2019-12-10"), Some((2019, 12)));
        assert_eq!(month("Wed, 28 Apr 2021 09:07:15 GMT"), Some((2021, 4)));
        assert_eq!(month("unknown"), None);
    }
}
