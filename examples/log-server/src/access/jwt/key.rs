//! One key, and the one algorithm that it checks tokens by.

use std::path::PathBuf;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};

use super::config::Algorithm;
use crate::config::UnusableSecret;

/// The shortest secret of HS256 (RFC 7518, section 3.2).
const SHORTEST_SECRET: usize = 32;

/// The length of a point of P-256 as it is written.
const P256_POINT: usize = 65;

/// Why tokens cannot be taken as the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum JwtError {
    /// There is nothing to check tokens with.
    #[error(
        "[jwt] names no key; give `jwks-url`, `jwks-file`, `key-files`, `secret-file` or \
         `secret-env`"
    )]
    NoKey,
    /// A file cannot be read.
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] std::io::Error),
    /// What a file or variable holds is no key of those there are.
    #[error("{of}: {why}")]
    Key {
        /// Which file, or variable.
        of: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The secret cannot be used.
    #[error(transparent)]
    Secret(#[from] UnusableSecret),
    /// A rule for rows cannot be read.
    #[error("[jwt] rows: {0}")]
    Template(String),
    /// The address of the keys.
    #[error("[jwt] jwks-url: {0}; write it like https://login.example/keys")]
    Address(String),
    /// The system has no certificates to know others by.
    #[error("[jwt] jwks-url: the system's certificates cannot be read")]
    Roots(#[source] std::io::Error),
}

/// A key with its name and its one algorithm.
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) id: Option<Box<str>>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

impl Key {
    /// The key of HS256 that both sides have.
    ///
    /// # Errors
    ///
    /// In words, when it is too short.
    pub fn secret(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < SHORTEST_SECRET {
            return Err(format!(
                "the secret has {} bytes; HS256 needs {SHORTEST_SECRET} or more",
                secret.len()
            ));
        }
        let decoding = DecodingKey::from_secret(secret);
        Ok(Self { id: None, algorithm: Algorithm::Hs256, decoding })
    }

    /// A public key in PEM.
    ///
    /// # Errors
    ///
    /// In words, when it is none of RSA, P-256 or Ed25519.
    pub fn pem(pem: &[u8]) -> Result<Self, String> {
        if pem.windows(11).any(|part| part == b"PRIVATE KEY") {
            let advice = "this is a private key, which only who signs is to have; give the public \
                          one, as `openssl pkey -pubout` writes it";
            return Err(advice.to_owned());
        }
        let rsa = DecodingKey::from_rsa_pem(pem).map(|key| (Algorithm::Rs256, key));
        let ec = || DecodingKey::from_ec_pem(pem).map(|key| (Algorithm::Es256, key));
        let ed = || DecodingKey::from_ed_pem(pem).map(|key| (Algorithm::EdDsa, key));
        let found = rsa.or_else(|_| ec()).or_else(|_| ed()).ok();
        let found = found.map(|(algorithm, decoding)| Self { id: None, algorithm, decoding });
        found
            .filter(Self::is_of_its_kind)
            .ok_or_else(|| "this is no public key of RSA, P-256 or Ed25519 in PEM".to_owned())
    }

    /// A key as JSON, in a set or alone (RFC 7517).
    ///
    /// # Errors
    ///
    /// In words, when it is for something else, or none of those there are.
    pub fn jwk(jwk: &Jwk) -> Result<Self, String> {
        let common = &jwk.common;
        if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
            return Err("it is not for signatures (`use`)".to_owned());
        }
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::Rs256,
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                Algorithm::Es256
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                Algorithm::EdDsa
            }
            AlgorithmParameters::OctetKey(_) => Algorithm::Hs256,
            _ => return Err("it is no key of RSA, P-256, Ed25519 or HMAC".to_owned()),
        };
        let said = match algorithm {
            Algorithm::Hs256 => KeyAlgorithm::HS256,
            Algorithm::Rs256 => KeyAlgorithm::RS256,
            Algorithm::Es256 => KeyAlgorithm::ES256,
            Algorithm::EdDsa => KeyAlgorithm::EdDSA,
        };
        if let Some(other) = common.key_algorithm.filter(|other| *other != said) {
            return Err(format!("it is for {other}, and {said} is what is known of its kind"));
        }
        let decoding = DecodingKey::from_jwk(jwk).map_err(|error| error.to_string())?;
        if let (Algorithm::Hs256, Ok(secret)) = (algorithm, decoding.try_get_as_bytes()) {
            Self::secret(secret)?;
        }
        let id = common.key_id.as_deref().map(Box::from);
        let key = Self { id, algorithm, decoding };
        if key.is_of_its_kind() { Ok(key) } else { Err("it is not as long as it is to be".into()) }
    }

    /// Of one kind there are curves that are written alike.
    fn is_of_its_kind(&self) -> bool {
        let length = self.decoding.try_get_as_bytes().map(<[u8]>::len);
        match self.algorithm {
            Algorithm::Es256 => length == Ok(P256_POINT),
            Algorithm::EdDsa => length == Ok(32),
            Algorithm::Hs256 | Algorithm::Rs256 => true,
        }
    }
}
