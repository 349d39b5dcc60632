//! The service as an authority.

use std::sync::Arc;

use http::header::{AUTHORIZATION, COOKIE, HeaderName};
use tokio::task::JoinSet;

use super::answer::{Answer, forbidden};
use super::config::{ForwardAuth, ForwardError, Passed};
use super::flight::Flights;
use super::memory::{Memory, REST, Said};
use super::question::{Key, Question};
use super::service::Service;
use crate::access::{
    Authority, Caller, Credentials, Denied, Grants, Identified, Place, Reason, Right, Workflows,
};

/// About how many workflows it is asked at a time for one request.
const AT_A_TIME: usize = 16;

/// The service that says who may do what.
///
/// It is asked about each place by itself, whatever a caller brings: whether somebody without a
/// sign-in may is its decision too. So it is the last of all authorities.
#[derive(Clone, Debug)]
pub struct Forward {
    pass: Vec<HeaderName>,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    service: Service,
    memory: Memory,
    flights: Flights,
    secret: Vec<u8>,
}

impl Forward {
    /// The service of this configuration. Credentials have names made with the `secret`.
    ///
    /// # Errors
    ///
    /// When it cannot be asked as the configuration says.
    pub fn new(config: &ForwardAuth, secret: &[u8]) -> Result<Self, ForwardError> {
        let most = usize::try_from(config.max_remembered.get()).unwrap_or(usize::MAX);
        Ok(Self {
            pass: config.pass.iter().copied().map(passed).collect(),
            inner: Arc::new(Inner {
                service: Service::new(config)?,
                memory: Memory::new(config),
                flights: Flights::new(most),
                secret: secret.to_vec(),
            }),
        })
    }

    /// Who the service says that this is, if he may do this there; of several workflows, it is asked
    /// about each.
    ///
    /// # Errors
    ///
    /// When it says that he may not; or when it says nothing, and has not lately said that he may.
    pub async fn ask(
        &self,
        credentials: &Credentials,
        right: Right,
        place: &Place,
    ) -> Result<Caller, Denied> {
        let Workflows::Several(names) = &place.workflows else {
            return self.ask_at(credentials, right, place).await;
        };
        let mut everywhere: Option<Caller> = None;
        for names in names.chunks(AT_A_TIME) {
            let mut asks = JoinSet::new();
            for name in names.iter().cloned() {
                let (forward, credentials) = (self.clone(), credentials.clone());
                let there = Place { workflows: Workflows::One(name), ..place.clone() };
                asks.spawn(async move {
                    let caller = forward.ask_at(&credentials, right, &there).await?;
                    caller.check(right, &there)?;
                    Ok(caller)
                });
            }
            while let Some(asked) = asks.join_next().await {
                let there: Caller = asked.map_err(|_| unavailable())??;
                everywhere = Some(match everywhere {
                    None => there,
                    Some(caller) => both(caller, there)?,
                });
            }
        }
        everywhere.ok_or_else(forbidden)
    }

    /// The same of a place about which it is asked at once.
    async fn ask_at(
        &self,
        credentials: &Credentials,
        right: Right,
        place: &Place,
    ) -> Result<Caller, Denied> {
        let question = Question::new(credentials, &self.pass, right, place)?;
        let key = question.key();
        let memory = &self.inner.memory;
        let last = memory.last(&key);
        if let Some(said) = last.as_ref().filter(|said| said.counts()) {
            return self.word(&key, said);
        }
        let inner = Arc::clone(&self.inner);
        let flight = self.inner.flights.join(key, || inner.asked(question));
        let was_down = last.as_ref().is_some_and(|said| matches!(said.answer, Answer::Down(_)));
        if let Some(allowed) = memory.allowed(&key).filter(|_| was_down || flight.is_none()) {
            return Ok(for_now(*allowed));
        }
        let said = match flight {
            Some(flight) => flight.landed().await,
            None => None,
        };
        said.map_or_else(|| Err(unavailable()), |said| self.word(&key, &said))
    }

    /// What was said, as it counts now.
    fn word(&self, key: &Key, said: &Said) -> Result<Caller, Denied> {
        match &said.answer {
            Answer::Yes(caller) => {
                Ok(Caller { ask_again: Some(said.until), ..Caller::clone(caller) })
            }
            Answer::No(denied) => Err(denied.clone()),
            Answer::Down(_) => self
                .inner
                .memory
                .allowed(key)
                .map_or_else(|| Err(unavailable()), |c| Ok(for_now(*c))),
        }
    }
}

impl Inner {
    async fn asked(self: Arc<Self>, question: Question) -> Said {
        let key = question.key();
        // Another one may have landed since the memory was looked at.
        if let Some(said) = self.memory.last(&key).filter(Said::counts) {
            return said;
        }
        let fingerprint = question.fingerprint(&self.secret);
        let answer = self.service.ask(&question, &fingerprint).await;
        self.memory.keep(key, answer)
    }
}

/// Someone who may do something at one place and at another, if he is one and sees the same rows.
fn both(one: Caller, other: Caller) -> Result<Caller, Denied> {
    if (&one.user, &one.rows) != (&other.user, &other.rows) {
        let words = "you see other rows in one of these workflows than in another; ask for each of \
                     them by itself";
        return Err(Denied::new(Reason::Forbidden, words));
    }
    let ask_again = one.ask_again.into_iter().chain(other.ask_again).min();
    let grants = Grants(one.grants.0.into_iter().chain(other.grants.0).collect());
    Ok(Caller { grants, ask_again, ..one })
}

/// Someone who goes on until the service answers again.
fn for_now(caller: Caller) -> Caller {
    Caller { ask_again: Some(std::time::Instant::now() + REST), ..caller }
}

fn unavailable() -> Denied {
    let words =
        "the service that says who may see this does not answer; try again in a few seconds";
    Denied::new(Reason::Unavailable, words)
}

fn passed(header: Passed) -> HeaderName {
    match header {
        Passed::Authorization => AUTHORIZATION,
        Passed::Cookie => COOKIE,
    }
}

impl Authority for Forward {
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        right: Right,
        place: &'a Place,
    ) -> Identified<'a> {
        Box::pin(async move { self.ask(credentials, right, place).await.map(Some) })
    }
}
