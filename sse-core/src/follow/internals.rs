//! What the crates and tests of this workspace need of the machinery. Nothing in here is part of the
//! crate's promises.

pub use super::hub::{Hub, Subscription};
pub use super::machine::{Machine, Want};
#[cfg(feature = "tokio")]
pub(crate) use super::publication::gap;
pub use super::publication::{Late, Publication};
pub use super::reading::{Located, News, RingRead};
