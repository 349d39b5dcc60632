//! The one writer: a thread that commits what waits to be written, all of it together.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use gapless_sse_core::follow::Topic;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use tokio::sync::{Semaphore, watch};
use tokio::task::yield_now;

use super::coordinates::Position;
use super::error::SqliteError;
use super::identity::Identity;
use super::indexed;
use super::insert::{Refusal, insert};
use super::keep::{Keep, Keeper};
use super::lives::{self, Lives};
use super::places::lock;
use super::request::{Answer, Pending, Request};
use crate::row::{Ids, NewRow};
use crate::store::{AppendError, chain};

/// How many bytes may wait to be written.
const QUEUE: u32 = 32 * 1024 * 1024;

const FULL: &str = "too many rows wait to be written";

/// What a request takes of them at least: so 4,096 requests may wait.
const LEAST: usize = 8 * 1024;

/// After so many bytes a transaction is committed, however many wait.
const GROUP: usize = 4 * 1024 * 1024;

/// How long rows wait until they are begun to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// As long as another process holds the lock, those who wait are looked at so often.
const LOOK: Duration = Duration::from_millis(100);

/// After so long, rows are indexed for a step, half as long, though others wait to be written.
const SHARE: Duration = Duration::from_millis(20);

/// Rows that are made ready without letting others go on.
const READIED: usize = 200;

/// The way to the thread that writes, which ends with this.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Sender<Request>,
    room: Arc<Semaphore>,
    trouble: Trouble,
    /// How many rows are not indexed yet.
    unindexed: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

/// Why the last attempt to write has failed, if it has.
type Trouble = Arc<Mutex<Option<SqliteError>>>;

impl Writer {
    pub(super) fn start(
        connection: Connection,
        identity: Arc<Identity>,
        known: watch::Sender<Lives>,
        keep: Keep,
    ) -> Result<Self, SqliteError> {
        let reached = lives::last(&connection).map_err(SqliteError::failed("begin to write"))?;
        let keeper =
            Keeper::new(keep, &connection).map_err(SqliteError::failed("begin to write"))?;
        connection.busy_timeout(LOOK).map_err(SqliteError::failed("begin to write"))?;
        let (queue, requests) = channel();
        let unindexed =
            indexed::left(&connection).map_err(SqliteError::failed("begin to write"))?;
        let unindexed = Arc::new(AtomicU64::new(unindexed));
        let trouble = Trouble::default();
        let life = fastrand::u32(..);
        let mut thread = Thread {
            connection,
            identity,
            known,
            life,
            begun: false,
            reached,
            unindexed: Arc::clone(&unindexed),
            behind: true,
            written: Duration::ZERO,
            keeper,
            trouble: Arc::clone(&trouble),
        };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || thread.run(&requests))
            .map_err(|_| SqliteError::Ending)?;
        Ok(Self {
            queue,
            room: Arc::new(Semaphore::new(QUEUE as usize)),
            trouble,
            unindexed,
            thread,
        })
    }

    /// Writes rows, all or none, and answers their ids.
    pub(super) async fn write(&self, topic: &Topic, rows: Vec<NewRow>) -> Answer {
        let mut pending = Vec::with_capacity(rows.len());
        let mut ids = Ids::now();
        for (at, row) in rows.into_iter().enumerate() {
            if at % READIED == READIED - 1 {
                yield_now().await;
            }
            let rest = row.without_id(topic.space(), topic.name());
            let (date, given) = (row.date.as_millisecond(), row.id.is_some());
            let id = row.id.unwrap_or_else(|| ids.next_text());
            pending.push(Pending { id, given, date, rest });
        }
        self.enqueue(topic, pending, PATIENCE).await
    }

    /// Whether rows can be written: tries it if they could not be before.
    pub(super) async fn check(&self) -> Result<(), SqliteError> {
        if self.thread.is_finished() {
            return Err(SqliteError::Stopped);
        }
        if lock(&self.trouble).is_none() {
            return Ok(());
        }
        match self.enqueue(&Topic::new("", ""), Vec::new(), 10 * LOOK).await {
            Err(AppendError::Store(error)) => Err(error),
            Err(AppendError::Busy(_)) => Err(SqliteError::Locked),
            _ => Ok(()),
        }
    }

    /// How many rows are not indexed yet.
    pub(super) fn unindexed(&self) -> u64 {
        self.unindexed.load(Ordering::Relaxed)
    }

    async fn enqueue(&self, topic: &Topic, rows: Vec<Pending>, patience: Duration) -> Answer {
        let bytes: usize = rows.iter().map(|row| row.rest.len()).sum();
        let weight = u32::try_from(bytes.max(LEAST)).unwrap_or(QUEUE).min(QUEUE);
        let room = Arc::clone(&self.room).try_acquire_many_owned(weight);
        let room = room.map_err(|_| AppendError::Busy(FULL))?;
        let (request, waiting) = Request::new(topic.clone(), rows, room);
        self.queue.send(request).map_err(|_| SqliteError::Stopped)?;
        let answer = waiting.answer(patience).await;
        if let Err(AppendError::Busy(_)) = &answer {
            lock(&self.trouble).get_or_insert(SqliteError::Locked);
        }
        answer
    }
}

struct Thread {
    connection: Connection,
    identity: Arc<Identity>,
    known: watch::Sender<Lives>,
    /// What the rows of this process belong to, from the first one on.
    life: u32,
    begun: bool,
    /// How far the log was when it was written or opened, which it never goes behind.
    reached: Position,
    unindexed: Arc<AtomicU64>,
    /// Whether there may be rows that are not indexed yet.
    behind: bool,
    /// For how long was written since rows were indexed.
    written: Duration,
    keeper: Keeper,
    trouble: Trouble,
}

/// What became of those who waited.
type Answers = Vec<(Request, Answer)>;

impl Thread {
    fn run(&mut self, requests: &Receiver<Request>) {
        let mut waiting = VecDeque::new();
        loop {
            match self.next(requests) {
                Ok(request) => waiting.push_back(request),
                Err(RecvTimeoutError::Timeout) if self.behind => self.index(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            while !waiting.is_empty() {
                waiting.extend(requests.try_iter());
                waiting.retain(|request| !request.is_left());
                let began = Instant::now();
                self.write(&mut waiting);
                self.written += began.elapsed();
                self.behind = true;
                // Else a writer that never rests would leave the index behind for good.
                if self.written >= SHARE {
                    self.index();
                }
                self.keep();
            }
            self.keep();
        }
    }

    /// Waits for what is to be written, for as long as there is nothing else to do.
    fn next(&self, requests: &Receiver<Request>) -> Result<Request, RecvTimeoutError> {
        let rest = if self.behind { Some(Duration::ZERO) } else { self.keeper.rest() };
        match rest {
            Some(rest) => requests.recv_timeout(rest),
            None => requests.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    /// Deletes some of what is not kept, if there is any; nobody waits for it for long.
    fn keep(&mut self) {
        if self.keeper.rest().is_some_and(|rest| rest.is_zero()) && self.identity.check().is_ok() {
            self.keeper.step(&mut self.connection);
        }
    }

    /// Indexes some rows. What fails is tried again when something was written.
    fn index(&mut self) {
        self.written = Duration::ZERO;
        let failed = SqliteError::failed("index rows");
        let step = match self.identity.check() {
            Ok(()) => indexed::step(&mut self.connection).map_err(failed),
            Err(moved) => Err(moved),
        };
        self.behind = match step {
            Ok(left) => {
                self.unindexed.store(left, Ordering::Relaxed);
                left > 0
            }
            Err(error) => {
                tracing::warn!("searches look at each of the new rows: {}", chain(&error));
                false
            }
        };
    }

    /// Writes the first of those who wait in one transaction, and answers them.
    fn write(&mut self, waiting: &mut VecDeque<Request>) {
        let mut answers = Answers::new();
        let written = self.commit(waiting, &mut answers);
        if let Err(error) = &written {
            // Nobody was begun: what stands in the way of one does so for all.
            if answers.is_empty() {
                let all = waiting.drain(..).filter(Request::begin);
                answers.extend(all.map(|request| (request, Ok(Vec::new()))));
            }
            *lock(&self.trouble) = Some(error.clone());
        } else if !answers.is_empty() {
            *lock(&self.trouble) = None;
        }
        for (request, answer) in answers {
            let answer = match &written {
                Ok(()) => answer,
                Err(error) => answer.and(Err(error.clone().into())),
            };
            request.answer(answer);
        }
    }

    fn commit(
        &mut self,
        waiting: &mut VecDeque<Request>,
        answers: &mut Answers,
    ) -> Result<(), SqliteError> {
        let failed = SqliteError::failed("write");
        self.identity.check()?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let mut transaction = match begun {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                return Ok(());
            }
            begun => begun.map_err(&failed)?,
        };
        let first = lives::last_seq(&transaction).map_err(&failed)? + 1;
        if !lives::hold(&transaction, self.reached).map_err(&failed)? {
            return Err(SqliteError::CutOff);
        }
        let mut last = first - 1;
        let mut bytes = 0;
        while bytes < GROUP
            && let Some(request) = waiting.pop_front()
        {
            if !request.begin() {
                continue;
            }
            bytes += request.bytes();
            answers.push((request, Ok(Vec::new())));
            let Some((request, answer)) = answers.last_mut() else { break };
            let savepoint = transaction.savepoint().map_err(&failed)?;
            let mut reached = last;
            let inserted = if request.rows.is_empty() {
                // Only to see whether it can be done.
                savepoint
                    .execute("UPDATE life SET epoch = epoch", [])
                    .map(|_| Vec::new())
                    .map_err(Refusal::File)
            } else {
                insert(&savepoint, request, &mut reached)
            };
            match inserted {
                Ok(ids) => {
                    if !self.begun && last < first && reached >= first {
                        lives::begin(&savepoint, first, self.life).map_err(&failed)?;
                    }
                    savepoint.commit().map_err(&failed)?;
                    last = reached;
                    *answer = Ok(ids);
                }
                Err(Refusal::Own(error)) => *answer = Err(error),
                Err(Refusal::File(error)) => return Err(failed(error)),
            }
        }
        let reached = lives::last(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        self.reached = reached;
        // Who is told that rows are written is to find them.
        self.identity.check()?;
        if last >= first {
            self.unindexed.fetch_add(last.abs_diff(first) + 1, Ordering::Relaxed);
            let life = (!self.begun).then_some((first, self.life));
            self.begun = true;
            self.known.send_modify(|known| known.grow(life, last));
        }
        Ok(())
    }
}
