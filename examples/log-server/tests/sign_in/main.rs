//! Ways of signing in, each by itself.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod jwks;
mod key_server;
mod revoked;
mod signer;
mod tokens;
