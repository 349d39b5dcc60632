//! What is promised of connections holds over TLS 1.3, on TCP as it does over TCP.

#![cfg(feature = "tls")]
mod every;
