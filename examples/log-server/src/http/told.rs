//! What an answer tells the audit.

use std::borrow::Cow;

/// Why a request was refused, as an answer says it to the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Whether it is for lack of a right.
    pub(super) denied: bool,
    /// Why, in a word or a few.
    pub(super) reason: Cow<'static, str>,
}

/// How many rows a request has written, as its answer says it to the audit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written(pub(super) usize);

/// What an act was about, as its answer says it to the audit: whose sign-in was taken back, say.
#[derive(Clone, Debug)]
pub(super) struct About(pub(super) String);
