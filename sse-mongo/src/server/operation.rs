//! What is asked of a server, and what it needs.

use std::fmt;

use super::turns::Kind;

/// What a server is asked for, as errors and statistics name it.
///
/// ```
/// use gapless_sse_mongo::Operation;
///
/// assert_eq!(Operation::Changes.as_str(), "changes");
/// assert_eq!(Operation::Changes.actions(), ["find", "changeStream"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// What the server is, and its time.
    Probe,
    /// Whether the collection exists, and which one it is.
    Find,
    /// The collection's indexes: to list and to make them.
    Index,
    /// A part of a page of history.
    History,
    /// Changes: a change stream, or a poll.
    Changes,
    /// An audit of polling: which records came late.
    Audit,
    /// To write records.
    Append,
    /// To list topics.
    List,
}

impl Operation {
    /// Every operation.
    pub const ALL: &'static [Self] = &[
        Self::Probe,
        Self::Find,
        Self::Index,
        Self::History,
        Self::Changes,
        Self::Audit,
        Self::Append,
        Self::List,
    ];

    /// Its name in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Find => "find",
            Self::Index => "index",
            Self::History => "history",
            Self::Changes => "changes",
            Self::Audit => "audit",
            Self::Append => "append",
            Self::List => "list",
        }
    }

    /// The kind of work that it is, unless it is for changes.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Changes | Self::Audit => Kind::Changes,
            Self::Probe | Self::Find | Self::Index => Kind::Lookups,
            Self::List => Kind::Lists,
            Self::History => Kind::Pages,
            Self::Append => Kind::Writes,
        }
    }

    /// The actions that a user must be granted for it, as MongoDB names them: on the database for
    /// [`Operation::Find`], on the collection for everything else. [`Operation::Probe`] needs none.
    pub fn actions(self) -> &'static [&'static str] {
        match self {
            Self::Probe => &[],
            Self::Find => &["listCollections"],
            Self::Index => &["listIndexes"],
            Self::History | Self::Audit | Self::List => &["find"],
            Self::Changes => &["find", "changeStream"],
            Self::Append => &["insert"],
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Probe => "ask the server what it is",
            Self::Find => "look the collection up",
            Self::Index => "look the indexes up",
            Self::History => "read history",
            Self::Changes => "read changes",
            Self::Audit => "look for what came late",
            Self::Append => "write records",
            Self::List => "list topics",
        })
    }
}
