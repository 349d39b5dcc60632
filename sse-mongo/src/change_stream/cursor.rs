//! The server's side of a change stream, and waiting for it.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{RawDocumentBuf, doc};
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor};
use tokio::time::timeout;

use super::pipeline::{Care, Wanted, command};
use crate::position::commit::ClusterTime;
use crate::server::connection::{Connection, answered, retried};
use crate::server::error::Error;
use crate::server::operation::Operation;
use crate::server::turns::driven;

/// How long the server waits for news before it answers that there are none.
const AWAIT: Duration = Duration::from_secs(1);
/// How long after that it is asked whether it is still at it.
const SILENCE: Duration = Duration::from_secs(5);

pub(super) struct Cursor {
    connection: Connection,
    /// Names it among the server's operations.
    comment: String,
    /// Not while it is asked; what was not waited for to the end does not go on.
    replies: Option<RawBatchCursor>,
}

impl Cursor {
    /// The server answers this at once, however much there is to read.
    pub(super) async fn open(
        connection: &Connection,
        from: ClusterTime,
        tail: bool,
        care: Care,
    ) -> Result<Self, Error> {
        let comment = format!("gapless-sse-mongo {}", ObjectId::new());
        let wanted = Wanted { from, tail, comment: &comment };
        let command = RawDocumentBuf::try_from(&command(connection, &wanted))
            .map_err(|_| Error::Answer { operation: Operation::Changes, what: "valid name" })?;
        let batch_size = match care {
            Care::Usual => connection.options.batch_size.max(1),
            Care::OneByOne => 1,
        };
        let (db, said) = (connection.db.clone(), comment.clone());
        let open = driven(retried(move || {
            let (db, command, said) = (db.clone(), command.clone(), said.clone());
            async move {
                let opened = db.run_raw_cursor_command(command).max_time(AWAIT).comment(said);
                opened.batch_size(batch_size).batch().await
            }
        }));
        let _timed = connection.stats.timed(Operation::Changes);
        let replies = Some(answered(Operation::Changes, open).await?);
        Ok(Self { connection: connection.clone(), comment, replies })
    }

    /// The next reply, after a first one without events. As long as the server works for it, it is
    /// waited for: it may have much to look through, and whoever begins again begins at the start.
    pub(super) async fn next(&mut self) -> Result<RawBatch, Error> {
        let further = || Error::Answer { operation: Operation::Changes, what: "further batch" };
        let mut replies = self.replies.take().ok_or_else(further)?;
        let next = driven(async move { (replies.next().await, replies) });
        let mut next = pin!(next);
        let mut waits = 0;
        let (next, replies) = loop {
            if let Ok(next) = timeout(AWAIT + SILENCE, &mut next).await {
                break next;
            }
            if !is_worked_for(&self.connection, &self.comment).await {
                return Err(Error::TimedOut(Operation::Changes));
            }
            waits += 1;
            // After six seconds, a quarter of a minute, half a minute, and so on.
            if u32::is_power_of_two(waits) {
                tracing::warn!(
                    collection = self.connection.name,
                    seconds = (AWAIT + SILENCE).as_secs() * u64::from(waits),
                    "the server is still looking for changes in its oplog, and goes on",
                );
            }
        };
        self.replies = Some(replies);
        next.ok_or_else(further)?.map_err(|error| Error::server(Operation::Changes, error))
    }
}

/// Whether the server has an operation with this comment under way. Of its own operations, every
/// user may ask.
async fn is_worked_for(connection: &Connection, comment: &str) -> bool {
    let ours = [
        doc! { "command.comment": comment },
        doc! { "cursor.originatingCommand.comment": comment },
    ];
    let asked = doc! { "currentOp": 1, "$ownOps": true, "$or": ours.to_vec() };
    let found = connection.run_on_admin(Operation::Changes, asked).await;
    let found = found.inspect_err(|error| tracing::debug!(%error, "what goes on is not told"));
    found.is_ok_and(|found| found.get_array("inprog").is_ok_and(|all| !all.is_empty()))
}
