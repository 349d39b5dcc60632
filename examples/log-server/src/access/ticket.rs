//! Tickets: for clients that can send neither a header nor a cookie, once and soon.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::held::Held;
use super::sealed::Sealed;
use super::{
    Authority, Caller, Credentials, Denied, Grant, Grants, Identified, KnownBy, Place, Reason,
    Right, Rights, Workflows,
};
use crate::secret::Secrets;

/// For how long a ticket is good.
pub const LIFETIME: Duration = Duration::from_secs(30);

/// How many tickets that were used are remembered, until they are over.
const MOST_USED: usize = 200_000;

/// Makes tickets, and knows callers by them.
///
/// A ticket holds who asked for it, sealed, so that any instance with the same secret takes it.
/// Which tickets were used each instance remembers itself.
#[derive(Debug)]
pub struct Tickets {
    sealed: Sealed,
    used: Mutex<Used>,
    /// Who is asked about those whom he knows by each request.
    forward: Option<Arc<dyn Authority>>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    id: u64,
    /// Until when it is good, in milliseconds of Unix time.
    until: i64,
    workspace: Option<Box<str>>,
    workflow: Option<Box<str>>,
    who: Who,
}

#[derive(Serialize, Deserialize)]
enum Who {
    /// This one, who may read.
    Held(Held),
    /// Whoever is known by these `Authorization` and `Cookie`.
    Asks(Vec<Box<str>>, Vec<Box<str>>),
}

impl Tickets {
    /// Those of this secret.
    pub fn new(secrets: &Secrets) -> Self {
        let sealed = Sealed::new(secrets, "log-server ticket");
        Self { sealed, used: Mutex::default(), forward: None }
    }

    /// Asks `forward` about those whom he knows by each request, when they use their ticket.
    #[must_use]
    pub fn asking(self, forward: Arc<dyn Authority>) -> Self {
        Self { forward: Some(forward), ..self }
    }

    /// A ticket for someone who has brought these credentials, for a place or for wherever he may.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn give(
        &self,
        caller: &Caller,
        credentials: &Credentials,
        place: Place,
    ) -> Result<String, Unspecified> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(|_| Unspecified)?;
        let until = Timestamp::now().saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
        let Place { workspace, workflows } = place;
        let workflow = match workflows {
            Workflows::One(name) => Some(name),
            Workflows::Some | Workflows::All | Workflows::Several(_) => None,
        };
        let who = match caller.known_by {
            KnownBy::Forward => {
                let of = |name| {
                    let values = credentials.headers.get_all(name).into_iter();
                    values.filter_map(|value| value.to_str().ok()).map(Box::from).collect()
                };
                Who::Asks(of(AUTHORIZATION), of(COOKIE))
            }
            _ => Who::Held(Held::of(&reading(caller.clone()))),
        };
        let (id, until) = (u64::from_be_bytes(id), until.as_millisecond());
        let written = Written { id, until, workspace, workflow, who };
        self.sealed.seal(&serde_json::to_vec(&written).map_err(|_| Unspecified)?)
    }

    /// Whose ticket it is, if it is good here. It is used by that.
    async fn take(&self, ticket: &str, place: &Place) -> Result<Option<Caller>, Denied> {
        let text = self.sealed.open(ticket);
        let written = text.and_then(|text| serde_json::from_slice::<Written>(&text).ok());
        let Written { id, until, workspace, workflow, who } = written.ok_or_else(|| {
            Denied::new(Reason::Unknown, "this ticket is none of this server; ask for a new one")
        })?;
        let now = Timestamp::now().as_millisecond();
        if until <= now {
            let words = "the ticket is over: it is good for 30 seconds; ask for a new one";
            return Err(Denied::new(Reason::Expired, words));
        }
        let is_for_workflow = workflow.is_none_or(|bound| place.workflows == Workflows::One(bound));
        if workspace.is_some() && workspace != place.workspace || !is_for_workflow {
            return Err(Denied::new(Reason::Forbidden, "the ticket is for another place"));
        }
        self.used.lock().unwrap_or_else(PoisonError::into_inner).note(id, until, now)?;
        match who {
            Who::Held(held) => Ok(Some(held.caller(KnownBy::Ticket))),
            Who::Asks(authorization, cookies) => {
                let Some(forward) = &self.forward else { return Ok(None) };
                let credentials =
                    Credentials { headers: headers(authorization, cookies), ticket: None };
                let caller = forward.identify(&credentials, Right::Read, place).await?;
                Ok(caller.map(|caller| Caller {
                    known_by: KnownBy::Ticket,
                    ask_with: Some(Arc::new(credentials)),
                    ..reading(caller)
                }))
            }
        }
    }
}

impl Authority for Tickets {
    fn identify<'a>(
        &'a self,
        credentials: &'a Credentials,
        _: Right,
        place: &'a Place,
    ) -> Identified<'a> {
        Box::pin(async {
            match &credentials.ticket {
                Some(ticket) => self.take(ticket, place).await,
                None => Ok(None),
            }
        })
    }
}

/// The same one, of whose rights only that to read is left.
fn reading(caller: Caller) -> Caller {
    let read = caller.grants.0.into_iter().filter(|grant| grant.rights.has(Right::Read));
    let grants = read.map(|grant| Grant { rights: Rights::from_iter([Right::Read]), ..grant });
    Caller { grants: Grants(grants.collect()), ..caller }
}

fn headers(authorization: Vec<Box<str>>, cookies: Vec<Box<str>>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, texts) in [(AUTHORIZATION, authorization), (COOKIE, cookies)] {
        for value in texts.iter().filter_map(|text| HeaderValue::from_str(text).ok()) {
            headers.append(&name, value);
        }
    }
    headers
}

/// Tickets that were used and are not over, in the order in which they came.
#[derive(Debug, Default)]
struct Used {
    ids: HashSet<u64>,
    order: VecDeque<(u64, i64)>,
}

impl Used {
    /// Notes that one is used.
    fn note(&mut self, id: u64, until: i64, now: i64) -> Result<(), Denied> {
        // All are good for the same time, so the oldest are over first, but for some moments.
        while let Some((over, _)) = self.order.front().filter(|(_, until)| *until <= now) {
            self.ids.remove(over);
            self.order.pop_front();
        }
        if self.ids.contains(&id) {
            let words = "the ticket was used; it is good for once: ask for a new one";
            return Err(Denied::new(Reason::Unknown, words));
        }
        if self.ids.len() >= MOST_USED {
            let words = "too many tickets are used at the moment; try again in a few seconds";
            return Err(Denied::new(Reason::Unavailable, words));
        }
        self.ids.insert(id);
        self.order.push_back((id, until));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_is_remembered_until_it_is_over_and_no_more_than_fits() {
        let mut used = Used::default();
        for id in 0..MOST_USED as u64 {
            used.note(id, 30, 0).unwrap();
        }
        assert_eq!(used.note(7, 30, 29).unwrap_err().reason, Reason::Unknown);
        assert_eq!(used.note(u64::MAX, 30, 29).unwrap_err().reason, Reason::Unavailable);
        used.note(u64::MAX, 60, 30).unwrap();
        assert_eq!((used.ids.len(), used.order.len()), (1, 1));
    }
}
