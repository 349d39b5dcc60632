//! Counts that were found a moment ago, and those that are being found.

use std::sync::Arc;
use std::time::Duration;

use gapless_sse_core::follow::Scope;
use moka::sync::Cache;
use tokio::sync::OnceCell;

use crate::logs::Logs;
use crate::search::{Effort, Search};
use crate::store::{Store, Tally, TallyQuery};

/// How old a figure may be.
const KEPT: Duration = Duration::from_secs(5);

/// How many cells of answers are kept, in all.
const MOST_KEPT: u64 = 200_000;

/// Counts that were found a moment ago: equal questions at the same time are asked once.
#[derive(Clone, Debug)]
pub struct KnownCounts {
    effort: Effort,
    known: Cache<Question, Arc<OnceCell<Arc<Tally>>>>,
}

/// What is counted, and for how long stretches of time, in milliseconds. Whose rows are counted is a
/// part of the search.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) scope: Scope<Search>,
    pub(super) every: i64,
}

impl KnownCounts {
    /// Those for which so much is looked at at most.
    pub fn new(effort: Effort) -> Self {
        let cells = |_: &Question, cell: &Arc<OnceCell<Arc<Tally>>>| {
            let cells = cell.get().map_or(0, |tally| tally.rows.len());
            u32::try_from(cells).unwrap_or(u32::MAX).saturating_add(1)
        };
        let known = Cache::builder().max_capacity(MOST_KEPT).weigher(cells).time_to_live(KEPT);
        Self { effort, known: known.build() }
    }

    /// Counts, or answers what was counted a moment ago.
    pub(super) async fn of<S: Store>(
        &self,
        logs: &Logs<S>,
        question: Question,
    ) -> Result<Arc<Tally>, Box<S::Error>> {
        let cell = self.known.get_with(question.clone(), Arc::default);
        let query = TallyQuery { every: Some(question.every), effort: self.effort };
        let known = cell.initialized();
        let found = cell.get_or_try_init(async || {
            let tally = logs.source().tally(&question.scope, &query).await?;
            Ok::<_, Box<S::Error>>(Arc::new(tally))
        });
        let tally = Arc::clone(found.await?);
        // It is weighed, and as old as its answer, from now on.
        if !known {
            self.known.insert(question, cell);
        }
        Ok(tally)
    }
}
