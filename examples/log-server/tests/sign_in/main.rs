//! Ways of signing in, each by itself.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod jwks;
mod key_server;
mod revoked;
mod secured;
mod signer;
mod tokens;

/// Longer than anything here takes, on any machine.
const LONG: std::time::Duration = std::time::Duration::from_secs(60);
