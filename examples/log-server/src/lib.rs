//! A log server: the logs of workflows, from MongoDB or SQLite, as pages of history and as live
//! streams of Server-Sent Events, with a page to read them.

pub mod access;
pub mod audit;
pub mod backup;
pub mod cli;
pub mod config;
pub mod dates;
pub mod export;
pub mod fields;
pub mod http;
mod json;
mod level;
pub mod limits;
pub mod listen;
pub mod logs;
mod mark;
pub mod row;
mod ruled;
pub mod search;
pub mod secret;
pub mod serve;
pub mod simulate;
pub mod store;
