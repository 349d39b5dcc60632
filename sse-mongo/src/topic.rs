//! What names a topic, and what a name stands for.

use std::borrow::Cow;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, RawBson, RawBsonRef, Uuid};

use crate::value::json::uuid_text;
use crate::value::number::Number;

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
    let uuid = |subtype| {
        let bytes = Uuid::parse_str(name).ok()?.bytes().to_vec();
        Some(RawBson::Binary(Binary { subtype, bytes }))
    };
    let others = [
        ObjectId::parse_str(name).ok().map(RawBson::ObjectId),
        uuid(BinarySubtype::Uuid),
        uuid(BinarySubtype::UuidOld),
        name.parse().ok().map(RawBson::Int64),
    ];
    let spells = |value: &RawBson| text(value.as_raw_bson_ref()).is_some_and(|text| text == name);
    values.extend(others.into_iter().flatten().filter(spells));
    values
}
