//! What MongoDB decides of a search.

use std::collections::BTreeSet;

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Document, RawBsonRef, Uuid, doc};
use gapless_sse_mongo::{Fields, Narrow, Narrowing};

use super::fields::{KIND, LEVEL, MESSAGE};
use crate::access::RowRule;
use crate::search::{Level, Search};

impl Narrow for Search {
    fn narrow(&self, fields: &Fields) -> Narrowing {
        let [level, kind, message] = [LEVEL, KIND, MESSAGE].map(|name| fields.stored(name));
        let terms = self.terms();
        let mut narrowing = Narrowing::default();
        for rule in &self.rules().0 {
            narrowing =
                narrowing.matching(doc! { fields.stored(&rule.field): { "$in": values(rule) } });
        }
        if !terms.levels.is_empty() {
            let wanted = terms.levels.clone();
            let query = doc! { "$or": levels(level, &wanted) };
            narrowing = narrowing.by(level, query, move |stored| may_be(stored, &wanted));
        }
        if !terms.types.is_empty() {
            let types: Vec<_> = terms.types.iter().map(String::as_str).collect();
            // Of what is no text, its JSON is the type; of text that is not UTF-8, in which no pattern
            // is found, what can be read of it.
            narrowing = narrowing.matching(doc! { "$or": [
                { kind: { "$in": types } },
                { kind: { "$not": { "$type": "string" } } },
                { kind: { "$type": "array" } },
                { kind: { "$not": { "$regex": "" } } },
            ] });
        }
        let patterns = terms.texts.iter().chain(&terms.regexes);
        for literal in patterns.filter_map(|pattern| pattern.literal.as_deref()) {
            narrowing = narrowing.containing(message, literal);
        }
        if let Some(from) = terms.from {
            narrowing = narrowing.not_before(DateTime::from_millis(from));
        }
        if let Some(to) = terms.to {
            narrowing = narrowing.before(DateTime::from_millis(to));
        }
        narrowing
    }
}

/// What a level may be stored as that is one of these: a name, a number, or a number as text, of
/// which the search decides which one it is.
fn levels(field: &str, wanted: &BTreeSet<Level>) -> Vec<Document> {
    let names: Vec<_> =
        Level::names().filter(|(_, level)| wanted.contains(level)).map(|(name, _)| name).collect();
    let text = format!("^({}|[-+.0-9].*)$", names.join("|"));
    let mut alternatives = vec![doc! { field: { "$regex": text, "$options": "i" } }];
    for level in wanted {
        let mut range = Document::new();
        if Level::all().next() != Some(*level) {
            range.insert("$gte", level.number());
        }
        if let Some(next) = Level::all().find(|next| next > level) {
            range.insert("$lt", next.number());
        }
        alternatives.push(doc! { field: range });
    }
    alternatives
}

/// Whether what is stored may be one of these levels.
fn may_be(stored: RawBsonRef<'_>, wanted: &BTreeSet<Level>) -> bool {
    let is_wanted = |level: Option<Level>| level.is_some_and(|level| wanted.contains(&level));
    match stored {
        RawBsonRef::String(name) => is_wanted(Level::of(name)),
        RawBsonRef::Int32(number) => is_wanted(Level::of(&number.to_string())),
        RawBsonRef::Int64(number) => is_wanted(Level::of(&number.to_string())),
        RawBsonRef::Double(number) => is_wanted(Level::of(&number.to_string())),
        RawBsonRef::Null | RawBsonRef::Boolean(_) => false,
        _ => true,
    }
}

/// What a field may be stored as of which a rule holds: `super::ruled` reads no other value as this
/// one.
fn values(RowRule { value, .. }: &RowRule) -> Vec<Bson> {
    let mut values = vec![Bson::from(&**value)];
    values.extend(value.parse::<bool>().map(Bson::from));
    // Numbers are equal to MongoDB whatever their type is.
    values.extend(value.parse::<i64>().map(Bson::from));
    values.extend(ObjectId::parse_str(value).map(Bson::from));
    if let Ok(uuid) = Uuid::parse_str(value) {
        let bytes = uuid.bytes().to_vec();
        for subtype in [BinarySubtype::Uuid, BinarySubtype::UuidOld] {
            values.push(Binary { subtype, bytes: bytes.clone() }.into());
        }
    }
    values
}
