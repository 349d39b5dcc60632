//! The server as its users meet it: the program, over its socket, on real stores.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod answers;
mod exactly_once;
mod http;
mod limits;
mod outages;
mod server;
mod store;
mod stream;
