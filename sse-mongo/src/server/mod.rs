//! The server: what it is, what is asked of it, and what its answers mean.

pub(crate) mod by_id;
pub(crate) mod changed;
pub(crate) mod collection;
pub(crate) mod connection;
mod connection_string;
pub(crate) mod error;
pub(crate) mod find;
pub(crate) mod index;
pub(crate) mod indexes;
pub(crate) mod known;
pub(crate) mod odd_values;
pub(crate) mod operation;
mod privilege;
pub(crate) mod probe;
pub(crate) mod range;
pub(crate) mod stats;
pub(crate) mod turns;
