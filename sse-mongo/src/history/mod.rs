//! History: pages of the index, each as of one moment, and searches of them.

mod page;
pub(crate) mod scan;
pub(crate) mod search;
mod snapshot;
