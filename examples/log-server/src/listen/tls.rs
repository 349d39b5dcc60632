//! `[tls]` of the configuration file.

use std::path::PathBuf;

use serde::Deserialize;

/// The certificate that clients are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TlsConfig {
    /// The file of the certificate, and of those that lead to its authority.
    pub cert: Option<PathBuf>,
    /// The file of its private key.
    pub key: Option<PathBuf>,
}

impl TlsConfig {
    /// With what the command line says instead.
    pub(crate) fn or(self, cert: Option<PathBuf>, key: Option<PathBuf>) -> Self {
        if cert.is_some() || key.is_some() { Self { cert, key } } else { self }
    }
}
