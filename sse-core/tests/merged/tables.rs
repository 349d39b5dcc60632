//! Tables in memory, which are away when they are told to be.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use gapless_sse_core::follow::{Scope, Seal, SortOrder, Topic};
use gapless_sse_core::{
    AppendOnly, AppendOnlyStore, Event, Log, LogOptions, MergedLog, Row, RowQuery, Unavailable,
};
use tokio::sync::Notify;

pub(crate) const NAMES: [&str; 3] = ["orders", "bills", "stock"];

/// Numbers are given out once for all tables, so a record is known by its number, and numbers are
/// what the tables' records are ordered by.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Mutex<Vec<Row<Event<'static>>>>,
    state: AtomicU8,
    changed: Notify,
}

/// Whether a table answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Answers,
    Fails,
    Hangs,
}

impl Table {
    pub(crate) fn append(&self, number: u64) {
        let row = Row::new(number, Topic::new("shop", "eu"), Event::new(number.to_string()));
        self.0.rows.lock().unwrap().push(row);
        self.0.changed.notify_waiters();
    }

    pub(crate) fn be(&self, state: State) {
        self.0.state.store(state as u8, Ordering::SeqCst);
        self.0.changed.notify_waiters();
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.0.rows.lock().unwrap().iter().map(|row| row.number).collect()
    }

    async fn answers(&self) -> Result<(), Unavailable<io::Error>> {
        loop {
            let changed = self.0.changed.notified();
            match self.0.state.load(Ordering::SeqCst) {
                fails if fails == State::Fails as u8 => {
                    return Err(Unavailable(io::Error::other("the table is away")));
                }
                hangs if hangs == State::Hangs as u8 => changed.await,
                _ => return Ok(()),
            }
        }
    }
}

impl AppendOnlyStore for Table {
    type Record = Event<'static>;
    type Error = Unavailable<io::Error>;

    async fn rows(&self, query: RowQuery<'_>) -> Result<Vec<Row<Self::Record>>, Self::Error> {
        self.answers().await?;
        let rows = self.0.rows.lock().unwrap();
        let mut found: Vec<_> = rows.iter().filter(|row| query.has(row)).cloned().collect();
        if query.order == SortOrder::Descending {
            found.reverse();
        }
        found.truncate(query.limit);
        Ok(found)
    }

    async fn newest(&self) -> Result<u64, Self::Error> {
        self.answers().await?;
        Ok(self.0.rows.lock().unwrap().last().map_or(0, |row| row.number))
    }

    async fn wait(&self, after: u64) {
        let changed = self.0.changed.notified();
        if self.0.rows.lock().unwrap().last().is_none_or(|row| row.number <= after) {
            changed.await;
        }
    }
}

pub(crate) fn scope() -> Scope {
    Scope::new("shop", ["eu"])
}

/// The tables' logs as one; all of them keep little in memory.
pub(crate) fn logs(tables: &[Table]) -> MergedLog<AppendOnly<Table>> {
    let logs = tables.iter().zip(NAMES).map(|(table, name)| {
        let options = LogOptions::default().ring_bytes(600);
        let seal = Seal::new(format!("a secret that only {name} has").as_bytes());
        (name.into(), Log::spawn(AppendOnly::new(table.clone()), seal, options))
    });
    MergedLog::new(logs, |number| i64::try_from(*number).ok()).unwrap()
}
