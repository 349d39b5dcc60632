//! Listening on a Unix socket.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tokio::net::{UnixListener, UnixSocket};

use super::BACKLOG;

/// Listens on a Unix socket at `path`, with a file of this `mode` (`0o660`: its owner and its group
/// may connect) and a backlog of 4,096. A socket that was left there by a server that has ended is
/// replaced; the file stays when this one ends.
///
/// # Errors
///
/// When another server listens there, or what is there is no socket, or its folder is not there or
/// not to be written to.
pub fn bind_unix(path: impl AsRef<Path>, mode: u32) -> io::Result<UnixListener> {
    let path = path.as_ref();
    remove_left(path)?;
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    // Nobody can connect before it listens.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    socket.listen(BACKLOG)
}

/// Removes the socket of a server that has ended.
fn remove_left(path: &Path) -> io::Result<()> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    if !found.file_type().is_socket() {
        let what = "there is a file that is no socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, what));
    }
    let connected =
        pin!(UnixSocket::new_stream()?.connect(path)).poll(&mut Context::from_waker(Waker::noop()));
    match connected {
        Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path)
        }
        Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
        // One that does not accept now, since it stands still, is there all the same.
        _ => Err(io::Error::new(io::ErrorKind::AddrInUse, "another server listens there")),
    }
}
