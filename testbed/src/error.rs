//! What can go wrong with a server that is not ours.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

/// Why a server could not be had, started or spoken to.
///
/// Its `Debug` text is its `Display` text, so that an `unwrap` in a test shows what the server
/// printed as lines and not as one escaped string.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable `mongod` is on this machine.
    #[error("no mongod: {reason}\n{advice}")]
    NoMongod {
        /// What was looked at and why it does not do.
        reason: String,
        /// How to get one here.
        advice: &'static str,
    },
    /// No Python with the packages of the Flask service is on this machine.
    #[error(
        "{} has no Flask: {reason}\n`cargo xtask setup` makes one that has; or put the path of a \
         Python with the packages of examples/flask-etl/requirements.txt into the environment \
         variable FLASK_PYTHON",
        python.display()
    )]
    NoFlask {
        /// What was looked at.
        python: std::path::PathBuf,
        /// Why it does not do.
        reason: String,
    },
    /// schemathesis is not on this machine.
    #[error(
        "there is no schemathesis at {}; `cargo xtask setup` installs it, or put its path into the \
         environment variable SCHEMATHESIS",
        .0.display()
    )]
    NoSchemathesis(std::path::PathBuf),
    /// A binary could not be fetched.
    #[error("could not fetch {what}: {reason}")]
    Fetch {
        /// What was to be fetched.
        what: &'static str,
        /// What happened, with the output of the command that failed.
        reason: String,
    },
    /// A program could not be started at all.
    #[error("could not start {program}")]
    Start {
        /// The program.
        program: String,
        /// The reason the system gave.
        source: io::Error,
    },
    /// A program ended where it should have gone on.
    #[error("{program} ended ({status}) before {before}; its output:\n{output}")]
    Ended {
        /// The program.
        program: String,
        /// How it ended.
        status: ExitStatus,
        /// What was waited for.
        before: String,
        /// What it had printed.
        output: String,
    },
    /// Nothing happened in time.
    #[error("{program}: no {what} within {after:?}; its output:\n{output}")]
    Deadline {
        /// The program.
        program: String,
        /// What was waited for.
        what: String,
        /// How long.
        after: Duration,
        /// What it had printed.
        output: String,
    },
    /// A signal could not be sent, or a file not be written.
    #[error("could not {doing}")]
    Io {
        /// The act that failed.
        doing: String,
        /// The reason the system gave.
        source: io::Error,
    },
    /// A mongod refused a command, or answered something else than MongoDB does.
    #[error("mongod refused {command}: {answer}")]
    Command {
        /// The command.
        command: String,
        /// What came back.
        answer: String,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

impl Error {
    /// For `map_err`: an I/O error with the act that met it.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}
