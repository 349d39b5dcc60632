//! What is done when a lock has been released.

use std::task::Waker;

use crate::follow::panics::caught;

/// Who is to be woken. Those who are left when this is dropped are woken then.
#[derive(Debug, Default)]
pub(crate) struct Wakers(pub(super) Vec<Waker>);

impl Wakers {
    /// Wakes up to so many of them, the first first, and says whether there are more.
    #[cfg(feature = "tokio")]
    pub(crate) fn wake_some(&mut self, most: usize) -> bool {
        wake(self.0.drain(..most.min(self.0.len())));
        !self.0.is_empty()
    }

    /// These are to be woken too.
    #[cfg(feature = "tokio")]
    pub(crate) fn add(&mut self, wakers: Vec<Waker>) {
        self.0.extend(wakers);
    }
}

impl Drop for Wakers {
    fn drop(&mut self) {
        wake(self.0.drain(..));
    }
}

/// A panic of one keeps none of the others from its turn; the panic hook has said what there is to
/// say.
fn wake(wakers: impl Iterator<Item = Waker>) {
    for waker in wakers {
        let _ = caught(|| waker.wake());
    }
}

/// Wakers to wake and things to drop: both run code of others, so neither happens under a lock, and
/// a panic of one keeps none of the others from its turn.
///
/// It does so when it is dropped: make it before the lock is taken.
#[derive(Debug)]
pub(super) struct Afterwards<T> {
    pub(super) wake: Wakers,
    pub(super) drop: Vec<T>,
}

impl<T> Default for Afterwards<T> {
    fn default() -> Self {
        Self { wake: Wakers::default(), drop: Vec::new() }
    }
}

impl<T> Drop for Afterwards<T> {
    fn drop(&mut self) {
        drop(std::mem::take(&mut self.wake));
        for thing in self.drop.drain(..) {
            let _ = caught(|| drop(thing));
        }
    }
}
