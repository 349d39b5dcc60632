//! Why a command ends early, in words for whoever typed it.

use std::io;

use gapless_sse_core::{InvalidField, LimitExceeded};

#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot read standard input: {0}")]
    Read(#[source] io::Error),
    #[error("cannot write standard output: {0}")]
    Write(#[source] io::Error),
    #[error("{0}; raise it with {option}", option = limit_option(.0))]
    Limit(#[from] LimitExceeded),
    #[error("line {line}: {source}")]
    Field { line: u64, source: InvalidField },
    #[error("line {line}: {reason}; write one JSON object a line, such as {{\"data\":\"x\"}}")]
    Object { line: u64, reason: String },
}

fn limit_option(excess: &LimitExceeded) -> &'static str {
    match excess {
        LimitExceeded::Line { .. } => "--line-limit",
        LimitExceeded::Event { .. } => "--event-limit",
    }
}
