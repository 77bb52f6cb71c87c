//! Serving a router over a listener, with a certificate of its own or behind a proxy.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// How long requests under way may take to finish once the server is to stop.
const GRACE: Duration = Duration::from_secs(30);

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that sign it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Why the server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A PEM file cannot be used.
    #[error("{path} cannot be used: {problem}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Certificate and key do not fit together.
    #[error("{certificate} and {key} do not work together: {source}", certificate = files.certificate.display(), key = files.key.display())]
    Tls {
        /// The files.
        files: TlsFiles,
        /// Why.
        source: rustls::Error,
    },
    /// The listener failed.
    #[error("cannot serve: {0}")]
    Io(#[from] io::Error),
}

/// Serves until `shutdown` resolves; requests under way then have 30 s to finish.
///
/// It is called inside a Tokio runtime, with a listener that is set to non-blocking or will be.
/// Without TLS files it speaks plain HTTP, for a proxy that holds the certificate. It trusts no
/// forwarded header either way.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsFiles>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    listener.set_nonblocking(true)?;
    let handle = axum_server::Handle::new();
    let stopping = handle.clone();
    let waiting = tokio::spawn(async move {
        shutdown.await;
        stopping.graceful_shutdown(Some(GRACE));
    });
    let service = router.into_make_service();
    let served = match tls {
        None => axum_server::from_tcp(listener)?.handle(handle).serve(service).await,
        Some(files) => {
            let config = RustlsConfig::from_config(Arc::new(read_tls(&files)?));
            axum_server::from_tcp_rustls(listener, config)?.handle(handle).serve(service).await
        }
    };
    waiting.abort();
    Ok(served?)
}

fn read_tls(files: &TlsFiles) -> Result<rustls::ServerConfig, ServeError> {
    let unusable = |path: &Path, problem: String| ServeError::Pem { path: path.into(), problem };
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(&files.certificate, error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable(&files.certificate, "it holds no certificate".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unusable(&files.key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let wrong = |source| ServeError::Tls { files: files.clone(), source };
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(wrong)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
