//! Who is calling.

use std::time::Instant;

use jiff::Timestamp;

use super::{Grants, RowRules};

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
    /// Which rows he may see.
    pub rows: RowRules,
    /// When all this ends, if it does.
    pub expires: Option<Timestamp>,
    /// When the authority is to be asked again, if all this may change before it ends.
    pub ask_again: Option<Instant>,
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
