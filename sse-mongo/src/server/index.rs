//! Indexes by which a collection is read.

use gapless_sse_core::follow::SortOrder;
use mongodb::bson::{Bson, Document, doc};

use crate::position::key::Key;

/// An index that has a collection's keys in their order, upwards or downwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) name: String,
    /// Its fields; those behind a record's date and id are not needed.
    fields: Vec<Field>,
    /// How many of them come before date and id.
    prefix: usize,
    /// Whether it has dates and ids from the last to the first.
    pub(crate) descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: String,
    descending: bool,
}

/// What an index of the server's list is good for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fitness {
    /// Reading by it.
    Fits(Index),
    /// The same, once it is made.
    Building,
    /// Nothing, although it has the right fields, and why.
    Unfit(String),
    /// Something else.
    Other,
}

impl Index {
    /// Of one of these fields, of which the last two are a record's date and id.
    pub(crate) fn fitness(listed: &Document, wanted: &[&str]) -> Fitness {
        // What is being made is listed within.
        let building = listed.contains_key("buildUUID");
        let spec = listed.get_document("spec").unwrap_or(listed);
        let Some(fields) = spec.get_document("key").ok().and_then(fields) else {
            return Fitness::Other;
        };
        let names = fields.iter().map(|field| &*field.name);
        let same = fields.len() >= wanted.len() && names.zip(wanted).all(|(is, of)| is == *of);
        let key = &fields[wanted.len().saturating_sub(2).min(fields.len())..];
        let (true, [date, id, ..]) = (same, key) else { return Fitness::Other };
        let name = spec.get_str("name").unwrap_or_default().to_owned();
        let unfit = |why: &str| Fitness::Unfit(format!("the index {name} {why}"));
        if date.descending != id.descending {
            return unfit("has dates and ids in different directions");
        }
        if spec.contains_key("partialFilterExpression") || is_set(spec, "sparse") {
            return unfit("does not have all records");
        }
        if spec.contains_key("collation") {
            return unfit("has a collation, by which texts that differ may be equal");
        }
        if is_set(spec, "hidden") {
            return unfit("would serve but is hidden: unhideIndex makes it usable");
        }
        if building {
            return Fitness::Building;
        }
        let descending = date.descending;
        Fitness::Fits(Self { name, fields, prefix: wanted.len() - 2, descending })
    }

    /// One that is made of these fields.
    pub(crate) fn made(name: String, wanted: &[&str]) -> Self {
        let field = |name: &&str| Field { name: (*name).to_owned(), descending: false };
        let fields = wanted.iter().map(field).collect();
        Self { name, fields, prefix: wanted.len() - 2, descending: false }
    }

    /// The same, of which the last field before date and id is taken for the date: so its values can
    /// be listed. None of an index that has them in several directions.
    pub(crate) fn listing(&self) -> Option<Self> {
        let upwards = self.fields.iter().all(|field| !field.descending);
        let prefix = self.prefix.checked_sub(1).filter(|_| upwards)?;
        Some(Self { prefix, ..self.clone() })
    }

    /// The fields before the id.
    pub(crate) fn before_id(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().take(self.prefix + 1).map(|field| &*field.name)
    }

    /// The order that the index has, in the direction in which dates go as asked for; or, of parts of
    /// it, only that of dates and ids.
    pub(crate) fn sort(&self, order: SortOrder, parts: bool) -> Document {
        let forward = self.descending == (order == SortOrder::Descending);
        let direction = |field: &Field| if field.descending == forward { -1 } else { 1 };
        let fields = self.fields.iter().take(self.prefix + 2);
        let fields = fields.skip(if parts { self.prefix } else { 0 });
        fields.map(|field| (field.name.clone(), direction(field).into())).collect()
    }

    /// The place in the index before all that has this key.
    pub(crate) fn bound(&self, prefix: impl Iterator<Item = Bson>, key: &Key) -> Document {
        let bson = |value| Bson::try_from(value).unwrap_or(Bson::Null);
        let end = [bson(key.date.as_ref()), bson(key.id.as_ref())];
        let mut values = prefix.chain(end);
        let first = |field: &Field| if field.descending { Bson::MaxKey } else { Bson::MinKey };
        let value = |field: &Field| values.next().unwrap_or_else(|| first(field));
        let names = self.fields.iter().map(|field| field.name.clone());
        names.zip(self.fields.iter().map(value).collect::<Vec<_>>()).collect()
    }
}

/// The fields of an index that has their values in order.
fn fields(key: &Document) -> Option<Vec<Field>> {
    let field = |(name, value): (&String, &Bson)| {
        let direction = match value {
            Bson::Int32(direction) => f64::from(*direction),
            Bson::Int64(1) => 1.0,
            Bson::Int64(-1) => -1.0,
            Bson::Double(direction) => *direction,
            _ => return None,
        };
        Some(Field { name: name.clone(), descending: direction < 0.0 })
    };
    key.iter().map(field).collect()
}

fn is_set(spec: &Document, option: &str) -> bool {
    spec.get_bool(option).unwrap_or(false)
}

/// The definition of an index, for the server. It compares texts byte by byte, whatever the
/// collection's own collation is.
pub(crate) fn definition(name: &str, fields: &[&str]) -> Document {
    doc! { "key": keys(fields), "name": name, "collation": { "locale": "simple" } }
}

pub(crate) fn keys(fields: &[&str]) -> Document {
    fields.iter().map(|field| ((*field).to_owned(), Bson::Int32(1))).collect()
}
