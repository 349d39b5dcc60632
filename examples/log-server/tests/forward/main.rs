//! The service beside this server as an authority: a real Flask application, and services that
//! answer as none should.
#![allow(clippy::unwrap_used, reason = "tests fail by it")]

mod asks;
mod crowds;
mod hostile;
mod outages;
mod secured;
mod service;
mod slow;
