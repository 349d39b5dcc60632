//! What is asked of a server.

use std::fmt;

/// What was being done when an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Asking the server what it is, and its time.
    Probe,
    /// Looking the collection up.
    Find,
    /// Looking its indexes up.
    Index,
    /// Reading history.
    History,
    /// Reading changes.
    Changes,
    /// Looking for what came late.
    Audit,
    /// Writing records.
    Append,
    /// Listing topics.
    List,
}

impl Act {
    pub(crate) const COUNT: usize = 8;
    /// Every one.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Probe,
        Self::Find,
        Self::Index,
        Self::History,
        Self::Changes,
        Self::Audit,
        Self::Append,
        Self::List,
    ];

    /// What it is as metrics name it.
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

    /// What a user must be granted for it: of the database to list its collections, of the
    /// collection for everything else. Whoever is signed in may ask a server what it is.
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

impl fmt::Display for Act {
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
