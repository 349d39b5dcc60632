//! What was taken back, in memory.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access::Caller;

/// How many tokens and sessions are remembered.
const MOST: usize = 100_000;

/// How many sessions of one user that he has ended himself.
const MOST_OF_ONE: usize = 1000;

/// Something to take back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Revoke {
    /// A token, or a session, and all that was made from it.
    Credential(Box<str>),
    /// All that this user was given until now.
    User(Box<str>),
    /// All that anybody was given until now.
    All(bool),
    /// A session that its user has ended.
    Session {
        /// Its id.
        id: Box<str>,
        /// Whose it was.
        user: Box<str>,
        /// When it would have ended by itself.
        until: Timestamp,
    },
}

/// Something that was taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// What it was.
    #[serde(flatten)]
    pub what: Revoke,
    /// When.
    pub at: Timestamp,
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
        match &revocation.what {
            Revoke::Session { user, .. } => {
                let of_user = |entry: &&Revocation| match &entry.what {
                    Revoke::Session { user: other, until, .. } => other == user && *until > now,
                    _ => false,
                };
                if self.credentials.values().filter(of_user).count() >= MOST_OF_ONE {
                    return Err(Full::OfOne);
                }
                self.make_room(now)?;
            }
            Revoke::Credential(_) => self.make_room(now)?,
            Revoke::User(_) | Revoke::All(_) => {}
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
            Revoke::Credential(id) | Revoke::Session { id, .. } => {
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

    /// Forgets sessions that would have ended by now.
    fn forget(&mut self, now: Timestamp) {
        self.credentials.retain(|_, entry| is_good(entry, now));
    }

    pub(super) fn hold(&self, caller: &Caller) -> bool {
        let by_id = |id: &str| self.credentials.contains_key(id);
        let until = self.users.get(&caller.user).copied().max(self.all);
        by_id(&caller.credential)
            || caller.made_from.as_deref().is_some_and(by_id)
            || until.is_some_and(|until| caller.issued.is_none_or(|issued| issued <= until))
    }

    pub(super) fn list(&self, now: Timestamp) -> Vec<Revocation> {
        let credentials = self.credentials.values().filter(|entry| is_good(entry, now)).cloned();
        let users = self.users.iter();
        let users =
            users.map(|(user, at)| Revocation { what: Revoke::User(user.clone()), at: *at });
        let all = self.all.map(|at| Revocation { what: Revoke::All(true), at });
        let mut listed: Vec<_> = credentials.chain(users).chain(all).collect();
        listed.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        listed
    }
}

fn is_good(entry: &Revocation, now: Timestamp) -> bool {
    !matches!(entry.what, Revoke::Session { until, .. } if until <= now)
}
