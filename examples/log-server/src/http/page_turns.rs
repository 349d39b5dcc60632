//! Which pages are read at the same time, so that small ones do not wait for large ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gapless_sse_core::follow::Topic;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::kind::Kind;
use super::problem::Problem;
use super::unsent::{LargePages, SMALL};

/// How long a page may wait for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// About what a page may take of the log's memory while it is read.
const PAGE: usize = 1024 * 1024;
/// Pages of such rows take little time, and it is not known how many there are.
const SMALL_ROW: usize = 8 * 1024;
/// Of more workflows, all is forgotten.
const WORKFLOWS: usize = 10_000;

/// Turns to read pages. All of them leave a part of the log's memory to small pages, which need no
/// turn.
#[derive(Clone, Debug)]
pub struct PageTurns {
    large: Arc<Semaphore>,
    /// Of workflows of which no page was read yet.
    unknown: Arc<Semaphore>,
    /// What a row takes on average, by workflow.
    sizes: Arc<Mutex<HashMap<Topic, usize>>>,
}

/// What is known of a page before it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Unknown,
    Small,
    /// So many bytes.
    Large(usize),
}

/// The turn of a page.
#[derive(Debug, Default)]
pub(super) struct PageTurn {
    _turn: Option<OwnedSemaphorePermit>,
    reserved: Option<OwnedSemaphorePermit>,
}

impl PageTurn {
    /// Lets others read; what is left is the memory that was reserved for a large page.
    pub(super) fn end(self) -> Option<OwnedSemaphorePermit> {
        self.reserved
    }
}

impl PageTurns {
    /// Turns for pages that take their memory of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let turns = |eighths: usize| {
            let turns = (bytes / PAGE).saturating_mul(eighths) / 8;
            Arc::new(Semaphore::new(turns.clamp(1, Semaphore::MAX_PERMITS)))
        };
        Self { large: turns(1), unknown: turns(1), sizes: Arc::default() }
    }

    /// The turn of a page of so many rows of a workflow. A large one takes its memory first: none
    /// is read in vain.
    pub(super) async fn page(
        &self,
        memory: &LargePages,
        topic: &Topic,
        limit: usize,
    ) -> Result<PageTurn, Problem> {
        if self.expected(topic, limit) == Expected::Unknown {
            let turn = wait(&self.unknown).await?;
            if self.expected(topic, limit) == Expected::Unknown {
                return Ok(PageTurn { _turn: Some(turn), reserved: None });
            }
        }
        let Expected::Large(bytes) = self.expected(topic, limit) else {
            return Ok(PageTurn::default());
        };
        let reserved = Some(memory.reserve(bytes)?);
        Ok(PageTurn { _turn: Some(wait(&self.large).await?), reserved })
    }

    /// So many rows of a workflow were read, of so many bytes together.
    pub(super) fn learn(&self, topic: &Topic, rows: usize, bytes: usize) {
        let average = bytes.checked_div(rows).unwrap_or_default().max(1);
        let mut known = self.known();
        if known.len() >= WORKFLOWS {
            known.clear();
        }
        known.insert(topic.clone(), average);
    }

    fn expected(&self, topic: &Topic, limit: usize) -> Expected {
        let Some(row) = self.known().get(topic).copied() else { return Expected::Unknown };
        match row.saturating_mul(limit.min(PAGE / row).max(1)) {
            bytes if row <= SMALL_ROW || bytes <= SMALL => Expected::Small,
            bytes => Expected::Large(bytes),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Topic, usize>> {
        self.sizes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn wait(turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
    let turn = timeout(PATIENCE, Arc::clone(turns).acquire_owned()).await;
    turn.ok().and_then(Result::ok).ok_or_else(|| {
        let detail = "there are too many others; try again in a few seconds";
        Problem::new(Kind::PAGES, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn small_pages_wait_for_no_others_and_large_ones_are_not_read_in_vain() {
        let (turns, memory) = (PageTurns::new(8 * PAGE), LargePages::new(3 * PAGE));
        let [small, large, new] = ["small", "large", "new"].map(|name| Topic::new("etl", name));
        turns.learn(&small, 100, 20_000);
        turns.learn(&large, 2, 2_000_000);
        let page = |topic| turns.page(&memory, topic, 100);
        let _held = (page(&large).await.unwrap(), page(&new).await.unwrap());
        assert!(timeout(SHORT, page(&large)).await.is_err());
        assert!(timeout(SHORT, page(&new)).await.is_err());
        let small = timeout(SHORT, page(&small)).await.expect("it waits for large ones");
        assert!(small.unwrap().end().is_none());

        let _others = memory.reserve(2 * PAGE).unwrap();
        let refused = timeout(SHORT, page(&large)).await.expect("it waits for what there is not");
        assert!(refused.is_err());
    }
}
