//! What the fields of a record are called, and what they are shown as.

use std::borrow::Cow;

use bson::{Bson, Document, RawBsonRef, RawDocument};
use gapless_sse_mongo::{Named, Options};

use crate::fields::{FieldMap, FieldName};

pub(super) const ID: &str = "_id";
/// That which a writer has given, within `_id`, and what it is given within.
pub(super) const GIVEN_ID: &str = "id";
pub(super) const WORKSPACE: &str = "workspace_id";
pub(super) const WORKFLOW: &str = "workflow_id";
/// What narrowing calls what rows show.
pub(super) const LEVEL: &str = "level";
pub(super) const KIND: &str = "type";
pub(super) const MESSAGE: &str = "message";

/// What rows show of themselves, whatever the record has.
const MADE: [&str; 2] = ["id", "date_text"];

/// Follows records with these fields.
pub(super) fn options(map: &FieldMap) -> Options {
    let named = |name| match map.constant(name) {
        Some(constant) => Named::Constant(constant.to_owned()),
        None => Named::Field(map.field(name).to_owned()),
    };
    let options = Options::topic(named(FieldName::Workspace), named(FieldName::Workflow))
        .date(map.field(FieldName::Date))
        .dates(map.dates().clone());
    FieldName::ALL.into_iter().fold(options, |options, name| {
        let (shown, field) = (name.shown(), map.field(name));
        if map.constant(name).is_none() && field == shown {
            return options;
        }
        let options = options.stored_as(format!("{shown}_"), shown);
        if field == shown { options } else { options.stored_as(shown, field) }
    })
}

/// What a field of a record is shown as.
pub(super) fn shown<'a>(map: &FieldMap, stored: &'a str) -> Cow<'a, str> {
    if stored == ID {
        return "id".into();
    }
    if let Some(name) = FieldName::ALL.into_iter().find(|name| map.field(*name) == stored)
        && map.constant(name).is_none()
    {
        return name.shown().into();
    }
    let is_taken = FieldName::ALL.into_iter().any(|name| name.shown() == stored);
    if is_taken || MADE.contains(&stored) { format!("{stored}_").into() } else { stored.into() }
}

/// Where a record has what rows show by this path; nothing if they show nothing by it.
pub(super) fn stored<'a>(map: &'a FieldMap, shown_path: &'a str) -> Option<Cow<'a, str>> {
    let (first, rest) = match shown_path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (shown_path, None),
    };
    let named = FieldName::ALL.into_iter().find(|name| name.shown() == first);
    let field = if let Some(name) = named {
        map.constant(name).is_none().then(|| map.field(name))?
    } else {
        // One that was in the way.
        let plain = first.strip_suffix('_').filter(|plain| shown(map, plain) == first);
        let field = plain.unwrap_or(first);
        (shown(map, field) == first).then_some(field)?
    };
    Some(match rest {
        Some(rest) if field == first => Cow::Owned(format!("{first}.{rest}")),
        Some(rest) => Cow::Owned(format!("{field}.{rest}")),
        None => Cow::Borrowed(field),
    })
}

/// What lies within this field of a record and is shown beside it.
pub(super) fn lifted<'m>(
    map: &'m FieldMap,
    stored: &str,
) -> impl Iterator<Item = (FieldName, &'m str)> {
    let fields = FieldName::ALL.into_iter().map(|name| (name, map.field(name)));
    fields.filter_map(move |(name, path)| {
        let within = path.strip_prefix(stored)?.strip_prefix('.')?;
        map.constant(name).is_none().then_some((name, within))
    })
}

/// The value at a path within an object. What lies within an array has no one value.
pub(super) fn at<'a>(object: &'a RawDocument, path: &str) -> Option<RawBsonRef<'a>> {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut parents = parents.split('.').filter(|parent| !parent.is_empty());
    let object =
        parents.try_fold(object, |object, parent| object.get(parent).ok()??.as_document())?;
    object.get(name).ok()?
}

/// Puts a value at a path. Answers the path if something else is there.
pub(super) fn put(record: &mut Document, path: &str, value: Bson) -> Result<(), String> {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut fields = record;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let found = fields.entry(parent.to_owned()).or_insert_with(|| Document::new().into());
        fields = found.as_document_mut().ok_or_else(|| path.to_owned())?;
    }
    if fields.contains_key(name) {
        return Err(path.to_owned());
    }
    fields.insert(name, value);
    Ok(())
}

/// Takes what is at a path.
pub(super) fn take(record: &mut Document, path: &str) {
    let (parents, name) = path.rsplit_once('.').unwrap_or(("", path));
    let mut fields = record;
    for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
        let Ok(within) = fields.get_document_mut(parent) else { return };
        fields = within;
    }
    fields.remove(name);
}
