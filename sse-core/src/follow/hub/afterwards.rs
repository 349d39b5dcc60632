//! What is done when a lock has been released.

use std::task::Waker;

use crate::follow::panics::caught;

/// Wakers to wake and things to drop: both run code of others, so neither happens under a lock, and
/// a panic of one keeps none of the others from its turn.
///
/// It does so when it is dropped: make it before the lock is taken.
#[derive(Debug)]
pub(super) struct Afterwards<T> {
    pub(super) wake: Vec<Waker>,
    pub(super) drop: Vec<T>,
}

impl<T> Default for Afterwards<T> {
    fn default() -> Self {
        Self { wake: Vec::new(), drop: Vec::new() }
    }
}

impl<T> Drop for Afterwards<T> {
    fn drop(&mut self) {
        // The panic hook has said what there is to say.
        for waker in self.wake.drain(..) {
            let _ = caught(|| waker.wake());
        }
        for thing in self.drop.drain(..) {
            let _ = caught(|| drop(thing));
        }
    }
}
