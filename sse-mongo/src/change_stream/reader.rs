//! Reading a change stream on, whatever is in it.

use std::time::Duration;

use gapless_sse_core::follow::Change;
use mongodb::bson::{RawBsonRef, RawDocument};
use mongodb::raw_batch_cursor::RawBatch;
use tokio::time::timeout;

use super::cursor::Cursor;
use super::event::{Event, cluster_time, resume_time};
use super::fetch::{Fetch, Place, position};
use super::pipeline::Care;
use crate::position::commit::{ClusterTime, Position};
use crate::position::key::Key;
use crate::records::{ChangeBatch, Records};
use crate::server::error::Error;
use crate::server::operation::Operation;

/// How many bytes of events are handed on at once, but for one that is larger.
const PIECE: usize = 1 << 20;
/// What an event counts whose record is fetched by itself.
const LARGE: usize = 16 << 20;
/// How many replies are read one by one before all is as usual again.
const CAREFUL: u32 = 64;
/// How long the stream may take to go on with care, before what was wrong is told.
const PATIENCE: Duration = Duration::from_secs(2);

/// The changes of the collection, by a change stream.
pub(crate) struct ChangeStream<R> {
    records: Records<R>,
    tail: bool,
    cursor: Cursor,
    care: Care,
    /// How many replies have come since care was taken.
    careful: u32,
    reply: Option<Reply>,
    /// The last insert that was read, or everything before the place where the stream began.
    at: Place,
    /// What was consumed before the stream began.
    from: Place,
    through: Place,
    /// How many events were left out that no reply can hold.
    lost: usize,
    /// What ended the collection, once the inserts before it were handed out.
    ended: Option<String>,
}

/// A reply of the server, of which so many events were handed on.
struct Reply {
    batch: RawBatch,
    read: usize,
}

/// What was read of a reply.
struct Piece<R> {
    changes: Vec<Change<Position, Key, R>>,
    fetches: Vec<Fetch>,
    read: usize,
    more: bool,
}

impl<R> ChangeStream<R> {
    /// The changes after the first `nth` of `time`. That of the tail counts what else happens to
    /// records.
    pub(crate) async fn open(
        records: Records<R>,
        time: ClusterTime,
        nth: u32,
        tail: bool,
    ) -> Result<Self, Error> {
        let care = Care::Usual;
        let cursor = Cursor::open(&records.connection, time, tail, care).await?;
        let from = (time, nth);
        Ok(Self {
            records,
            tail,
            cursor,
            care,
            careful: 0,
            reply: None,
            at: (time, 0),
            from,
            through: from,
            lost: 0,
            ended: None,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<ChangeBatch<R>, Error> {
        if let Some(reason) = self.ended.take() {
            return Err(Error::Ended(reason));
        }
        let reply = match self.reply.take() {
            Some(reply) => reply,
            None => Reply { batch: self.receive().await?, read: 0 },
        };
        self.hand_on(reply).await
    }

    async fn receive(&mut self) -> Result<RawBatch, Error> {
        if self.care != Care::Usual && self.careful >= CAREFUL {
            self.open_with(Care::Usual).await?;
        }
        let batch = match self.cursor.next().await {
            // It may be that no reply can hold all that comes next.
            Err(error) if self.care == Care::Usual && error.is_cut_off() => {
                if !matches!(timeout(PATIENCE, self.open_with(Care::OneByOne)).await, Ok(Ok(()))) {
                    return Err(error);
                }
                self.cursor.next().await?
            }
            reply => reply?,
        };
        self.careful = self.careful.saturating_add(1);
        Ok(batch)
    }

    /// Opens the stream anew where it is.
    async fn open_with(&mut self, care: Care) -> Result<(), Error> {
        let time = self.through.0;
        self.cursor = Cursor::open(&self.records.connection, time, self.tail, care).await?;
        (self.care, self.careful) = (care, 0);
        (self.from, self.at) = (self.through, (time, 0));
        Ok(())
    }

    /// Hands on a piece of a reply.
    async fn hand_on(&mut self, reply: Reply) -> Result<ChangeBatch<R>, Error> {
        let Piece { mut changes, fetches, read, more } = self.piece(&reply)?;
        if !fetches.is_empty() {
            let (fetched, lost) = self.records.fetch_changed(&fetches).await?;
            self.lost += lost;
            changes.extend(fetched);
            changes.sort_by(|(left, _), (right, _)| left.cmp(right));
        }
        let lost = std::mem::take(&mut self.lost);
        self.records.connection.stats.lost(lost);
        if changes.is_empty()
            && lost == 0
            && let Some(reason) = self.ended.take()
        {
            return Err(Error::Ended(reason));
        }
        let batch = reply.batch;
        if more {
            self.reply = Some(Reply { batch, read });
        } else if self.ended.is_none() {
            self.heard(batch.as_raw_document(), read == 0);
        }
        self.records.connection.advance(self.through.0.previous());
        let through = position(self.through);
        Ok(ChangeBatch { changes, late: Vec::new(), lost, through })
    }

    /// Reads a piece of a reply.
    fn piece(&mut self, reply: &Reply) -> Result<Piece<R>, Error> {
        let connection = self.records.connection.clone();
        let fields = &connection.options.fields;
        let most = connection.options.batch_size.max(1) as usize;
        let events = reply.batch.doc_slices();
        let events = events.map_err(|error| Error::server(Operation::Changes, error))?;
        let events = events.into_iter().flatten().filter_map(RawBsonRef::as_document);
        let mut events = events.skip(reply.read).peekable();
        let (mut changes, mut fetches) = (Vec::new(), Vec::new());
        let (mut count, mut bytes) = (0, 0);
        while let Some(event) = events.next_if(|_| bytes < PIECE && count < most) {
            (count, bytes) = (count + 1, bytes + event.as_bytes().len());
            let time = cluster_time(event)?;
            let event = Event::of(event, fields);
            if let Event::Changed(how) = event {
                connection.changed(how);
                continue;
            }
            if let Event::Ended(reason) = event {
                self.ended = Some(reason);
                connection.ended(time);
                break;
            }
            let place = if self.at.0 == time { (time, self.at.1 + 1) } else { (time, 1) };
            self.at = place;
            if place <= self.from {
                continue;
            }
            self.through = self.through.max(place);
            match event {
                Event::Inserted(record) => {
                    let key = Key::of(record, &fields.date);
                    if let Some(entry) = self.records.entry(key, record) {
                        changes.push((position(place), entry));
                    }
                }
                Event::Large(Some(id)) => {
                    bytes += LARGE;
                    fetches.push(Fetch { place, id, set: None });
                }
                Event::Joined { id: Some(id), set } => {
                    fetches.push(Fetch { place, id, set: Some(set) });
                }
                _ => self.lost += 1,
            }
        }
        let more = self.ended.is_none() && events.peek().is_some();
        Ok(Piece { changes, fetches, read: reply.read + count, more })
    }

    /// All of a reply was handed on.
    fn heard(&mut self, reply: &RawDocument, empty: bool) {
        if let Some(time) = resume_time(reply) {
            self.through = self.through.max((time, 0));
        }
        if empty && self.careful > 1 {
            // Whatever it was is behind.
            self.careful = CAREFUL;
        }
        if self.tail
            && let Ok(Some(RawBsonRef::Timestamp(now))) = reply.get("operationTime")
        {
            let age = ClusterTime::from(now).seconds().saturating_sub(self.through.0.seconds());
            self.records.connection.stats.heard(Duration::from_secs(age));
        }
    }
}
