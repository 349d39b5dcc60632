//! Tokens that stand in the configuration, as hashes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{Timestamp, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};

use super::{
    Authority, Caller, Credentials, Grant, Grants, Identified, KnownBy, Pattern, Place, Right,
    Rights, RowRule, RowRules,
};

/// A `[[token]]` of the configuration: who has it, and what he may.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TokenEntry {
    /// What it is called, to be revoked by.
    pub name: Box<str>,
    /// Whose it is; the name, if that is not said.
    pub user: Option<Box<str>>,
    /// The SHA-256 of the token.
    pub sha256: TokenHash,
    /// In which workspaces.
    #[serde(default)]
    pub workspaces: Vec<Pattern>,
    /// In which of their workflows.
    #[serde(default = "any")]
    pub workflows: Vec<Pattern>,
    /// What is allowed there.
    #[serde(default = "read")]
    pub rights: Rights,
    /// Which value a field of all rows has that he may see; in it, `{sub}` is the user.
    #[serde(default)]
    pub rows: BTreeMap<Box<str>, String>,
    /// When it was given out: what was given out before some time can be revoked together.
    #[serde(default, deserialize_with = "time")]
    pub issued: Option<Timestamp>,
    /// When it ends.
    #[serde(default, deserialize_with = "time")]
    pub expires: Option<Timestamp>,
}

fn any() -> Vec<Pattern> {
    vec![Pattern::any()]
}

fn read() -> Rights {
    Rights::from_iter([Right::Read])
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let date = toml::value::Datetime::deserialize(deserializer)?;
    let time = date.to_string().parse().map_err(|_| {
        let words = format!("`{date}` is no point in time; write it like 2026-12-31T00:00:00Z");
        de::Error::custom(words)
    });
    time.map(Some)
}

/// The SHA-256 of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// That of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for TokenHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digit = |at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes: Option<Vec<u8>> = (0..32).map(|at| digit(2 * at)).collect();
        let hash = bytes.filter(|_| is_hex).and_then(|bytes| bytes.try_into().ok()).map(Self);
        // What stands here may be the token itself.
        hash.ok_or_else(|| {
            let words = "it is no SHA-256 of a token, which has 64 digits of base 16; \
                         `log-server --new-token NAME` makes one";
            de::Error::custom(words)
        })
    }
}

/// What is wrong with the tokens of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokensError {
    /// Two have the same name, so that revoking one would revoke both.
    #[error("two tokens are named {0:?}; give each a name of its own")]
    Name(Box<str>),
    /// It has no name, so that it could not be revoked.
    #[error("a token has an empty name; give it one, which it is revoked by")]
    Unnamed,
    /// Two are the same.
    #[error("the tokens {0:?} and {1:?} have the same hash; make one of them anew")]
    Hash(Box<str>, Box<str>),
    /// It allows nothing.
    #[error(
        "the token {0:?} may `read` or `append` in no workspace; write `workspaces = [\"etl\"]`, \
         or `[\"*\"]` for all, or `rights = [\"operate\"]`"
    )]
    Nowhere(Box<str>),
    /// Anybody may know it.
    #[error("the token {0:?} is empty; `log-server --new-token NAME` makes one")]
    Empty(Box<str>),
    /// A value of `rows` asks for what a token does not have.
    #[error("the token {name:?} has `{field} = {value:?}` in `rows`; there is `{{sub}}`, the user")]
    Placeholder {
        /// Of the token.
        name: Box<str>,
        /// Of the row.
        field: Box<str>,
        /// As it stands there.
        value: String,
    },
}

/// All tokens of a configuration.
#[derive(Debug)]
pub struct Tokens(HashMap<TokenHash, Caller>);

impl Tokens {
    /// Those of these entries.
    ///
    /// # Errors
    ///
    /// When they contradict each other, or one makes no sense.
    pub fn new(entries: &[TokenEntry]) -> Result<Self, TokensError> {
        let mut known: HashMap<TokenHash, Caller> = HashMap::new();
        for entry in entries {
            let name = &entry.name;
            if name.is_empty() {
                return Err(TokensError::Unnamed);
            }
            if known.values().any(|other| other.credential == *name) {
                return Err(TokensError::Name(name.clone()));
            }
            if let Some(other) = known.get(&entry.sha256) {
                return Err(TokensError::Hash(other.credential.clone(), name.clone()));
            }
            known.insert(entry.sha256, caller(entry)?);
        }
        Ok(Self(known))
    }

    /// Who has the token with this hash.
    pub fn with(&self, hash: TokenHash) -> Option<&Caller> {
        self.0.get(&hash)
    }

    /// The hash of the token of this name.
    pub fn hash_of(&self, name: &str) -> Option<TokenHash> {
        let named = self.0.iter().find(|(_, caller)| *caller.credential == *name);
        named.map(|(hash, _)| *hash)
    }
}

fn caller(entry: &TokenEntry) -> Result<Caller, TokensError> {
    let TokenEntry { name, user, sha256, workspaces, workflows, rights, rows, issued, expires } =
        entry;
    if *sha256 == TokenHash::of("") {
        return Err(TokensError::Empty(name.clone()));
    }
    let somewhere = !workspaces.is_empty() && !workflows.is_empty();
    if !somewhere && (rights.has(Right::Read) || rights.has(Right::Append)) {
        return Err(TokensError::Nowhere(name.clone()));
    }
    let user = user.as_ref().unwrap_or(name);
    let rule = |field: &str, value: &str| {
        let filled = value.replace("{sub}", user);
        let left = value.replace("{sub}", "");
        if left.contains(['{', '}']) {
            let (name, field, value) = (name.clone(), field.into(), value.to_owned());
            return Err(TokensError::Placeholder { name, field, value });
        }
        Ok(RowRule { field: field.into(), value: filled.into() })
    };
    Ok(Caller {
        user: user.clone(),
        known_by: KnownBy::Token,
        credential: name.clone(),
        made_from: None,
        issued: *issued,
        grants: Grants(vec![Grant {
            workspaces: workspaces.clone(),
            workflows: workflows.clone(),
            rights: *rights,
        }]),
        only_there: false,
        rows: RowRules(
            rows.iter().map(|(field, value)| rule(field, value)).collect::<Result<_, _>>()?,
        ),
        expires: *expires,
        ask_again: None,
        ask_with: None,
    })
}

impl Authority for Tokens {
    /// A token is looked up by its hash, so how long that takes says nothing about those there are.
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        _: Right,
        _: &'a Place,
    ) -> Identified<'a> {
        let hash = credentials.bearer().map(TokenHash::of);
        let known = hash.and_then(|hash| self.0.get(&hash)).cloned();
        Box::pin(std::future::ready(Ok(known)))
    }
}

/// A new token, and the lines of the configuration that make it known.
///
/// # Errors
///
/// When the system gives no random bytes.
pub fn new_token(name: &str) -> Result<(String, String), getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    let token = format!("log_{}", URL_SAFE_NO_PAD.encode(bytes));
    // Text of JSON is text of TOML.
    let name = serde_json::Value::from(name);
    let sha256 = TokenHash::of(&token);
    let issued = Timestamp::now().round(Unit::Second).unwrap_or_default();
    let entry = format!(
        "[[token]]\nname = {name}\nsha256 = \"{sha256}\"\nworkspaces = [\"*\"]\n\
         rights = [\"read\"]\nissued = {issued}\n"
    );
    Ok((token, entry))
}
