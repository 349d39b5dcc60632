//! An end that comes from elsewhere.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::item::{BoxError, IntoEncoded};
use crate::wire::Encoded;

type Last = Pin<Box<dyn Future<Output = Result<Encoded, BoxError>> + Send>>;

/// A future that gives the last event of a stream. It is polled when it was woken, and not whenever
/// the stream is.
pub(super) struct Stop(Arc<Shared>);

struct Shared {
    woken: AtomicBool,
    /// The stream's.
    waker: Mutex<Option<Waker>>,
    /// `None` while it is polled, and once it is done.
    last: Mutex<Option<Last>>,
}

impl Stop {
    pub(super) fn new<T: IntoEncoded>(last: impl Future<Output = T> + Send + 'static) -> Self {
        let last: Last = Box::pin(async { last.await.into_encoded() });
        Self(Arc::new(Shared {
            woken: AtomicBool::new(true),
            waker: Mutex::default(),
            last: Mutex::new(Some(last)),
        }))
    }

    /// The last event, if it is time.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<Result<Encoded, BoxError>> {
        let shared = &self.0;
        let moved = {
            let mut waker = lock(&shared.waker);
            let known = waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker()));
            if known { None } else { waker.replace(context.waker().clone()) }
        };
        drop(moved);
        // One step, so that what is said meanwhile is either seen by the future or asked about again.
        if !shared.woken.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let Some(mut last) = lock(&shared.last).take() else { return Poll::Pending };
        let waker = Waker::from(Arc::clone(shared));
        let polled = last.as_mut().poll(&mut Context::from_waker(&waker));
        if polled.is_pending() {
            *lock(&shared.last) = Some(last);
        }
        polled
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::Release);
        let stream = lock(&self.waker).clone();
        if let Some(stream) = stream {
            stream.wake();
        }
    }
}

/// A future that was told whom to wake holds what is waited for: it is dropped with the stream.
impl Drop for Stop {
    fn drop(&mut self) {
        let last = lock(&self.0.last).take();
        let waker = lock(&self.0.waker).take();
        drop((last, waker));
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stop")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
