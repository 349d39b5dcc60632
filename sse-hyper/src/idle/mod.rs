//! The sockets of event streams, which are idle most of the time and take little memory then.

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(target_os = "linux")]
mod readiness;
#[cfg(target_os = "linux")]
mod socket;

use std::task::{Context, Poll};

#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Readiness;
#[cfg(target_os = "linux")]
pub(crate) use readiness::Readiness;
#[cfg(target_os = "linux")]
pub(crate) use socket::IdleSocket;

/// A socket whose client has said that it sends no more.
pub(crate) trait PollGone {
    /// Waits until the client does not read any more either, which shows once something was written
    /// to it.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<()>;
}
