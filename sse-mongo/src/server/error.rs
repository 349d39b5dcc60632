//! Why MongoDB could not answer, and what to do about it.

use std::error::Error as StdError;

use gapless_sse_core::follow::{Fault, SourceError};
use mongodb::error::{Error as DriverError, ErrorKind, WriteFailure};

use super::operation::Operation;
use super::privilege;

/// Why MongoDB could not answer, and what to do about it.
///
/// ```
/// use gapless_sse_core::follow::{Fault, SourceError};
/// use gapless_sse_mongo::Error;
///
/// assert_eq!(Error::SnapshotGone.fault(), Fault::SnapshotGone);
/// assert!(Error::NoDatabase.to_string().starts_with("connection string: name the database"));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection string cannot be used.
    #[error("connection string: {0}")]
    ConnectionString(String),
    /// The connection string names no database.
    #[error("connection string: name the database at its end, as in mongodb://host:27017/logs")]
    NoDatabase,
    /// The user lacks a privilege.
    #[error("not authorised to {operation}: {advice}")]
    NotAuthorised {
        /// What the server refused.
        operation: Operation,
        /// What the user needs, on what, and what to enter in mongosh for it.
        advice: String,
        /// The driver's error.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The user does not exist, or has another password.
    #[error(
        "could not sign in ({reason}): check the user name, the password and authSource, the \
         database where the user was made, in the connection string"
    )]
    NotAuthenticated {
        /// What the server says of it.
        reason: String,
        /// The driver's error.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// An index is missing and could not be made.
    #[error("index {name} is missing and could not be made ({reason}); make it with: {command}")]
    MissingIndex {
        /// Its name.
        name: &'static str,
        /// Why it could not be made.
        reason: String,
        /// What to enter in mongosh.
        command: String,
    },
    /// An index that reading needs is being made.
    #[error("an index that reading needs is being made, which may take minutes{}", so_far(*percent))]
    Indexing {
        /// How far it is, if the server tells.
        percent: Option<u8>,
    },
    /// The collection is capped, and history of it cannot be read as of a moment.
    #[error(
        "{0} is a capped collection, of which MongoDB reads no snapshots: start again with polling \
         (Mode::Poll or Mode::Auto; --mode poll or auto), or copy it to a collection that is not \
         capped"
    )]
    Capped(String),
    /// So many writes wait already that this one does not: nothing of it was written.
    #[error("too many writes are waiting for the database: nothing was written, try again later")]
    Busy,
    /// Change streams were asked for, and the server has none.
    #[error(
        "this MongoDB has no change streams, or is older than 5.0: make a standalone a set of one \
         node (start it with --replSet rs0, then rs.initiate() once), or poll"
    )]
    NoChangeStreams,
    /// The collection is to be polled, and its dates do not tell what is earlier.
    #[error(
        "the dates of the collection have offsets of their own, and so do not tell what polling may \
         hand out: make a standalone a set of one node (start it with --replSet rs0, then \
         rs.initiate() once), which has change streams, or store dates by one clock"
    )]
    IncomparableDates,
    /// The server was started as a member of a replica set that was not initiated yet.
    #[error("this MongoDB was started with --replSet but belongs to no set: rs.initiate() once")]
    NotInitiated,
    /// The collection's name is that of a view or a time series.
    #[error("{name} is a {kind}: only plain collections can be followed")]
    NotACollection {
        /// The collection's name.
        name: String,
        /// What it is instead.
        kind: String,
    },
    /// The snapshot cannot be read any more.
    #[error("the snapshot cannot be read any more")]
    SnapshotGone,
    /// The oplog no longer reaches back to the position.
    #[error("the oplog no longer reaches back to the position")]
    HistoryLost,
    /// The collection was dropped, renamed or replaced.
    #[error("the collection is gone: {0}")]
    Ended(String),
    /// The server did not answer in time.
    #[error("no answer in time to {0}")]
    TimedOut(Operation),
    /// The server's answer is incomplete.
    #[error("could not {operation}: the answer has no {what}")]
    Answer {
        /// What the server was asked for.
        operation: Operation,
        /// What is missing.
        what: &'static str,
    },
    /// The server refused, or could not be reached.
    #[error("could not {operation}: {message}")]
    Server {
        /// What the server was asked for.
        operation: Operation,
        /// What the driver says of it.
        message: String,
        /// The server's error code, when it answered.
        code: Option<i32>,
        /// The driver's error.
        source: Box<dyn StdError + Send + Sync>,
    },
}

fn so_far(percent: Option<u8>) -> String {
    percent.map_or_else(String::new, |percent| format!(" ({percent} % so far)"))
}

impl SourceError for Error {
    fn fault(&self) -> Fault {
        match self {
            Self::SnapshotGone => Fault::SnapshotGone,
            Self::HistoryLost => Fault::HistoryLost,
            Self::Ended(_) => Fault::Ended,
            Self::ConnectionString(_)
            | Self::NoDatabase
            | Self::NotAuthorised { .. }
            | Self::NotAuthenticated { .. }
            | Self::MissingIndex { .. }
            | Self::NoChangeStreams
            | Self::IncomparableDates
            | Self::NotInitiated
            | Self::NotACollection { .. }
            | Self::Capped(_) => Fault::NeedsAction,
            Self::Server { code: Some(code), .. } => {
                if REFUSED.contains(code) {
                    Fault::Refused
                } else if LASTING.contains(code) {
                    Fault::NeedsAction
                } else {
                    Fault::Unavailable
                }
            }
            Self::Server { code: None, source, .. } => of_the_driver(source.as_ref()),
            Self::Busy | Self::Indexing { .. } | Self::TimedOut(_) | Self::Answer { .. } => {
                Fault::Unavailable
            }
        }
    }
}

/// What a question is refused for itself: a pattern that the server does not take (51091), a
/// record that is too large (10334), that a validator (121) or a unique index (11000) does not let
/// in, or that a collection of a shard cannot have (61, 63).
const REFUSED: [i32; 6] = [51091, 10334, 121, 11000, 61, 63];
/// What stays until somebody acts: a view (166), a disk that is full (14031), a collection without
/// snapshots (246), a server that knows no such command (59) or needs an API version (323).
const LASTING: [i32; 5] = [166, 14031, 246, 59, 323];

/// What the driver itself says without an answer of the server's: most of it passes, but not what
/// stands in a file or in the records that are to be written.
fn of_the_driver(error: &(dyn StdError + Send + Sync + 'static)) -> Fault {
    match error.downcast_ref::<DriverError>().map(|error| error.kind.as_ref()) {
        Some(ErrorKind::InvalidTlsConfig { .. } | ErrorKind::IncompatibleServer { .. }) => {
            Fault::NeedsAction
        }
        // The servers were found, and are not trusted or not understood.
        Some(ErrorKind::ServerSelection { message, .. })
            if message.contains("certificate") || message.contains("incompatible") =>
        {
            Fault::NeedsAction
        }
        Some(ErrorKind::InvalidArgument { .. } | ErrorKind::BsonSerialization(_)) => Fault::Refused,
        _ => Fault::Unavailable,
    }
}

impl Error {
    pub(crate) fn server(operation: Operation, source: DriverError) -> Self {
        let code = code_of(&source);
        if let ErrorKind::Authentication { message, .. } = source.kind.as_ref() {
            return Self::NotAuthenticated { reason: message.clone(), source: Box::new(source) };
        }
        match code {
            Some(13) => {
                let advice = privilege::advice(operation, &brief(&source));
                Self::NotAuthorised { operation, advice, source: Box::new(source) }
            }
            // 280 is a stream that can never be resumed, whatever the reason.
            Some(280 | 286) => Self::HistoryLost,
            // 246 is also said of what has no snapshots at all, with these words.
            Some(239 | 246)
                if operation == Operation::History && !brief(&source).contains("not supported") =>
            {
                Self::SnapshotGone
            }
            Some(40573) => Self::NoChangeStreams,
            _ => {
                Self::Server { operation, message: brief(&source), code, source: Box::new(source) }
            }
        }
    }
}

/// Whether the same question may have an answer a moment later: a connection that broke, and a
/// server that changes its role. As in the drivers' specification of retryable reads.
pub(crate) fn is_passing(error: &DriverError) -> bool {
    match (error.kind.as_ref(), code_of(error)) {
        (ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. }, _) => true,
        (_, code) => code.is_some_and(|code| PASSING.contains(&code)),
    }
}

/// The code of what took longer than `maxTimeMS`.
pub(crate) const OUT_OF_TIME: i32 = 50;

/// Codes of a server that changes its role, or could not reach one.
pub(crate) const PASSING: [i32; 13] =
    [6, 7, 89, 91, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436];

impl Error {
    /// Whether the server may have been unable to send what it has: it says that a document is too
    /// large, or breaks the connection.
    pub(crate) fn is_cut_off(&self) -> bool {
        const OBJECT_TOO_LARGE: i32 = 10334;
        let Self::Server { code, source, .. } = self else { return false };
        let broken = |error: &DriverError| matches!(error.kind.as_ref(), ErrorKind::Io(_));
        *code == Some(OBJECT_TOO_LARGE) || source.downcast_ref().is_some_and(broken)
    }
}

fn code_of(error: &DriverError) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => Some(command.code),
        ErrorKind::InsertMany(insert) => Some(insert.write_errors.as_ref()?.first()?.code),
        ErrorKind::Write(WriteFailure::WriteError(write)) => Some(write.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(write)) => Some(write.code),
        _ => None,
    }
}

/// The driver's own text carries labels and whole replies.
fn brief(error: &DriverError) -> String {
    match error.kind.as_ref() {
        ErrorKind::Command(command) => {
            format!("{} ({}, code {})", command.message, command.code_name, command.code)
        }
        ErrorKind::ServerSelection { message, .. } => {
            let reason = message.split(", labels: ").next();
            reason.unwrap_or_default().to_owned()
        }
        kind => kind.to_string(),
    }
}
