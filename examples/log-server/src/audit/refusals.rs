//! Keeps what did nothing, of which anyone can cause any number, from filling the audit.

use std::collections::HashMap;
use std::mem::take;
use std::time::{Duration, Instant};

use super::{Entry, Event, Origin};

/// For how long they are counted together.
const TIME: Duration = Duration::from_secs(60);

/// How many entries of one caller are written in this time, and how many of all callers.
const OF_ONE: u64 = 60;
const OF_ALL: u64 = 300;

/// Of how many callers each is named with how many more there were.
const NAMED: usize = 500;

/// What did nothing, in the time that runs. Strangers leave those room whom the server knows.
#[derive(Debug)]
pub(super) struct Refusals {
    since: Instant,
    strangers: Group,
    users: Group,
}

/// A user, if that is known, and an address.
type Who = (Option<String>, Option<String>);

#[derive(Debug, Default)]
struct Group {
    callers: HashMap<Who, Counted>,
    /// Callers beyond those that are named.
    others: Counted,
    written: u64,
}

#[derive(Debug, Default)]
struct Counted {
    written: u64,
    more: u64,
}

impl Refusals {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), strangers: Group::default(), users: Group::default() }
    }

    /// Whether one is written. If not, it is counted.
    pub(super) fn takes(&mut self, origin: &Origin) -> bool {
        let known = origin.user.is_some();
        let group = if known { &mut self.users } else { &mut self.strangers };
        group.takes((origin.user.clone(), origin.address.clone()))
    }

    /// How many were not written, of each caller, once the time is over.
    pub(super) fn due(&mut self) -> Vec<Entry> {
        if self.since.elapsed() < TIME { Vec::new() } else { self.end() }
    }

    /// The same, before that.
    pub(super) fn end(&mut self) -> Vec<Entry> {
        self.since = Instant::now();
        [&mut self.users, &mut self.strangers].into_iter().flat_map(Group::end).collect()
    }
}

impl Group {
    fn takes(&mut self, who: Who) -> bool {
        let named = self.callers.len() < NAMED || self.callers.contains_key(&who);
        let caller = if named { self.callers.entry(who).or_default() } else { &mut self.others };
        let written = caller.written < OF_ONE && self.written < OF_ALL;
        if written {
            caller.written += 1;
            self.written += 1;
        } else {
            caller.more += 1;
        }
        written
    }

    fn end(&mut self) -> impl Iterator<Item = Entry> + use<> {
        let Self { callers, others, .. } = take(self);
        let all = callers.into_iter().chain([(Who::default(), others)]);
        all.filter(|(_, counted)| counted.more > 0).map(|((user, address), counted)| Entry {
            origin: Origin { user, address, ..Origin::default() },
            more: Some(counted.more),
            ..Entry::new(Event::Refused)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(user: Option<&str>, address: u64) -> Origin {
        let (user, address) = (user.map(str::to_owned), Some(address.to_string()));
        Origin { user, address, ..Origin::default() }
    }

    #[test]
    fn a_flood_leaves_room_for_others_and_is_counted() {
        let mut refusals = Refusals::new();
        let flood = |refusals: &mut Refusals, origin: &Origin| {
            (0..1000).filter(|_| refusals.takes(origin)).count() as u64
        };
        assert_eq!(flood(&mut refusals, &from(None, 1)), OF_ONE);
        assert_eq!(flood(&mut refusals, &from(None, 2)), OF_ONE);
        assert!(refusals.due().is_empty());
        let mut said: Vec<_> = refusals.end().into_iter().collect();
        said.sort_by_key(|entry| entry.origin.address.clone());
        for (entry, address) in said.iter().zip(["1", "2"]) {
            assert_eq!(entry.origin.address.as_deref(), Some(address));
            assert_eq!((entry.more, entry.event), (Some(1000 - OF_ONE), Event::Refused));
        }
        assert_eq!(said.len(), 2);
        assert!(refusals.end().is_empty());
        assert!(refusals.takes(&from(None, 1)), "a new time begins");
    }

    #[test]
    fn any_number_of_strangers_leave_few_lines_and_hide_nobody_who_is_known() {
        let mut refusals = Refusals::new();
        let strangers = 100_000;
        let written = (0..strangers).filter(|at| refusals.takes(&from(None, *at))).count() as u64;
        assert_eq!(written, OF_ALL.min(NAMED as u64 + OF_ONE));
        assert!(refusals.takes(&from(Some("ann"), 1)));
        let said = refusals.end();
        assert!(said.len() <= NAMED + 1, "{}", said.len());
        let more: u64 = said.iter().filter_map(|entry| entry.more).sum();
        assert_eq!(more + written, strangers);
    }
}
