//! What is listened on.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

/// A port, or a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address and a port.
    Tcp(SocketAddr),
    /// The path of a socket.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

impl ListenAddress {
    /// Whether only this machine reaches it.
    ///
    /// ```
    /// use log_server::listen::ListenAddress;
    ///
    /// let is_local = |address: &str| address.parse::<ListenAddress>().map(|it| it.is_local());
    /// assert_eq!(is_local("127.0.0.1:8080"), Ok(true));
    /// assert_eq!(is_local("0.0.0.0:8080"), Ok(false));
    /// # #[cfg(unix)]
    /// assert_eq!(is_local("unix:/run/log-server/socket"), Ok(true));
    /// ```
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            #[cfg(unix)]
            Self::Unix(_) => true,
        }
    }
}

/// It is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write an address and a port, as in 127.0.0.1:8080, or unix:PATH")]
pub struct InvalidListen;

impl FromStr for ListenAddress {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        #[cfg(unix)]
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() { Err(InvalidListen) } else { Ok(Self::Unix(path.into())) };
        }
        text.parse().map(Self::Tcp).map_err(|_| InvalidListen)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}
