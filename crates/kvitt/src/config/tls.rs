//! A certificate and its key, as files.

use std::path::PathBuf;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Problems;
use super::sources::Given;

/// Tries whether the files hold a certificate and its key. What is wrong is noted.
pub(super) fn check(
    certificate: &Given,
    key: &Given,
    problems: &mut Problems,
) -> Option<(PathBuf, PathBuf)> {
    let refused = |given: &Given, problem: String, what: &str| {
        given.refused(format_args!("{problem}: name a PEM file with the {what}"))
    };
    let certificates = CertificateDer::pem_file_iter(&certificate.value)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| refused(certificate, error.to_string(), "certificate chain"))
        .and_then(|found| match found.len() {
            0 => {
                Err(refused(certificate, "it holds no certificate".to_owned(), "certificate chain"))
            }
            _ => Ok(found),
        });
    let certificates = problems.keep(certificates);
    let private_key = PrivateKeyDer::from_pem_file(&key.value)
        .map_err(|error| refused(key, error.to_string(), "certificate's private key"));
    let private_key = problems.keep(private_key);
    let fit = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(certificates?, private_key?)
        .map_err(|error| {
            format!(
                "{} and {} do not fit together ({error}): name a certificate and its own key",
                certificate.label, key.label
            )
        });
    problems.keep(fit)?;
    Some((PathBuf::from(&certificate.value), PathBuf::from(&key.value)))
}
