//! What asks the service over HTTP.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::address::Address;
use super::config::{ForwardAuth, ForwardError};

/// How long a connection is kept for the next question.
const IDLE: Duration = Duration::from_secs(30);

pub(super) type HttpClient = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

/// The client for a service. It follows no redirects, and reads no more than a bounded head.
///
/// # Errors
///
/// When a service is asked over TLS and no certificates can be read.
pub(super) fn client(config: &ForwardAuth, address: &Address) -> Result<HttpClient, ForwardError> {
    // Below 8 KiB hyper reads nothing.
    const LEAST: usize = 8 * 1024;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(config.timeout.into()));
    let tls = tls(address.is_secure(), config.ca_file.as_deref())?;
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    let connector = connector.enable_http1().wrap_connector(http);
    let largest = usize::try_from(config.max_answer_bytes.get()).unwrap_or(usize::MAX).max(LEAST);
    Ok(Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http1_max_buf_size(largest)
        .build(connector))
}

fn tls(is_needed: bool, ca_file: Option<&Path>) -> Result<ClientConfig, ForwardError> {
    let provider = rustls::crypto::ring::default_provider();
    let failed = |what: String| {
        move |source: Box<dyn std::error::Error + Send + Sync>| ForwardError::Certificates {
            what,
            source,
        }
    };
    let builder = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .map_err(|error| failed("TLS".to_owned())(error.into()))?;
    let builder = match ca_file {
        Some(file) => {
            let failed = || failed(file.display().to_string());
            builder.with_root_certificates(roots(file).map_err(failed())?)
        }
        None if is_needed => builder
            .with_native_roots()
            .map_err(|error| failed("the system".to_owned())(error.into()))?,
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    Ok(builder.with_no_client_auth())
}

fn roots(file: &Path) -> Result<RootCertStore, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file)? {
        roots.add(certificate?)?;
    }
    if roots.is_empty() { Err("there is no certificate in it".into()) } else { Ok(roots) }
}
