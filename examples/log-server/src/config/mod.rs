//! The configuration file.

mod duration;

use serde::Deserialize;

use crate::access::forward::ForwardAuth;
use crate::access::tokens::TokenEntry;
pub use duration::{Duration, InvalidDuration};

/// What the configuration file says. Each section is described where it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Who may sign in with a token.
    #[serde(rename = "token")]
    pub tokens: Vec<TokenEntry>,
    /// `[forward-auth]`: the service that says who may do what.
    pub forward_auth: Option<ForwardAuth>,
}
