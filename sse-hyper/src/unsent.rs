//! Ending an HTTP/2 connection whose client keeps its windows shut.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, sleep};

/// What the streams of one HTTP/2 connection were given and have not sent.
///
/// A client that shuts the windows of its streams leaves the socket healthy, so that
/// [`StallLimit`](crate::StallLimit) sees nothing. What it holds up shows in the chunks of the
/// bodies: hyper polls a body as long as nothing of it waits for a window, and takes from a chunk
/// exactly what leaves for the socket. So a chunk that is neither used up nor dropped waits, and
/// one that is taken from moves; a body without anything to say has no chunk, and does not count.
///
/// It is all streams of a connection together that must move: a browser may let one of its pages
/// rest, and the others must not lose their connection for it.
#[derive(Clone, Debug)]
pub(crate) struct Unsent(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    chunks: usize,
    /// When something was last sent, or began to wait after nothing did.
    moved: Instant,
}

impl Unsent {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { chunks: 0, moved: Instant::now() })))
    }

    /// Waits until nothing has moved for `limit` although something was waiting.
    pub(crate) async fn stalled(&self, limit: Duration) {
        // What begins to wait during a sleep is due after it, so one timer that nobody has to
        // arm is never late.
        let mut left = limit;
        loop {
            sleep(left).await;
            let State { chunks, moved } = *self.state();
            left = match limit.saturating_sub(moved.elapsed()) {
                _ if chunks == 0 => limit,
                Duration::ZERO => return,
                left => left,
            };
        }
    }

    fn wait(&self) {
        let mut state = self.state();
        if state.chunks == 0 {
            state.moved = Instant::now();
        }
        state.chunks += 1;
    }

    fn moved(&self) {
        self.state().moved = Instant::now();
    }

    fn done(&self) {
        self.state().chunks -= 1;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pin_project! {
    /// A body whose chunks are counted while they wait, and what is kept as long as it lasts.
    pub(crate) struct Watched<B, G> {
        #[pin]
        body: B,
        unsent: Unsent,
        guard: G,
    }
}

impl<B, G> Watched<B, G> {
    pub(crate) fn new(body: B, unsent: Unsent, guard: G) -> Self {
        Self { body, unsent, guard }
    }
}

impl<B: Body, G> Body for Watched<B, G> {
    type Data = WatchedData<B::Data>;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.project();
        this.body
            .poll_frame(context)
            .map_ok(|frame| frame.map_data(|data| WatchedData::new(data, this.unsent)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A part of a body, which waits until it is used up or dropped.
pub(crate) struct WatchedData<D> {
    data: D,
    waits: Option<Unsent>,
}

impl<D: Buf> WatchedData<D> {
    fn new(data: D, unsent: &Unsent) -> Self {
        let waits = data.has_remaining().then(|| unsent.clone());
        if let Some(unsent) = &waits {
            unsent.wait();
        }
        Self { data, waits }
    }
}

impl<D: Buf> Buf for WatchedData<D> {
    fn remaining(&self) -> usize {
        self.data.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.data.chunk()
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [std::io::IoSlice<'a>]) -> usize {
        self.data.chunks_vectored(into)
    }

    fn advance(&mut self, count: usize) {
        self.data.advance(count);
        if count > 0
            && let Some(unsent) = &self.waits
        {
            unsent.moved();
            if !self.data.has_remaining() {
                unsent.done();
                self.waits = None;
            }
        }
    }
}

impl<D> Drop for WatchedData<D> {
    fn drop(&mut self) {
        if let Some(unsent) = &self.waits {
            unsent.done();
        }
    }
}
