//! All that is promised of connections, whatever carries them.

#![allow(clippy::duplicate_mod, reason = "each has its support")]

#[path = "../beside.rs"]
mod beside;
#[path = "../half_closed.rs"]
mod half_closed;
#[path = "../handover.rs"]
mod handover;
#[path = "../http2.rs"]
mod http2;
#[path = "../panic.rs"]
mod panic;
#[path = "../request_body.rs"]
mod request_body;
#[path = "../shutdown.rs"]
mod shutdown;
#[path = "../upgrade.rs"]
mod upgrade;
