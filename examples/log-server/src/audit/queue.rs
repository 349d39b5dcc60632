//! What waits to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::output::Output;
use super::writer::{Counts, Message, write_all};
use super::{Entry, Event, OutputError, Settings};

/// How many entries wait; one has some 300 bytes, and 8 KiB at most.
const WAITING: usize = 4096;

/// How many of them did nothing; the rest is for what was done.
const WAITING_FOR_NOTHING: usize = WAITING / 4;

/// How long the end of the program waits for what is not written.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes what is done. A clone shares everything.
#[derive(Clone, Debug, Default)]
pub struct Audit(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    queue: SyncSender<Message>,
    counts: Arc<Counts>,
}

/// Writes what waits, when it is dropped.
#[derive(Debug)]
pub struct AuditEnd {
    audit: Audit,
    ending: Arc<AtomicBool>,
    ended: Receiver<()>,
}

impl Audit {
    /// Begins to write where these settings say; nothing is written where they say nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written there.
    pub fn start(settings: &Settings) -> Result<(Self, Option<AuditEnd>), OutputError> {
        let Some(output) = Output::of(settings)? else { return Ok((Self::default(), None)) };
        let (queue, waiting) = sync_channel(WAITING);
        let (tell, ended) = sync_channel(1);
        let (counts, ending) = (Arc::<Counts>::default(), Arc::<AtomicBool>::default());
        let batch = usize::try_from(settings.max_bytes.get()).unwrap_or(usize::MAX);
        let (counted, over) = (Arc::clone(&counts), Arc::clone(&ending));
        thread::spawn(move || {
            write_all(&waiting, output, batch, &counted, &over);
            // Nobody waits for it if the end was too slow.
            let _ = tell.send(());
        });
        let audit = Self(Some(Arc::new(Shared { queue, counts })));
        audit.write(Entry::new(Event::Started));
        Ok((audit.clone(), Some(AuditEnd { audit, ending, ended })))
    }

    /// Whether anything is written.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Has an entry written, without waiting for it.
    pub fn write(&self, entry: Entry) {
        let Some(Shared { queue, counts }) = self.0.as_deref() else { return };
        let nothing = entry.did_nothing();
        let waits =
            !nothing || counts.nothing.fetch_add(1, Ordering::Relaxed) < WAITING_FOR_NOTHING;
        if !waits || queue.try_send(Message::Entry(Box::new(entry))).is_err() {
            counts.lost_in_queue.fetch_add(1, Ordering::Relaxed);
            if nothing {
                counts.nothing.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// How many entries were not written, by why.
    pub fn lost(&self) -> [(&'static str, u64); 2] {
        let of = |count: fn(&Counts) -> &AtomicU64| {
            self.0.as_ref().map_or(0, |shared| count(&shared.counts).load(Ordering::Relaxed))
        };
        let (queue, output) =
            (of(|counts| &counts.lost_in_queue), of(|counts| &counts.lost_at_output));
        [("queue", queue), ("output", output)]
    }
}

impl Drop for AuditEnd {
    fn drop(&mut self) {
        self.audit.write(Entry::new(Event::Ended));
        self.ending.store(true, Ordering::Relaxed);
        if let Audit(Some(shared)) = &self.audit {
            // If the queue is full, the thread finds that it is to end when it has emptied it.
            let _ = shared.queue.try_send(Message::End);
        }
        if self.ended.recv_timeout(PATIENCE).is_err() {
            tracing::warn!("the audit was not written to its end");
        }
    }
}
