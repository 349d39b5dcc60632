//! A set of keys that is fetched again and again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};

use super::config::{Algorithm, JwtConfig};
use super::fetch::{Got, Place};
use super::key::JwtError;
use super::keys::Keys;

/// For how long a set holds at most, whatever it says.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How many may wait for a key that is not known yet.
const MOST_WAITING: usize = 256;

/// A set of keys that one task fetches: before it ends, and when a key is asked for that is not in
/// it. While it cannot be fetched, the keys that there are stay.
#[derive(Debug)]
pub struct Jwks {
    fetched: watch::Receiver<Fetched>,
    /// The try that somebody waits for.
    wanted: watch::Sender<u64>,
    waiting: Semaphore,
    /// The time between two fetches at least, whatever asks for them.
    pause: Duration,
    patience: Duration,
}

/// What has come of fetching.
#[derive(Clone, Debug, Default)]
struct Fetched {
    keys: Arc<Keys>,
    /// How often it was tried.
    tries: u64,
    /// When that was the last time.
    last: Option<Instant>,
    /// Whether it worked then.
    worked: bool,
}

/// Why there is no key of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The set has none.
    Unknown,
    /// The set cannot be fetched, or too many wait for it.
    Unavailable,
}

impl Jwks {
    /// The set at the address or in the file of the configuration, if it names one.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn new(config: &JwtConfig) -> Result<Option<Self>, JwtError> {
        let place = match (&config.jwks_url, &config.jwks_file) {
            (Some(url), _) => Place::url(url)?,
            (None, Some(path)) => Place::File(path.clone()),
            (None, None) => return Ok(None),
        };
        let mut algorithms = config.algorithms.clone();
        if matches!(place, Place::Url(_)) {
            // A secret that is handed out to everybody is none.
            algorithms.retain(|algorithm| *algorithm != Algorithm::Hs256);
        }
        let (sender, fetched) = watch::channel(Fetched::default());
        let (wanted, wants) = watch::channel(0);
        let fetcher = Fetcher {
            place,
            algorithms,
            time: config.jwks_timeout,
            otherwise: config.jwks_refresh,
            pause: config.jwks_pause,
            wanted: wants,
            fetched: sender,
        };
        tokio::spawn(fetcher.run());
        let patience = config.jwks_timeout + Duration::from_secs(1);
        Ok(Some(Self {
            fetched,
            wanted,
            waiting: Semaphore::new(MOST_WAITING),
            pause: config.jwks_pause,
            patience,
        }))
    }

    /// The keys as they are.
    pub(super) fn keys(&self) -> Arc<Keys> {
        self.fetched.borrow().keys.clone()
    }

    /// Keys with this one among them. It waits only for one that is not known.
    pub(super) async fn with(&self, id: Option<&str>) -> Result<Arc<Keys>, NoKey> {
        let known = self.fetched.borrow().clone();
        if known.keys.know(id) {
            return Ok(known.keys);
        }
        if known.last.is_none_or(|last| last.elapsed() >= self.pause) {
            let _place = self.waiting.try_acquire().map_err(|_| NoKey::Unavailable)?;
            self.wanted.send_modify(|wanted| *wanted = (*wanted).max(known.tries + 1));
            let mut fetched = self.fetched.clone();
            let tried = fetched.wait_for(|now| now.tries > known.tries);
            let _ = timeout(self.patience, tried).await;
        }
        let now = self.fetched.borrow().clone();
        match now.keys.know(id) {
            true => Ok(now.keys),
            false if now.worked => Err(NoKey::Unknown),
            false => Err(NoKey::Unavailable),
        }
    }
}

/// The task that fetches, until nobody has the set any more.
struct Fetcher {
    place: Place,
    algorithms: Vec<Algorithm>,
    time: Duration,
    otherwise: Duration,
    pause: Duration,
    wanted: watch::Receiver<u64>,
    fetched: watch::Sender<Fetched>,
}

impl Fetcher {
    async fn run(mut self) {
        loop {
            let got = tokio::select! {
                got = self.place.get(self.time) => got,
                () = self.fetched.closed() => return,
            };
            let next = self.take(got);
            let tries = self.fetched.borrow().tries;
            tokio::select! {
                () = sleep(self.pause) => {}
                () = self.fetched.closed() => return,
            }
            tokio::select! {
                () = sleep(next.saturating_sub(self.pause)) => {}
                wanted = self.wanted.wait_for(|wanted| *wanted > tries) => {
                    if wanted.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Takes what came, and says when to fetch again.
    fn take(&self, got: Result<Got, String>) -> Duration {
        let read = got.and_then(|got| Ok((Keys::parse(&got.json)?, got.holds)));
        let next = match &read {
            // Before they end.
            Ok((_, holds)) => holds.unwrap_or(self.otherwise).min(LONGEST) * 4 / 5,
            Err(_) => self.pause,
        };
        self.fetched.send_modify(|fetched| {
            fetched.tries += 1;
            fetched.last = Some(Instant::now());
            fetched.worked = read.is_ok();
            match read {
                Ok(((mut keys, passed_over), _)) => {
                    keys.retain(&self.algorithms);
                    tracing::debug!(?passed_over, "the keys of tokens were fetched");
                    if keys.is_empty() {
                        let set = &self.place;
                        tracing::warn!(%set, ?passed_over, "a set has no key to check tokens by");
                    }
                    fetched.keys = Arc::new(keys);
                }
                Err(why) => {
                    let set = &self.place;
                    tracing::warn!(%set, why, "the keys of tokens cannot be fetched; those that \
                                               are known stay");
                }
            }
        });
        next
    }
}
