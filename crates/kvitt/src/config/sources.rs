//! Where settings come from: variables and the file.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Problems;
use super::file::ConfigFile;
use crate::Context;
use crate::environment::Environment;

/// The file that is read where none is named, if it exists.
const DEFAULT_FILE: &str = "kvitt.toml";
/// The database where none is named.
const DEFAULT_DATABASE_URL: &str = "sqlite:kvitt.db";

/// Everything that was given, but for flags.
pub(crate) struct Sources {
    pub(crate) environment: Environment,
    pub(crate) file: ConfigFile,
    file_name: String,
}

/// A setting as it was given.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// The value.
    pub(crate) value: String,
    /// Its key, and where it was given: what a refusal begins with.
    pub(crate) label: String,
}

impl Given {
    /// A refusal of the value.
    pub(crate) fn refused(&self, problem: impl fmt::Display) -> String {
        if self.value.contains('@') {
            // It may be an address that carries a password.
            return format!("{} cannot be used (its value is not repeated): {problem}", self.label);
        }
        format!("{} is {:?}: {problem}", self.label, self.value)
    }
}

impl Sources {
    /// Reads the file, if there is one. What is wrong with it is noted.
    pub(crate) fn read(context: &Context, problems: &mut Problems) -> Self {
        let environment = context.environment.clone();
        let named =
            context.config.clone().or_else(|| environment.get("KVITT_CONFIG").map(PathBuf::from));
        let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let file_name = path.display().to_string();
        let file = match std::fs::read_to_string(&path) {
            Ok(text) => {
                let mut of_file = Problems::default();
                let file = ConfigFile::read(&text, &mut of_file);
                problems.extend(of_file.named(&file_name));
                file
            }
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                ConfigFile::default()
            }
            Err(error) => {
                problems.add(format_args!(
                    "the configuration {file_name} cannot be read, {error}: correct --config or \
                     KVITT_CONFIG, or leave it out"
                ));
                ConfigFile { unreadable: true, ..ConfigFile::default() }
            }
        };
        Self { environment, file, file_name }
    }

    /// The setting, from the first source that has it.
    pub(crate) fn pick(
        &self,
        key: &str,
        flag: Option<&str>,
        variable: &str,
        in_file: Option<&String>,
    ) -> Option<Given> {
        let flag = flag.map(|value| (value, format!("--{}", key.replace(['_', '.'], "-"))));
        let of_variable = || Some((self.environment.get(variable)?, variable.to_owned()));
        let of_file = || Some((in_file?.as_str(), format!("{key} in {}", self.file_name)));
        let (value, label) = flag.or_else(of_variable).or_else(of_file)?;
        Some(Given { value: value.to_owned(), label })
    }

    /// The label of a setting in the file.
    pub(crate) fn in_file(&self, key: impl fmt::Display) -> String {
        format!("{key} in {}", self.file_name)
    }

    /// The database's URL. It may hold a password: it is not for messages.
    pub(crate) fn database_url(&self, flag: Option<&str>) -> Given {
        let in_file = self.file.database_url.as_ref();
        self.pick("database_url", flag, "KVITT_DATABASE_URL", in_file).unwrap_or_else(|| Given {
            value: DEFAULT_DATABASE_URL.to_owned(),
            label: "database_url".to_owned(),
        })
    }
}

/// A file's text without the newline at its end, as secrets in files are written.
pub(crate) fn read_secret_file(label: &str, path: &str) -> Result<String, String> {
    let text = std::fs::read_to_string(Path::new(path))
        .map_err(|error| format!("{label} is {path:?}, which cannot be read: {error}"))?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(format!("{label} is {path:?}, which is empty: write the secret into it"));
    }
    Ok(secret.to_owned())
}
