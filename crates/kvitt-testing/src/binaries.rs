//! Where PostgreSQL's programs are.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian puts each version's programs, in folders by its number.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The oldest version that kvitt works with.
const VERSION_MIN: u32 = 15;

/// The folder with `initdb`, `pg_ctl` and the others: on `PATH`, else Debian's newest.
pub(crate) fn folder() -> PathBuf {
    let on_path = env::var_os("PATH").unwrap_or_default();
    let mut candidates: Vec<PathBuf> = env::split_paths(&on_path).collect();
    let mut versions: Vec<u32> = fs::read_dir(DEBIAN)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|version| *version >= VERSION_MIN)
        .collect();
    versions.sort_unstable_by_key(|version| std::cmp::Reverse(*version));
    candidates.extend(versions.iter().map(|it| Path::new(DEBIAN).join(it.to_string()).join("bin")));
    let has_all = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "pg_dump", "postgres", "psql"]
            .iter()
            .all(|it| folder.join(it).is_file())
    };
    candidates.into_iter().find(has_all).unwrap_or_else(|| {
        panic!(
            "PostgreSQL {VERSION_MIN} or newer is not here: install it (on Debian: apt-get install \
             postgresql), or put the folder that holds initdb and pg_ctl on PATH"
        )
    })
}
