//! What rules on rows look at in a stored record.

use std::borrow::Cow;
use std::sync::Arc;

use bson::{RawBsonRef, RawDocument};
use gapless_sse_mongo::json::id_text;

use super::fields::stored;
use crate::access::RowFields;
use crate::fields::FieldMap;
use crate::ruled::{Ruled, whole};

/// The values in a record of these fields of its row.
pub(super) fn of(record: &RawDocument, fields: &RowFields, map: &FieldMap) -> Option<Arc<Ruled>> {
    Ruled::new(fields, |shown| {
        let field = stored(map, shown)?;
        let (parents, name) = field.rsplit_once('.').unwrap_or(("", &*field));
        let parents = parents.split('.').filter(|parent| !parent.is_empty());
        let fields = parents
            .into_iter()
            .try_fold(record, |fields, parent| only(fields, parent)?.as_document())?;
        scalar(only(fields, name)?)
    })
}

/// The field of this name, unless there are two.
fn only<'a>(fields: &'a RawDocument, name: &str) -> Option<RawBsonRef<'a>> {
    let mut found = None;
    for field in fields.iter_elements() {
        let field = field.ok()?;
        if field.key().as_str() == name && found.replace(field.value().ok()?).is_some() {
            return None;
        }
    }
    found
}

/// A value as rules compare it. Ids are what they are where rows show them as ids.
fn scalar(value: RawBsonRef<'_>) -> Option<Cow<'_, str>> {
    Some(match value {
        RawBsonRef::String(text) => text.into(),
        RawBsonRef::Boolean(value) => value.to_string().into(),
        RawBsonRef::Int32(whole) => whole.to_string().into(),
        RawBsonRef::Int64(whole) => whole.to_string().into(),
        RawBsonRef::Double(number) => whole(number)?.to_string().into(),
        RawBsonRef::ObjectId(id) => id.to_hex().into(),
        RawBsonRef::Binary(_) => {
            let id = id_text(value);
            (!id.starts_with('{')).then_some(id)?.into()
        }
        _ => return None,
    })
}
