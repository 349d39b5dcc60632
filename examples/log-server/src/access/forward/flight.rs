//! Questions under way, each once at a time.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::memory::Said;
use super::question::Key;

type Under = watch::Receiver<Option<Said>>;

/// Questions under way.
///
/// A clone shares everything. Each goes on to its end in a task of its own: who leaves keeps nobody
/// else from the answer.
#[derive(Clone, Debug)]
pub(super) struct Flights {
    under_way: Arc<Mutex<HashMap<Key, Under>>>,
    most: usize,
}

/// A question under way.
#[derive(Debug)]
pub(super) struct Flight(Under);

/// A question is under way no longer when this is dropped.
struct Landing<'a>(&'a Flights, Key);

impl Flights {
    /// At most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { under_way: Arc::default(), most }
    }

    /// The question under way with this key, or else a new one; none if there are too many.
    pub(super) fn join<F>(&self, key: Key, ask: impl FnOnce() -> F) -> Option<Flight>
    where
        F: Future<Output = Said> + Send + 'static,
    {
        let (lands, under) = watch::channel(None);
        {
            let mut under_way = self.under_way();
            if let Some(flight) = under_way.get(&key) {
                return Some(Flight(flight.clone()));
            }
            if under_way.len() >= self.most {
                return None;
            }
            under_way.insert(key, under.clone());
        }
        let (flights, asked) = (self.clone(), ask());
        tokio::spawn(async move {
            let landing = Landing(&flights, key);
            let said = asked.await;
            drop(landing);
            lands.send_replace(Some(said));
        });
        Some(Flight(under))
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<Key, Under>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.0.under_way().remove(&self.1);
    }
}

impl Flight {
    /// What came of it; nothing if the server ends meanwhile.
    pub(super) async fn landed(mut self) -> Option<Said> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
