//! Fields within fields.

use mongodb::bson::{RawBsonRef, RawDocument};

/// What stands there cannot be read.
pub(crate) struct Damaged;

/// What a record has in a field, which may be a path with dots. An array on the way is what is
/// found: what lies in it has no one value.
pub(crate) fn at<'a>(
    record: &'a RawDocument,
    path: &str,
) -> Result<Option<RawBsonRef<'a>>, Damaged> {
    let mut fields = record;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        let found = fields.get(name).map_err(|_| Damaged)?;
        match found {
            Some(RawBsonRef::Document(within)) if names.peek().is_some() => fields = within,
            None | Some(RawBsonRef::Array(_)) => return Ok(found),
            Some(_) if names.peek().is_some() => return Ok(None),
            Some(_) => return Ok(found),
        }
    }
    Ok(None)
}

/// The path and all that it lies within: `a.b` is `a` and `a.b`.
pub(crate) fn on_the_way(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end))
}
