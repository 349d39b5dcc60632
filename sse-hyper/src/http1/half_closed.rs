//! A client that sends no more: it waits for its answer, or it is gone, which looks the same.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncWrite;
use tokio::time::{Instant, Sleep, sleep};

use crate::rewound::Rewound;
use crate::socket::Socket;

/// When it is looked at first, and how much apart at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Says nothing to a client that waits. Where there is nobody any more, the system answers that,
/// and the socket has an error.
const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What is known of a client whose side of the connection has ended.
#[derive(Debug)]
pub(crate) struct HalfClosed {
    timer: Pin<Box<Sleep>>,
    looks_after: Duration,
    interim_sent: bool,
    wrote: Instant,
    /// The service waited for more of a request's body when it was looked at.
    body_awaited: bool,
}

impl HalfClosed {
    pub(crate) fn new() -> Self {
        let timer = Box::pin(sleep(LOOKS.0));
        let (looks_after, wrote) = (LOOKS.0, Instant::now());
        Self { timer, looks_after, interim_sent: false, wrote, body_awaited: false }
    }

    /// Something was written to it.
    pub(crate) fn wrote(&mut self) {
        self.wrote = Instant::now();
    }

    /// Waits until the client is known to be gone, or nothing was written to it for `limit`, which
    /// would tell.
    pub(crate) fn poll_gone(
        &mut self,
        socket: &mut Rewound<Socket>,
        takes_interim: bool,
        limit: Duration,
        context: &mut Context<'_>,
    ) -> Poll<io::Error> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if let Some(error) = socket.get_ref().error() {
                return Poll::Ready(error);
            }
            if takes_interim && !self.interim_sent {
                match Pin::new(&mut *socket).poll_write(context, INTERIM) {
                    Poll::Ready(Ok(written)) if written == INTERIM.len() => {
                        self.interim_sent = true;
                    }
                    // There is something unread already, and no room.
                    Poll::Ready(Ok(_)) => return Poll::Ready(io::ErrorKind::WriteZero.into()),
                    Poll::Ready(Err(error)) => return Poll::Ready(error),
                    Poll::Pending => {}
                }
            }
            if let Poll::Ready(Err(error)) = Pin::new(&mut *socket).poll_flush(context) {
                return Poll::Ready(error);
            }
            if !(takes_interim && self.interim_sent) && self.wrote.elapsed() >= limit {
                let what = "the client sends no more, and may have gone";
                return Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, what));
            }
            self.look_later();
        }
    }

    /// Waits until nothing more can come of a request's body: the service has waited for it from one
    /// look to the next, or has not looked at it for `limit`.
    ///
    /// hyper gives up a request when it hears that the client sends no more, although it has all of
    /// the body and the service only has to take it.
    pub(crate) fn poll_body_ended(
        &mut self,
        awaited: bool,
        limit: Duration,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if awaited && self.body_awaited || self.wrote.elapsed() >= limit {
                return Poll::Ready(());
            }
            self.body_awaited = awaited;
            self.look_later();
        }
    }

    fn look_later(&mut self) {
        self.timer.as_mut().reset(Instant::now() + self.looks_after);
        self.looks_after = (self.looks_after * 2).min(LOOKS.1);
    }
}
