//! A durable log, and the way to follow it from any position.

mod filter;
mod frontier;
mod hub;
mod machine;
mod merge_cache;
mod position;
mod publication;
mod ring;
mod source;
mod topic;

pub use filter::{Everything, Filter};
pub use frontier::Frontier;
pub use hub::{Hub, Located, News, RingRead, Subscription};
pub use machine::{History, Machine, ResumePath, Want};
pub use position::Seal;
#[cfg(feature = "tokio")]
pub(crate) use publication::gap;
pub use publication::{Late, Publication};
pub use source::{
    Batch, Change, Changes, Coordinate, Entry, Fault, FilterOf, FrontierOf, HistoryQuery, MarkOf,
    Page, Record, Reset, SortOrder, Source, SourceError,
};
pub use topic::{Scope, Topic};
