//! The sockets of event streams, which are idle most of the time and take little memory then.

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(target_os = "linux")]
mod readiness;
#[cfg(target_os = "linux")]
mod socket;

#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{Readiness, StreamSocket};
#[cfg(target_os = "linux")]
pub(crate) use readiness::Readiness;
#[cfg(target_os = "linux")]
pub(crate) use socket::StreamSocket;
