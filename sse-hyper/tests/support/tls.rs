//! Certificates, and clients that believe them.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use gapless_sse_hyper::Certificates;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::over::Io;

pub(crate) type Version = &'static SupportedProtocolVersion;

pub(crate) const VERSION_1_2: Version = &TLS12;
pub(crate) const VERSION_1_3: Version = &TLS13;

/// The name that all of them are for.
pub(crate) const NAME: &str = "logs.test";

/// A certificate and its key, in files that may be written anew.
pub(crate) struct Identity {
    folder: TempDir,
}

/// A client's half.
pub(crate) struct Trust(TlsConnector);

impl Identity {
    pub(crate) fn new() -> Self {
        let identity = Self { folder: tempfile::tempdir().unwrap() };
        identity.renew();
        identity
    }

    pub(crate) fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// Another certificate and key.
    pub(crate) fn renew(&self) {
        self.renew_for(2020, 2100);
    }

    /// Those of a certificate that is valid from the beginning of one year to that of another.
    pub(crate) fn renew_for(&self, from: i32, to: i32) {
        let key = KeyPair::generate().unwrap();
        let mut certificate = CertificateParams::new([NAME.to_owned()]).unwrap();
        certificate.not_before = date_time_ymd(from, 1, 1);
        certificate.not_after = date_time_ymd(to, 1, 1);
        fs::write(self.chain(), certificate.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(self.key(), key.serialize_pem()).unwrap();
    }

    pub(crate) fn certificates(&self) -> Certificates {
        Certificates::read(self.chain(), self.key()).unwrap()
    }

    /// The certificate as clients are shown it.
    pub(crate) fn shown(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.chain()).unwrap()
    }

    /// A client that believes the certificate as it is now.
    pub(crate) fn trust(&self, version: Version, protocols: &[&str]) -> Trust {
        let mut roots = RootCertStore::empty();
        roots.add(self.shown()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Trust(TlsConnector::from(Arc::new(config)))
    }
}

impl Trust {
    pub(crate) async fn connect<T: Io>(&self, socket: T) -> io::Result<TlsStream<T>> {
        self.0.connect(ServerName::try_from(NAME).unwrap(), socket).await
    }
}
