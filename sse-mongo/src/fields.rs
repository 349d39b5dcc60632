//! What the fields of a record are called.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use gapless_sse_core::follow::{Scope, Topic};
use mongodb::bson::{Document, RawBson, RawDocument, doc};

use crate::topic;
use crate::value::path;

/// The names of the fields that following a record needs, besides its `_id`: each a field, or a path
/// with dots. None may lie within another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fields {
    /// The space of the record's topic.
    pub space: Named,
    /// The name of the record's topic within its space.
    pub name: Named,
    /// What history is ordered by.
    pub date: String,
    stored: BTreeMap<String, String>,
}

/// What says the space or the name of a record's topic.
///
/// ```
/// use gapless_sse_mongo::{Named, Options};
///
/// let options = Options::topic(Named::Constant("shop".to_owned()), "meta.order");
/// assert_eq!(options.fields.name, Named::Field("meta.order".to_owned()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// A field of it, which may be a path with dots.
    Field(String),
    /// Nothing of it: it is the same for all records.
    Constant(String),
}

impl Fields {
    pub(crate) fn new(space: Named, name: Named) -> Self {
        Self { space, name, date: "date".to_owned(), stored: BTreeMap::new() }
    }

    pub(crate) fn store_as(&mut self, name: String, field: String) {
        self.stored.insert(name, field);
    }

    /// The field that a filter calls `name`: what [`Options::stored_as`](crate::Options::stored_as)
    /// says, or the same.
    ///
    /// ```
    /// use gapless_sse_mongo::Options;
    ///
    /// let fields = Options::topic("tenant", "job").stored_as("level", "meta.severity").fields;
    /// assert_eq!(fields.stored("level"), "meta.severity");
    /// assert_eq!(fields.stored("message"), "message");
    /// ```
    pub fn stored<'a>(&'a self, name: &'a str) -> &'a str {
        self.stored.get(name).map_or(name, String::as_str)
    }

    /// That there is an array where what filters look at would lie: a record has nothing there, and
    /// a query looks into each of its elements.
    pub(crate) fn arrays_on_the_way(&self) -> Vec<Document> {
        let parents = |field: &String| {
            let (parents, _) = field.rsplit_once('.')?;
            Some(path::on_the_way(parents).map(ToOwned::to_owned).collect::<Vec<_>>())
        };
        let parents: BTreeSet<_> = self.stored.values().filter_map(parents).flatten().collect();
        parents.into_iter().map(|parent| doc! { parent: { "$type": "array" } }).collect()
    }

    /// The topic that a record belongs to; or the field that names none.
    pub(crate) fn topic<'f>(&'f self, record: &RawDocument) -> Result<Topic, &'f str> {
        let named = |named: &'f Named| {
            let name = named.of(record).map(Cow::into_owned);
            name.ok_or_else(|| named.field().unwrap_or_default())
        };
        Ok(Topic::new(named(&self.space)?, named(&self.name)?))
    }

    /// What an index of the fields of a topic begins with where records belong to a scope: one of
    /// these values for each field. None where no record does.
    pub(crate) fn prefix<F>(&self, scope: &Scope<F>) -> Option<Vec<Vec<RawBson>>> {
        let space = self.space.values([scope.space()])?;
        let name = match scope.topics() {
            Some(topics) => self.name.values(topics.iter().map(Topic::name))?,
            None => Vec::new(),
        };
        Some([space, name].concat())
    }

    /// The fields of a topic, without what is constant.
    pub(crate) fn of_topic(&self) -> impl Iterator<Item = &str> {
        [&self.space, &self.name].into_iter().filter_map(Named::field)
    }
}

impl Named {
    /// The field that it is, if it is one.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(field) => Some(field),
            Self::Constant(_) => None,
        }
    }

    /// The name that a record has by it.
    pub(crate) fn of<'a>(&'a self, record: &'a RawDocument) -> Option<Cow<'a, str>> {
        match self {
            Self::Constant(name) => Some(Cow::Borrowed(name)),
            Self::Field(field) => path::at(record, field).ok().flatten().and_then(topic::text),
        }
    }

    /// What an index begins with where records have one of these names: the values of one field, or
    /// of none where it is constant. None where no record has any of them.
    fn values<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<Vec<Vec<RawBson>>> {
        let mut names = names.into_iter();
        match self {
            Self::Field(_) => Some(vec![names.flat_map(topic::values).collect()]),
            Self::Constant(constant) => names.any(|name| name == constant).then(Vec::new),
        }
    }

    /// What the field may be stored as where records have this name, if it is one.
    pub(crate) fn values_of(&self, name: &str) -> Option<Vec<RawBson>> {
        self.values([name]).map(|fields| fields.concat())
    }
}

impl From<&str> for Named {
    fn from(field: &str) -> Self {
        Self::Field(field.to_owned())
    }
}

impl From<String> for Named {
    fn from(field: String) -> Self {
        Self::Field(field)
    }
}
