//! One range of the index, as far as a step reads it.

use std::sync::Arc;
use std::time::Instant;

use gapless_sse_core::follow::{Filter, Record, Scope, SortOrder};

use super::matching::Matching;
use super::read::Read;
use super::scan::{SHORTEST, Step};
use super::search::Search;
use super::sizes;
use super::snapshot::fresh;
use crate::position::key::Key;
use crate::records::Records;
use crate::server::error::Error;
use crate::server::find::{Find, Found, Snapshot, What};
use crate::server::index::Index;
use crate::server::operation::Operation;
use crate::server::range::Range;
use crate::server::turns::Kind;

/// A part of which more is expected is large.
const LARGE: usize = 128 * 1024;

/// One range of the index as part of a step.
pub(crate) struct Part<R: Record> {
    pub(crate) records: Records<R>,
    pub(crate) index: Index,
    pub(crate) search: Search,
    pub(crate) scope: Scope<R::Filter>,
    pub(crate) step: Step,
    pub(crate) snapshot: Option<Snapshot>,
}

impl<R: Record> Part<R> {
    /// Reads it in one turn, and answers the snapshot that it is of too.
    ///
    /// Of pages, the turn lasts until the reply is made into records, so that no more of these are
    /// held than there are turns. Of searches, that may take long, and it ends with the reply.
    pub(crate) async fn read(
        mut self,
        mut range: Range,
    ) -> Result<(Read<R>, Option<Snapshot>), Error> {
        let turns = &self.records.connection.turns;
        let kind = self.kind();
        let mut turn = turns.take(kind).await;
        // How large it is may have turned out meanwhile.
        if self.kind() != kind {
            drop(turn);
            turn = turns.take(self.kind()).await;
        }
        let during = self.records.connection.during(turn);
        let afterwards = std::mem::replace(&mut self.records.connection, during);
        let (mut what, mut end) = (What::All, None);
        if let Some(query) = &self.search.query {
            what = What::Matching(query.clone());
            end = self.bound(&mut range).await?;
        }
        let found = self.find(range, &what, self.limit()).await?;
        let Self { mut records, scope, step, snapshot, .. } = self;
        let measured = sizes::topic(&scope);
        let sizes = Arc::clone(&records.sizes);
        if kind == Kind::Searches {
            records.connection = afterwards;
        }
        let matching = Matching {
            records,
            scope,
            found,
            room: step.room,
            until: step.until.max(Instant::now() + SHORTEST),
            read: Read::default(),
        };
        let mut read = matching.run(step.spent).await;
        sizes.learn(&measured, read.scanned, read.bytes);
        if read.more_after.is_none() && end.is_some() {
            read.scanned = step.keys;
            read.more_after = end;
        }
        Ok((read, snapshot))
    }

    fn kind(&self) -> Kind {
        if self.search.query.is_some() || !self.scope.filter().admits_all() {
            Kind::Searches
        } else if self.records.sizes.expected(&sizes::topic(&self.scope), self.limit()) > LARGE {
            Kind::LargePages
        } else {
            Kind::Pages
        }
    }

    fn limit(&self) -> usize {
        let fitting = self.records.sizes.fitting(&sizes::topic(&self.scope), self.step.bytes);
        self.step.records.min(fitting)
    }

    /// Ends a range where the server is to stop, and answers its last key, if there are more. Else
    /// the server would look at everything for the few that there are, and not say how far it has
    /// come.
    async fn bound(&mut self, range: &mut Range) -> Result<Option<Key>, Error> {
        let keys = What::Keys { skip: self.step.keys - 1 };
        let found = self.find(range.clone(), &keys, 2).await?;
        let date = &self.records.connection.options.fields.date;
        let mut keys = found.documents().map(|keys| Key::listed(keys, date));
        let (Some(last), Some(beyond)) = (keys.next(), keys.next()) else { return Ok(None) };
        match self.search.order {
            SortOrder::Ascending => range.before = Some(beyond),
            SortOrder::Descending => range.after = Some(beyond),
        }
        Ok(Some(last))
    }

    async fn find(&mut self, range: Range, what: &What, limit: usize) -> Result<Found, Error> {
        let Self { records, index, search, step, snapshot, .. } = self;
        let find = || {
            let (range, snapshot) = (range.clone(), *snapshot);
            let find = Find { index, range, order: search.order, limit, snapshot };
            find.run_for(&records.connection, Operation::History, what, step.max_time)
        };
        let found = match snapshot {
            Some(Snapshot::Fresh) => fresh(find).await?,
            _ => find().await?,
        };
        if let Some(time) = found.at {
            *snapshot = Some(Snapshot::At(time));
        }
        Ok(found)
    }
}
