//! What is promised of connections holds over TLS 1.2, on a Unix socket as it does over TCP.

#![cfg(feature = "tls")]
mod every;
