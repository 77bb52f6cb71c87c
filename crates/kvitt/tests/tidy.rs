//! The repository checks itself: sizes, loose ends, paths, whitespace, links, a table, a help text.
//!
//! Each check is a function from one file to its complaints. It is run over every file that could
//! be committed, and over a text that it must complain about.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Most lines in one Rust file. Longer ones do more than one thing.
const RUST_LINES_MAX: usize = 800;

/// The needles are put together here, so that this file does not hold them.
const LOOSE_ENDS: [&str; 3] =
    [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("#[ig", "nore")];
const OUTSIDE: [&str; 2] = [concat!("..", "/shared"), concat!("/wo", "rk/")];
/// The one file that may look beside the checkout.
const MAY_LOOK_OUTSIDE: &str = ".ci/run";

/// The table of what goes wrong with Klarna, and how many rows each of its sections has.
const FAILURE_MODES: &str = "docs/failure-modes.md";
const FAILURE_MODES_ROWS: [(char, u32); 10] = [
    ('M', 13),
    ('S', 14),
    ('P', 13),
    ('F', 7),
    ('C', 8),
    ('K', 12),
    ('E', 5),
    ('R', 10),
    ('D', 6),
    ('O', 17),
];

/// A text file, by its path from the repository's root.
struct File {
    path: PathBuf,
    text: String,
}

impl File {
    fn is(&self, extensions: &[&str]) -> bool {
        self.path.extension().is_some_and(|it| extensions.iter().any(|known| it == *known))
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.split('\n').enumerate().map(|(index, line)| (index + 1, line))
    }

    fn at(&self, line: usize, complaint: &str) -> String {
        format!("{}:{line}: {complaint}", self.path.display())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every text file that git would take: all but its own folder and what the root's `.gitignore`
/// names from the root.
fn files() -> Vec<File> {
    let root = root();
    let ignored: Vec<PathBuf> = fs::read_to_string(root.join(".gitignore"))
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix('/'))
        .map(|name| root.join(name.trim_end_matches('/')))
        .collect();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if path.ends_with(".git") || ignored.contains(&path) {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file()
                && let Ok(text) = String::from_utf8(fs::read(&path).unwrap())
            {
                found.push(File { path: path.strip_prefix(&root).unwrap().to_owned(), text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        found.iter().any(|file| file.path == Path::new("Cargo.toml")),
        "the walk found nothing"
    );
    found
}

/// Runs a check over the repository and shows all complaints at once.
fn check_all(check: impl Fn(&File) -> Vec<String>) {
    let complaints: Vec<String> = files().iter().flat_map(check).collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// What a check says of a text, without the path.
fn said(check: impl Fn(&File) -> Vec<String>, path: &str, text: &str) -> Vec<String> {
    let file = File { path: path.into(), text: text.to_owned() };
    check(&file).iter().map(|it| it.trim_start_matches(path).to_owned()).collect()
}

fn too_long(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if file.is(&["rs"]) && lines > RUST_LINES_MAX {
        vec![file.at(lines, &format!("more than {RUST_LINES_MAX} lines: split it by what it does"))]
    } else {
        Vec::new()
    }
}

fn loose_ends(file: &File) -> Vec<String> {
    if !(file.is(&["rs"]) && file.path.starts_with("crates")) {
        return Vec::new();
    }
    file.lines()
        .flat_map(|(number, line)| {
            let found = LOOSE_ENDS.iter().filter(move |needle| line.contains(*needle));
            found.map(move |needle| file.at(number, &format!("{needle}…: finish it or remove it")))
        })
        .collect()
}

fn outside_paths(file: &File) -> Vec<String> {
    if file.path == Path::new(MAY_LOOK_OUTSIDE) {
        return Vec::new();
    }
    // In the middle of a longer path, the same letters are a folder of the repository.
    let starts_a_path = |line: &str, needle: &str| {
        line.match_indices(needle).any(|(at, _)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_-.".contains(before))
        })
    };
    file.lines()
        .filter(|(_, line)| OUTSIDE.iter().any(|needle| starts_a_path(line, needle)))
        .map(|(number, _)| {
            file.at(number, "names a path outside the repository, which stands on its own")
        })
        .collect()
}

fn untidy_whitespace(file: &File) -> Vec<String> {
    if !file.is(&["rs", "md", "toml"]) {
        return Vec::new();
    }
    let mut complaints: Vec<String> = file
        .lines()
        .filter(|(_, line)| line.trim_end() != *line)
        .map(|(number, _)| file.at(number, "whitespace at the end of the line"))
        .collect();
    if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
        let last = file.text.lines().count();
        complaints.push(file.at(last, "the file ends with one newline, no more and no less"));
    }
    complaints
}

fn broken_links(root: &Path, file: &File) -> Vec<String> {
    if !file.is(&["md"]) {
        return Vec::new();
    }
    let folder = root.join(file.path.parent().unwrap_or(Path::new("")));
    links(&file.text)
        .into_iter()
        .filter(|(_, target)| !is_elsewhere(target))
        .filter_map(|(number, target)| {
            let path = target.split('#').next().unwrap_or_default();
            let inside = |path: PathBuf| path.exists() && stays_inside(root, &path);
            (!inside(folder.join(path)))
                .then(|| file.at(number, &format!("the link {target} leads to no file here")))
        })
        .collect()
}

/// A web address, or a place in the same file.
fn is_elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:") || target.starts_with('#')
}

/// Whether a path, with its `..` worked out, is still in the repository.
fn stays_inside(root: &Path, path: &Path) -> bool {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    plain.starts_with(root)
}

/// The targets of `[text](target)` and `[text]: target`, with their lines, outside code.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every other piece between backticks is code.
        let prose: String = line.split('`').step_by(2).collect();
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let named = prose.starts_with('[').then(|| prose.split_once("]: ")).flatten();
        let named = named.and_then(|(_, rest)| rest.split_whitespace().next());
        found.extend(inline.chain(named).map(|target| (index + 1, target.to_owned())));
    }
    found
}

fn headless_crate(file: &File) -> Vec<String> {
    let parts: Vec<_> = file.path.iter().filter_map(|part| part.to_str()).collect();
    let is_crate_root = matches!(parts.as_slice(), ["crates", _, "src", "lib.rs" | "main.rs"]);
    if is_crate_root && !file.text.starts_with("//! ") {
        vec![file.at(1, "a crate begins with //! and a sentence that says what it is")]
    } else {
        Vec::new()
    }
}

/// The names of a Rust file's tests.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    text.lines().map(str::trim).filter_map(move |line| {
        if line.starts_with("#[") {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
            return None;
        }
        let function = line.trim_start_matches("async ").strip_prefix("fn ");
        let was_test = std::mem::take(&mut is_test);
        function.filter(|_| was_test)?.split(['(', '<']).next()
    })
}

/// Each failure has its row, in order, with tests that exist or the word that there is none.
fn untrue_rows(file: &File, tests: &BTreeSet<&str>) -> Vec<String> {
    let mut ids =
        FAILURE_MODES_ROWS.iter().flat_map(|(kind, rows)| (1..=*rows).map(move |it| (*kind, it)));
    let mut complaints = Vec::new();
    for (number, line) in file.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, id, _, _, shown_by, _] = cells.as_slice() else { continue };
        if *id == "id" || id.starts_with('-') {
            continue;
        }
        let expected = ids.next().map_or("the end".to_owned(), |(kind, it)| format!("{kind}{it}"));
        if *id != expected {
            complaints.push(file.at(number, &format!("{id} stands where {expected} belongs")));
            return complaints;
        }
        let names: Vec<_> = shown_by.split('`').skip(1).step_by(2).collect();
        if names.is_empty() && *shown_by != "no test yet" {
            complaints.push(file.at(number, &format!("{id} names no test")));
        }
        let missing = names.iter().filter(|name| !tests.contains(*name));
        complaints.extend(missing.map(|name| file.at(number, &format!("no test is named {name}"))));
    }
    if let Some((kind, it)) = ids.next() {
        let last = file.text.lines().count();
        complaints.push(file.at(last, &format!("{kind}{it} has no row")));
    }
    complaints
}

#[test]
fn no_rust_file_does_too_much() {
    assert_eq!(said(too_long, "a.rs", &"\n".repeat(801)).len(), 1);
    assert_eq!(said(too_long, "a.rs", &"\n".repeat(800)), [""; 0]);
    check_all(too_long);
}

#[test]
fn nothing_is_left_open() {
    for needle in LOOSE_ENDS {
        let text = format!("fn f() {{}}\n    {needle}]");
        let complaint = format!(":2: {needle}…: finish it or remove it");
        assert_eq!(said(loose_ends, "crates/a/src/lib.rs", &text), [complaint]);
    }
    check_all(loose_ends);
}

#[test]
fn nothing_outside_is_named() {
    for needle in OUTSIDE {
        assert_eq!(said(outside_paths, "README.md", &format!("see {needle}x")).len(), 1);
        assert_eq!(said(outside_paths, "README.md", &format!("see `{needle}x`")).len(), 1);
        assert_eq!(said(outside_paths, MAY_LOOK_OUTSIDE, &format!("see {needle}x")), [""; 0]);
        assert_eq!(said(outside_paths, "README.md", &format!("see src{needle}x")), [""; 0]);
    }
    check_all(outside_paths);
}

#[test]
fn whitespace_is_tidy() {
    for text in ["a \n", "a\t\nb\n", "a\r\n", "a", "a\n\n"] {
        assert_eq!(said(untidy_whitespace, "a.md", text).len(), 1, "{text:?}");
    }
    assert_eq!(said(untidy_whitespace, "a.md", "a\n\nb\n"), [""; 0]);
    check_all(untidy_whitespace);
}

#[test]
fn links_lead_somewhere() {
    let root = root();
    let check = |file: &File| broken_links(&root, file);
    let text = "[a](Cargo.toml) [b](nowhere.md#part)\n\n[c]: crates/nowhere\n[d](../Cargo.toml)\n";
    assert_eq!(
        said(check, "a.md", text),
        [
            ":1: the link nowhere.md#part leads to no file here",
            ":3: the link crates/nowhere leads to no file here",
            ":4: the link ../Cargo.toml leads to no file here",
        ]
    );
    let fine = "[a](Cargo.toml#x) [b](https://example.com) [c](#here) `[d](x)`\n```\n[e](x)\n```\n";
    assert_eq!(said(check, "a.md", fine), [""; 0]);
    assert_eq!(said(check, "crates/a.md", "[up](../Cargo.toml) [in](kvitt)\n"), [""; 0]);
    check_all(check);
}

#[test]
fn every_crate_says_what_it_is() {
    assert_eq!(said(headless_crate, "crates/a/src/lib.rs", "use std;\n").len(), 1);
    assert_eq!(said(headless_crate, "crates/a/src/lib.rs", "//! A.\n"), [""; 0]);
    assert_eq!(said(headless_crate, "crates/a/src/b/lib.rs", "use std;\n"), [""; 0]);
    check_all(headless_crate);
}

#[test]
fn the_table_of_failure_modes_is_true() {
    let source = "#[test]\nfn a() {}\n#[tokio::test]\n#[cfg(unix)]\nasync fn b() {}\nfn c() {}\n";
    assert_eq!(tests_in(source).collect::<Vec<_>>(), ["a", "b"]);
    let check = |file: &File| untrue_rows(file, &BTreeSet::from(["a", "b"]));
    let table = "| id | wrong | does | shown by |\n|---|---|---|---|\n\
        | M1 | x | y | `a`, `c` |\n| M2 | x | y | no test yet |\n| M3 | x | y | a |\n";
    let complaints = [":3: no test is named c", ":5: M3 names no test", ":5: M4 has no row"];
    assert_eq!(said(check, "a.md", table), complaints);
    assert_eq!(
        said(check, "a.md", "| M1 | x | y | `a` |\n| M1 | x | y | `b` |\n"),
        [":2: M1 stands where M2 belongs"]
    );

    let files = files();
    let sources = files.iter().filter(|file| file.is(&["rs"]) && file.path.starts_with("crates"));
    let tests = sources.flat_map(|file| tests_in(&file.text)).collect();
    let table = files.iter().find(|file| file.path == Path::new(FAILURE_MODES)).unwrap();
    let complaints = untrue_rows(table, &tests);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Without a path to any program: nothing is built or installed first.
#[test]
fn the_sandboxs_bench_tells_its_flags_at_once() {
    let root = root();
    let asked = Command::new("/bin/bash")
        .arg(root.join("scripts/bench-sandbox"))
        .args(["--rounds", "1", "--help"])
        .env("PATH", "")
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let told = String::from_utf8(asked.stdout).unwrap();
    let source = fs::read_to_string(root.join("benches/sandbox/main.rs")).unwrap();
    let (_, fields) = source.split_once("struct Args {").unwrap();
    let (fields, _) = fields.split_once("\n}").unwrap();
    for field in fields.split("#[arg(").skip(1).filter(|field| !field.contains("hide = true")) {
        let (name, _) = field.rsplit_once(": ").unwrap();
        let flag = format!("\n  --{} ", name.split_whitespace().next_back().unwrap());
        assert!(told.contains(&flag), "{flag} is not in benches/sandbox/usage.txt");
    }
    let flags = told.lines().filter(|line| line.starts_with("  --")).count();
    assert_eq!(flags, fields.matches("#[arg(").count() - 2, "{told}");
}
