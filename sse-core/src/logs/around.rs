//! The records around one.

use super::budget::HeldBytes;
use super::log::{Log, PageError};
use crate::follow::{Entry, FilterOf, Frontier, HistoryQuery, Page, Scope, SortOrder, Source};
use crate::wire::EventId;

/// A record, what stands around it in history, and where to go on from there: all of one snapshot.
#[derive(Debug)]
#[non_exhaustive]
pub struct LogAround<S: Source> {
    /// The record itself.
    pub record: S::Record,
    /// What stands right before it, in the order of history.
    pub before: Vec<S::Record>,
    /// What stands right behind it, in the order of history.
    pub after: Vec<S::Record>,
    /// The cursor of a [page](Log::page), in descending order, of what stands before all that, if
    /// there may be something.
    pub earlier: Option<EventId>,
    /// The cursor of a page, in ascending order, of what stands behind all that, if there may be
    /// something.
    pub later: Option<EventId>,
    /// A stream after this id delivers exactly what the snapshot did not hold.
    pub stream_position: EventId,
    /// The memory of all these records in the log's budget: keep it until they are sent.
    pub held: HeldBytes,
}

impl<S: Source> Log<S> {
    /// Reads the record of `scope` with this key, and up to `before` and `after` records around it;
    /// fewer where a filter leaves out much, or where they take about
    /// [`page_bytes`](crate::LogOptions::page_bytes). `scope` is to be of one topic, in which a key
    /// is of one record.
    ///
    /// There is none if history has no such record, or the filter of `scope` does not admit it.
    ///
    /// ```
    /// use gapless_sse_core::follow::{Scope, Seal, SortOrder, Topic};
    /// use gapless_sse_core::{Channel, Event, Log, LogOptions};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let lines = Channel::new(1_000);
    /// let (log, _driver) = Log::new(lines.clone(), Seal::random(), LogOptions::default());
    /// let scope = Scope::new("etl", ["orders"]);
    /// for line in ["1", "2", "3", "4", "5"] {
    ///     lines.publish(Topic::new("etl", "orders"), Event::new(line));
    /// }
    /// // A source knows its keys; this one is that of the second line.
    /// let page = log.page(&scope, None, SortOrder::Ascending, 2).await?;
    /// let key = page.more_after.ok_or("there are more")?;
    /// let around = log.around(&scope, &key, 5, 1).await?.ok_or("it is there")?;
    /// assert_eq!((around.before.len(), around.after.len()), (1, 1));
    /// assert!(around.earlier.is_none());
    /// let later = around.later.ok_or("there are more")?;
    /// let rest = log.page(&scope, Some(later.as_str()), SortOrder::Ascending, 9).await?;
    /// assert_eq!(rest.records.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As those of [`page`](Self::page).
    pub async fn around(
        &self,
        scope: &Scope<FilterOf<S>>,
        key: &S::Key,
        before: usize,
        after: usize,
    ) -> Result<Option<LogAround<S>>, PageError<S::Error>> {
        let source = self.source();
        let epoch = source.epoch().await.map_err(PageError::Source)?;
        let (held, bytes) = self.room(scope).await?;
        let query = HistoryQuery {
            as_of: None,
            after: Some(key.clone()),
            order: SortOrder::Ascending,
            // One more tells whether there is more.
            limit: after.saturating_add(1),
            max_bytes: bytes / 2,
        };
        let behind = source.history(scope, query.clone()).await.map_err(PageError::Source)?;
        let Page { as_of, mut entries, more_after: mut later, .. } = behind;
        // What is read back from here begins with the record itself, as the snapshot has it.
        let mut from = entries.first().map(|entry| entry.key.clone()).or_else(|| later.clone());
        let (mut back, mut earlier) = loop {
            let query = HistoryQuery {
                as_of: Some(as_of.clone()),
                after: from,
                order: SortOrder::Descending,
                limit: before.saturating_add(2),
                ..query
            };
            let page = source.history(scope, query).await.map_err(PageError::Source)?;
            let is_past = page.more_after.as_ref().is_none_or(|reached| reached <= key);
            if is_past || !page.entries.is_empty() {
                break (page.entries, page.more_after);
            }
            from = page.more_after;
        };
        if back.len() > before.saturating_add(1) {
            back.truncate(before + 1);
            earlier = back.last().map(|last| last.key.clone());
        }
        let mut back = back.into_iter();
        let Some(itself) = back.next().filter(|entry| entry.key == *key) else { return Ok(None) };
        if entries.len() > after {
            entries.truncate(after);
            later = Some(entries.last().map_or(key, |last| &last.key).clone());
        }
        let seal = self.sealing();
        let cursor =
            |after| seal.seal(epoch, &Frontier::History { as_of: as_of.clone(), after }, scope);
        let records = |entries: Vec<Entry<_, _>>| entries.into_iter().map(|entry| entry.record);
        Ok(Some(LogAround {
            record: itself.record,
            before: records(back.rev().collect()).collect(),
            after: records(entries).collect(),
            earlier: earlier.map(cursor),
            later: later.map(cursor),
            stream_position: seal.seal_live(epoch, &as_of, scope.space()),
            held,
        }))
    }
}
