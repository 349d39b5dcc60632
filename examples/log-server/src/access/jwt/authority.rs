//! Who calls, by a signed token.

use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error as DecodeError, ErrorKind};
use jsonwebtoken::{Header, Validation, decode, decode_header};
use sha2::{Digest, Sha256};

use super::claims::{Claims, Reading};
use super::config::JwtConfig;
use super::jwks::{Jwks, NoKey};
use super::key::{JwtError, Key};
use super::keys::Keys;
use crate::access::{Authority, Caller, Credentials, Denied, Identified, Place, Reason, Right};
use crate::config::SecretFrom;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 << 10;

/// Knows callers by signed tokens.
#[derive(Debug)]
pub struct Jwt {
    given: Arc<Keys>,
    fetched: Option<Jwks>,
    /// What every token is to meet, but for the algorithm, which is that of its key.
    validation: Validation,
    reading: Reading,
}

impl Jwt {
    /// Reads the keys that the configuration names, and begins to fetch those it says where to
    /// fetch.
    ///
    /// # Errors
    ///
    /// When a key cannot be read, or there is none.
    pub fn new(config: &JwtConfig) -> Result<Self, JwtError> {
        let mut given = given(config)?;
        given.retain(&config.algorithms);
        let fetched = Jwks::new(config)?;
        if given.is_empty() && fetched.is_none() {
            return Err(JwtError::NoKey);
        }
        if config.audience.is_empty() {
            tracing::warn!(
                "[jwt] names no `audience`: tokens that are meant for other services are taken too"
            );
        }
        let reading = Reading::new(config)?;
        Ok(Self { given: Arc::new(given), fetched, validation: validation(config), reading })
    }

    /// Who brings this token.
    ///
    /// # Errors
    ///
    /// What is wrong with it, or that its key cannot be fetched.
    pub async fn check(&self, token: &str) -> Result<Caller, Denied> {
        let unknown = |words: &str| Denied::new(Reason::Unknown, words);
        if token.len() > LONGEST {
            return Err(unknown("the token is too long; 16 KiB are read"));
        }
        let header = decode_header(token).map_err(|_| {
            unknown(
                "the token's head is not read here: it is to be JSON with an `alg` of HS256, \
                     RS256, ES256 or EdDSA",
            )
        })?;
        if header.crit.is_some() || header.zip.is_some() || header.enc.is_some() {
            return Err(unknown(
                "the token asks for what is not known here (`crit`, `zip`, `enc`)",
            ));
        }
        let claims = self.verified(token, &header).await?;
        self.reading.caller(&claims, &hash(token))
    }

    /// What a token claims whose signature, times, issuer and audience are right.
    async fn verified(&self, token: &str, header: &Header) -> Result<Claims, Denied> {
        let id = header.kid.as_deref();
        let mut wrong = None;
        for keys in &self.keys(id).await? {
            for key in keys.candidates(id, header.alg) {
                match self.verified_by(token, key) {
                    Ok(claims) => return Ok(claims),
                    Err(kind @ ErrorKind::InvalidSignature) => wrong = wrong.or(Some(kind)),
                    Err(kind) => return Err(denied(&kind)),
                }
            }
        }
        Err(denied(&wrong.unwrap_or(ErrorKind::InvalidAlgorithm)))
    }

    fn verified_by(&self, token: &str, key: &Key) -> Result<Claims, ErrorKind> {
        let validation =
            Validation { algorithms: vec![key.algorithm.into()], ..self.validation.clone() };
        let decoded = decode::<Claims>(token, &key.decoding, &validation);
        decoded.map(|token| token.claims).map_err(DecodeError::into_kind)
    }

    /// Where to look for the key of a token; one that is not known is fetched.
    async fn keys(&self, id: Option<&str>) -> Result<[Arc<Keys>; 2], Denied> {
        let given = self.given.clone();
        let Some(jwks) = &self.fetched else { return Ok([given, Arc::default()]) };
        if given.know(id) {
            return Ok([given, jwks.keys()]);
        }
        match jwks.with(id).await {
            Ok(keys) => Ok([given, keys]),
            // Keys without a name are for every token.
            Err(_) if given.know(None) => Ok([given, jwks.keys()]),
            Err(NoKey::Unknown) => {
                let words = "the token is signed with a key that is not known here";
                Err(Denied::new(Reason::Unknown, words))
            }
            Err(NoKey::Unavailable) => {
                let words = "the keys of tokens cannot be fetched at the moment, and this token's \
                             is not among those that are known; try again in a few seconds";
                Err(Denied::new(Reason::Unavailable, words))
            }
        }
    }
}

impl Authority for Jwt {
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        _: Right,
        _: &'a Place,
    ) -> Identified<'a> {
        Box::pin(async {
            match credentials.bearer().filter(|token| is_signed(token)) {
                Some(token) => self.check(token).await.map(Some),
                None => Ok(None),
            }
        })
    }
}

/// Whether a token is one of head, claims and signature, each in base64.
fn is_signed(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    token.bytes().filter(|byte| *byte == b'.').count() == 2
        && token.split('.').take(2).all(|part| !part.is_empty())
        && token.bytes().all(plain)
}

/// What names a token that has no name of its own.
fn hash(token: &str) -> String {
    format!("sha256:{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(token)[..16]))
}

fn validation(config: &JwtConfig) -> Validation {
    let mut validation = Validation {
        leeway: config.leeway.as_secs(),
        validate_nbf: true,
        validate_aud: !config.audience.is_empty(),
        ..Validation::default()
    };
    let mut required = vec!["exp"];
    if !config.audience.is_empty() {
        validation.set_audience(&config.audience);
        required.push("aud");
    }
    if !config.issuer.is_empty() {
        validation.set_issuer(&config.issuer);
        required.push("iss");
    }
    validation.set_required_spec_claims(&required);
    validation
}

fn denied(kind: &ErrorKind) -> Denied {
    let reason = match kind {
        ErrorKind::ExpiredSignature => Reason::Expired,
        _ => Reason::Unknown,
    };
    let words = match kind {
        ErrorKind::ExpiredSignature => "the token has expired; sign in again",
        ErrorKind::ImmatureSignature => "the token is not valid yet (`nbf`)",
        ErrorKind::InvalidIssuer => "the token is of another issuer (`iss`)",
        ErrorKind::InvalidAudience => "the token is meant for another service (`aud`)",
        ErrorKind::InvalidSignature => "the token's signature is not right",
        ErrorKind::InvalidAlgorithm => "no key that is known here checks tokens of this `alg`",
        ErrorKind::MissingRequiredClaim(claim) => {
            return Denied::new(reason, format!("the token has no `{claim}`, which it is to have"));
        }
        _ => "the token is not one that is understood here",
    };
    Denied::new(reason, words)
}

/// The keys of files and of the environment.
fn given(config: &JwtConfig) -> Result<Keys, JwtError> {
    let mut keys = Keys::default();
    let read =
        |path: &Path| std::fs::read(path).map_err(|error| JwtError::Read(path.to_owned(), error));
    for path in &config.key_files {
        let text = read(path)?;
        let of = || path.display().to_string();
        let wrong = |why| JwtError::Key { of: of(), why };
        if text.trim_ascii_start().starts_with(b"{") {
            let (found, passed_over) = Keys::parse(&text).map_err(wrong)?;
            if let Some(why) = passed_over.into_iter().next() {
                return Err(wrong(why));
            }
            keys.extend(found);
        } else {
            keys.add(Key::pem(&text).map_err(wrong)?);
        }
    }
    let (file, variable) = (config.secret_file.as_deref(), config.secret_env.as_deref());
    if let Some(from) = SecretFrom::either("[jwt]", file, variable)? {
        let wrong = |why| JwtError::Key { of: from.to_string(), why };
        keys.add(Key::secret(from.read()?.as_bytes().trim_ascii()).map_err(wrong)?);
    }
    Ok(keys)
}
