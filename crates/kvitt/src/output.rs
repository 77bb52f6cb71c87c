//! Results on stdout, messages on stderr.

use std::io::{self, ErrorKind, IsTerminal as _, Write as _};

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

use crate::failure::Failure;

/// Prints a result, with a newline after it.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.trim_end_matches('\n').as_bytes())
        .and_then(|()| stdout.write_all(b"\n"))
        .and_then(|()| stdout.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::OutputClosed,
        _ => Failure::internal(anyhow::Error::from(error).context("cannot write to stdout")),
    })
}

/// Tells people something that is no result. Nobody listening is no failure.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal.
pub(crate) fn ask(question: &str) -> bool {
    let mut stderr = io::stderr().lock();
    let _ = write!(stderr, "{question} [y/N] ");
    let _ = stderr.flush();
    let mut answer = String::new();
    // What cannot be read is no yes.
    let _ = io::stdin().read_line(&mut answer);
    is_yes(&answer)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The text in red, where stderr shows colours.
pub(crate) fn red(text: &str) -> String {
    if colours_on(&io::stderr()) { format!("\x1b[1;31m{text}\x1b[0m") } else { text.to_owned() }
}

/// Whether results may be coloured.
pub(crate) fn colours_on_stdout() -> bool {
    colours_on(&io::stdout())
}

/// Whether messages may be coloured.
pub(crate) fn colours_on_stderr() -> bool {
    colours_on(&io::stderr())
}

fn colours_on(stream: &impl io::IsTerminal) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    stream.is_terminal() && !set("NO_COLOR") && !dumb
}

/// A text from elsewhere, safe to show on a terminal: what would steer it is replaced.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}

/// Rows under headings. Headings that begin with `>` are set right, as numbers are. A column in
/// which nothing stands is left out.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    // A line that the terminal wraps can still be copied; an id cut into pieces cannot.
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.force_no_tty();
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let is_used = |column: &usize| {
        rows.is_empty() || rows.iter().any(|row| row.get(*column).is_some_and(|it| !it.is_empty()))
    };
    let used: Vec<usize> = (0..headings.len()).filter(is_used).collect();
    let of_used = |cells: &[&str]| -> Vec<String> {
        used.iter().filter_map(|column| cells.get(*column)).map(|cell| plain(cell)).collect()
    };
    let names: Vec<_> = headings.iter().map(|it| it.trim_start_matches('>')).collect();
    table.set_header(of_used(&names).iter().map(|name| name.to_uppercase()));
    for row in &rows {
        table.add_row(of_used(&row.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    for (index, heading) in used.iter().filter_map(|it| headings.get(*it)).enumerate() {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            if heading.starts_with('>') {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    table.trim_fmt()
}

/// Names with values, one a line; an absent value is left out.
pub(crate) fn list<'a>(pairs: impl IntoIterator<Item = (&'a str, Option<String>)>) -> String {
    let pairs: Vec<(&str, String)> =
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let width = pairs.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    pairs
        .iter()
        .map(|(name, value)| format!("{name:width$}  {}", plain(value)))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for yes in ["y\n", "Y", " yes \n", "YES"] {
            assert!(is_yes(yes), "{yes:?}");
        }
        for no in ["", "\n", "n", "no", "yess", "j"] {
            assert!(!is_yes(no), "{no:?}");
        }
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\u{9b}c\n"), "a\u{fffd}[2Jb\u{fffd}c\u{fffd}");
        let shown = table(&["name"], [vec!["\x1b[31mred".to_owned()]]);
        assert!(!shown.contains('\x1b'), "{shown:?}");
        assert!(!list([("name", Some("\x07".to_owned()))]).contains('\x07'));
    }

    #[test]
    fn numbers_stand_right_and_absent_values_are_left_out() {
        let rows = [vec!["a".to_owned(), "5".to_owned()], vec!["bb".to_owned(), "1000".to_owned()]];
        assert_eq!(table(&["name", ">sum"], rows), "NAME   SUM\na        5\nbb    1000");
        let pairs =
            [("id", Some("x".to_owned())), ("gone", None), ("status", Some("y".to_owned()))];
        assert_eq!(list(pairs), "id      x\nstatus  y");
    }
}
