//! What a state file's lines say, and reading them.
//!
//! The first line says what the file is. After it come batches: lines that put or remove a row or
//! set a part, closed by one line that says that the batch is complete. What follows the last such
//! line was being written when the process ended, and is not there.

use std::{
    fmt::Write as _,
    io::{self, BufRead},
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    keep::check,
    state::{State, table::Rows},
};

/// What a state file says of itself.
const KIND: &str = "klarna-sandbox state file";
/// Raised whenever an older file would be misread.
const VERSION: u64 = 1;
/// How a line begins that closes a batch.
const COMMIT: &[u8] = b"{\"commit\":";

#[derive(Serialize, Deserialize)]
struct Header {
    kind: String,
    version: u64,
}

/// The first line.
pub(super) fn header() -> String {
    format!("{{\"kind\":\"{KIND}\",\"version\":{VERSION}}}\n")
}

/// The line that closes a batch.
pub(super) fn commit(sequence: u64) -> String {
    format!("{{\"commit\":{sequence}}}\n")
}

/// The line that sets a part.
pub(super) fn part(out: &mut String, name: &str, value: &str) {
    // Writing into a text cannot fail.
    let _ = writeln!(out, "{{\"part\":\"{name}\",\"value\":{value}}}");
}

/// The line that puts the row of a number as it is now, if there is one.
pub(super) fn put(out: &mut String, name: &str, table: &dyn Rows, number: u64) -> io::Result<()> {
    let Some((id, row)) = table.row(number) else { return Ok(()) };
    let (id, row) = (serde_json::to_string(id)?, row?);
    let _ = writeln!(out, "{{\"table\":\"{name}\",\"number\":{number},\"id\":{id},\"row\":{row}}}");
    Ok(())
}

/// The line that removes a row.
pub(super) fn removed(out: &mut String, name: &str, id: &str) -> io::Result<()> {
    let id = serde_json::to_string(id)?;
    let _ = writeln!(out, "{{\"table\":\"{name}\",\"id\":{id}}}");
    Ok(())
}

/// A line within a batch.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    table: Option<String>,
    number: Option<u64>,
    id: Option<String>,
    #[serde(borrow)]
    row: Option<&'a RawValue>,
    part: Option<String>,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commit {
    commit: u64,
}

/// What a file held.
#[derive(Default)]
pub(super) struct Loaded {
    pub(super) state: State,
    /// The number of the last batch.
    pub(super) sequence: u64,
    /// How many bytes of the file count: those up to the end of the last batch.
    pub(super) bytes: u64,
    /// How many lines put, removed or set something.
    pub(super) lines: u64,
}

/// Why a file cannot be read.
pub(super) enum Unreadable {
    Io(io::Error),
    /// What is wrong, in the line counted from 1.
    Line(u64, String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a file. `None`: it is empty.
pub(super) fn load(mut file: impl BufRead) -> Result<Option<Loaded>, Unreadable> {
    let mut first = Vec::new();
    if file.read_until(b'\n', &mut first)? == 0 {
        return Ok(None);
    }
    check_header(&first).map_err(|problem| Unreadable::Line(1, problem))?;
    let mut loaded = Loaded { bytes: length(&first), ..Loaded::default() };
    // Lines are held back until their batch is known to be complete.
    let (mut batch, mut batch_begins, mut number) = (Vec::new(), 2, 1);
    loop {
        let begin = batch.len();
        let is_whole = file.read_until(b'\n', &mut batch)? > 0 && batch.ends_with(b"\n");
        if !is_whole {
            break;
        }
        number += 1;
        let Some(sequence) = batch.get(begin..).and_then(closes) else { continue };
        let lines = batch.get(..begin).unwrap_or_default().split_inclusive(|byte| *byte == b'\n');
        for (line, at) in lines.zip(batch_begins..) {
            apply(&mut loaded.state, line).map_err(|problem| Unreadable::Line(at, problem))?;
            loaded.lines += 1;
        }
        loaded.sequence = sequence;
        loaded.bytes += length(&batch);
        batch.clear();
        batch_begins = number + 1;
    }
    match check::problem(&loaded.state) {
        None => Ok(Some(loaded)),
        Some(problem) => Err(Unreadable::Line(number, problem)),
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

fn check_header(line: &[u8]) -> Result<(), String> {
    let header: Option<Header> = serde_json::from_slice(line).ok();
    match header.filter(|header| header.kind == KIND) {
        None => Err(format!("this is no state file, whose first line has the kind {KIND:?}")),
        Some(header) if header.version != VERSION => Err(format!(
            "the file is of version {}, and this program knows {VERSION}",
            header.version
        )),
        Some(_) if !line.ends_with(b"\n") => Err("the first line has no end".to_owned()),
        Some(_) => Ok(()),
    }
}

/// The number of the batch that this line closes, if it does.
fn closes(line: &[u8]) -> Option<u64> {
    if !line.starts_with(COMMIT) {
        return None;
    }
    serde_json::from_slice::<Commit>(line).ok().map(|line| line.commit)
}

fn apply(state: &mut State, line: &[u8]) -> Result<(), String> {
    let line: Line<'_> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    match line {
        Line { table: Some(name), id: Some(id), number, row, part: None, value: None } => {
            let mut tables = state.tables().into_iter();
            let (_, table) = tables
                .find(|(known, _)| *known == name)
                .ok_or_else(|| format!("there is no table {name:?}"))?;
            match (number, row) {
                (Some(number), Some(row)) => table
                    .put_kept(number, &id, row.get())
                    .map_err(|problem| format!("{name}.{id}.{problem}")),
                (None, None) => {
                    table.remove_kept(&id);
                    Ok(())
                }
                _ => Err("number and row go together".to_owned()),
            }
        }
        Line { part: Some(name), value: Some(value), table: None, id: None, .. } => {
            state.set_part(&name, value.get()).map_err(|problem| format!("{name}: {problem}"))
        }
        _ => Err("the line neither puts nor removes a row nor sets a part".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "{\"kind\":\"klarna-sandbox state file\",\"version\":1}\n";

    fn part_of(pace: u32) -> String {
        format!(
            "{{\"part\":\"clock\",\"value\":{{\"offset_seconds\":0,\"offset_nanoseconds\":0,\
             \"pace\":{pace},\"since\":\"1970-01-01T00:00:00Z\"}}}}\n"
        )
    }

    /// The pace, the last batch and the bytes that count.
    type Read = Option<(u32, u64, u64)>;

    fn read(text: &str) -> Result<Read, (u64, String)> {
        match load(text.as_bytes()) {
            Ok(loaded) => Ok(loaded.map(|it| (it.state.clock.pace(), it.sequence, it.bytes))),
            Err(Unreadable::Line(line, problem)) => Err((line, problem)),
            Err(Unreadable::Io(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn only_whole_batches_count() {
        let first = format!("{HEADER}{}{}", part_of(2), commit(1));
        let second = format!("{}{}", part_of(3), commit(2));
        let bytes = first.len() as u64;
        assert_eq!(read(""), Ok(None));
        assert_eq!(read(HEADER), Ok(Some((1, 0, HEADER.len() as u64))));
        assert_eq!(read(&first), Ok(Some((2, 1, bytes))));
        let whole = format!("{first}{second}");
        assert_eq!(read(&whole), Ok(Some((3, 2, whole.len() as u64))));
        for cut in first.len()..whole.len() {
            assert_eq!(read(&whole[..cut]), Ok(Some((2, 1, bytes))), "cut at {cut}");
        }
        let torn = format!("{first}\0\0\0\0\n\n{{\"commit\":");
        assert_eq!(read(&torn), Ok(Some((2, 1, bytes))));
    }

    #[test]
    fn a_broken_line_within_is_told() {
        for (line, problem) in [
            ("{\"table\":\"sessions\"", "EOF"),
            ("{\"table\":\"buyers\",\"id\":\"a\"}", "no table \"buyers\""),
            ("{\"table\":\"orders\",\"id\":\"a\",\"number\":1}", "go together"),
            ("{\"part\":\"orders\",\"value\":{}}", "no part \"orders\""),
            ("{\"part\":\"clock\",\"value\":{\"pace\":-1}}", "clock: pace: invalid value"),
            ("{\"id\":\"a\"}", "neither puts nor removes"),
            ("{\"colour\":\"a\"}", "unknown field `colour`"),
        ] {
            let text = format!("{HEADER}{}{}{line}\n{}", part_of(2), commit(1), commit(2));
            let (at, told) = read(&text).unwrap_err();
            assert_eq!(at, 4, "{line}");
            assert!(told.contains(problem), "{line}: {told}");
        }
    }

    #[test]
    fn other_files_are_not_taken_for_one() {
        for (text, problem) in [
            ("hello\n", "no state file"),
            ("{\"kind\":\"klarna-sandbox snapshot\",\"version\":1}\n", "no state file"),
            ("{\"kind\":\"klarna-sandbox state file\",\"version\":2}\n", "version 2"),
            ("{\"kind\":\"klarna-sandbox state file\",\"version\":1}", "no end"),
        ] {
            let (line, told) = read(text).unwrap_err();
            assert_eq!(line, 1);
            assert!(told.contains(problem), "{told}");
        }
    }
}
