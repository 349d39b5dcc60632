//! The searches under way: equal ones are one, and in sum they are bounded.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Checked, Known, Search, SearchError, Terms};

/// How many of the last searches are kept, since pages are asked for one after another.
const KEPT: usize = 128;

/// How long a pattern waits until those before it have been looked at.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks searches, and bounds what those under way take together.
///
/// Streams and pages with equal searches share one. Patterns are made ready off the runtime's
/// threads, one at a time.
///
/// ```
/// use log_server::search::{Searches, Terms};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), log_server::search::SearchError> {
/// let searches = Searches::new(64 << 20);
/// let terms = Terms { regex: Some("took [0-9]{4,} ms".to_owned()), ..Terms::default() };
/// let search = searches.open(terms).await?;
/// assert!(!search.is_everything() && searches.bytes() > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Searches(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    /// A permit for each KiB.
    memory: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    known: Mutex<KnownSearches>,
}

#[derive(Debug, Default)]
struct KnownSearches {
    all: HashMap<Terms, Weak<Known>>,
    last: VecDeque<Search>,
}

impl Searches {
    /// All searches under way take `most` bytes at most.
    pub fn new(most: usize) -> Self {
        let most = most.div_ceil(1024).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            most,
            memory: Arc::new(Semaphore::new(most)),
            turn: Arc::new(Semaphore::new(1)),
            known: Mutex::default(),
        }))
    }

    /// How many bytes they take at the moment, those included that were used last.
    pub fn bytes(&self) -> usize {
        (self.0.most - self.0.memory.available_permits()) * 1024
    }

    /// Checks what is looked for.
    ///
    /// # Errors
    ///
    /// When some of it makes no sense, or there is no room for it at the moment:
    /// [`SearchError::is_passing`].
    pub async fn open(&self, terms: Terms) -> Result<Search, SearchError> {
        if terms.text.is_none() && terms.regex.is_none() {
            return Search::new(terms);
        }
        if let Some(known) = self.find(&terms) {
            return Ok(known);
        }
        let turn = timeout(PATIENCE, Arc::clone(&self.0.turn).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(SearchError::Busy) };
        if let Some(known) = self.find(&terms) {
            return Ok(known);
        }
        let asked = terms.clone();
        let checked = spawn_blocking(move || {
            let checked = Checked::new(asked);
            drop(turn);
            checked
        });
        let checked = checked.await.map_err(|_| SearchError::Busy)??;
        let room = self.room(checked.bytes())?;
        let search = Search(Arc::new(Known { checked, _room: Some(room) }));
        self.keep(terms, search.clone());
        Ok(search)
    }

    fn find(&self, terms: &Terms) -> Option<Search> {
        self.known().all.get(terms)?.upgrade().map(Search)
    }

    /// Room for so many bytes; what was only kept for later makes way.
    fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, SearchError> {
        let full = SearchError::Full { most: self.0.most };
        let Ok(kib) = u32::try_from(bytes.div_ceil(1024)) else { return Err(full) };
        loop {
            if let Ok(room) = Arc::clone(&self.0.memory).try_acquire_many_owned(kib) {
                return Ok(room);
            }
            let oldest = self.known().last.pop_front();
            if oldest.is_none() {
                return Err(full);
            }
        }
    }

    fn keep(&self, terms: Terms, search: Search) {
        let mut known = self.known();
        known.all.retain(|_, search| search.strong_count() > 0);
        known.all.insert(terms, Arc::downgrade(&search.0));
        known.last.push_back(search);
        let oldest = if known.last.len() > KEPT { known.last.pop_front() } else { None };
        drop(known);
        drop(oldest);
    }

    fn known(&self) -> MutexGuard<'_, KnownSearches> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
