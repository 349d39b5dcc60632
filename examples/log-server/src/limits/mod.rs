//! How much may be asked for: in all, by one user, of one workspace and from one address.
//!
//! Each [`Limit`] is of [`What`] and [`Per`] whom, and has a name made of both, such as
//! `pages_per_user`. They are looked at from the narrowest to the widest, so that who is refused
//! by his own limit takes nothing of what others share.

mod config;
mod count;
mod failures;
mod keyed;
mod limit;
mod places;
mod rate;
mod reached;
mod sizes;

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

pub use config::{Each, LimitsConfig};
pub use limit::{Limit, Per, What};
pub use places::{Place, Streamer};
pub use rate::{InvalidRate, Most, Rate};
pub use reached::Reached;
pub use sizes::{Sizes, TooLarge};

use count::Refusals;
use failures::Failures;
use keyed::Keyed;
use places::Places;

/// All limits of a server. A clone speaks of the same ones.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rates: Vec<Keyed>,
    streams: Places,
    exports: Places,
    failures: Failures,
    refusals: Refusals,
    sizes: Sizes,
    request_time: Duration,
    /// Keys are hashes, so that long names take no more room than short ones.
    hasher: RandomState,
}

impl Limits {
    /// Those of a configuration.
    pub fn new(config: &LimitsConfig) -> Self {
        let rates = Limit::rates().filter_map(|limit| Keyed::new(limit, config.rate(limit)));
        Self(Arc::new(Inner {
            rates: rates.collect(),
            streams: Places::new(What::Streams, |per| config.most_streams(per)),
            exports: Places::new(What::OpenExports, |per| config.most_exports(per)),
            failures: Failures::new(config.failed_sign_ins_per_address),
            refusals: Refusals::default(),
            sizes: config.sizes,
            request_time: config.request_time(),
            hasher: RandomState::new(),
        }))
    }

    /// Counts one more of what `who` asks for.
    ///
    /// # Errors
    ///
    /// When it is one too many, the limit.
    pub fn take(&self, what: What, per: Per, who: impl Hash) -> Result<(), Reached> {
        let limit = Limit { what, per };
        let keyed = self.0.rates.iter().find(|keyed| keyed.limit() == limit);
        self.counted(keyed.map_or(Ok(()), |keyed| keyed.take(self.key(who))))
    }

    /// Takes a place for a stream, which is free again when what is returned is dropped.
    ///
    /// # Errors
    ///
    /// When there is none, the narrowest limit that is reached.
    pub fn open(&self, streamer: &Streamer<'_>) -> Result<Place, Reached> {
        self.counted(self.0.streams.open(streamer, |name| self.key(name)))
    }

    /// Takes a place for an export, as [`open`](Self::open) does for a stream.
    ///
    /// # Errors
    ///
    /// When there is none, the narrowest limit that is reached.
    pub fn open_export(&self, streamer: &Streamer<'_>) -> Result<Place, Reached> {
        self.counted(self.0.exports.open(streamer, |name| self.key(name)))
    }

    /// Whether an address may try to sign in.
    ///
    /// # Errors
    ///
    /// When it has failed too often, for some time.
    pub fn may_sign_in(&self, address: impl Hash) -> Result<(), Reached> {
        self.counted(self.0.failures.check(self.key(address)))
    }

    /// Counts what an address has brought that nobody knows.
    pub fn sign_in_failed(&self, address: impl Hash) {
        self.0.failures.count(self.key(address));
    }

    /// How often each limit was reached, by its name.
    pub fn refusals(&self) -> impl Iterator<Item = (String, u64)> {
        self.0.refusals.all()
    }

    /// How many addresses have streams.
    pub fn streaming_addresses(&self) -> usize {
        self.0.streams.addresses()
    }

    /// How large a request's head may be.
    pub fn sizes(&self) -> &Sizes {
        &self.0.sizes
    }

    /// How long an answer may take to begin, if that is limited.
    pub fn request_time(&self) -> Option<Duration> {
        Some(self.0.request_time).filter(|time| !time.is_zero())
    }

    fn key(&self, who: impl Hash) -> u64 {
        self.0.hasher.hash_one(who)
    }

    fn counted<T>(&self, answer: Result<T, Reached>) -> Result<T, Reached> {
        answer.inspect_err(|reached| self.0.refusals.count(reached.limit))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&LimitsConfig::default())
    }
}

#[cfg(test)]
mod tests;
