//! Searches by the value of a field that an index has.

use gapless_sse_core::follow::SortOrder;
use mongodb::bson::{RawBson, RawBsonRef};

use super::narrowing::ByValue;
use super::snapshot::fresh;
use crate::position::key::{Key, Value};
use crate::records::Records;
use crate::server::error::Error;
use crate::server::find::{Find, MAX_TIME, Snapshot, What};
use crate::server::index::Index;
use crate::server::operation::Operation;
use crate::server::range::Range;
use crate::value::compat;

/// Of a field that has more values than these, the index is not used.
const VALUES: usize = 32;
/// Nor where there are more topics: each has values of its own.
const TOPICS: usize = 4;

impl<R> Records<R> {
    /// What the fields of this index are of the records of these topics whose field may be as it is
    /// wanted, at that moment; none, if reading by it would not help.
    pub(super) async fn by_value(
        &self,
        index: &Index,
        by: &ByValue,
        mut prefix: Vec<Vec<RawBson>>,
        snapshot: Option<Snapshot>,
    ) -> Result<Option<Vec<Vec<RawBson>>>, Error> {
        let topics = Range { prefix: prefix.clone(), after: None, before: None }.each();
        if topics.len() > TOPICS {
            return Ok(None);
        }
        let mut values = Vec::new();
        for topic in topics {
            let Some(more) = self.values(index, topic, by, snapshot).await? else {
                return Ok(None);
            };
            values.extend(more);
        }
        values.sort_unstable();
        values.dedup();
        prefix.push(values.into_iter().map(Value::into_raw).collect());
        Ok(Some(prefix))
    }

    /// Those of its values in the index that may be wanted; none, if there are too many.
    async fn values(
        &self,
        index: &Index,
        mut range: Range,
        by: &ByValue,
        snapshot: Option<Snapshot>,
    ) -> Result<Option<Vec<Value>>, Error> {
        let Some(listed) = index.listing() else { return Ok(None) };
        let (mut values, mut last) = (Vec::new(), None);
        for _ in 0..VALUES {
            let next = || {
                let (range, order) = (range.clone(), SortOrder::Ascending);
                let find = Find { index: &listed, range, order, limit: 1, snapshot };
                let what = &What::Keys { skip: 0 };
                find.run_for(&self.connection, Operation::History, what, MAX_TIME)
            };
            let found = match snapshot {
                Some(Snapshot::Fresh) => fresh(next).await?,
                _ => next().await?,
            };
            let Some(keys) = found.documents().next() else { return Ok(Some(values)) };
            let value = match keys.get(&by.field) {
                Ok(value) => value.unwrap_or(RawBsonRef::Null),
                // Text that is not UTF-8.
                Err(_) => return Ok(None),
            };
            let may_be = (by.may_be)(value);
            let value = Value::from(compat::to_owned(value));
            if last.as_ref().is_some_and(|last| *last >= value) {
                return Ok(None);
            }
            if may_be {
                values.push(value.clone());
            }
            range.after = Some(Key { date: value.clone(), id: Value::MAX });
            last = Some(value);
        }
        Ok(None)
    }
}
