//! `[jwt]` of the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::access::{Pattern, Right, Rights};

/// Which tokens are taken, and what they say.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JwtConfig {
    /// Files with a key each: a public key in PEM, a JWK, or a set of them.
    pub key_files: Vec<PathBuf>,
    /// A file with the secret that tokens are signed with by HS256.
    pub secret_file: Option<PathBuf>,
    /// The environment variable that has it.
    pub secret_env: Option<String>,
    /// A file with a set of keys (RFC 7517), which is read again and again.
    pub jwks_file: Option<PathBuf>,
    /// Where such a set is fetched, by http or https.
    pub jwks_url: Option<String>,
    /// For how long to wait for it.
    #[serde(deserialize_with = "duration")]
    pub jwks_timeout: Duration,
    /// How long a set holds whose answer does not say it.
    #[serde(deserialize_with = "duration")]
    pub jwks_refresh: Duration,
    /// The time between two fetches at least, whatever asks for them.
    #[serde(deserialize_with = "duration")]
    pub jwks_pause: Duration,
    /// By which algorithms keys may check tokens.
    pub algorithms: Vec<Algorithm>,
    /// Whose tokens are taken (`iss`), one or several; anybody's who has the key if there are none.
    #[serde(deserialize_with = "one_or_many")]
    pub issuer: Vec<String>,
    /// For whom a token is to be (`aud`), one or several.
    #[serde(deserialize_with = "one_or_many")]
    pub audience: Vec<String>,
    /// How far clocks may be apart.
    #[serde(deserialize_with = "duration")]
    pub leeway: Duration,
    /// The claim with the user's name. A claim is a name, or a path with dots.
    pub user_claim: String,
    /// The claim with all that the user may: `[{"workspaces": […], "workflows": […],
    /// "rights": […]}]`.
    pub grants_claim: Option<String>,
    /// The claim with his workspaces, as a list or in one text with spaces.
    pub workspaces_claim: Option<String>,
    /// The claim with his workflows, likewise.
    pub workflows_claim: Option<String>,
    /// The claim with his rights, likewise; what is no right is passed over.
    pub rights_claim: Option<String>,
    /// His workspaces if no claim has them.
    pub workspaces: Vec<Pattern>,
    /// His workflows if no claim has them.
    pub workflows: Vec<Pattern>,
    /// His rights if no claim has them.
    pub rights: Rights,
    /// What fields of a row are to be so that he sees it, with claims in braces:
    /// `{ owner = "{sub}" }`.
    pub rows: BTreeMap<String, String>,
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            key_files: Vec::new(),
            secret_file: None,
            secret_env: None,
            jwks_file: None,
            jwks_url: None,
            jwks_timeout: Duration::from_secs(5),
            jwks_refresh: Duration::from_secs(600),
            jwks_pause: Duration::from_secs(10),
            algorithms: Algorithm::ALL.to_vec(),
            issuer: Vec::new(),
            audience: Vec::new(),
            leeway: Duration::from_secs(30),
            user_claim: "sub".to_owned(),
            grants_claim: None,
            workspaces_claim: None,
            workflows_claim: None,
            rights_claim: None,
            workspaces: Vec::new(),
            workflows: vec![Pattern::any()],
            rights: Rights::from_iter([Right::Read]),
            rows: BTreeMap::new(),
        }
    }
}

/// The algorithms that there are keys for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub enum Algorithm {
    /// HMAC with SHA-256: a secret that both sides have.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSA with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA over P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hs256, Self::Rs256, Self::Es256, Self::EdDsa];
}

impl From<Algorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Hs256 => Self::HS256,
            Algorithm::Rs256 => Self::RS256,
            Algorithm::Es256 => Self::ES256,
            Algorithm::EdDsa => Self::EdDSA,
        }
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}

pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    crate::config::Duration::deserialize(deserializer).map(Into::into)
}
