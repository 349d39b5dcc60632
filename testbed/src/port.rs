//! A port that nobody listens on.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

// Below the range that systems give to outgoing connections (32768 on Linux, 49152 elsewhere), so
// that a server that is down for a moment finds its port free when it comes back.
const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// A free port on 127.0.0.1, outside the range that outgoing connections are given.
///
/// Another process may take it before it is used; where that matters, start again with another.
///
/// # Errors
///
/// The system's error when not one of many ports could be bound.
///
/// ```
/// let port = testbed::free_port()?;
/// let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn free_port() -> io::Result<u16> {
    let random = RandomState::new();
    let mut refused = io::Error::from(io::ErrorKind::AddrInUse);
    for attempt in 0..200_u32 {
        let offset = random.hash_one(attempt) % u64::from(COUNT);
        let port = FIRST + u16::try_from(offset).unwrap_or_default();
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}
