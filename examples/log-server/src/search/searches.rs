//! The searches under way: equal ones are one, and in sum they are bounded.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::{Checked, Known, Search, SearchError, Terms};
use crate::access::{RowFields, RowRules};

/// How many of the last searches are kept, since pages are asked for one after another.
const KEPT: usize = 128;

/// How long a pattern waits until those before it are ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// Checks searches, and bounds what those under way take together.
///
/// Streams and pages with equal searches share one. Patterns are made ready off the runtime's
/// threads, one at a time, and no client waits for two of another one.
///
/// ```
/// use log_server::access::RowRules;
/// use log_server::search::{Searches, Terms};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), log_server::search::SearchError> {
/// let searches = Searches::new(64 << 20);
/// let terms = Terms { regexes: vec!["took [0-9]{4,} ms".to_owned()], ..Terms::default() };
/// let client = [127, 0, 0, 1].into();
/// let search = searches.open(client, &RowRules::default(), terms).await?;
/// assert!(!search.is_everything() && searches.bytes() > 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Searches {
    shared: Arc<Shared>,
    fields: RowFields,
}

#[derive(Debug)]
struct Shared {
    most: usize,
    /// A permit for each KiB.
    memory: Arc<Semaphore>,
    turn: Arc<Semaphore>,
    /// Of each client with patterns that are not ready, its own turn.
    clients: Mutex<HashMap<IpAddr, Weak<Semaphore>>>,
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
        let shared = Shared {
            most,
            memory: Arc::new(Semaphore::new(most)),
            turn: Arc::new(Semaphore::new(1)),
            clients: Mutex::default(),
            known: Mutex::default(),
        };
        Self { shared: Arc::new(shared), fields: RowFields::default() }
    }

    /// The same, whose rows have these fields for rules.
    #[must_use]
    pub fn ruled_by(self, fields: RowFields) -> Self {
        Self { fields, ..self }
    }

    /// The fields that rules may be about.
    pub fn fields(&self) -> &RowFields {
        &self.fields
    }

    /// How many bytes they take at the moment, those included that were used last.
    pub fn bytes(&self) -> usize {
        (self.shared.most - self.shared.memory.available_permits()) * 1024
    }

    /// Checks what a client looks for, among the rows that these rules show.
    ///
    /// # Errors
    ///
    /// When some of it makes no sense, when a rule is about a field that is not kept, or when there
    /// is no room at the moment: [`SearchError::is_passing`].
    pub async fn open(
        &self,
        client: IpAddr,
        rules: &RowRules,
        terms: Terms,
    ) -> Result<Search, SearchError> {
        self.fields.check(rules)?;
        Ok(self.checked(client, terms).await?.under(rules))
    }

    async fn checked(&self, client: IpAddr, terms: Terms) -> Result<Search, SearchError> {
        if terms.has_no_patterns() {
            return Search::new(terms);
        }
        if let Some(known) = self.find(&terms) {
            return Ok(known);
        }
        let Ok(Some(turn)) = timeout(PATIENCE, self.turn(client)).await else {
            return Err(SearchError::Busy);
        };
        if let Some(known) = self.find(&terms) {
            return Ok(known);
        }
        let asked = terms.clone();
        // The turn is kept until it is known to those who wait, also if who asked has left.
        let ready = spawn_blocking(move || (Checked::new(asked), turn)).await;
        let (checked, _turn) = ready.map_err(|_| SearchError::Defect)?;
        let checked = checked?;
        let room = self.room(checked.bytes())?;
        let search = Search::of(Arc::new(Known { checked, _room: Some(room) }));
        self.keep(terms, search.clone());
        Ok(search)
    }

    /// Waits until no other pattern of this client is made ready, and then until none of others is.
    async fn turn(&self, client: IpAddr) -> Option<[OwnedSemaphorePermit; 2]> {
        let own = {
            let mut clients = lock(&self.shared.clients);
            let known = clients.get(&client).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                clients.retain(|_, turn| turn.strong_count() > 0);
                let turn = Arc::new(Semaphore::new(1));
                clients.insert(client, Arc::downgrade(&turn));
                turn
            })
        };
        let own = own.acquire_owned().await.ok()?;
        Some([own, Arc::clone(&self.shared.turn).acquire_owned().await.ok()?])
    }

    fn find(&self, terms: &Terms) -> Option<Search> {
        lock(&self.shared.known).all.get(terms)?.upgrade().map(Search::of)
    }

    /// Room for so many bytes; what was only kept for later makes way.
    fn room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, SearchError> {
        let full = SearchError::Full { most: self.shared.most };
        let Ok(kib) = u32::try_from(bytes.div_ceil(1024)) else { return Err(full) };
        loop {
            if let Ok(room) = Arc::clone(&self.shared.memory).try_acquire_many_owned(kib) {
                return Ok(room);
            }
            let oldest = lock(&self.shared.known).last.pop_front();
            if oldest.is_none() {
                return Err(full);
            }
        }
    }

    fn keep(&self, terms: Terms, search: Search) {
        let mut known = lock(&self.shared.known);
        known.all.retain(|_, search| search.strong_count() > 0);
        known.all.insert(terms, Arc::downgrade(&search.known));
        known.last.push_back(search);
        let oldest = if known.last.len() > KEPT { known.last.pop_front() } else { None };
        drop(known);
        drop(oldest);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn pattern(pattern: String) -> Terms {
        Terms { regexes: vec![pattern], ..Terms::default() }
    }

    #[tokio::test]
    async fn one_who_sends_many_slow_patterns_does_not_hold_up_others() {
        let searches = Searches::new(1 << 20);
        let (busy, other) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let refused = Arc::new(AtomicUsize::new(0));
        let many = (0..50).map(|n| {
            let (searches, refused) = (searches.clone(), Arc::clone(&refused));
            tokio::spawn(async move {
                let slow = pattern(format!("(.*a.{{60}}){{3}}{n}"));
                searches.checked(busy, slow).await.expect_err("it is refused");
                refused.fetch_add(1, Ordering::Relaxed);
            })
        });
        let many: Vec<_> = many.collect();
        while refused.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let before = refused.load(Ordering::Relaxed);
        searches.checked(other, pattern("took [0-9]+".to_owned())).await.expect("a pattern");
        let between = refused.load(Ordering::Relaxed) - before;
        assert!(between <= 2, "{between} of the other client's came first");
        many.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test]
    async fn equal_ones_are_made_ready_once_and_give_their_room_back() {
        let searches = Searches::new(1 << 20);
        let terms = || pattern(r"\d{4}-\d{2}".to_owned());
        let all = (0..20u8).map(|n| {
            let searches = searches.clone();
            tokio::spawn(async move { searches.checked([192, 0, 2, n].into(), terms()).await })
        });
        let mut opened = Vec::new();
        for search in all.collect::<Vec<_>>() {
            opened.push(search.await.expect("no panic").expect("a pattern"));
        }
        assert!(opened.iter().all(|search| Arc::ptr_eq(&search.known, &opened[0].known)));
        let taken = searches.bytes();
        assert!(taken > 0 && taken < 1 << 19, "{taken}");
        drop(opened);
        assert_eq!(searches.bytes(), taken, "it is kept for the next page");
        // What is only kept makes way for what comes, which would not fit beside all of it.
        for n in 0..2 * (1 << 20) / taken {
            let next = pattern(format!(r"\d{{4}}-\d{{2}}-{n}"));
            searches.checked([192, 0, 2, 1].into(), next).await.expect("room");
        }
    }
}
