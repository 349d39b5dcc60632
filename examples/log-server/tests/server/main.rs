//! The server as its users meet it: the program, over its socket, on real stores.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod access;
mod addresses;
mod answers;
mod app;
mod audit;
mod backlog;
mod configuration;
mod connects;
mod crowd;
mod exactly_once;
mod frozen;
mod http;
mod limits;
mod lives;
mod lock;
mod metrics;
mod outages;
mod ready;
mod refused_files;
mod revocations;
mod searches;
mod searching_crowd;
mod server;
mod sessions;
mod signed;
mod store;
mod stream;
mod tickets;
mod unread;
mod uploads;
mod writing;
