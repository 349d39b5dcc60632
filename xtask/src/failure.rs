//! Why a step failed, in words that say what to do.

use std::io;
use std::process::ExitStatus;

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A command ran, and was not content.
    #[error("{command} ended with {status}")]
    Command { command: String, status: ExitStatus },
    /// As [`Command`](Self::Command), with the last of what it said.
    #[error("{command} ended with {status}")]
    Said { command: String, status: ExitStatus, said: String },
    /// A command could not be run at all.
    #[error("could not run {command}: {source}")]
    Start { command: String, source: io::Error },
    /// Something that must be installed is not.
    #[error("{what} is missing: {advice}")]
    Missing { what: &'static str, advice: String },
    /// A check of our own found something.
    #[error("{0}")]
    Found(String),
    /// A file could not be read or written.
    #[error("could not {doing}: {source}")]
    Io { doing: String, source: io::Error },
    /// A server could not be had.
    #[error("{0:?}")]
    Testbed(#[from] testbed::Error),
}

impl Failure {
    /// What is worth to be read again at the end.
    pub(crate) fn said(&self) -> Option<&str> {
        match self {
            Self::Said { said, .. } => Some(said),
            _ => None,
        }
    }

    /// For `map_err`: an I/O error with the act that met it.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
