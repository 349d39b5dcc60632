//! The configuration file.

mod duration;
mod error;
mod inline;
mod load;
mod log;
mod options;
mod secret;

use std::path::Path;

use serde::Deserialize;

use crate::access::RowFields;
use crate::access::forward::ForwardAuth;
use crate::access::jwt::JwtConfig;
use crate::access::session::SessionConfig;
use crate::access::tokens::TokenEntry;
use crate::audit;
use crate::http::{Cors, Embedding, Proxy, ProxyHeader};
use crate::limits::LimitsConfig;
use crate::listen::TlsConfig;
pub use duration::{Duration, InvalidDuration};
pub use error::ConfigError;
pub use load::load;
pub use log::{InvalidLog, LogConfig};
pub use options::Options;
pub use secret::{Secret, SecretFrom, UnusableSecret};

/// What the configuration file says. Each section is described where it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// `[[token]]`: who may sign in with a token.
    #[serde(rename = "token")]
    pub tokens: Vec<TokenEntry>,
    /// `[forward-auth]`: the service that says who may do what.
    pub forward_auth: Option<ForwardAuth>,
    /// `[jwt]`: which signed tokens are taken.
    pub jwt: Option<JwtConfig>,
    /// `[session]`: the cookies that stand for tokens, and what was taken back.
    pub session: SessionConfig,
    /// `[options]`: those of the command line.
    pub options: Options,
    /// `[audit]`
    pub audit: audit::Settings,
    /// `row-fields`: what rules on rows may be about.
    pub row_fields: RowFields,
    /// `[[log]]`: the logs that are served; without any, the one that the options name.
    #[serde(rename = "log")]
    pub logs: Vec<LogConfig>,
    /// `[tls]`
    pub tls: TlsConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `proxies`: which are believed when they say for whom they ask.
    pub proxies: Vec<Proxy>,
    /// `proxy-header`: where they say it.
    pub proxy_header: Option<ProxyHeader>,
    /// `[cors]`
    pub cors: Cors,
    /// `[embedding]`
    pub embedding: Embedding,
}

impl Config {
    /// What this text of the file says.
    ///
    /// # Errors
    ///
    /// When it says what is not known, or what must not stand in it; the error names the place.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use log_server::config::Config;
    ///
    /// let file = Path::new("server.toml");
    /// let config = Config::parse(file, "[audit]\nto = \"stdout\"")?;
    /// assert_eq!(config.audit.to, log_server::audit::Target::Stdout);
    ///
    /// let wrong = Config::parse(file, "[audit]\nfile = \"audit.jsonl\"").unwrap_err();
    /// assert!(wrong.to_string().starts_with("server.toml:2:1: there is no key `file` here"));
    /// # Ok::<(), log_server::config::ConfigError>(())
    /// ```
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        inline::refuse_secrets(path, text)?;
        toml::from_str(text).map_err(|error| ConfigError::wrong(path, text, &error))
    }
}
