//! What keys the positions of streams.

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

/// The seal of a secret as operators write it: the new one, and behind a comma older ones that
/// are still accepted.
///
/// # Errors
///
/// When one of them is too short.
pub fn parse(secrets: &str) -> Result<Seal, SecretError> {
    let mut secrets = secrets.split(',').map(str::trim);
    let checked = |secret: &str| match secret.len() {
        short @ ..SHORTEST => Err(SecretError::TooShort(short)),
        _ => Ok(secret.as_bytes().to_vec()),
    };
    let first = Seal::new(&checked(secrets.next().unwrap_or_default())?);
    secrets.try_fold(first, |seal, older| Ok(seal.accepting(&checked(older)?)))
}

/// A seal that ends with the process.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn random() -> Result<Seal, SecretError> {
    let mut secret = [0; SHORTEST];
    getrandom::fill(&mut secret).map_err(SecretError::Random)?;
    Ok(Seal::new(&secret))
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
