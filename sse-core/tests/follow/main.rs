//! A log is followed without a gap and without a duplicate, whatever happens on the way.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod catch_up;
mod client;
mod crowd;
mod driver;
mod failures;
mod losses;
mod model;
mod outcomes;
mod position;
mod simulation;
