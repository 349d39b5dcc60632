//! Who may see and do what.
//!
//! A request brings [`Credentials`]. Each way of signing in is an [`Authority`], which says who the
//! [`Caller`] is; what a caller may is in his [`Grants`] and [`RowRules`].

mod authority;
mod caller;
mod credentials;
mod denied;
mod grants;
pub mod jwt;
mod pattern;
mod place;
mod right;
mod rows;

pub use authority::{Authority, Identified};
pub use caller::{Caller, KnownBy};
pub use credentials::Credentials;
pub use denied::{Denied, Reason};
pub use grants::{Grant, Grants};
pub use pattern::Pattern;
pub use place::Place;
pub use right::{Right, Rights};
pub use rows::{RowRule, RowRules};
