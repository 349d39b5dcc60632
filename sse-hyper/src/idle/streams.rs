//! The streams of a server, in a few tasks for all of them.
//!
//! A task of tokio's own takes at least 256 bytes, and a place in memory that is aligned to 128,
//! which costs as much again in holes. Here a stream takes 64 bytes beside what it holds itself.

use std::future::Future;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http_body::Body;
use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, coop};

use super::StreamSocket;
use crate::StallLimit;
use crate::answer::HttpBody;
use crate::chunks::WriteChunks;
use crate::error::BoxError;

/// Where the sockets and bodies of event streams go.
pub(crate) struct Streams<B: Body> {
    groups: Arc<[UnboundedSender<Stream<B>>]>,
    open: Arc<AtomicUsize>,
}

impl<B: Body> Clone for Streams<B> {
    fn clone(&self) -> Self {
        Self { groups: Arc::clone(&self.groups), open: Arc::clone(&self.open) }
    }
}

impl<B: HttpBody> Streams<B> {
    /// Groups of streams, one for each thread that may serve them, and their tasks. Each ends when
    /// its streams have, after the last clone of this was dropped.
    pub(crate) fn new() -> (Self, JoinSet<()>) {
        let open = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let groups = (0..Handle::current().metrics().num_workers().max(1)).map(|_| {
            let (group, arrivals) = unbounded_channel();
            tasks.spawn(run(arrivals, Arc::clone(&open)));
            group
        });
        let groups = groups.collect();
        (Self { groups, open }, tasks)
    }

    /// Writes `body` to `socket` until one of them ends.
    pub(crate) fn add(&self, socket: StallLimit<StreamSocket>, peer: SocketAddr, body: B) {
        let number = self.open.fetch_add(1, Ordering::Relaxed);
        if let Some(group) = self.groups.get(number % self.groups.len()) {
            // It fails when the runtime ends, and the stream with it.
            let _ = group.send(Stream { chunks: WriteChunks::new(socket, body), peer });
        }
    }
}

/// How many streams of a server are open.
pub(crate) struct OpenStreams(Arc<AtomicUsize>);

impl<B: Body> From<&Streams<B>> for OpenStreams {
    fn from(streams: &Streams<B>) -> Self {
        Self(Arc::clone(&streams.open))
    }
}

impl OpenStreams {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Serves the streams of a group.
async fn run<B: HttpBody>(mut arrivals: UnboundedReceiver<Stream<B>>, open: Arc<AtomicUsize>) {
    let mut streams = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(stream) = arrivals.recv() => streams.push(stream),
            Some(()) = streams.next() => {
                open.fetch_sub(1, Ordering::Relaxed);
            }
            else => return,
        }
    }
}

pin_project! {
    /// One stream. Thousands of these are idle at a time, and every one is out of the cache
    /// whenever it has something to write. So it holds what it needs then, and nothing else.
    struct Stream<B: Body> {
        #[pin]
        chunks: WriteChunks<StallLimit<StreamSocket>, B>,
        peer: SocketAddr,
    }
}

impl<B> Future for Stream<B>
where
    B: Body<Error: Into<BoxError>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Other tasks have their turn after so many streams.
        let turn = ready!(coop::poll_proceed(context));
        let this = self.project();
        // One that panics must not take its group with it.
        let polled = catch_unwind(AssertUnwindSafe(|| this.chunks.poll(context)));
        turn.made_progress();
        if let Ok(polled) = polled {
            if let Err(error) = ready!(polled) {
                tracing::debug!(peer = %this.peer, error, "the connection ended early");
            }
        } else {
            // The panic hook has said the rest.
            tracing::error!(peer = %this.peer, "serving a connection failed");
        }
        Poll::Ready(())
    }
}
