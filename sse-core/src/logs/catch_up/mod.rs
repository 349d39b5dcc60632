//! Streams that have missed more than the ring holds read the source together.

mod group;
mod pass;
mod reader;
mod readers;
mod window;

pub(super) use group::CatchUps;
pub(super) use pass::run;
pub(super) use reader::{CatchUpRead, CatchUpReader};
