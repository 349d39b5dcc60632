//! A log is followed without a gap and without a duplicate, whatever happens on the way.
#![cfg(feature = "tokio")]

mod client;
mod model;
mod outcomes;
mod position;
mod simulation;
