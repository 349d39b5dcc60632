//! What a hub publishes: events, and records that came late.

use std::collections::BTreeSet;

use super::filter::Filter;
use super::topic::{Scope, Topic};
use crate::wire::{Encoded, Event, EventId, EventType};

/// An event that a hub publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication<P, M = ()> {
    /// What it belongs to.
    pub topic: Topic,
    /// Where it stands in the log.
    pub position: P,
    /// What filters look at.
    pub mark: M,
    /// Its bytes.
    pub frame: Encoded,
}

impl<P, M> Publication<P, M> {
    /// What it takes of a ring: its bytes, and about so much for the rest.
    pub(crate) fn weight<F: Filter<Mark = M>>(&self) -> usize {
        weight::<F>(&self.mark, &self.frame)
    }
}

/// Records of one space that came too late for their place, as a hub hands them to the readers
/// of their topics.
///
/// Each reader is given a `gap` that tells how many of them are for it, and then those, all in one
/// piece. The records have no ids. The gap has one, of the position up to which the log was read
/// when they were found: a client that comes back with it is not given them again.
///
/// ```
/// use gapless_sse_core::{Event, EventId, Encoded};
/// use gapless_sse_core::follow::internals::Late;
/// use gapless_sse_core::follow::{Scope, Topic};
///
/// let record = Encoded::from(Event::new("a line").event_type(Late::<()>::EVENT_TYPE));
/// let topic = Topic::new("etl", "orders");
/// let late = Late { id: EventId::new("41")?, records: vec![(topic, (), record)] };
/// let mut frames = Vec::new();
/// late.frames(&Scope::new("etl", ["orders", "stock"]), &mut frames);
/// let bytes = Encoded::merge(&frames);
/// assert_eq!(
///     bytes.as_ref(),
///     b"event: gap\nid: 41\ndata: {\"late\":1}\n\nevent: late\ndata: a line\n\n",
/// );
/// # Ok::<(), gapless_sse_core::InvalidField>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late<M = ()> {
    /// The id of the position at which they were found, as all streams of the space have it.
    pub id: EventId,
    /// What each belongs to, what filters look at, and its bytes.
    pub records: Vec<(Topic, M, Encoded)>,
}

const GAP: EventType = EventType::from_static("gap");

impl<M> Late<M> {
    /// The type of an event whose record came late.
    pub const EVENT_TYPE: EventType = EventType::from_static("late");

    /// Appends the gap and the records that are in `scope`; nothing if there are none.
    pub fn frames<F: Filter<Mark = M>>(&self, scope: &Scope<F>, frames: &mut Vec<Encoded>) {
        let start = frames.len();
        let admitted = self
            .records
            .iter()
            .filter(|(topic, mark, _)| scope.contains(topic) && scope.filter().admits(mark));
        frames.extend(admitted.map(|(_, _, frame)| frame.clone()));
        let count = frames.len() - start;
        if count > 0 {
            frames.insert(start, gap(count, self.id.clone()));
        }
    }

    /// What they belong to, each once.
    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        let topics: BTreeSet<_> = self.records.iter().map(|(topic, ..)| topic).collect();
        topics.into_iter()
    }

    pub(crate) fn weight<F: Filter<Mark = M>>(&self) -> usize {
        self.records.iter().map(|(_, mark, frame)| weight::<F>(mark, frame)).sum()
    }
}

/// Announces records that came late.
pub(crate) fn gap(late: usize, id: EventId) -> Encoded {
    Event::new(format!("{{\"late\":{late}}}")).event_type(GAP).event_id(id).into()
}

fn weight<F: Filter>(mark: &F::Mark, frame: &Encoded) -> usize {
    const REST: usize = 128;
    frame.len() + REST + F::weight(mark)
}
