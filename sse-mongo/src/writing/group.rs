//! Requests that are written together, each of which gets an answer of its own.

use std::collections::VecDeque;

use mongodb::Collection;
use mongodb::bson::RawDocumentBuf;
use mongodb::error::{Error as DriverError, ErrorKind, InsertManyError};
use mongodb::options::WriteConcern;

use super::queue::Request;
use crate::server::error::{Error, is_passing};
use crate::server::operation::Operation;

/// Writes them in order. Behind a record that is refused, nothing of its own request is written,
/// and everything of the others.
pub(super) async fn write(collection: &Collection<RawDocumentBuf>, mut group: VecDeque<Request>) {
    let mut most = usize::MAX;
    while !group.is_empty() {
        let together = most.min(group.len());
        let records = group.iter().take(together).flat_map(|request| &request.records);
        let insert = collection.insert_many(records).write_concern(WriteConcern::majority());
        match insert.await {
            Ok(_) => group.drain(..together).for_each(|request| request.answer(Ok(()))),
            Err(error) if is_of_a_record(&error) => answer_up_to(&mut group, error),
            // All are refused for what one of them has.
            Err(error) if together > 1 && is_of_one(&error) => most = 1,
            Err(error) => {
                group.drain(..together).for_each(|request| request.answer(failed(&error)));
            }
        }
    }
}

/// Answers those that came before a record that was refused, and the one that it belongs to. The
/// others were not written.
fn answer_up_to(group: &mut VecDeque<Request>, mut error: DriverError) {
    while let Some(request) = group.pop_front() {
        let Some(insert) = refused(&mut error) else { return };
        let Some(first) = insert.write_errors.iter_mut().flatten().next() else { return };
        let records = request.records.len();
        if first.index < records {
            request.answer(failed(&error));
            return;
        }
        first.index -= records;
        let unsure = insert.write_concern_error.is_some();
        request.answer(if unsure { Err(Error::TimedOut(Operation::Append)) } else { Ok(()) });
    }
}

fn failed(error: &DriverError) -> Result<(), Error> {
    Err(Error::server(Operation::Append, error.clone()))
}

/// Whether a record was refused, up to which all were written.
fn is_of_a_record(error: &DriverError) -> bool {
    matches!(error.kind.as_ref(), ErrorKind::InsertMany(insert) if insert.write_errors.is_some())
}

fn refused(error: &mut DriverError) -> Option<&mut InsertManyError> {
    match error.kind.as_mut() {
        ErrorKind::InsertMany(insert) => Some(insert),
        _ => None,
    }
}

/// Whether nothing was written, and it may be for one of many records.
fn is_of_one(error: &DriverError) -> bool {
    let kind = error.kind.as_ref();
    matches!(
        kind,
        ErrorKind::Command(_) | ErrorKind::InvalidArgument { .. } | ErrorKind::BsonSerialization(_)
    ) && !is_passing(error)
}
