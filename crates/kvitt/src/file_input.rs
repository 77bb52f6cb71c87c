//! JSON from a file or from stdin.

use std::io::Read as _;

use serde::de::IgnoredAny;

use crate::failure::Failure;

/// The text of the file, or of stdin where it is called `-`, if it is JSON. It is passed on as
/// it is written.
pub(crate) fn json(file: &str) -> Result<String, Failure> {
    let (name, text) = if file == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        ("stdin", read.map(|_| text))
    } else {
        (file, std::fs::read_to_string(file))
    };
    let text =
        text.map_err(|error| Failure::usage(format_args!("{name} cannot be read: {error}")))?;
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::usage(format_args!("{name} is not JSON: {error}"))),
    }
}
