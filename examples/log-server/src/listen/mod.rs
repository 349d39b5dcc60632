//! Where the server is reached, and how.

mod address;
mod tls;

use std::error::Error;
use std::io;
use std::path::Path;

use gapless_sse_axum::{CertificateError, Certificates, Listener, Tls, bind};

pub use address::{InvalidListen, ListenAddress};
pub use tls::TlsConfig;

/// Who may connect to a Unix socket: its owner and its group.
#[cfg(unix)]
const MODE: u32 = 0o660;

/// Why nothing is listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {0}{hint}", hint = hint(.0, .1))]
    Address(ListenAddress, #[source] io::Error),
    /// The certificate or its key.
    #[error("TLS: {0}")]
    Tls(CertificateError, #[source] Option<Cause>),
    /// One of the two is not there.
    #[error("TLS takes a certificate and its key: give both --tls-cert and --tls-key, or neither")]
    Half,
}

/// What is to be done about it.
fn hint(address: &ListenAddress, error: &io::Error) -> &'static str {
    match (error.kind(), address) {
        (io::ErrorKind::AddrInUse, _) => "; end what listens there, or take another",
        (io::ErrorKind::NotFound, ListenAddress::Unix(_)) => "; make its folder first",
        (io::ErrorKind::PermissionDenied, ListenAddress::Unix(_)) => {
            "; let the server write to its folder"
        }
        (io::ErrorKind::PermissionDenied, _) => "; ports below 1024 take a permission",
        (io::ErrorKind::AddrNotAvailable, _) => "; it is no address of this machine",
        _ => "",
    }
}

/// What is behind an error, in words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(String);

/// Where connections come from, and what says so to people.
pub(crate) struct Listening {
    pub(crate) listener: Box<dyn Listener>,
    pub(crate) place: String,
}

/// Listens on an address, with TLS if there is a certificate.
///
/// # Errors
///
/// When the address is not to be had, or the certificate cannot be used.
pub(crate) async fn listen(
    address: &ListenAddress,
    tls: &TlsConfig,
) -> Result<Listening, ListenError> {
    // What is wrong with it shows before anybody can connect.
    let certificates = match (&tls.cert, &tls.key) {
        (Some(cert), Some(key)) => Some(certificates(cert, key)?),
        (None, None) => None,
        _ => return Err(ListenError::Half),
    };
    let refused = |error| ListenError::Address(address.clone(), error);
    let (listener, place): (Box<dyn Listener>, _) = match address {
        ListenAddress::Tcp(asked) => {
            let listener = bind(asked).await.map_err(refused)?;
            let bound = listener.local_addr().map_err(refused)?;
            let scheme = if certificates.is_some() { "https" } else { "http" };
            (Box::new(listener), format!("{scheme}://{bound}/"))
        }
        #[cfg(unix)]
        ListenAddress::Unix(path) => {
            let listener = gapless_sse_axum::bind_unix(path, MODE).map_err(refused)?;
            (Box::new(listener), address.to_string())
        }
    };
    Ok(match certificates {
        Some(certificates) => {
            Listening { listener: Box::new(Tls::new(listener, certificates)), place }
        }
        None => Listening { listener, place },
    })
}

fn certificates(cert: &Path, key: &Path) -> Result<Certificates, ListenError> {
    Certificates::read(cert, key).map_err(|error| {
        let cause = error.source().map(|source| Cause(source.to_string()));
        ListenError::Tls(error, cause)
    })
}
