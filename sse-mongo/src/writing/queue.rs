//! Records that wait to be written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mongodb::bson::RawDocumentBuf;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::server::error::Error;

/// How many bytes may wait or be under way.
const ROOM: usize = 32 * 1024 * 1024;
/// What a request takes of them at least: so 4,096 requests may wait.
const LEAST: usize = 8 * 1024;
/// No more is written together, unless one request has more: that one is written alone.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
const GROUP_RECORDS: usize = 10_000;

/// The records of one request, of which those before the first that is refused are written.
#[derive(Debug)]
pub(super) struct Request {
    nth: u64,
    pub(super) records: Vec<RawDocumentBuf>,
    bytes: usize,
    answer: oneshot::Sender<Result<(), Error>>,
    _room: OwnedSemaphorePermit,
}

impl Request {
    /// Who has left meanwhile does not read it.
    pub(super) fn answer(self, answer: Result<(), Error>) {
        let _ = self.answer.send(answer);
    }
}

/// What waits to be written, in the order in which it came.
#[derive(Debug)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    room: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Waiting {
    requests: VecDeque<Request>,
    came: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self { waiting: Mutex::default(), room: Arc::new(Semaphore::new(ROOM)) }
    }
}

impl Queue {
    /// Puts records in line, if there is room; answers their number there, and where their answer
    /// is to come. They are not written if that is dropped before.
    pub(super) fn push(
        &self,
        records: Vec<RawDocumentBuf>,
    ) -> Result<(u64, oneshot::Receiver<Result<(), Error>>), Error> {
        let bytes = records.iter().map(|record| record.as_bytes().len()).sum::<usize>();
        let permits = u32::try_from(bytes.clamp(LEAST, ROOM)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(permits);
        let room = room.map_err(|_| Error::Busy)?;
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting();
        let nth = waiting.came;
        waiting.came += 1;
        waiting.requests.push_back(Request { nth, records, bytes, answer, _room: room });
        Ok((nth, answered))
    }

    /// Takes the first that are to be written together, if the one with this number still waits.
    pub(super) fn take(&self, nth: u64) -> VecDeque<Request> {
        let mut group = VecDeque::new();
        let mut waiting = self.waiting();
        let requests = &mut waiting.requests;
        if requests.binary_search_by_key(&nth, |request| request.nth).is_err() {
            return group;
        }
        let (mut bytes, mut records) = (0, 0);
        while let Some(next) = requests.front() {
            bytes += next.bytes;
            records += next.records.len();
            let full = bytes > GROUP_BYTES || records > GROUP_RECORDS;
            if full && !group.is_empty() {
                break;
            }
            let Some(next) = requests.pop_front() else { break };
            if next.answer.is_closed() {
                bytes -= next.bytes;
                records -= next.records.len();
                continue;
            }
            group.push_back(next);
        }
        group
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::rawdoc;

    use super::*;

    fn record(bytes: usize) -> Vec<RawDocumentBuf> {
        vec![rawdoc! { "message": "x".repeat(bytes) }]
    }

    #[test]
    fn what_waits_is_taken_together_up_to_a_size_and_who_left_is_not() {
        let queue = Queue::default();
        let (first, _first) = queue.push(record(10)).unwrap();
        let (_, left) = queue.push(record(10)).unwrap();
        let (large, _large) = queue.push(record(5 << 20)).unwrap();
        let (last, _last) = queue.push(record(10)).unwrap();
        drop(left);
        let taken = |nth| queue.take(nth).iter().map(|request| request.nth).collect::<Vec<_>>();
        assert_eq!(taken(last), [first], "the large one is written alone");
        assert_eq!(taken(first), [0; 0], "it does not wait any more");
        assert_eq!((taken(last), taken(last)), (vec![large], vec![last]));
    }

    #[test]
    fn no_more_may_wait_than_there_is_room_for() {
        let queue = Queue::default();
        let small: Vec<_> = std::iter::from_fn(|| queue.push(record(10)).ok()).collect();
        assert_eq!(small.len(), ROOM / LEAST);
        assert!(matches!(queue.push(record(10)), Err(Error::Busy)));
        drop(queue.take(0));
        assert!(queue.push(record(10)).is_ok());
    }
}
