//! The ids of several logs: a part for each, with its name.
//!
//! `orders=AbC…~bills=XyZ…`: the parts are the ids of the logs themselves, sealed by each.

use super::names::{MOST, is_name};
use crate::wire::EventId;

const BETWEEN: char = '~';

/// How many bytes are carried along of logs that are not there.
const MOST_CARRIED: usize = 4096;

/// The parts of an id by name, each with the mark between the two; `None` if it is none of several
/// logs. A part counts once.
pub(super) fn split<'i>(id: &'i str, marks: &[char]) -> Option<Vec<(&'i str, char, &'i str)>> {
    let mut parts: Vec<(&str, char, &str)> = Vec::new();
    for part in id.split(BETWEEN) {
        let at = part.find(marks)?;
        let (name, rest) = part.split_at(at);
        let mut rest = rest.chars();
        let mark = rest.next()?;
        let known = parts.iter().any(|(known, ..)| *known == name);
        if known || !is_name(name) || parts.len() == MOST {
            return None;
        }
        parts.push((name, mark, rest.as_str()));
    }
    Some(parts)
}

/// One id of these parts.
pub(super) fn join<'i>(parts: impl IntoIterator<Item = (&'i str, char, &'i str)>) -> EventId {
    let mut id = String::new();
    for (name, mark, part) in parts {
        if !id.is_empty() {
            id.push(BETWEEN);
        }
        id.extend([name, mark.encode_utf8(&mut [0; 4]), part]);
    }
    // Names and sealed parts hold no line break.
    EventId::new(id).unwrap_or_default()
}

/// Where each of several logs stands for one client.
#[derive(Debug, Default)]
pub(super) struct Positions {
    parts: Vec<(Box<str>, Option<Box<str>>)>,
    /// How many of the first parts are of logs that are there. The others are carried along: should
    /// such a log be there again, it goes on where it was.
    there: usize,
}

impl Positions {
    /// Those of an id that a client has brought, and what each log of these names is to go on from.
    pub(super) fn new<'n>(
        names: impl IntoIterator<Item = &'n str>,
        brought: Option<&EventId>,
    ) -> (Self, Vec<Option<EventId>>) {
        let id = brought.filter(|id| !id.as_str().is_empty());
        let split = id.map(|id| split(id.as_str(), &['=']));
        let mut positions = Self::default();
        let mut after = Vec::new();
        for name in names {
            after.push(match (&split, id) {
                (Some(Some(parts)), _) => {
                    let part = parts.iter().find(|(known, ..)| *known == name);
                    part.and_then(|(_, _, part)| EventId::new(*part).ok())
                }
                // It is none of ours: each log says so.
                (Some(None), Some(id)) => Some(id.clone()),
                _ => None,
            });
            let part = after.last().and_then(Option::as_ref);
            let part =
                split.as_ref().and_then(Option::as_ref).and(part).map(|id| id.as_str().into());
            positions.parts.push((name.into(), part));
        }
        positions.there = positions.parts.len();
        let mut carried = 0;
        for (name, _, part) in split.flatten().into_iter().flatten() {
            carried += name.len() + part.len();
            if positions.parts.iter().all(|(known, _)| **known != *name) && carried <= MOST_CARRIED
            {
                positions.parts.push((name.into(), Some(part.into())));
            }
        }
        (positions, after)
    }

    /// The names of logs that the client knows and that are not there.
    pub(super) fn carried(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().skip(self.there).map(|(name, _)| &**name)
    }

    pub(super) fn name(&self, log: usize) -> &str {
        self.parts.get(log).map_or("", |(name, _)| name)
    }

    /// What stands before and after the part of this log in an id, while the others do not move.
    pub(super) fn around(&self, log: usize) -> (String, String) {
        let (mut before, mut after) = (String::new(), String::new());
        for (at, (name, part)) in self.parts.iter().enumerate() {
            let Some(part) = part.as_deref().filter(|_| at != log) else { continue };
            if at < log {
                before.extend([name, "=", part, "~"]);
            } else {
                after.extend(["~", name, "=", part]);
            }
        }
        (before, after)
    }

    /// The log stands here now, or nowhere if that is empty.
    pub(super) fn set(&mut self, log: usize, part: &str) {
        if let Some((_, known)) = self.parts.get_mut(log) {
            *known = (!part.is_empty()).then(|| part.into());
        }
    }
}
