//! What a hub publishes: events, records that came late, and what is lost.

use crate::follow::filter::{Everything, Filter};
use crate::follow::topic::Topic;
use crate::wire::{Encoded, Event, EventId, EventType};

/// An event that a hub publishes.
#[derive(Debug)]
pub struct Publication<P, F: Filter = Everything> {
    pub(super) topic: Topic,
    pub(super) position: P,
    /// None if every filter admits it.
    pub(super) mark: Option<F::Mark>,
    pub(super) frame: Encoded,
    pub(super) weight: usize,
}

impl<P, F: Filter> Publication<P, F> {
    /// The bytes of an event, what it belongs to, where it stands in the log and what filters look
    /// at.
    pub fn new(topic: Topic, position: P, mark: F::Mark, frame: Encoded) -> Self {
        let weight = weight::<F>(&mark, &frame);
        Self { topic, position, mark: Some(mark), frame, weight }
    }

    /// Tells the readers of `topic`, whatever their filters, that the record at `position` cannot
    /// be shown. With the `id`, clients are past it when they come back.
    pub fn lost(topic: Topic, position: P, id: EventId) -> Self {
        let frame = Encoded::from(lost(1).event_id(id));
        let weight = frame.len() + REST;
        Self { topic, position, mark: None, frame, weight }
    }

    /// Where it stands in the log.
    pub fn position(&self) -> &P {
        &self.position
    }

    /// How many bytes it takes of a ring: its own, those of its mark, and about so much for the
    /// rest.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

/// What stands behind all other events of its position: that up to which the log was read when it
/// was found.
#[derive(Debug)]
pub struct Late<F: Filter = Everything> {
    pub(super) what: LateWhat<F>,
    weight: usize,
}

#[derive(Debug)]
pub(super) enum LateWhat<F: Filter> {
    Records {
        id: EventId,
        records: Vec<(Topic, F::Mark, Encoded)>,
    },
    /// Without a topic, it is for all of them.
    Lost {
        topic: Option<Topic>,
        frame: Encoded,
    },
}

/// A record that came too late for its place.
#[derive(Debug)]
pub struct LateRecord<F: Filter = Everything> {
    topic: Topic,
    mark: F::Mark,
    frame: Encoded,
    weight: usize,
}

impl<F: Filter> LateRecord<F> {
    /// What it belongs to, what filters look at, and the bytes of its event.
    pub fn new(topic: Topic, mark: F::Mark, frame: Encoded) -> Self {
        let weight = weight::<F>(&mark, &frame);
        Self { topic, mark, frame, weight }
    }
}

const GAP: EventType = EventType::from_static("gap");

impl<F: Filter> Late<F> {
    /// The type of an event whose record came late.
    pub const EVENT_TYPE: EventType = EventType::from_static("late");

    /// Records of one space. Each reader is given a `gap` that tells how many of them are for it,
    /// and then those, all in one piece. They have no ids. The gap has this one, of their position
    /// as all streams of the space have it: a client that comes back with it is not given them
    /// again.
    pub fn new(id: EventId, records: Vec<LateRecord<F>>) -> Self {
        let weight = records.iter().map(|record| record.weight).sum();
        let records = records.into_iter().map(|record| (record.topic, record.mark, record.frame));
        Self { what: LateWhat::Records { id, records: records.collect() }, weight }
    }

    /// Tells the readers of `topic`, or all there are, whatever their filters, that so many records
    /// cannot be shown.
    pub fn lost(topic: Option<Topic>, count: usize) -> Self {
        let frame = Encoded::from(lost(count));
        let weight = frame.len() + REST;
        Self { what: LateWhat::Lost { topic, frame }, weight }
    }

    /// How many bytes it takes of a ring.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

/// Announces records that came late.
pub(crate) fn gap(late: usize, id: EventId) -> Encoded {
    Event::new(format!("{{\"late\":{late}}}")).event_type(GAP).event_id(id).into()
}

/// Announces records that cannot be shown, without an id.
#[cfg(feature = "tokio")]
pub(crate) fn lost_gap(count: usize) -> Encoded {
    lost(count).into()
}

/// Announces a record that cannot be shown, which the client with this id is past.
#[cfg(feature = "tokio")]
pub(crate) fn lost_record(id: EventId) -> Encoded {
    lost(1).event_id(id).into()
}

/// Announces records that cannot be shown.
fn lost(count: usize) -> Event<'static> {
    Event::new(format!("{{\"lost\":{count}}}")).event_type(GAP)
}

/// What an event takes beside its bytes and its mark, about.
const REST: usize = 128;

fn weight<F: Filter>(mark: &F::Mark, frame: &Encoded) -> usize {
    frame.len() + REST + F::weight(mark)
}
