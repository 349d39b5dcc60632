//! Connections that are encrypted.

mod certificates;
mod handshake;
mod listener;
mod pem;
mod validity;

pub use certificates::Certificates;
pub(crate) use handshake::begin;
pub use listener::Tls;
pub use pem::CertificateError;
