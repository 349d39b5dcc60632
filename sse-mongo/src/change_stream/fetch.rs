//! Records that are not in their events.

use gapless_sse_core::follow::{Change, Entry};
use mongodb::bson::{Bson, RawBsonRef};

use super::event::Set;
use crate::position::commit::{ClusterTime, Position};
use crate::position::key::Key;
use crate::records::Records;
use crate::server::error::Error;
use crate::server::operation::Operation;

/// The records that come to be in a log at a cluster time, counted.
pub(super) type Place = (ClusterTime, u32);

pub(super) fn position((time, nth): Place) -> Position {
    Position::commit(time, nth)
}

/// A record to be fetched by its id, since its event does not have it.
pub(super) struct Fetch {
    pub(super) place: Place,
    pub(super) id: Bson,
    /// What of its topic an update has set; none if it was inserted.
    pub(super) set: Option<Box<Set>>,
}

impl<R> Records<R> {
    /// As they were at the last of these events; and how many of them were inserted and are not
    /// there.
    pub(super) async fn fetch_changed(
        &self,
        fetches: &[Fetch],
    ) -> Result<(Vec<Change<Position, Key, R>>, usize), Error> {
        let fields = &self.connection.options.fields;
        let ids = fetches.iter().map(|fetch| fetch.id.clone()).collect();
        let at = fetches.last().map(|fetch| fetch.place.0);
        let batches = self.connection.with_ids(Operation::Changes, ids, at).await?;
        let (mut found, mut inserted) = (Vec::new(), 0);
        for batch in &batches {
            let records = batch.doc_slices().into_iter().flatten().filter_map(Result::ok);
            for record in records.filter_map(RawBsonRef::as_document) {
                let key = Key::of(record, &fields.date);
                let id = record.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
                for fetch in fetches.iter().filter(|fetch| Some(&fetch.id) == id.as_ref()) {
                    inserted += usize::from(fetch.set.is_none());
                    let entry = match &fetch.set {
                        None => self.entry(key.clone(), record),
                        Some(set) => set.topic(record, fields).and_then(|topic| {
                            let record = self.decode(record)?;
                            Some(Entry { topic, key: key.clone(), record })
                        }),
                    };
                    found.extend(entry.map(|entry| (position(fetch.place), entry)));
                }
            }
        }
        let wanted = fetches.iter().filter(|fetch| fetch.set.is_none()).count();
        Ok((found, wanted - inserted))
    }
}
