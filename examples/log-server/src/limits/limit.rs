//! The limits there are, by name.

use std::fmt;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// Streams that are open at the same time.
    Streams,
    /// Requests of every kind, also for the page's files.
    Requests,
    /// Streams that are opened.
    Connects,
    /// Pages and lists.
    Pages,
    /// Pages that search.
    Searches,
    /// Requests that write rows.
    Appends,
    /// Exports, and streams that read all of history, besides being connects.
    Exports,
    /// Exports that are under way at the same time.
    OpenExports,
    /// Credentials that nobody knows.
    FailedSignIns,
}

impl What {
    /// What is limited to so many in a time, by all of [`Per::ALL`].
    pub const RATES: [Self; 6] =
        [Self::Requests, Self::Connects, Self::Pages, Self::Searches, Self::Appends, Self::Exports];

    /// As limits are named after it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Streams => "streams",
            Self::Requests => "requests",
            Self::Connects => "connects",
            Self::Pages => "pages",
            Self::Searches => "searches",
            Self::Appends => "appends",
            Self::Exports => "exports",
            Self::OpenExports => "open_exports",
            Self::FailedSignIns => "failed_sign_ins",
        }
    }
}

/// Whom a limit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Per {
    /// One address, or one network of IPv6.
    Address,
    /// One user, if it is known who it is.
    User,
    /// One workspace.
    Workspace,
    /// All together.
    All,
}

impl Per {
    /// All of them, in the order in which they are looked at.
    pub const ALL: [Self; 4] = [Self::Address, Self::User, Self::Workspace, Self::All];

    /// As limits are named after it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "per_address",
            Self::User => "per_user",
            Self::Workspace => "per_workspace",
            Self::All => "in_all",
        }
    }
}

/// One limit. Its name is that in metrics and problems; in the configuration it stands as
/// `limits.pages.per-user`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// Of what.
    pub what: What,
    /// For whom.
    pub per: Per,
}

impl Limit {
    /// Those of so many in a time.
    pub fn rates() -> impl Iterator<Item = Self> {
        What::RATES.into_iter().flat_map(|what| Per::ALL.map(|per| Self { what, per }))
    }

    /// Every limit.
    pub fn all() -> impl Iterator<Item = Self> {
        let open = [What::Streams, What::OpenExports].into_iter();
        let open = open.flat_map(|what| Per::ALL.map(|per| Self { what, per }));
        let failures = Self { what: What::FailedSignIns, per: Per::Address };
        open.chain(Self::rates()).chain([failures])
    }

    /// Where the configuration sets it.
    pub fn setting(self) -> String {
        let (what, per) = (self.what.as_str(), self.per.as_str().replace('_', "-"));
        match self.what {
            What::FailedSignIns => "limits.failed-sign-ins-per-address".to_owned(),
            _ => format!("limits.{}.{per}", what.replace('_', "-")),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.what.as_str(), self.per.as_str())
    }
}
