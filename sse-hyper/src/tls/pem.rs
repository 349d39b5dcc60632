//! The files of a certificate and its key.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What may be agreed on, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Where they are.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
}

/// What is in them.
#[derive(PartialEq, Eq)]
pub(super) struct Pem {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    pub(super) fn read(&self) -> Result<Pem, CertificateError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|error| CertificateError::new(path, "cannot be read", error))
        };
        Ok(Pem { chain: read(&self.chain)?, key: read(&self.key)? })
    }

    /// What clients are shown, and how it is used.
    pub(super) fn used(
        &self,
        pem: &Pem,
    ) -> Result<(CertificateDer<'static>, Arc<ServerConfig>), CertificateError> {
        let no_chain = "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)";
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem.chain)
            .collect::<Result<_, _>>()
            .map_err(|error| CertificateError::new(&self.chain, no_chain, error))?;
        let Some(shown) = chain.first().cloned() else {
            return Err(CertificateError { what: said(&self.chain, no_chain), source: None });
        };
        let no_key = "holds no private key in PEM, or one with a password";
        let key = PrivateKeyDer::from_pem_slice(&pem.key)
            .map_err(|error| CertificateError::new(&self.key, no_key, error))?;
        let unfit = format!("does not go with the key in {}", self.key.display());
        let unfit = |error| CertificateError::new(&self.chain, &unfit, error);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unfit)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(unfit)?;
        config.alpn_protocols = PROTOCOLS.map(Into::into).into();
        // Sessions are kept by the clients, so that there may be any number of them.
        config.ticketer = ring::Ticketer::new().map_err(unfit)?;
        Ok((shown, Arc::new(config)))
    }
}

fn said(path: &Path, what: &str) -> String {
    format!("{} {what}", path.display())
}

/// Why a certificate cannot be used.
#[derive(Debug)]
pub struct CertificateError {
    what: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl CertificateError {
    fn new(path: &Path, what: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { what: said(path, what), source: Some(source.into()) }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
