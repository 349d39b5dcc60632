//! What is made of records that were found, and which of them a filter admits, off the threads that
//! everybody needs.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use gapless_sse_core::follow::{Entry, Filter, Record, Scope};
use mongodb::bson::RawDocument;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::read::{Admitted, Read};
use crate::position::key::Key;
use crate::records::Records;
use crate::server::find::Found;

/// How long a turn takes at most, or as long as one record does.
const TURN: Duration = Duration::from_millis(5);
/// For so long, a search waits only for others that have not taken longer either: most take less.
const SHORT: Duration = Duration::from_millis(20);

/// All pages of the process take turns, so that none waits for what another one is looking for:
/// those without a filter, the searches that are done soon, and the others.
static PLAIN_TURNS: LazyLock<Semaphore> = LazyLock::new(turns);
static SHORT_TURNS: LazyLock<Semaphore> = LazyLock::new(turns);
static LONG_TURNS: LazyLock<Semaphore> = LazyLock::new(turns);

fn turns() -> Semaphore {
    let cores = available_parallelism().map_or(1, usize::from);
    Semaphore::new((cores / 2).max(1))
}

/// The records of a scope that were found, some of which were looked at.
pub(crate) struct Matching<R: Record> {
    pub(crate) records: Records<R>,
    pub(crate) scope: Scope<R::Filter>,
    pub(crate) found: Found,
    /// How many bytes the page may still take.
    pub(crate) room: usize,
    /// When to stop looking at what may be left out.
    pub(crate) until: Instant,
    pub(crate) read: Read<R>,
}

impl<R: Record> Matching<R> {
    /// Looks at all of them, or up to where the page ends. `spent` is how long was looked at others
    /// for the same page.
    ///
    /// Who does not wait for it any longer takes no further turn.
    pub(crate) async fn run(mut self, spent: Duration) -> Read<R> {
        let all = self.scope.filter().admits_all();
        loop {
            let short = self.read.spent + spent < SHORT;
            let turns = match (all, short) {
                (true, _) => &PLAIN_TURNS,
                (false, true) => &SHORT_TURNS,
                (false, false) => &LONG_TURNS,
            };
            let turn = turns.acquire().await;
            let taken = spawn_blocking(move || {
                let _turn = turn;
                let over = self.take_turn();
                (self, over)
            });
            let over;
            (self, over) = match taken.await {
                Ok(taken) => taken,
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                // The runtime shuts down.
                Err(_) => pending().await,
            };
            if over {
                return self.read;
            }
        }
    }

    /// Answers whether it was the last one.
    fn take_turn(&mut self) -> bool {
        let Self { records, scope, found, room, until, read } = self;
        let (fields, began) = (&records.connection.options.fields, Instant::now());
        let date = &fields.date;
        let mut rest = found.documents().skip(read.scanned).peekable();
        let mut last = None;
        let over = loop {
            let now = Instant::now();
            if last.is_some() && now >= began + TURN {
                break false;
            }
            let full = *room == 0 || read.left_out && now >= *until;
            let fits =
                |next: &&RawDocument| read.admitted.is_empty() || next.as_bytes().len() <= *room;
            let Some(record) = rest.next_if(|next| !full && fits(next)) else {
                break true;
            };
            let (key, bytes) = (Key::of(record, date), record.as_bytes().len());
            last = Some(record);
            read.scanned += 1;
            read.bytes += bytes;
            let topic = match scope.topics() {
                Some([topic]) => Some(topic.clone()),
                // What has no name is found in a whole space.
                _ => fields.topic(record).ok(),
            };
            match topic.zip(records.decode(record)) {
                Some((topic, record)) if scope.admits(&record) => {
                    let entry = Entry { topic, key, record };
                    read.admitted.push(Admitted { entry, bytes });
                    *room = room.saturating_sub(bytes);
                }
                _ => read.left_out = true,
            }
        };
        if let Some(last) = last {
            read.more_after = Some(Key::of(last, date));
        }
        if over && rest.next().is_none() && !found.more {
            read.more_after = None;
        }
        read.spent += began.elapsed();
        over
    }
}
