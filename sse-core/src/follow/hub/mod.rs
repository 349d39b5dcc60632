//! One publisher, many topics, many readers.

mod afterwards;
mod cursor;
mod decide;
mod held;
mod index;
mod merge_cache;
mod publication;
mod publisher;
mod reading;
mod ring;
mod scopes;
mod spaces;
mod state;
mod subscription;
mod touched;
mod verdicts;

#[cfg(feature = "tokio")]
pub(crate) use afterwards::Wakers;
pub use publication::{Late, LateRecord, Publication};
#[cfg(feature = "tokio")]
pub(crate) use publication::{gap, lost_gap, lost_record};
pub use publisher::Hub;
pub use reading::{Located, News, RingRead};
pub use subscription::Subscription;
