//! Records to the events that streams carry.

use std::collections::BTreeMap;

use crate::follow::internals::{Late, LateRecord, Publication};
use crate::follow::panics::caught;
use crate::follow::{Change, Entry, Everything, FilterOf, Record, Seal, Source, Topic};
use crate::wire::{Encoded, Event, EventId};

/// How the records of a log become events.
///
/// A record whose own code panics cannot be shown: it is passed over for all streams, and a `gap`
/// stands in its place.
#[derive(Debug)]
pub(super) struct Encoding {
    pub(super) seal: Seal,
    /// Whether an event keeps the id that its record gives it.
    pub(super) record_ids: bool,
}

/// Records that cannot be shown.
#[derive(Debug, Default)]
pub(super) struct Losses {
    pub(super) count: usize,
    /// What the first of them belongs to, if that is known.
    pub(super) topic: Option<Topic>,
    /// Why the first of them cannot be shown.
    pub(super) reason: Option<String>,
}

impl Losses {
    fn add(&mut self, count: usize, topic: Option<&Topic>, reason: impl FnOnce() -> String) {
        self.count += count;
        if self.reason.is_none() {
            (self.topic, self.reason) = (topic.cloned(), Some(reason()));
        }
    }

    fn panicked(&mut self, topic: &Topic, words: &str) {
        self.add(1, Some(topic), || format!("its own code has panicked: {words}"));
    }
}

/// What a hub is to publish of a source's batch.
pub(super) type PublicationOf<S> = Publication<<S as Source>::Position, FilterOf<S>>;

/// What a hub is to publish of what came late.
pub(super) type LateOf<S> = Late<FilterOf<S>>;

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
        lost: &mut Losses,
    ) -> PublicationOf<S> {
        let Entry { topic, record, .. } = entry;
        let id = |position| self.seal.seal_live(epoch, position, topic.space());
        let shown = caught(|| {
            let frame = self.event(&record, || id(&position));
            let mark = record.mark_beside(&frame);
            Publication::new(topic.clone(), position.clone(), mark, frame)
        });
        drop_caught(record);
        match shown {
            Ok(shown) => shown,
            Err(words) => {
                let id = id(&position);
                lost.panicked(&topic, &words);
                Publication::lost(topic, position, id)
            }
        }
    }

    /// What a hub is to publish of those that came late, for each space, and that the source has
    /// passed over so many.
    pub(super) fn late<S: Source>(
        &self,
        epoch: u32,
        late: Vec<Entry<S::Key, S::Record>>,
        passed_over: usize,
        through: &S::Position,
        lost: &mut Losses,
    ) -> Vec<LateOf<S>> {
        let mut spaces: BTreeMap<String, Vec<_>> = BTreeMap::new();
        let mut gaps = Vec::new();
        for Entry { topic, record, .. } in late {
            let shown = caught(|| {
                let frame = late_event(&record);
                LateRecord::new(topic.clone(), record.mark_beside(&frame), frame)
            });
            drop_caught(record);
            match shown {
                Ok(record) => {
                    spaces.entry(topic.space().to_owned()).or_default().push(record);
                }
                Err(words) => {
                    lost.panicked(&topic, &words);
                    gaps.push(Late::lost(Some(topic), 1));
                }
            }
        }
        if passed_over > 0 {
            gaps.push(Late::lost(None, passed_over));
            lost.add(passed_over, None, || "the source has passed it over".to_owned());
        }
        let late = spaces.into_iter().map(|(space, records)| {
            let id = self.seal.seal_live(epoch, through, &space);
            Late::new(id, records)
        });
        gaps.into_iter().chain(late).collect()
    }
}

/// The event of a record that came late. Without an id, it moves no client's position.
pub(super) fn late_event(record: &impl Record) -> Encoded {
    let event = Event { id: None, ..record.event() };
    event.event_type(Late::<Everything>::EVENT_TYPE).into()
}

/// About how many bytes the event of `record` takes; none if it cannot be shown.
pub(super) fn about_bytes(record: &impl Record) -> usize {
    let bytes = || {
        let Event { comment, id, data, .. } = record.event();
        [comment, id, data].iter().flatten().map(|text| text.len()).sum()
    };
    caught(bytes).unwrap_or_default()
}

fn drop_caught(record: impl Record) {
    // The panic hook has said what there is to say.
    let _ = caught(|| drop(record));
}
