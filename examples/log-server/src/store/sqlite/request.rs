//! Rows that wait to be written, and who waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gapless_sse_core::follow::Topic;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::timeout;

use super::error::SqliteError;
use crate::store::AppendError;

/// Why rows have waited too long to be written.
const LOCKED: &str = "another process holds the file's lock for writing, or the disk is slow";

pub(super) type Answer = Result<Vec<String>, AppendError<SqliteError>>;

/// A row that is to be written.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: String,
    /// Whether its writer has given it that id.
    pub(super) given: bool,
    pub(super) date: i64,
    /// The row as clients see it, but for its id.
    pub(super) rest: String,
}

/// Rows of one request, which are written all or none.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) topic: Topic,
    pub(super) rows: Vec<Pending>,
    claim: Claim,
    answer: oneshot::Sender<Answer>,
    _room: OwnedSemaphorePermit,
}

/// The one who waits for a request. When it is dropped, a request that was not begun is not
/// written any more.
#[derive(Debug)]
pub(super) struct Waiting {
    claim: Claim,
    answer: oneshot::Receiver<Answer>,
}

/// Whoever takes it first decides: the writer that the rows are written, or who waits that they
/// are not.
#[derive(Clone, Debug, Default)]
struct Claim(Arc<AtomicBool>);

impl Claim {
    fn take(&self) -> bool {
        !self.0.swap(true, Ordering::SeqCst)
    }
}

impl Request {
    pub(super) fn new(
        topic: Topic,
        rows: Vec<Pending>,
        room: OwnedSemaphorePermit,
    ) -> (Self, Waiting) {
        let (sender, answer) = oneshot::channel();
        let claim = Claim::default();
        let waiting = Waiting { claim: claim.clone(), answer };
        (Self { topic, rows, claim, answer: sender, _room: room }, waiting)
    }

    /// How many bytes its rows have.
    pub(super) fn bytes(&self) -> usize {
        self.rows.iter().map(|row| row.rest.len()).sum()
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_left(&self) -> bool {
        self.claim.0.load(Ordering::SeqCst)
    }

    /// Takes it to be written: from now on, whoever waits does so for the answer. `false` when
    /// nobody waits.
    pub(super) fn begin(&self) -> bool {
        self.claim.take()
    }

    pub(super) fn answer(self, answer: Answer) {
        // Who has left meanwhile does not read it.
        let _ = self.answer.send(answer);
    }
}

impl Waiting {
    /// The answer; an error after `patience`, if the request was not begun by then.
    pub(super) async fn answer(mut self, patience: Duration) -> Answer {
        let answered = match timeout(patience, &mut self.answer).await {
            Err(_) if self.claim.take() => return Err(AppendError::Busy(LOCKED)),
            Err(_) => (&mut self.answer).await,
            Ok(answered) => answered,
        };
        answered.unwrap_or(Err(SqliteError::Stopped.into()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.claim.take();
    }
}
