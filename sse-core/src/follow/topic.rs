//! What a record belongs to, and what a stream follows.

use std::panic::resume_unwind;
use std::sync::Arc;

use super::filter::{Everything, Filter};
use super::panics::{FilterPanic, caught};
use super::record::Record;

/// What a record belongs to: one named log within a space.
///
/// A space holds whatever may share an id: a tenant, a workspace. One encoded event serves every
/// stream of its space.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    space: Arc<str>,
    name: Arc<str>,
}

impl Topic {
    /// The topic `name` of `space`.
    pub fn new(space: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self { space: space.into(), name: name.into() }
    }

    /// The space that it is in.
    pub fn space(&self) -> &str {
        &self.space
    }

    /// That space, as it is shared.
    pub(super) fn shared_space(&self) -> &Arc<str> {
        &self.space
    }

    /// Its name within the space.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a stream follows: one topic, several of one space merged, or the whole space, and which of
/// their records.
///
/// ```
/// use gapless_sse_core::follow::{Scope, Topic};
///
/// let scope = Scope::new("etl", ["orders", "customers", "orders"]);
/// assert_eq!(scope.topics().map(<[Topic]>::len), Some(2));
/// assert!(scope.contains(&Topic::new("etl", "orders")));
///
/// let all = Scope::whole("etl");
/// assert!(all.topics().is_none() && all.contains(&Topic::new("etl", "one that comes later")));
/// ```
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Scope<F = Everything>(Arc<Followed<F>>);

/// In one piece, since each stream holds it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Followed<F> {
    space: Arc<str>,
    /// None of a whole space.
    topics: Option<Arc<[Topic]>>,
    filter: F,
}

impl<F> Clone for Scope<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Scope {
    /// All records of the topics `names` of `space`; their order and repetitions do not matter.
    pub fn new<N: Into<Arc<str>>>(
        space: impl Into<Arc<str>>,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let space = space.into();
        let mut topics: Vec<_> =
            names.into_iter().map(|name| Topic::new(Arc::clone(&space), name)).collect();
        topics.sort_unstable();
        topics.dedup();
        Self(Arc::new(Followed { space, topics: Some(topics.into()), filter: Everything }))
    }

    /// All records of all topics of `space`, those included that appear later. It costs a reader
    /// nothing for each topic.
    pub fn whole(space: impl Into<Arc<str>>) -> Self {
        Self(Arc::new(Followed { space: space.into(), topics: None, filter: Everything }))
    }
}

impl<F> Scope<F> {
    /// Those records of the same topics that `filter` admits.
    pub fn filtered<G>(self, filter: G) -> Scope<G> {
        let (space, topics) = (Arc::clone(&self.0.space), self.0.topics.clone());
        Scope(Arc::new(Followed { space, topics, filter }))
    }

    /// The space of all its topics.
    pub fn space(&self) -> &str {
        &self.0.space
    }

    /// That space, as it is shared.
    pub(super) fn shared_space(&self) -> &Arc<str> {
        &self.0.space
    }

    /// Its topics, sorted by name, each once; none of a whole space.
    pub fn topics(&self) -> Option<&[Topic]> {
        self.0.topics.as_deref()
    }

    /// Which of their records it has.
    pub fn filter(&self) -> &F {
        &self.0.filter
    }

    /// Whether both are the same in memory; asks nothing of the filter.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether `topic` is one of its own.
    pub fn contains(&self, topic: &Topic) -> bool {
        match self.topics() {
            Some(topics) => topics.binary_search(topic).is_ok(),
            None => topic.space() == self.space(),
        }
    }
}

impl<F: Filter> Scope<F> {
    /// Whether its filter admits `record`: for a [`Source`](super::Source) to ask of the records of
    /// history.
    ///
    /// A record whose own code panics is admitted, so that the stream announces that it cannot be
    /// shown.
    ///
    /// # Panics
    ///
    /// When the filter does, in a way that a stream tells from a panic of the source: it ends, and
    /// does not ask again.
    ///
    /// ```
    /// use gapless_sse_core::Event;
    /// use gapless_sse_core::follow::Scope;
    ///
    /// assert!(Scope::new("etl", ["orders"]).admits(&Event::new("a line")));
    /// ```
    pub fn admits(&self, record: &impl Record<Filter = F>) -> bool {
        let filter = self.filter();
        let admits = || {
            if filter.admits_all() {
                return true;
            }
            let Ok(mark) = caught(|| record.mark()) else { return true };
            filter.admits(&mark)
        };
        caught(admits).unwrap_or_else(|words| resume_unwind(Box::new(FilterPanic(words))))
    }
}
