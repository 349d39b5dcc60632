//! The certificate that clients are shown, which may change.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, UnixTime};

use super::CertificateError;
use super::pem::{Files, Pem};
use super::validity::Validity;

/// A certificate, with those that lead to its authority, and its private key, from two files in PEM.
/// A clone is of the same.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    files: Files,
    used: Mutex<Used>,
}

/// What was read last and could be used.
struct Used {
    pem: Pem,
    shown: CertificateDer<'static>,
    config: Arc<ServerConfig>,
    validity: Validity,
    /// Why what was looked at last cannot be used; it is said once.
    failure: Option<String>,
}

impl Certificates {
    /// Reads the certificate, followed by those that lead to its authority, from `chain`, and its
    /// private key from `key`. One that is not valid today is reported, and used.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, holds something else, or the key is that of another certificate.
    pub fn read(
        chain: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, CertificateError> {
        let files = Files { chain: chain.into(), key: key.into() };
        let used = Used::read(&files, files.read()?)?;
        Ok(Self(Arc::new(Shared { files, used: Mutex::new(used) })))
    }

    /// Reads the files anew, and answers whether they have changed. Connections that are open go on;
    /// who connects from now on is shown the new certificate, also who was here before.
    ///
    /// # Errors
    ///
    /// As those of [`read`](Self::read); the certificate before stays.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let pem = self.0.files.read()?;
        if self.used().pem == pem {
            return Ok(false);
        }
        let used = Used::read(&self.0.files, pem)?;
        *self.used() = used;
        Ok(true)
    }

    /// [`reload`](Self::reload), which tells the log what came of it.
    pub(super) fn look(&self) {
        let file = self.0.files.chain.display();
        match self.reload() {
            Ok(true) => tracing::info!(%file, "the certificate was loaded anew"),
            Ok(false) => self.look_at_dates(),
            Err(error) => {
                let reason = error.source().map(ToString::to_string).unwrap_or_default();
                let failure = Some(format!("{error}: {reason}"));
                if self.used().failure != failure {
                    tracing::error!(%error, reason, "the certificate before stays in use");
                    self.used().failure = failure;
                }
            }
        }
    }

    fn look_at_dates(&self) {
        let mut used = self.used();
        used.failure = None;
        let validity = Validity::of(&used.shown, UnixTime::now());
        let before = std::mem::replace(&mut used.validity, validity);
        drop(used);
        if validity != before {
            validity.report(&self.0.files.chain);
        }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.used().config)
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Used {
    fn read(files: &Files, pem: Pem) -> Result<Self, CertificateError> {
        let (shown, config) = files.used(&pem)?;
        let validity = Validity::of(&shown, UnixTime::now());
        validity.report(&files.chain);
        Ok(Self { pem, shown, config, validity, failure: None })
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").field(&self.0.files).finish()
    }
}
