//! Which topic a record belongs to.

use std::borrow::Cow;

use gapless_sse_core::follow::Topic;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{RawBson, RawBsonRef, RawDocument, Uuid};

use crate::options::Fields;
use crate::value::json::uuid_text;
use crate::value::number::Number;

/// The topic that a record belongs to; `None` for values that name none.
pub(crate) fn of(record: &RawDocument, fields: &Fields) -> Option<Topic> {
    let space = text(record.get(&fields.space).ok()??)?;
    let name = text(record.get(&fields.name).ok()??)?;
    Some(Topic::new(&*space, &*name))
}

/// The name that a value stands for.
pub(crate) fn text(value: RawBsonRef<'_>) -> Option<Cow<'_, str>> {
    match value {
        RawBsonRef::String(text) | RawBsonRef::Symbol(text) => Some(Cow::Borrowed(text)),
        RawBsonRef::ObjectId(id) => Some(Cow::Owned(id.to_hex())),
        RawBsonRef::Binary(binary) => uuid_text(binary).map(Cow::Owned),
        // An index holds equal numbers of every type together, so they have one name.
        number => Number::of(number)?.whole().map(|int| Cow::Owned(int.to_string())),
    }
}

/// The values that a name may stand for: the inverse of [`text`].
pub(crate) fn values(name: &str) -> Vec<RawBson> {
    let mut values = vec![RawBson::String(name.to_owned())];
    let others = [
        ObjectId::parse_str(name).ok().map(RawBson::ObjectId),
        Uuid::parse_str(name).ok().map(|uuid| RawBson::Binary(uuid.into())),
        name.parse().ok().map(RawBson::Int64),
    ];
    let spells = |value: &RawBson| text(value.as_raw_bson_ref()).is_some_and(|text| text == name);
    values.extend(others.into_iter().flatten().filter(spells));
    values
}
