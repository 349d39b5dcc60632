//! Records to the events that streams carry.

use std::collections::BTreeMap;

use crate::follow::internals::{Late, Publication};
use crate::follow::{Change, Entry, MarkOf, Record, Seal, Source};
use crate::wire::{Encoded, Event, EventId};

/// How the records of a log become events.
#[derive(Debug)]
pub(super) struct Encoding {
    pub(super) seal: Seal,
    /// Whether an event keeps the id that its record gives it.
    pub(super) record_ids: bool,
}

impl Encoding {
    /// The event of `record`, with the id of its position.
    pub(super) fn event(&self, record: &impl Record, id: impl FnOnce() -> EventId) -> Encoded {
        let event = record.event();
        if self.record_ids && event.id.is_some() {
            return event.into();
        }
        event.event_id(id()).into()
    }

    /// What a hub is to publish of this change.
    pub(super) fn change<S: Source>(
        &self,
        epoch: u32,
        (position, entry): Change<S::Position, S::Key, S::Record>,
    ) -> Publication<S::Position, MarkOf<S>> {
        let Entry { topic, record, .. } = entry;
        let id = || self.seal.seal_live(epoch, &position, topic.space());
        let frame = self.event(&record, id);
        Publication { topic, position, mark: record.mark(), frame }
    }

    /// What a hub is to publish of those that came late, for each space.
    pub(super) fn late<S: Source>(
        &self,
        epoch: u32,
        late: Vec<Entry<S::Key, S::Record>>,
        through: &S::Position,
    ) -> Vec<Late<MarkOf<S>>> {
        let mut spaces: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for Entry { topic, record, .. } in late {
            let records = spaces.entry(topic.space().to_owned()).or_default();
            records.push((topic, record.mark(), late_event(&record)));
        }
        let encoded = spaces.into_iter().map(|(space, records)| {
            let id = self.seal.seal_live(epoch, through, &space);
            Late { id, records }
        });
        encoded.collect()
    }
}

/// The event of a record that came late. Without an id, it moves no client's position.
pub(super) fn late_event(record: &impl Record) -> Encoded {
    let event = Event { id: None, ..record.event() };
    event.event_type(Late::<()>::EVENT_TYPE).into()
}
