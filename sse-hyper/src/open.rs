//! The connections that are open, which end with the server.

use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// The tasks of a server's connections. Dropping it ends them.
///
/// tokio's own set of tasks keeps 64 bytes for each of them, and the thread that accepts wakes up
/// for each that ends; this one keeps 16.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    tasks: Mutex<Tasks>,
    /// The last one has ended.
    none: Notify,
}

#[derive(Debug, Default)]
struct Tasks {
    places: Vec<Place>,
    free: Vec<u32>,
    open: usize,
}

#[derive(Debug)]
enum Place {
    /// Of a task that has not begun, or has ended already.
    Empty,
    Task(AbortHandle),
    /// Of a task that has ended before its handle was there.
    Ended,
}

/// A connection's place among those that are open. It is dropped when nothing of it is left.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    shared: Arc<Shared>,
    place: u32,
}

impl OpenConnections {
    /// Spawns the task of a connection, which is to hold what it is given until its end.
    pub(crate) fn spawn<F>(&self, task: impl FnOnce(OpenConnection) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let place = self.0.take_place();
        let task = task(OpenConnection { shared: Arc::clone(&self.0), place });
        let handle = tokio::spawn(task).abort_handle();
        self.0.started(place, handle);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.tasks().open
    }

    /// Waits until there are none.
    pub(crate) async fn ended(&self) {
        loop {
            let none = self.0.none.notified();
            if self.count() == 0 {
                return;
            }
            none.await;
        }
    }

    /// Ends all of them, as soon as their tasks may be dropped.
    pub(crate) fn abort(&self) {
        let handles: Vec<_> = {
            let tasks = self.0.tasks();
            let handle = |place: &Place| match place {
                Place::Task(handle) => Some(handle.clone()),
                Place::Empty | Place::Ended => None,
            };
            tasks.places.iter().filter_map(handle).collect()
        };
        handles.iter().for_each(AbortHandle::abort);
    }
}

impl Drop for OpenConnections {
    fn drop(&mut self) {
        self.abort();
    }
}

impl Shared {
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_place(&self) -> u32 {
        let mut tasks = self.tasks();
        tasks.open += 1;
        if let Some(place) = tasks.free.pop() {
            return place;
        }
        tasks.places.push(Place::Empty);
        // There are no more sockets than that.
        u32::try_from(tasks.places.len() - 1).unwrap_or(u32::MAX)
    }

    fn started(&self, place: u32, handle: AbortHandle) {
        let mut tasks = self.tasks();
        match tasks.places.get_mut(place as usize) {
            Some(at @ Place::Empty) => *at = Place::Task(handle),
            Some(at @ Place::Ended) => {
                *at = Place::Empty;
                tasks.free.push(place);
            }
            _ => {}
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut tasks = self.shared.tasks();
        let ended = match tasks.places.get_mut(self.place as usize) {
            Some(at @ Place::Task(_)) => {
                let ended = mem::replace(at, Place::Empty);
                tasks.free.push(self.place);
                Some(ended)
            }
            Some(at) => Some(mem::replace(at, Place::Ended)),
            None => None,
        };
        tasks.open -= 1;
        let last = tasks.open == 0;
        drop(tasks);
        drop(ended);
        if last {
            self.shared.none.notify_waiters();
        }
        if std::thread::panicking() {
            tracing::error!("serving a connection failed");
        }
    }
}
