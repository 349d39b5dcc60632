//! What each client should have: the final collection.

use std::collections::{BTreeMap, BTreeSet};

use bson::oid::ObjectId;
use bson::{Document, doc};
use futures_util::TryStreamExt;
use gapless_sse_core::follow::{Scope, Topic};
use mongodb::Collection;
use mongodb::options::ReadConcern;

/// The records that are in the collection in the end, by what they belong to.
#[derive(Debug, Default)]
pub(crate) struct Truth(BTreeMap<Topic, BTreeSet<ObjectId>>);

/// How a client's log differs from the truth.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) lost: Vec<ObjectId>,
    pub(crate) duplicated: Vec<ObjectId>,
    /// Records of other topics, and those that were never committed.
    pub(crate) phantom: Vec<ObjectId>,
}

impl Truth {
    pub(crate) async fn of(logs: &Collection<Document>) -> Self {
        let fields = doc! { "workspace_id": 1, "workflow_id": 1 };
        let found = logs.find(doc! {}).projection(fields).read_concern(ReadConcern::majority());
        let found: Vec<Document> = found.await.unwrap().try_collect().await.unwrap();
        let mut topics: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for record in found {
            let text = |field| record.get_str(field).unwrap();
            let topic = Topic::new(text("workspace_id"), text("workflow_id"));
            topics.entry(topic).or_default().insert(record.get_object_id("_id").unwrap());
        }
        Self(topics)
    }

    pub(crate) fn of_scope(&self, scope: &Scope) -> BTreeSet<ObjectId> {
        scope
            .topics()
            .unwrap_or_default()
            .iter()
            .filter_map(|topic| self.0.get(topic))
            .flatten()
            .copied()
            .collect()
    }

    pub(crate) fn all(&self) -> BTreeSet<ObjectId> {
        self.0.values().flatten().copied().collect()
    }

    pub(crate) fn count(&self, scope: &Scope) -> usize {
        scope
            .topics()
            .unwrap_or_default()
            .iter()
            .filter_map(|topic| self.0.get(topic))
            .map(BTreeSet::len)
            .sum()
    }

    /// Compares with what a client was given, as it came.
    pub(crate) fn compare(&self, scope: &Scope, given: &[ObjectId]) -> Difference {
        let expected = self.of_scope(scope);
        let mut once = BTreeSet::new();
        let mut difference = Difference::default();
        for id in given {
            if !expected.contains(id) {
                difference.phantom.push(*id);
            } else if !once.insert(*id) {
                difference.duplicated.push(*id);
            }
        }
        difference.lost = expected.difference(&once).copied().collect();
        difference
    }
}
