//! What the service has said lately.

use std::time::{Duration, Instant};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::answer::Answer;
use super::config::ForwardAuth;
use super::question::Key;
use crate::access::Caller;

/// For how long a service that did not answer is not asked the same again.
pub(super) const REST: Duration = Duration::from_secs(1);

/// However long an answer is to count.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// An answer, and until when it counts.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) answer: Answer,
    pub(super) until: Instant,
}

impl Said {
    pub(super) fn counts(&self) -> bool {
        Instant::now() < self.until
    }
}

/// What the service has said lately: the last answer to each question, and apart from them each
/// yes, for when the service is down. So what strangers ask drives nobody's yes out.
#[derive(Debug)]
pub(super) struct Memory {
    yes: Duration,
    no: Duration,
    lately: Cache<Key, Said>,
    allowed: Cache<Key, Box<Caller>>,
}

impl Memory {
    pub(super) fn new(config: &ForwardAuth) -> Self {
        let bounded = |time| Duration::from(time).min(LONGEST);
        let (yes, grace) = (bounded(config.cache), bounded(config.grace));
        let most = u64::from(config.max_remembered.get());
        Self {
            yes,
            no: bounded(config.cache_refusals),
            lately: Cache::builder()
                .max_capacity(most)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(yes + grace)
                .build(),
            allowed: Cache::builder()
                .max_capacity(most)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(yes + grace)
                .build(),
        }
    }

    /// The last answer, which may count no more.
    pub(super) fn last(&self, key: &Key) -> Option<Said> {
        self.lately.get(key)
    }

    /// Who was allowed not so long ago that it does not count while the service is down.
    pub(super) fn allowed(&self, key: &Key) -> Option<Box<Caller>> {
        self.allowed.get(key)
    }

    /// Keeps an answer from now on.
    pub(super) fn keep(&self, key: Key, answer: Answer) -> Said {
        let counts = match &answer {
            Answer::Yes(caller) => {
                self.allowed.insert(key, caller.clone());
                self.yes
            }
            Answer::No(_) => {
                self.allowed.invalidate(&key);
                self.no
            }
            Answer::Down(_) => REST.min(self.yes),
        };
        let said = Said { answer, until: Instant::now() + counts };
        self.lately.insert(key, said.clone());
        said
    }
}
