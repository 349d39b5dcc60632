//! What was taken back.

use std::fmt::Debug;

use tokio::sync::watch;

use super::Caller;

/// What was taken back.
pub trait Revocations: Debug + Send + Sync + 'static {
    /// Whether what makes this caller was taken back.
    fn is_revoked(&self, caller: &Caller) -> bool;

    /// Changes whenever something is taken back.
    fn changed(&self) -> watch::Receiver<u64>;
}

/// Nothing is, and nothing will be.
#[derive(Clone, Copy, Debug)]
pub struct NothingRevoked;

impl Revocations for NothingRevoked {
    fn is_revoked(&self, _: &Caller) -> bool {
        false
    }

    fn changed(&self) -> watch::Receiver<u64> {
        watch::channel(0).1
    }
}
