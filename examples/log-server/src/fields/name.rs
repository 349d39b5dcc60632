//! What the fields of a row are to the server.

use std::fmt;

use serde::Deserialize;

/// What a field of a row is to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldName {
    /// Where it belongs.
    Workspace,
    /// Where it belongs within that.
    Workflow,
    /// When it happened.
    Date,
    /// How important it is.
    Level,
    /// The kind of thing that happened.
    Type,
    /// What happened, in words.
    Message,
    /// Of which run of the workflow it is.
    Run,
    /// Whose it is.
    User,
}

impl FieldName {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Workspace,
        Self::Workflow,
        Self::Date,
        Self::Level,
        Self::Type,
        Self::Message,
        Self::Run,
        Self::User,
    ];

    /// What it is called in rows that clients are shown.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Workspace => "workspace_id",
            Self::Workflow => "workflow_id",
            name => name.as_str(),
        }
    }

    /// What it is called in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workspace => "workspace",
            Self::Workflow => "workflow",
            Self::Date => "date",
            Self::Level => "level",
            Self::Type => "type",
            Self::Message => "message",
            Self::Run => "run",
            Self::User => "user",
        }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
