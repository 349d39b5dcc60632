//! The changes of the SQLite log, in the order in which they were committed.

use std::time::Duration;

use gapless_sse_core::follow::{Batch, Changes};
use tokio::sync::watch;
use tokio::time::timeout;

use super::coordinates::Position;
use super::error::SqliteError;
use super::lives::Lives;
use super::places::Place;
use super::rows;
use super::store::SqliteStore;
use crate::access::RowFields;

/// Rows that are read at once.
const BATCH: usize = 1000;

/// Rows written by this process are noticed at once, those of another one within this time.
const LOOK: Duration = Duration::from_millis(200);

/// Reads on from a position.
#[derive(Debug)]
pub struct SqliteChanges {
    place: Place,
    from: Position,
    known: watch::Receiver<Lives>,
    fields: RowFields,
}

impl SqliteChanges {
    pub(super) fn new(
        place: Place,
        from: Position,
        known: watch::Receiver<Lives>,
        fields: RowFields,
    ) -> Self {
        Self { place, from, known, fields }
    }

    async fn read(&mut self) -> Result<Batch<SqliteStore>, SqliteError> {
        let (from, fields) = (self.from, self.fields.clone());
        self.known.mark_unchanged();
        let batch = self
            .place
            .ask("read what is new", move |file, _| rows::changes(file, from, BATCH, &fields))
            .await??;
        self.from = batch.through;
        Ok(batch)
    }
}

impl Changes<SqliteStore> for SqliteChanges {
    async fn next(&mut self) -> Result<Batch<SqliteStore>, SqliteError> {
        let batch = self.read().await?;
        if !batch.changes.is_empty() {
            return Ok(batch);
        }
        // Whether it was written to or not, looking again is right.
        let _ = timeout(LOOK, self.known.changed()).await;
        self.read().await
    }
}
