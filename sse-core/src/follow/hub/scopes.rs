//! What readers read, each kept once, however many read it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use slab::Slab;

use super::verdicts::Verdicts;
use crate::follow::filter::Filter;
use crate::follow::topic::Scope;

/// The scopes of all readers. Where many share one, none of them looks at memory of its own.
///
/// Whether two are equal is for their filters to say. So nobody asks here, under a lock: whoever
/// joins compares them before.
#[derive(Debug)]
pub(super) struct Scopes<P, F: Filter> {
    kept: Slab<Kept<P, F>>,
    by_hash: HashMap<u64, Vec<usize>>,
    next_number: u64,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Kept<P, F: Filter> {
    /// No other one had it, or will have it.
    number: u64,
    hash: u64,
    scope: Scope<F>,
    readers: usize,
    pub(super) verdicts: Verdicts<P>,
}

/// A reader's own: what it reads, and where that is kept.
#[derive(Debug)]
pub(super) struct Joined<F> {
    pub(super) scope: Scope<F>,
    pub(super) key: usize,
    pub(super) number: u64,
}

impl<P, F: Filter> Default for Scopes<P, F> {
    fn default() -> Self {
        Self { kept: Slab::new(), by_hash: HashMap::new(), next_number: 0 }
    }
}

/// What equal scopes have in common; runs code of the filter.
pub(super) fn hash(scope: &Scope<impl Filter>) -> u64 {
    let mut hasher = DefaultHasher::new();
    scope.hash(&mut hasher);
    hasher.finish()
}

impl<P, F: Filter> Scopes<P, F> {
    /// Those that may be equal to one with this hash, and are none of `compared`.
    pub(super) fn similar(&self, hash: u64, compared: &[Scope<F>]) -> Vec<Scope<F>> {
        self.of_hash(hash)
            .map(|(_, kept)| &kept.scope)
            .filter(|scope| !compared.iter().any(|other| scope.is_same(other)))
            .cloned()
            .collect()
    }

    /// Joins the readers of `scope` itself, if it is kept.
    pub(super) fn join(&mut self, hash: u64, scope: &Scope<F>) -> Option<Joined<F>> {
        let (key, _) = self.of_hash(hash).find(|(_, kept)| kept.scope.is_same(scope))?;
        let kept = self.kept.get_mut(key)?;
        kept.readers += 1;
        Some(Joined { scope: kept.scope.clone(), key, number: kept.number })
    }

    /// Keeps `scope`, which is equal to none of the others, for a first reader.
    pub(super) fn keep(&mut self, hash: u64, scope: Scope<F>) -> Joined<F> {
        let number = self.next_number;
        self.next_number += 1;
        let verdicts = Verdicts::default();
        let kept = Kept { number, hash, scope: scope.clone(), readers: 1, verdicts };
        let key = self.kept.insert(kept);
        self.by_hash.entry(hash).or_default().push(key);
        Joined { scope, key, number }
    }

    /// One reader less; hands out what nobody reads any more.
    pub(super) fn leave(&mut self, key: usize) -> Option<Kept<P, F>> {
        let kept = self.kept.get_mut(key)?;
        kept.readers -= 1;
        if kept.readers > 0 {
            return None;
        }
        let kept = self.kept.try_remove(key)?;
        if let Some(similar) = self.by_hash.get_mut(&kept.hash) {
            similar.retain(|other| *other != key);
            if similar.is_empty() {
                self.by_hash.remove(&kept.hash);
            }
        }
        Some(kept)
    }

    pub(super) fn verdicts(&mut self, key: usize) -> Option<&mut Verdicts<P>> {
        self.kept.get_mut(key).map(|kept| &mut kept.verdicts)
    }

    /// Forgets all verdicts: what they are of has left the ring.
    pub(super) fn clear_verdicts(&mut self) {
        for (_, kept) in &mut self.kept {
            kept.verdicts.clear();
        }
    }

    fn of_hash(&self, hash: u64) -> impl Iterator<Item = (usize, &Kept<P, F>)> {
        let keys = self.by_hash.get(&hash).into_iter().flatten();
        keys.filter_map(|key| Some((*key, self.kept.get(*key)?)))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.by_hash.is_empty()
    }
}
