//! Exchanges as the sandbox writes them down: JSON objects, one a line.

use std::{
    collections::BTreeMap,
    fs::File,
    io::BufReader,
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
/// A file cannot be read, or holds something that is no exchange.
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
    // Values one after the other: a body that is printed over several lines does no harm.
    let written = serde_json::Deserializer::from_reader(BufReader::new(file));
    for exchange in written.into_iter::<Exchange>() {
        match exchange {
            Ok(exchange) => each(exchange),
            // A process that was killed may leave half an exchange at the end.
            Err(error) if error.is_eof() => break,
            Err(error) => {
                return Err(Error::content(path, &format!("not an exchange: {error}")));
            }
        }
    }
    Ok(())
}
