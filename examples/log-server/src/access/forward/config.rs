//! `[forward-auth]` of the configuration file.

use std::num::NonZero;

use serde::Deserialize;

use super::address::AddressError;
use super::sign_in_url::SignInUrl;
use crate::config::Duration;

/// The service that says who may do what, and how long its word counts.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ForwardAuth {
    /// Where it is asked, with `{workspace}`, `{workflow}` and `{right}` for what the caller wants.
    pub url: String,
    /// Which headers of a request it is shown. Nothing else of a request reaches it.
    #[serde(default = "pass")]
    pub pass: Vec<Passed>,
    /// How long it may take to answer.
    #[serde(default = "timeout")]
    pub timeout: Duration,
    /// How long a yes counts. Streams ask again after it.
    #[serde(default = "cache")]
    pub cache: Duration,
    /// How long a no counts.
    #[serde(default = "cache_refusals")]
    pub cache_refusals: Duration,
    /// For how much longer a yes counts while the service does not answer.
    #[serde(default = "grace")]
    pub grace: Duration,
    /// How many questions may be under way; more wait for their turn, within the timeout.
    #[serde(default = "max_concurrent")]
    pub max_concurrent: NonZero<u32>,
    /// How many answers are remembered, and how many questions may wait.
    #[serde(default = "max_remembered")]
    pub max_remembered: NonZero<u32>,
    /// How many bytes the head of an answer may have.
    #[serde(default = "max_answer_bytes")]
    pub max_answer_bytes: NonZero<u32>,
    /// A file with the certificates (PEM) that the service's is signed by, instead of the system's.
    #[serde(default)]
    pub ca_file: Option<std::path::PathBuf>,
    /// Where people sign in at the service, for pages that may send them there.
    #[serde(default)]
    pub sign_in_url: Option<SignInUrl>,
    /// What the headers of an answer are called.
    #[serde(default)]
    pub headers: AnswerHeaders,
}

/// A header of requests that says who sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Passed {
    /// A token, or a name and a password.
    Authorization,
    /// All cookies but those of this server.
    Cookie,
}

/// What the headers of an answer are called.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AnswerHeaders {
    /// Who it is.
    pub user: String,
    /// What he may.
    pub rights: String,
    /// In which workspaces.
    pub workspaces: String,
    /// For which workflows.
    pub workflows: String,
    /// Which rows he sees.
    pub rows: String,
}

impl Default for AnswerHeaders {
    fn default() -> Self {
        Self {
            user: "Log-User".to_owned(),
            rights: "Log-Rights".to_owned(),
            workspaces: "Log-Workspaces".to_owned(),
            workflows: "Log-Workflows".to_owned(),
            rows: "Log-Rows".to_owned(),
        }
    }
}

impl ForwardAuth {
    /// A service at this address, asked as it is by default.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            pass: pass(),
            timeout: timeout(),
            cache: cache(),
            cache_refusals: cache_refusals(),
            grace: grace(),
            max_concurrent: max_concurrent(),
            max_remembered: max_remembered(),
            max_answer_bytes: max_answer_bytes(),
            ca_file: None,
            sign_in_url: None,
            headers: AnswerHeaders::default(),
        }
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration(std::time::Duration::from_secs(seconds))
}

fn pass() -> Vec<Passed> {
    vec![Passed::Authorization, Passed::Cookie]
}

fn timeout() -> Duration {
    seconds(3)
}

fn cache() -> Duration {
    seconds(10)
}

fn cache_refusals() -> Duration {
    seconds(2)
}

fn grace() -> Duration {
    seconds(60)
}

const fn count(count: u32) -> NonZero<u32> {
    NonZero::new(count).expect("a constant that is not 0")
}

fn max_concurrent() -> NonZero<u32> {
    const { count(32) }
}

fn max_remembered() -> NonZero<u32> {
    const { count(10_000) }
}

fn max_answer_bytes() -> NonZero<u32> {
    const { count(64 * 1024) }
}

/// Why the service could not be asked as the configuration says.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// Its address.
    #[error("`url` of [forward-auth] is not right")]
    Address(#[from] AddressError),
    /// The name of a header.
    #[error("{0:?} in [forward-auth] is no name of a header")]
    HeaderName(String),
    /// The certificates.
    #[error("no certificates of {what} can be read; `ca-file` of [forward-auth] names others")]
    Certificates {
        /// Whose they are.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
