//! For how long rows are kept: those that are too old or too many are deleted, oldest first, in
//! steps so small that no append waits for one.
//!
//! Positions stay valid: a `seq` is never given out again. What a client can no longer be given is
//! told from what it has been given by [`gone`].

mod gone;
mod keeper;
mod policy;
mod space;

pub(super) use gone::{Gone, TABLE};
pub(super) use keeper::Keeper;
pub use policy::{InvalidBytes, Keep, parse_bytes};
