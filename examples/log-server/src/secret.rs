//! What keys all that clients bring back: positions of streams, sessions, tickets.

use std::fmt;
use std::sync::Arc;

use gapless_sse_core::follow::Seal;

/// The shortest secret that is accepted, in bytes.
const SHORTEST: usize = 32;

/// Why the secret was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is too short to be one.
    #[error(
        "a secret in LOG_SERVER_SECRET has {0} bytes; it needs {SHORTEST} or more, \
         `openssl rand -hex 32` makes one"
    )]
    TooShort(usize),
    /// The system gives no randomness.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
}

/// The secrets that all instances share, the newest one first.
#[derive(Clone)]
pub struct Secrets(Arc<[Box<[u8]>]>);

impl Secrets {
    /// This one alone.
    pub fn one(secret: &[u8]) -> Self {
        Self(Arc::new([secret.into()]))
    }

    /// What seals the positions of streams.
    pub fn seal(&self) -> Seal {
        let older = self.0.iter().skip(1);
        older.fold(Seal::new(self.newest()), |seal, older| seal.accepting(older))
    }

    /// The one that seals from now on.
    pub(crate) fn newest(&self) -> &[u8] {
        self.0.first().map(AsRef::as_ref).unwrap_or_default()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

/// The secrets as operators write them: the new one, and behind a comma older ones that are still
/// accepted.
///
/// # Errors
///
/// When one of them is too short.
pub fn parse(secrets: &str) -> Result<Secrets, SecretError> {
    let checked = |secret: &str| match secret.len() {
        short @ ..SHORTEST => Err(SecretError::TooShort(short)),
        _ => Ok(secret.as_bytes().into()),
    };
    secrets.split(',').map(str::trim).map(checked).collect::<Result<_, _>>().map(Secrets)
}

/// A secret that ends with the process.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn random() -> Result<Secrets, SecretError> {
    let mut secret = [0; SHORTEST];
    getrandom::fill(&mut secret).map_err(SecretError::Random)?;
    Ok(Secrets::one(&secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_32_bytes_or_more() {
        assert!(parse(&"x".repeat(32)).is_ok());
        assert!(parse(&format!("{},{}", "x".repeat(32), "y".repeat(40))).is_ok());
        for short in ["", "short", &format!("{},old", "x".repeat(32))] {
            assert!(matches!(parse(short), Err(SecretError::TooShort(_))), "{short:?}");
        }
    }
}
