//! The end of a connection, so that what was sent last arrives.

use std::future::poll_fn;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::sleep;

use crate::discard::poll_discard;
use crate::shutdown::{Shutdown, begun};

/// For how long a client may go on to send, and how much of it is read.
const LIMIT: (Duration, usize) = (Duration::from_secs(5), 16 << 20);

/// For how long, once the server is to end.
const LIMIT_AT_SHUTDOWN: Duration = Duration::from_millis(250);

/// Says that nothing follows, and reads until the client says so too.
///
/// A socket that is closed while something is unread is reset, and the client's system drops what
/// the client has not read yet: the last events, or why a body was refused. So it is read first,
/// within limits.
pub(crate) async fn linger<T>(mut socket: T, shutdown: Shutdown)
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let client = async {
        if socket.shutdown().await.is_err() {
            return;
        }
        let mut left = LIMIT.1;
        while let Ok(read @ 1..) = poll_fn(|context| poll_discard(&mut socket, context)).await {
            let Some(after) = left.checked_sub(read) else { return };
            left = after;
        }
    };
    tokio::select! {
        () = client => {}
        () = sleep(LIMIT.0) => {}
        () = async {
            begun(shutdown).await;
            sleep(LIMIT_AT_SHUTDOWN).await;
        } => {}
    }
}
