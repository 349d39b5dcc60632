//! Several logs that are read as one.
#![cfg(feature = "tokio")]
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod client;
mod pages;
mod streams;
mod tables;
