//! Changes by polling, and what came too late for their place.

pub(crate) mod audit;
pub(crate) mod poll;
mod watch;
