//! Where the exchange of a request and its response is, as those who take part in it know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use http::{Request, Version};
use http_body::Body;

/// A request was given to the service, and its response is not yet over.
const ANSWERING: u8 = 1;
/// A part of the next request's head was read.
const ASKING: u8 = 1 << 1;
/// The body of the request was read to its end, or nobody wants it any more.
const REQUEST_READ: u8 = 1 << 2;
/// The service has answered.
const ANSWERED: u8 = 1 << 3;
/// The client may be sent an interim response.
const INTERIM: u8 = 1 << 4;
/// The body of the request did not come in time.
const TOO_SLOW: u8 = 1 << 5;
/// The connection is about to be somebody else's.
const UPGRADED: u8 = 1 << 6;

/// The service waits for more of the request's body than has come.
const WANTED: u8 = 1 << 7;

/// The exchange that a connection of HTTP/1.1 is at, or one of HTTP/2. A clone is of the same.
///
/// Its parts are polled by the task of the connection, but for a request's body, which a service
/// may hand to another one.
#[derive(Clone, Debug)]
pub(crate) struct Exchange(Arc<State>);

#[derive(Debug)]
struct State {
    flags: AtomicU8,
    ended: AtomicUsize,
}

/// What a client is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// The next request, after so many.
    Request(usize),
    /// The rest of a request's head.
    Head,
    /// It is not the client's turn, or the body of a request is, which has a limit of its own.
    Nothing,
}

impl Exchange {
    /// That of a connection whose client has begun to ask.
    pub(crate) fn new() -> Self {
        let (flags, ended) = (AtomicU8::new(ASKING), AtomicUsize::new(0));
        Self(Arc::new(State { flags, ended }))
    }

    /// A request's head was read. The exchange is over when what this gives is dropped.
    pub(crate) fn begin<B: Body>(&self, request: &Request<B>) -> Answering {
        let mut flags = ANSWERING;
        if request.body().is_end_stream() {
            flags |= REQUEST_READ;
        }
        if request.version() == Version::HTTP_11 {
            flags |= INTERIM;
        }
        self.0.flags.store(flags, Ordering::Relaxed);
        Answering(self.clone())
    }

    /// Something came from the client.
    pub(crate) fn arrived(&self) {
        // Nothing else is known between two exchanges.
        let _ = self.0.flags.compare_exchange(0, ASKING, Ordering::Relaxed, Ordering::Relaxed);
    }

    pub(crate) fn request_read(&self) {
        if self.set(REQUEST_READ) & ANSWERING == 0 {
            self.0.flags.fetch_and(UPGRADED, Ordering::Relaxed);
        }
    }

    /// Whether the service waits for more of the request's body than has come.
    pub(crate) fn wants(&self, more: bool) {
        if more {
            self.set(WANTED);
        } else {
            self.0.flags.fetch_and(!WANTED, Ordering::Relaxed);
        }
    }

    pub(crate) fn too_slow(&self) {
        self.set(TOO_SLOW);
    }

    pub(crate) fn answered(&self) {
        self.set(ANSWERED);
    }

    pub(crate) fn upgraded(&self) {
        self.set(UPGRADED);
    }

    pub(crate) fn was_too_slow(&self) -> bool {
        self.has(TOO_SLOW)
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.has(ANSWERED)
    }

    pub(crate) fn is_upgraded(&self) -> bool {
        self.has(UPGRADED)
    }

    /// Whether the client has said all that it has to say, and waits.
    pub(crate) fn client_waits(&self) -> bool {
        self.has(ANSWERING | REQUEST_READ)
    }

    /// Whether the service may go on to read the request's body, and whether it waits for more.
    pub(crate) fn reads_body(&self) -> Option<bool> {
        let flags = self.0.flags.load(Ordering::Relaxed);
        let reads = flags & (ANSWERING | REQUEST_READ) == ANSWERING;
        reads.then_some(flags & WANTED == WANTED)
    }

    /// Whether the client waits for the beginning of a response, and an interim one may come first.
    pub(crate) fn takes_interim(&self) -> bool {
        self.client_waits() && self.has(INTERIM) && !self.is_answered()
    }

    pub(crate) fn awaited(&self) -> Awaited {
        match self.0.flags.load(Ordering::Relaxed) {
            0 => Awaited::Request(self.0.ended.load(Ordering::Relaxed)),
            ASKING => Awaited::Head,
            _ => Awaited::Nothing,
        }
    }

    fn has(&self, flags: u8) -> bool {
        self.0.flags.load(Ordering::Relaxed) & flags == flags
    }

    fn set(&self, flag: u8) -> u8 {
        self.0.flags.fetch_or(flag, Ordering::Relaxed)
    }
}

/// Held by what answers a request, and then by the response's body.
#[derive(Debug)]
pub(crate) struct Answering(Exchange);

impl Drop for Answering {
    fn drop(&mut self) {
        let State { flags, ended } = &*self.0.0;
        ended.fetch_add(1, Ordering::Relaxed);
        // A request may still be read by somebody when its response is over.
        let kept = if self.0.has(REQUEST_READ) { UPGRADED } else { UPGRADED | ANSWERED };
        flags.fetch_and(kept, Ordering::Relaxed);
    }
}
