//! What is kept of a storm that found something, beside the logs: what Klarna's stand-in has, what
//! it sent, and what the ledger still had to do.

use std::path::Path;

use reqwest::Method;
use serde_json::Value;

use crate::Error;
use crate::chaos::Chaos;

/// What was heard of each sale, without its content, and the work that is left.
const TABLES: [(&str, &str); 2] = [
    (
        "inbox.json",
        "SELECT coalesce(json_agg(json_build_object('sale', sale, 'door', door, 'times', times, \
         'first_at_us', first_at_us, 'last_at_us', last_at_us)), '[]') FROM inbox",
    ),
    ("work.json", "SELECT coalesce(json_agg(work), '[]') FROM work"),
];

impl Chaos<'_> {
    /// Writes it into the folder of the logs.
    pub(crate) async fn keep_evidence(&self, folder: &Path) -> Result<(), Error> {
        for (name, path) in
            [("snapshot.json", "/sandbox/v1/snapshot"), ("callbacks.json", "/sandbox/v1/callbacks")]
        {
            let shown = self.doors.control(Method::GET, path, None).await?;
            write(folder, name, &Value::to_string(&shown))?;
        }
        for (name, select) in TABLES {
            write(folder, name, &self.fleet.sql(select))?;
        }
        Ok(())
    }
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    let path = folder.join(name);
    std::fs::write(&path, text).map_err(Error::io(path.display().to_string()))
}
