//! What a stream asks of the source, and what it waits for.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::budget::{HeldBytes, Reading};
use super::failure::{LogFailure, ask};
use super::inner::InUse;
use crate::follow::{
    Batch, Changes, FilterOf, FrontierOf, HistoryQuery, Page, Reset, Scope, SortOrder, Source,
};

/// What the piece that is sent of a page is taken to hold.
const PIECE: usize = 256 * 1024;
/// What a batch of changes is taken to hold.
const BATCH_BYTES: usize = 1024 * 1024;

/// How long the driver of a log has time to start before a stream calls it missing.
const START: Duration = Duration::from_secs(1);

type Asked<S, T> = Result<T, LogFailure<<S as Source>::Error>>;

/// What came of a question.
pub(super) enum Answer<S: Source> {
    Resumed(Asked<S, Result<FrontierOf<S>, Reset>>),
    Page(SortOrder, Asked<S, (Page<S>, HeldBytes)>),
    Changes(Asked<S, (Batch<S>, S::Changes, HeldBytes)>),
    /// The source was given time.
    Waited,
    /// The driver was given time to start.
    WaitedForDriver,
}

pub(super) async fn resume<S: Source>(log: Arc<InUse<S>>, frontier: FrontierOf<S>) -> Answer<S> {
    Answer::Resumed(ask(async { log.source.resume(frontier).await }).await)
}

pub(super) async fn history<S: Source>(
    log: Arc<InUse<S>>,
    scope: Scope<FilterOf<S>>,
    query: HistoryQuery<S::Position, S::Key>,
) -> Answer<S> {
    let order = query.order;
    // Beside what is read, there is the piece that is encoded of it.
    let bytes = if query.limit == 0 { 0 } else { query.max_bytes.saturating_add(PIECE) };
    let held = log.stream_budget.take(Reading::of(&scope), bytes).await;
    let page = ask(async { log.source.history(&scope, query).await }).await;
    Answer::Page(order, page.map(|page| (page, held)))
}

/// A batch of the changes after `from`, of those that are `open` there if there are any.
pub(super) async fn changes<S: Source>(
    log: Arc<InUse<S>>,
    from: S::Position,
    open: Option<S::Changes>,
) -> Answer<S> {
    let _turn = log.snapshot_refreshes.acquire().await;
    let held = log.stream_budget.take(Reading::Everything, BATCH_BYTES).await;
    let read = async {
        let mut changes = match open {
            Some(changes) => changes,
            None => log.source.changes(&from).await?,
        };
        let batch = changes.next().await?;
        Ok((batch, changes))
    };
    let read = ask(read).await;
    Answer::Changes(read.map(|(batch, changes)| (batch, changes, held)))
}

/// Gives the source time.
pub(super) async fn pause<S: Source>(wait: Duration) -> Answer<S> {
    sleep(wait).await;
    Answer::Waited
}

/// Gives the driver time to start.
pub(super) async fn driver<S: Source>() -> Answer<S> {
    sleep(START).await;
    Answer::WaitedForDriver
}
