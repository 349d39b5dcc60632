//! Signed tokens of somebody else: JSON Web Tokens (RFC 7519).
//!
//! [`Jwt`] takes a token's key from [`Keys`] that were given, or from a [`Jwks`] that is fetched
//! anew; the key says by which algorithm it is checked, never the token. What the token claims is
//! read as the configuration says.

mod authority;
mod claims;
mod config;
mod fetch;
mod jwks;
mod key;
mod keys;
mod template;

pub use authority::Jwt;
pub(super) use config::duration;
pub use config::{Algorithm, JwtConfig};
pub use jwks::Jwks;
pub use key::{JwtError, Key};
pub use keys::Keys;
