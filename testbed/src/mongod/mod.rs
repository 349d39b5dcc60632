//! MongoDB servers: which binary, how to get one, and how to run it alone or as a replica set.

mod binary;
mod command;
mod member;
mod set;

pub use binary::{fetch, find};
pub use member::Member;
pub use set::Mongod;
