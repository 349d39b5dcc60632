//! A hub and its readers, by themselves.
#![cfg(feature = "follow")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod locks;
mod losses;
mod panics;
mod pieces;
mod spaces;
mod support;
mod verdicts;
mod waking;
