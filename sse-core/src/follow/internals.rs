//! What the crates and tests of this workspace need of the machinery. Nothing in here is part of the
//! crate's promises.

pub use super::hub::{Hub, Late, LateRecord, Located, News, Publication, RingRead, Subscription};
#[cfg(feature = "tokio")]
pub(crate) use super::hub::{Wakers, gap, lost_gap, lost_record};
pub use super::machine::{Machine, Want};
