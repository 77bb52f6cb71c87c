//! Validates recorded answers of the sandbox against Klarna's published OpenAPI files: the path and
//! method are known, the status is declared, the body is valid (and empty where none is declared),
//! the declared headers are there.

mod check;
mod document;
mod patches;
mod undeclared;
mod written;

pub use self::{
    check::{Report, Used},
    document::{Documents, Patched},
    written::{Exchange, read_all},
};

/// Validates every exchange of files and folders against the OpenAPI files of a folder.
///
/// # Errors
/// Something cannot be read, or is not what it should be.
pub fn check(
    openapi: &std::path::Path,
    exchanges: &[std::path::PathBuf],
) -> Result<(Documents, Report), crate::Error> {
    let documents = Documents::read(openapi)?;
    let mut report = Report::default();
    read_all(exchanges, |exchange| report.check(&documents, &exchange))?;
    Ok((documents, report))
}
