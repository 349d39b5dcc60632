//! Who is calling.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::{Credentials, Denied, Grants, Place, Reason, Right, RowRules, Workflows};

/// Someone who calls, as an authority knows him.
#[derive(Clone, Debug)]
pub struct Caller {
    /// His name, as limits and the audit know him.
    pub user: Box<str>,
    /// How it is known that it is he.
    pub known_by: KnownBy,
    /// What names his token or session, to revoke it by; never the token itself.
    pub credential: Box<str>,
    /// What names the credential that this one was made from: that of a session's token.
    pub made_from: Option<Box<str>>,
    /// When the credential was given out. One of which nobody knows counts as old when those given
    /// out before some time are revoked.
    pub issued: Option<Timestamp>,
    /// What he may.
    pub grants: Grants,
    /// Whether that is only about the place that was asked for, so that a list is to ask for each
    /// name.
    pub only_there: bool,
    /// Which rows he may see.
    pub rows: RowRules,
    /// When all this ends, if it does.
    pub expires: Option<Timestamp>,
    /// When the authority is to be asked again, if all this may change before it ends.
    pub ask_again: Option<Instant>,
    /// What it is then asked with, if not with what the request has brought: a ticket is for once.
    pub ask_with: Option<Arc<Credentials>>,
}

impl Caller {
    /// Whoever it is, where everybody may do everything.
    pub fn anyone() -> Self {
        Self {
            user: "anonymous".into(),
            known_by: KnownBy::Nothing,
            credential: "".into(),
            made_from: None,
            issued: None,
            grants: Grants::all(),
            only_there: false,
            rows: RowRules::default(),
            expires: None,
            ask_again: None,
            ask_with: None,
        }
    }

    /// Looks whether he may do this there.
    ///
    /// # Errors
    ///
    /// When he may not, in words that do not depend on what there is.
    pub fn check(&self, right: Right, place: &Place) -> Result<(), Denied> {
        if self.grants.allow(right, place) {
            return Ok(());
        }
        let (user, right) = (&self.user, right.as_str());
        let (of, instead) = match place.workflows {
            Workflows::Some | Workflows::One(_) => ("here", ""),
            Workflows::Several(_) => ("in each of these workflows", ""),
            Workflows::All => {
                ("in all workflows", "; name those that you want to see: `?workflow=a&workflow=b`")
            }
        };
        let words =
            format!("this takes the right `{right}` {of}, which {user} does not have{instead}");
        Err(Denied::new(Reason::Forbidden, words))
    }
}

/// How it is known who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KnownBy {
    /// It is not: everybody may.
    Nothing,
    /// A token of the configuration.
    Token,
    /// A signed token of somebody else.
    Jwt,
    /// The service beside this server has said so.
    Forward,
    /// A cookie of this server.
    Session,
    /// A ticket of this server.
    Ticket,
}

impl KnownBy {
    /// As the audit writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "anonymous",
            Self::Token => "token",
            Self::Jwt => "jwt",
            Self::Forward => "forward",
            Self::Session => "session",
            Self::Ticket => "ticket",
        }
    }
}
