//! A durable log, and the way to follow it from any position.

pub mod contract;
mod coordinate;
mod filter;
mod frontier;
mod hub;
#[doc(hidden)]
pub mod internals;
mod machine;
pub(crate) mod panics;
mod position;
mod record;
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
