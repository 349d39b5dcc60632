//! Addresses that bring what nobody knows.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::keyed::Keyed;
use super::limit::{Limit, Per, What};
use super::rate::Rate;
use super::reached::Reached;

const LIMIT: Limit = Limit { what: What::FailedSignIns, per: Per::Address };

/// Of fewer addresses, none is looked for whose time is over.
const KEYS: usize = 4096;

/// Counts failures, and keeps those away for a while who have failed too often.
#[derive(Debug)]
pub(super) struct Failures {
    rate: Option<Keyed>,
    /// Until when.
    away: Mutex<HashMap<u64, Instant>>,
}

impl Failures {
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate: Keyed::new(LIMIT, rate), away: Mutex::default() }
    }

    /// One more failure.
    pub(super) fn count(&self, key: u64) {
        let Some(Err(reached)) = self.rate.as_ref().map(|rate| rate.take(key)) else { return };
        let (now, wait) = (Instant::now(), Duration::from_secs(reached.wait.unwrap_or(1)));
        let mut away = self.away();
        if away.len() >= KEYS {
            away.retain(|_, until| *until > now);
        }
        away.insert(key, now + wait);
    }

    /// Whether one may try.
    pub(super) fn check(&self, key: u64) -> Result<(), Reached> {
        let Some(rate) = &self.rate else { return Ok(()) };
        let left =
            self.away().get(&key).map(|until| until.saturating_duration_since(Instant::now()));
        match left {
            Some(wait) if !wait.is_zero() => Err(rate.reached(wait)),
            _ => Ok(()),
        }
    }

    fn away(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
