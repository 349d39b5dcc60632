//! A durable log, and the way to follow it from any position.

mod frontier;
mod hub;
mod machine;
mod merges;
mod position;
mod ring;
mod source;
mod topic;

pub use frontier::Frontier;
pub use hub::{Hub, Located, News, Read, Subscription};
pub use machine::{History, Machine, Path, Want};
pub use position::Seal;
#[cfg(feature = "tokio")]
pub(crate) use ring::OVERHEAD;
pub use source::{
    Batch, Change, Changes, Coordinate, Entry, Fault, FrontierOf, HistoryQuery, Order, Page,
    Record, Reset, Source, SourceError,
};
pub use topic::{Scope, Topic};
