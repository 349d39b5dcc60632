//! Writing records: what many want to write at the same time is written together.

mod group;
pub(crate) mod queue;
pub(crate) mod write;
