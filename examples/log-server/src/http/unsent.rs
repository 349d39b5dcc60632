//! Pages that were read and are not sent yet.

use std::sync::Arc;

use gapless_sse_core::HeldBytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::kind::Kind;
use super::problem::Problem;

/// What is larger takes from a budget of its own, so that slow readers of large pages leave all
/// that small ones need.
pub(super) const SMALL: usize = 64 * 1024;

/// The budget of large pages.
#[derive(Clone, Debug)]
pub struct LargePages {
    most: usize,
    bytes: Arc<Semaphore>,
}

/// The memory of one page, which is given back when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    _small: Option<HeldBytes>,
    _large: Option<OwnedSemaphorePermit>,
}

impl LargePages {
    /// So many bytes for all of them.
    pub fn new(most: usize) -> Self {
        let most = most.min(Semaphore::MAX_PERMITS);
        Self { most, bytes: Arc::new(Semaphore::new(most)) }
    }

    /// The memory of a page that has come to so many bytes; it was read with what is `held`, and
    /// may have some `reserved`.
    pub(super) fn hold(
        &self,
        bytes: usize,
        mut held: HeldBytes,
        reserved: Option<OwnedSemaphorePermit>,
    ) -> Result<Unsent, Problem> {
        if bytes <= SMALL {
            held.shrink_to(bytes);
            return Ok(Unsent { _small: Some(held), _large: None });
        }
        let wanted = bytes.min(self.most);
        let large = match reserved {
            Some(mut reserved) => {
                let (has, wants) = (reserved.num_permits(), wanted);
                drop(reserved.split(has.saturating_sub(wants)));
                if wants > has {
                    reserved.merge(self.reserve(wants - has)?);
                }
                reserved
            }
            None => self.reserve(wanted)?,
        };
        Ok(Unsent { _small: None, _large: Some(large) })
    }

    /// The memory of a large page that is to be read: none is read in vain.
    pub(super) fn reserve(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let permits = u32::try_from(bytes.min(self.most)).unwrap_or(u32::MAX);
        Arc::clone(&self.bytes).try_acquire_many_owned(permits).map_err(|_| {
            let detail = format!(
                "large pages that clients have not read yet take the {} bytes there are for them; \
                 try again in a few seconds, ask for fewer rows (`limit`), or start the server with \
                 a higher --unsent-bytes",
                self.most
            );
            Problem::new(Kind::PAGES, detail)
        })
    }
}
