//! The changes of the collection, by a change stream.

use std::time::Duration;

use futures_util::StreamExt;
use mongodb::bson::{Document, RawBsonRef, RawDocument, RawDocumentBuf, Timestamp, doc};
use mongodb::raw_batch_cursor::RawBatchCursor;

use crate::polling::poll::Poll;
use crate::position::commit::{ClusterTime, Position};
use crate::position::key::Key;
use crate::records::{ChangeBatch, Records};
use crate::server::connection::{Connection, answered, within};
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::server::turns::driven;

/// How long the server waits for news before it answers that there are none.
const AWAIT: Duration = Duration::from_secs(1);
/// How long after that its answer is given up.
const SILENCE: Duration = Duration::from_secs(15);

/// The changes of the collection.
pub struct Changes<R>(Way<R>);

enum Way<R> {
    Stream(Box<ChangeStream<R>>),
    Poll(Box<Poll<R>>),
}

impl<R> Changes<R> {
    pub(crate) fn stream(stream: ChangeStream<R>) -> Self {
        Self(Way::Stream(Box::new(stream)))
    }

    pub(crate) fn poll(poll: Poll<R>) -> Self {
        Self(Way::Poll(Box::new(poll)))
    }

    /// From now on, how far these have come is how far the tail has.
    pub(crate) fn of_the_tail(mut self) -> Self {
        match &mut self.0 {
            Way::Stream(stream) => stream.tail = true,
            Way::Poll(poll) => poll.is_tail(),
        }
        self
    }

    pub(crate) async fn read(&mut self) -> Result<ChangeBatch<R>, Error> {
        match &mut self.0 {
            Way::Stream(stream) => stream.next().await,
            Way::Poll(poll) => poll.next().await,
        }
    }
}

/// A change stream over the collection. Its own loop, since the driver's decodes every event and
/// goes past those that it cannot.
pub(crate) struct ChangeStream<R> {
    records: Records<R>,
    /// Not while it is asked; what was not waited for to the end does not go on.
    server_cursor: Option<RawBatchCursor>,
    /// The last insert that was read, or everything before the place where the stream began.
    at: Place,
    /// What was consumed before the stream began.
    from: Place,
    through: Place,
    /// What ended the collection, once the inserts before it were handed out.
    ended: Option<String>,
    tail: bool,
}

/// The inserts at a cluster time, counted.
type Place = (ClusterTime, u32);

impl<R> ChangeStream<R> {
    /// The changes after the first `nth` inserts at `time`.
    pub(crate) async fn open(
        records: Records<R>,
        time: ClusterTime,
        nth: u32,
    ) -> Result<Self, Error> {
        let connection = &records.connection;
        let command = RawDocumentBuf::try_from(&command(connection, time))
            .map_err(|_| Error::Answer { operation: Operation::Changes, what: "valid name" })?;
        let db = connection.db.clone();
        let cursor =
            driven(async move { db.run_raw_cursor_command(command).max_time(AWAIT).batch().await });
        let timed = connection.stats.timed(Operation::Changes);
        let server_cursor = Some(answered(Operation::Changes, cursor).await?);
        drop(timed);
        let from = (time, nth);
        Ok(Self {
            records,
            server_cursor,
            at: (time, 0),
            from,
            through: from,
            ended: None,
            tail: false,
        })
    }

    pub(crate) async fn next(&mut self) -> Result<ChangeBatch<R>, Error> {
        if let Some(reason) = self.ended.take() {
            return Err(Error::Ended(reason));
        }
        let further = || Error::Answer { operation: Operation::Changes, what: "further batch" };
        let mut server_cursor = self.server_cursor.take().ok_or_else(further)?;
        let next = driven(async move { (server_cursor.next().await, server_cursor) });
        let (next, server_cursor) = within(Operation::Changes, AWAIT + SILENCE, next).await?;
        self.server_cursor = Some(server_cursor);
        let batch =
            next.ok_or_else(further)?.map_err(|error| Error::server(Operation::Changes, error))?;
        let reply = batch.as_raw_document();
        let events =
            batch.doc_slices().map_err(|error| Error::server(Operation::Changes, error))?;

        let mut changes = Vec::new();
        for event in events.into_iter().flatten().filter_map(RawBsonRef::as_document) {
            let time = cluster_time(event)?;
            if text(event, "operationType") != "insert" {
                self.ended = Some(text(event, "operationType").to_owned());
                self.records.connection.ended(time);
                break;
            }
            let place = if self.at.0 == time { (time, self.at.1 + 1) } else { (time, 1) };
            self.at = place;
            if place <= self.from {
                continue;
            }
            self.through = self.through.max(place);
            let Ok(record) = event.get_document("fullDocument") else { continue };
            let key = Key::of(record, &self.records.connection.options.fields.date);
            if let Some(entry) = self.records.entry(key, record) {
                changes.push((position(place), entry));
            }
        }
        match self.ended.take() {
            Some(reason) if changes.is_empty() => return Err(Error::Ended(reason)),
            ended => self.ended = ended,
        }
        // Everything before the time of the resume token has been handed out.
        if self.ended.is_none()
            && let Some(time) = resume_time(reply)
        {
            self.through = self.through.max((time, 0));
        }
        self.records.connection.advance(self.through.0.previous());
        if self.tail
            && let Ok(RawBsonRef::Timestamp(now)) =
                reply.get("operationTime").map(|time| time.unwrap_or(RawBsonRef::Null))
        {
            let age = ClusterTime::from(now).seconds().saturating_sub(self.through.0.seconds());
            self.records.connection.stats.heard(Duration::from_secs(age));
        }
        Ok(ChangeBatch { changes, late: Vec::new(), through: position(self.through) })
    }
}

fn position((time, nth): Place) -> Position {
    Position::commit(time, nth)
}

fn command(connection: &Connection, time: ClusterTime) -> Document {
    let start = Timestamp::from(time);
    // Whatever else happens to records is left out on the server; what ends the collection is not.
    let wanted = ["insert", "drop", "rename", "dropDatabase", "invalidate"];
    doc! {
        "aggregate": &connection.name,
        "pipeline": [
            { "$changeStream": { "startAtOperationTime": start } },
            { "$match": { "operationType": { "$in": wanted.to_vec() } } },
        ],
        "cursor": { "batchSize": i64::from(connection.options.batch_size) },
        "readConcern": { "level": "majority" },
    }
}

fn text<'a>(event: &'a RawDocument, field: &str) -> &'a str {
    event.get_str(field).unwrap_or_default()
}

fn cluster_time(event: &RawDocument) -> Result<ClusterTime, Error> {
    match event.get("clusterTime") {
        Ok(Some(RawBsonRef::Timestamp(time))) => Ok(time.into()),
        _ => Err(Error::Answer { operation: Operation::Changes, what: "clusterTime" }),
    }
}

fn resume_time(reply: &RawDocument) -> Option<ClusterTime> {
    let token = reply.get_document("cursor").ok()?.get_document("postBatchResumeToken").ok()?;
    ClusterTime::of_resume_token(token.get_str("_data").ok()?)
}
