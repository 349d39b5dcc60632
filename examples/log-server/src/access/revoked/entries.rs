//! What was taken back, in memory.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Caller;

/// How many tokens and sessions are remembered.
const MOST: usize = 100_000;

/// For how long after its end a token is remembered: clocks differ.
const KEPT: Duration = Duration::from_secs(3600);

/// How many sessions of one user that he has ended himself.
const MOST_OF_ONE: usize = 1000;

/// Something to take back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revoke {
    /// A token, or a session, and all that was made from it.
    Credential(Box<str>),
    /// All that this user was given until now.
    User(Box<str>),
    /// All that anybody was given until now.
    All(bool),
}

/// Something that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// What it was.
    #[serde(flatten)]
    pub what: Revoke,
    /// When.
    pub at: Timestamp,
    /// When it would have ended by itself, if that is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expires: Option<Timestamp>,
    /// The user, if it is his session and he has ended it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ended_by: Option<Box<str>>,
}

impl Revocation {
    /// Of this, now.
    pub fn new(what: Revoke) -> Self {
        Self { what, at: Timestamp::now(), expires: None, ended_by: None }
    }

    /// Whether what was taken back would still be good.
    fn matters(&self, now: Timestamp) -> bool {
        let end = self.expires.map(|end| end.saturating_add(KEPT).unwrap_or(Timestamp::MAX));
        end.is_none_or(|end| end > now)
    }
}

/// There are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// In all.
    #[error(
        "{MOST} tokens and sessions are taken back already; take all of a user back, or all of all, \
         which takes their place"
    )]
    InAll,
    /// Of one user.
    #[error(
        "{MOST_OF_ONE} of your sessions were ended and would still be good; wait for some to end"
    )]
    OfOne,
}

#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Tokens and sessions by their ids.
    credentials: HashMap<Box<str>, Revocation>,
    /// Until when what a user was given is taken back.
    users: HashMap<Box<str>, Timestamp>,
    all: Option<Timestamp>,
}

impl Entries {
    pub(super) fn of(listed: Vec<Revocation>, now: Timestamp) -> Self {
        let mut entries = Self::default();
        for revocation in listed {
            // What was taken back stays so, however many there are.
            entries.put(revocation);
        }
        entries.forget(now);
        entries
    }

    pub(super) fn add(&mut self, revocation: Revocation, now: Timestamp) -> Result<(), Full> {
        if let Some(user) = &revocation.ended_by {
            let ended =
                |entry: &&Revocation| entry.ended_by.as_ref() == Some(user) && entry.matters(now);
            if self.credentials.values().filter(ended).count() >= MOST_OF_ONE {
                return Err(Full::OfOne);
            }
        }
        if matches!(revocation.what, Revoke::Credential(_)) {
            self.make_room(now)?;
        }
        self.put(revocation);
        Ok(())
    }

    fn make_room(&mut self, now: Timestamp) -> Result<(), Full> {
        if self.credentials.len() >= MOST {
            self.forget(now);
        }
        if self.credentials.len() >= MOST { Err(Full::InAll) } else { Ok(()) }
    }

    fn put(&mut self, revocation: Revocation) {
        let at = revocation.at;
        match &revocation.what {
            Revoke::Credential(id) => {
                self.credentials.insert(id.clone(), revocation);
            }
            Revoke::User(user) => {
                let until = self.users.entry(user.clone()).or_insert(at);
                *until = at.max(*until);
            }
            Revoke::All(true) => {
                self.all = self.all.max(Some(at));
                // What was given out before is taken back by that alone.
                self.users.retain(|_, until| *until > at);
            }
            Revoke::All(false) => {}
        }
    }

    /// Forgets what would have ended by now.
    fn forget(&mut self, now: Timestamp) {
        self.credentials.retain(|_, entry| entry.matters(now));
    }

    pub(super) fn hold(&self, caller: &Caller) -> bool {
        let by_id = |id: &str| self.credentials.contains_key(id);
        let until = self.users.get(&caller.user).copied().max(self.all);
        by_id(&caller.credential)
            || caller.made_from.as_deref().is_some_and(by_id)
            || until.is_some_and(|until| caller.issued.is_none_or(|issued| issued <= until))
    }

    pub(super) fn list(&self, now: Timestamp) -> Vec<Revocation> {
        let credentials = self.credentials.values().filter(|entry| entry.matters(now)).cloned();
        let users = self.users.iter();
        let of = |what, at| Revocation { at, ..Revocation::new(what) };
        let users = users.map(|(user, at)| of(Revoke::User(user.clone()), *at));
        let all = self.all.map(|at| of(Revoke::All(true), at));
        let mut listed: Vec<_> = credentials.chain(users).chain(all).collect();
        listed.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        listed
    }
}
