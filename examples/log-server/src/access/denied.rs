//! Why something is not allowed.

use std::fmt;

use http::HeaderValue;

/// Why something is not allowed, in words for who asked. It says nothing about what is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Of which kind.
    pub reason: Reason,
    /// What is wrong and what to do.
    pub words: String,
    /// How who decides wants to be told who it is, if it is another server's `WWW-Authenticate`.
    pub challenge: Option<HeaderValue>,
}

impl Denied {
    /// One of this kind.
    pub fn new(reason: Reason, words: impl fmt::Display) -> Self {
        Self { reason, words: words.to_string(), challenge: None }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Denied {}

/// The kinds of denials, as `event: denied`, problems and the audit name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There are no credentials, or nobody knows them: 401.
    Unknown,
    /// They were right and are over: 401.
    Expired,
    /// They were right and were taken back: 401.
    Revoked,
    /// The caller is known and may not: 403.
    Forbidden,
    /// Who decides does not answer: 503.
    Unavailable,
}

impl Reason {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Forbidden => "forbidden",
            Self::Unavailable => "unavailable",
        }
    }
}
