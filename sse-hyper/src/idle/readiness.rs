//! Which of the sockets of streams can be read from or written to.
//!
//! tokio keeps 256 bytes for each socket that it watches, in memory of its own. That is much for
//! a stream that is idle for hours and then writes what almost always fits. So the sockets of
//! streams are watched by one more poller, which tokio watches, and take 24 bytes each in a table.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use std::{io, mem};

use mio::event::{Event, Source};
use mio::{Events, Interest, Registry, Token};
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

/// How many sockets are looked at in one go.
const AT_ONCE: usize = 256;

/// The sockets of the streams of one server; a clone is of the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readiness(Arc<Mutex<Option<Arc<Table>>>>);

/// The poller's registry, and what it has found.
#[derive(Debug)]
pub(crate) struct Table {
    registry: Registry,
    entries: Mutex<Entries>,
    watch: AbortHandle,
}

#[derive(Debug, Default)]
struct Entries {
    all: Vec<Entry>,
    /// Those that are not in use.
    free: Vec<u32>,
}

#[derive(Debug, Default)]
struct Entry {
    waker: Option<Waker>,
    readable: bool,
    writable: bool,
}

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
}

impl Readiness {
    /// The table, and the task that fills it, which are made for the first socket.
    ///
    /// # Errors
    ///
    /// When the system has no more files.
    pub(crate) fn table(&self) -> io::Result<Arc<Table>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(table) = &*known {
            return Ok(Arc::clone(table));
        }
        let poller = mio::Poll::new()?;
        let registry = poller.registry().try_clone()?;
        // Its successor is the same function, marked as unsafe for descriptors that may be closed;
        // this one lives as long as the poller.
        #[allow(deprecated, reason = "unsafe code is forbidden")]
        let poller = AsyncFd::with_interest(poller, tokio::io::Interest::READABLE)?;
        let (tell, told) = tokio::sync::oneshot::channel::<Arc<Table>>();
        let watch = tokio::spawn(async move {
            if let Ok(table) = told.await {
                // Fails when the runtime ends.
                let _ = watch(poller, &table).await;
            }
        });
        let watch = watch.abort_handle();
        let table = Arc::new(Table { registry, entries: Mutex::default(), watch });
        let _ = tell.send(Arc::clone(&table));
        *known = Some(Arc::clone(&table));
        Ok(table)
    }

    /// Stops watching.
    pub(crate) fn close(&self) {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(table) = table {
            table.watch.abort();
        }
    }
}

/// Wakes the tasks of sockets that have become ready.
async fn watch(mut poller: AsyncFd<mio::Poll>, table: &Table) -> io::Result<()> {
    let mut events = Events::with_capacity(AT_ONCE);
    loop {
        let mut ready = poller.readable_mut().await?;
        loop {
            match ready.get_inner_mut().poll(&mut events, Some(Duration::ZERO)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            if events.is_empty() {
                break;
            }
            let wakers = table.note(&events);
            wakers.into_iter().for_each(Waker::wake);
        }
        ready.clear_ready();
    }
}

impl Table {
    /// Adds a socket, which nothing is known of.
    pub(crate) fn add(&self, socket: &mut impl Source) -> io::Result<u32> {
        let entry = {
            let mut entries = self.entries();
            if let Some(entry) = entries.free.pop() {
                entry
            } else {
                let entry = u32::try_from(entries.all.len()).map_err(io::Error::other)?;
                entries.all.push(Entry::default());
                entry
            }
        };
        let added = self.registry.register(socket, token(entry), Interest::READABLE);
        if added.is_err() {
            self.entries().free.push(entry);
        }
        added.map(|()| entry)
    }

    /// Looks out for room to write too, and looks anew.
    pub(crate) fn watch_writes(&self, socket: &mut impl Source, entry: u32) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        self.registry.reregister(socket, token(entry), both)
    }

    /// Lets go of a socket.
    pub(crate) fn remove(&self, socket: &mut impl Source, entry: u32) {
        // It fails for one that is not registered, and then there is nothing to do.
        let _ = self.registry.deregister(socket);
        let mut entries = self.entries();
        let gone = entries.all.get_mut(entry as usize).map(mem::take);
        entries.free.push(entry);
        drop(entries);
        drop(gone);
    }

    /// Whether something has happened that is worth a try, since this was asked the last time.
    pub(crate) fn poll_ready(
        &self,
        entry: u32,
        direction: Direction,
        context: &Context<'_>,
    ) -> Poll<()> {
        // Nothing of the task runs while the table is locked, not even its waker's clone.
        let mut waker = None;
        loop {
            let mut entries = self.entries();
            let Some(Entry { waker: known, readable, writable }) =
                entries.all.get_mut(entry as usize)
            else {
                return Poll::Pending;
            };
            let ready = match direction {
                Direction::Read => readable,
                Direction::Write => writable,
            };
            if mem::take(ready) {
                return Poll::Ready(());
            }
            if known.as_ref().is_some_and(|known| known.will_wake(context.waker())) {
                return Poll::Pending;
            }
            if waker.is_some() {
                let before = mem::replace(known, waker);
                drop(entries);
                drop(before);
                return Poll::Pending;
            }
            drop(entries);
            waker = Some(context.waker().clone());
        }
    }

    /// There may be more to read than was read.
    pub(crate) fn set_readable(&self, entry: u32) {
        if let Some(entry) = self.entries().all.get_mut(entry as usize) {
            entry.readable = true;
        }
    }

    /// Notes what has happened, and answers whom to wake.
    fn note(&self, events: &Events) -> Vec<Waker> {
        let mut entries = self.entries();
        let mut wakers = Vec::with_capacity(AT_ONCE);
        for event in events {
            if let Some(entry) = entries.all.get_mut(event.token().0) {
                entry.readable |= can_be_read(event);
                entry.writable |= can_be_written(event);
                wakers.extend(entry.waker.take());
            }
        }
        wakers
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn token(entry: u32) -> Token {
    Token(entry as usize)
}

fn can_be_read(event: &Event) -> bool {
    event.is_readable() || event.is_read_closed() || event.is_error()
}

fn can_be_written(event: &Event) -> bool {
    event.is_writable() || event.is_write_closed() || event.is_error()
}

#[cfg(test)]
mod tests;
