//! What the contenders leave, to see that all of them did the same work.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures_util::Stream;

/// What a contender made of its input: the check that all of them did the same work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events, lines for the bare splitter.
    pub events: usize,
    /// Bytes of their data; of the stream, where streams are written.
    pub bytes: usize,
}

impl Seen {
    /// Takes note of an event's data; the optimiser must have it made. The address and the length
    /// go apart, since reading both at once right after they were written one by one stalls.
    pub fn note(&mut self, data: impl AsRef<[u8]>) {
        let data = data.as_ref();
        std::hint::black_box(data.as_ptr());
        self.events += 1;
        self.bytes += std::hint::black_box(data.len());
    }
}

/// Takes all that is ready; no stream here ever waits.
pub fn drain<S: Stream>(stream: S, mut note: impl FnMut(S::Item)) {
    let mut stream = pin!(stream);
    while let Poll::Ready(Some(item)) = stream.as_mut().poll_next(&mut idle()) {
        note(item);
    }
}

/// For what is polled and never waits.
pub fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
