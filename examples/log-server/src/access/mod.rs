//! Who may see and do what.
//!
//! A request brings [`Credentials`]. Each way of signing in is an [`Authority`], which says who the
//! [`Caller`] is; what a caller may is in his [`Grants`] and [`RowRules`]. [`Access`] asks them all, and
//! [`Leases`] end streams when what allowed them is over.

#[expect(clippy::module_inception, reason = "it is what the folder is for")]
mod access;
mod authority;
mod caller;
mod credentials;
mod denied;
pub mod forward;
mod grants;
mod held;
pub mod jwt;
mod lease;
mod pattern;
mod place;
mod prefixes;
mod revocations;
pub mod revoked;
mod right;
mod rows;
mod sealed;
pub mod session;
mod sign_in;
pub mod ticket;
pub mod tokens;
mod ways;

pub use access::Access;
pub use authority::{Authority, Identified};
pub use caller::{Caller, KnownBy};
pub use credentials::Credentials;
pub use denied::{Denied, Reason};
pub use grants::{Grant, Grants};
pub use lease::{Lease, Leases};
pub use pattern::Pattern;
pub use place::{Place, Workflows};
pub use prefixes::Prefixes;
pub use revocations::{NothingRevoked, Revocations};
pub use right::{Right, Rights};
pub use rows::{InvalidField, RowFields, RowRule, RowRules, UnkeptField};
pub use sign_in::{SignIn, SignInError};
pub use ways::Ways;
