//! Exchanges as the sandbox writes them down: one JSON object a line.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::Value;

use crate::Error;

/// What was asked and answered, as far as it is checked.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path, with its query.
    pub path: String,
    /// The status; none if the connection was dropped.
    pub status: Option<u16>,
    /// The answer's headers.
    #[serde(default)]
    pub response_headers: BTreeMap<String, String>,
    /// JSON, another text, or null for nothing.
    #[serde(default)]
    pub response_body: Value,
    /// The fault that a test injected, if one struck: the answer is then the test's.
    #[serde(default)]
    pub fault: Value,
}

impl Exchange {
    /// A header's value, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.response_headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// Gives every exchange of files, and of the files in folders, to `each`.
///
/// # Errors
/// A file cannot be read, or has a line that is no exchange.
pub fn read_all(paths: &[PathBuf], mut each: impl FnMut(Exchange)) -> Result<(), Error> {
    for path in paths {
        if path.is_dir() {
            for file in crate::files(path, &[""])? {
                read(&file, &mut each)?;
            }
        } else {
            read(path, &mut each)?;
        }
    }
    Ok(())
}

fn read(path: &Path, each: &mut impl FnMut(Exchange)) -> Result<(), Error> {
    let file = File::open(path).map_err(|error| Error::read(path, error))?;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| Error::read(path, error))?;
        if line.trim().is_empty() {
            continue;
        }
        let exchange = serde_json::from_str(&line);
        each(exchange.map_err(|error| {
            Error::content(path, &format!("line {}: not an exchange: {error}", index + 1))
        })?);
    }
    Ok(())
}
