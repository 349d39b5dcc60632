//! How many streams may be open.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Says which streams may open, so that neither everyone together nor one alone takes all that
/// the server has. A clone speaks of the same places.
///
/// A key is whom a stream is counted for: an address, a user, a tenant. One without streams takes
/// no memory.
///
/// ```
/// use gapless_sse_core::{Admission, AdmissionLimits, Refused};
///
/// let admission = Admission::new(AdmissionLimits::default().max_total(3).max_per_key(2));
/// let first = admission.admit("ann")?;
/// let second = admission.admit("ann")?;
/// assert_eq!(admission.admit("ann").unwrap_err(), Refused::PerKey(2));
/// let third = admission.admit("bob")?;
/// assert_eq!(admission.admit("cem").unwrap_err(), Refused::Total(3));
/// drop(first);
/// admission.admit("cem")?;
/// # Ok::<(), Refused>(())
/// ```
///
/// Put the permit into the stream: `EventStream::holding` keeps it until the stream has ended
/// or is dropped. In a variable of the handler it would be dropped as soon as the response begins,
/// and nothing would be limited.
pub struct Admission<K: Ord>(Arc<Places<K>>);

/// How many streams may be open at the same time.
///
/// ```
/// use gapless_sse_core::AdmissionLimits;
///
/// let limits = AdmissionLimits::default().max_total(50_000).max_per_key(10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdmissionLimits {
    /// Of all keys together; 20,000 by default, which takes a few hundred MiB while they are idle.
    pub max_total: usize,
    /// Of one key; 1,000 by default: a twentieth of all, and enough for an office of some hundred
    /// people who share an address and have a few pages open each.
    pub max_per_key: usize,
}

impl Default for AdmissionLimits {
    fn default() -> Self {
        Self { max_total: 20_000, max_per_key: 1_000 }
    }
}

impl AdmissionLimits {
    /// Sets [`max_total`](Self::max_total).
    pub fn max_total(self, max_total: usize) -> Self {
        Self { max_total, ..self }
    }

    /// Sets [`max_per_key`](Self::max_per_key).
    pub fn max_per_key(self, max_per_key: usize) -> Self {
        Self { max_per_key, ..self }
    }
}

/// Why a stream may not open now: the limit that is reached. Answer with 429 and `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// That of all streams.
    Total(usize),
    /// That of this key. It goes before the other, since the client can do something about it.
    PerKey(usize),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Total(limit) => write!(f, "{limit} streams are open, which is the limit"),
            Self::PerKey(limit) => {
                write!(f, "this client already has {limit} open streams, which is the limit")
            }
        }
    }
}

impl Error for Refused {}

/// What was admitted and what was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdmissionStats {
    /// Streams that are open now.
    pub open: usize,
    /// Keys that have streams now.
    pub keys: usize,
    /// How often [`Refused::Total`] was the answer.
    pub refused_total: u64,
    /// How often [`Refused::PerKey`] was the answer.
    pub refused_per_key: u64,
}

struct Places<K> {
    limits: AdmissionLimits,
    taken: Mutex<Taken<K>>,
}

struct Taken<K> {
    /// A tree gives its memory back as it shrinks.
    by_key: BTreeMap<K, usize>,
    stats: AdmissionStats,
}

impl<K: Ord + Clone> Admission<K> {
    /// Admits up to `limits`.
    pub fn new(limits: AdmissionLimits) -> Self {
        let taken = Taken { by_key: BTreeMap::new(), stats: AdmissionStats::default() };
        Self(Arc::new(Places { limits, taken: Mutex::new(taken) }))
    }

    /// Takes a place for a stream of `key`, at once or not at all.
    ///
    /// # Errors
    ///
    /// When a limit is reached, it.
    pub fn admit(&self, key: K) -> Result<Permit<K>, Refused> {
        let AdmissionLimits { max_total, max_per_key } = self.0.limits;
        let mut taken = self.0.taken();
        let Taken { by_key, stats } = &mut *taken;
        if by_key.get(&key).copied().unwrap_or_default() >= max_per_key {
            stats.refused_per_key += 1;
            return Err(Refused::PerKey(max_per_key));
        }
        if stats.open >= max_total {
            stats.refused_total += 1;
            return Err(Refused::Total(max_total));
        }
        stats.open += 1;
        *by_key.entry(key.clone()).or_default() += 1;
        Ok(Permit { key, places: Arc::clone(&self.0) })
    }
}

impl<K: Ord> Admission<K> {
    /// What was admitted so far.
    pub fn stats(&self) -> AdmissionStats {
        let taken = self.0.taken();
        AdmissionStats { keys: taken.by_key.len(), ..taken.stats }
    }
}

impl<K: Ord> Clone for Admission<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord> fmt::Debug for Admission<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Admission").field(&self.0.limits).field(&self.stats()).finish()
    }
}

impl<K> Places<K> {
    fn taken(&self) -> MutexGuard<'_, Taken<K>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place of one stream, free again when this is dropped.
#[must_use = "the place is free again as soon as this is dropped; give it to the stream"]
pub struct Permit<K: Ord> {
    key: K,
    places: Arc<Places<K>>,
}

impl<K: Ord> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.stats.open -= 1;
        if let Some(streams) = taken.by_key.get_mut(&self.key) {
            *streams -= 1;
            if *streams == 0 {
                taken.by_key.remove(&self.key);
            }
        }
    }
}

impl<K: Ord + fmt::Debug> fmt::Debug for Permit<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Permit").field(&self.key).finish()
    }
}
