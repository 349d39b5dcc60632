//! A durable log, and the way to follow it from any position.

mod coordinate;
mod filter;
mod frontier;
mod hub;
mod machine;
mod merge_cache;
mod position;
mod publication;
mod record;
mod ring;
mod source;
mod topic;

pub use coordinate::Coordinate;
pub use filter::{Everything, Filter};
pub use frontier::Frontier;
pub use machine::{History, ResumePath};
pub use position::Seal;
#[cfg(feature = "json")]
pub use record::Json;
pub use record::Record;
pub use source::{
    Batch, Change, Changes, Entry, Fault, FilterOf, FrontierOf, HistoryQuery, MarkOf, Page, Reset,
    SortOrder, Source, SourceError,
};
pub use topic::{Scope, Topic};

/// What the crates and tests of this workspace need of the machinery. Nothing in here is part of
/// the crate's promises.
#[doc(hidden)]
pub mod internals {
    pub use super::hub::{Hub, Located, News, RingRead, Subscription};
    pub use super::machine::{Machine, Want};
    #[cfg(feature = "tokio")]
    pub(crate) use super::publication::gap;
    pub use super::publication::{Late, Publication};
}
