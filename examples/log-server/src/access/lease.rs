//! How long a stream may go on.
//!
//! Streams of one caller at one place share a task, which waits for whatever comes first: that his
//! sign-in ends, that something is taken back, or that his authority wants to be asked again. A
//! stream only waits for that task, so that it pays nothing while it lasts.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{Access, Caller, Credentials, Denied, Place, Reason, Right, RowRules};

/// Ends with why, when what was allowed is not any longer.
pub type Lease = Pin<Box<dyn Future<Output = Denied> + Send>>;

/// The clock of the wall may be set: the end of a sign-in is looked at again after this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(5 * 60);

/// All streams of a caller at a place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    credentials: Credentials,
    right: Right,
    place: Place,
    user: Box<str>,
    rows: RowRules,
}

/// However often an authority wants to be asked.
const SHORTEST_SLEEP: Duration = Duration::from_millis(100);

type Ends = watch::Sender<Option<Denied>>;

/// What streams wait for.
///
/// A clone shares everything.
#[derive(Clone, Debug)]
pub struct Leases {
    access: Access,
    groups: Arc<Mutex<HashMap<Arc<Key>, Arc<Ends>>>>,
}

impl Leases {
    /// Those of all streams of a server.
    pub fn new(access: Access) -> Self {
        Self { access, groups: Arc::default() }
    }

    /// Waits until someone who may do this here may no longer; `None` if that cannot come.
    pub fn of(
        &self,
        caller: &Arc<Caller>,
        credentials: &Credentials,
        right: Right,
        place: &Place,
    ) -> Option<Lease> {
        self.access.needs_sign_in().then(|| {
            let key = Key {
                credentials: caller.ask_with.as_deref().unwrap_or(credentials).clone(),
                right,
                place: place.clone(),
                user: caller.user.clone(),
                rows: caller.rows.clone(),
            };
            let mut ends = self.join(caller, key);
            let lease: Lease = Box::pin(async move {
                let denied = ends.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
                denied.unwrap_or_else(|| Denied::new(Reason::Unavailable, "the server ends"))
            });
            lease
        })
    }

    fn join(&self, caller: &Arc<Caller>, key: Key) -> watch::Receiver<Option<Denied>> {
        let mut groups = self.groups();
        if let Some(ends) = groups.get(&key) {
            return ends.subscribe();
        }
        let (ends, receiver) = watch::channel(None);
        let (ends, key) = (Arc::new(ends), Arc::new(key));
        groups.insert(Arc::clone(&key), Arc::clone(&ends));
        tokio::spawn(self.clone().watch_over(Arc::clone(caller), key, ends));
        receiver
    }

    fn groups(&self) -> MutexGuard<'_, HashMap<Arc<Key>, Arc<Ends>>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets a group of which no stream is left; one may have come meanwhile.
    fn forget_unused(&self, key: &Key, ends: &Ends) -> bool {
        let mut groups = self.groups();
        let unused = ends.receiver_count() == 0;
        if unused {
            groups.remove(key);
        }
        unused
    }

    /// Waits for the end of a group's streams, or of what they are allowed.
    async fn watch_over(self, caller: Arc<Caller>, key: Arc<Key>, ends: Arc<Ends>) {
        let denied = loop {
            tokio::select! {
                denied = end(&self.access, Arc::clone(&caller), &key) => break denied,
                () = ends.closed() => {}
            }
            if self.forget_unused(&key, &ends) {
                return;
            }
        };
        // Who comes from now on is asked who he is after this, and waits in another group.
        self.groups().remove(&key);
        ends.send_replace(Some(denied));
    }
}

/// Why what was allowed to a caller is not any longer, as soon as it is not.
async fn end(access: &Access, mut caller: Arc<Caller>, key: &Key) -> Denied {
    let mut revoked = access.revocations().changed();
    loop {
        if let Err(denied) = access.still_holds(&caller) {
            return denied;
        }
        let now = Instant::now();
        let again = caller.ask_again.map(|at| Instant::from_std(at).max(now + SHORTEST_SLEEP));
        let over = caller.expires.map(|end| now + until(end));
        let wake = [again, over].into_iter().flatten().fold(now + LONGEST_SLEEP, Instant::min);
        tokio::select! {
            () = sleep_until(wake) => {}
            Ok(()) = revoked.changed() => continue,
        }
        if again != Some(wake) {
            continue;
        }
        tokio::select! {
            asked = ask(access, key) => match asked {
                Ok(same) => caller = same,
                Err(denied) => return denied,
            },
            Ok(()) = revoked.changed() => {}
        }
    }
}

/// Asks anew who this is, and whether he may.
async fn ask(access: &Access, key: &Key) -> Result<Arc<Caller>, Denied> {
    let asked = access.check(&key.credentials, key.right, &key.place).await;
    let caller = asked.map_err(|denied| match denied.reason {
        // He was known.
        Reason::Unknown => Denied { reason: Reason::Revoked, ..denied },
        _ => denied,
    })?;
    if (&caller.user, &caller.rows) != (&key.user, &key.rows) {
        let words = "what you may see has changed; connect again";
        return Err(Denied::new(Reason::Expired, words));
    }
    Ok(caller)
}

fn until(end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(Timestamp::now())).unwrap_or_default()
}
