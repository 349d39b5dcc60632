//! History: pages of the index, each as of one moment, and searches of them.

mod by_value;
pub(crate) mod grouping;
mod matching;
pub(crate) mod narrowing;
mod page;
mod part;
pub(crate) mod read;
mod scan;
pub(crate) mod search;
pub(crate) mod sizes;
mod snapshot;
