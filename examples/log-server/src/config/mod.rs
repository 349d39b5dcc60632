//! The configuration file.

use serde::Deserialize;

use crate::access::tokens::TokenEntry;

/// What the configuration file says. Each section is described where it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Who may sign in with a token.
    #[serde(rename = "token")]
    pub tokens: Vec<TokenEntry>,
}
