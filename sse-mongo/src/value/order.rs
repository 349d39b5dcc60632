//! The order in which MongoDB sorts values.

use std::cmp::Ordering;

use mongodb::bson::raw::RawElement;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{RawBinaryRef, RawBsonRef, RawDocument};

use super::compat;
use super::number::Number;

/// MongoDB itself refuses documents nested deeper than this.
const MAX_DEPTH: usize = 200;

/// Compares two values as an index does: by type first, numbers of every type together.
///
/// See [comparison order](https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/).
pub(crate) fn compare(left: RawBsonRef<'_>, right: RawBsonRef<'_>) -> Ordering {
    compare_at(left, right, 0)
}

fn compare_at(left: RawBsonRef<'_>, right: RawBsonRef<'_>, depth: usize) -> Ordering {
    use RawBsonRef as B;
    match (left, right) {
        (B::Int32(l), B::Int32(r)) => l.cmp(&r),
        (B::Int64(l), B::Int64(r)) => l.cmp(&r),
        (B::Int32(l), B::Int64(r)) => i64::from(l).cmp(&r),
        (B::Int64(l), B::Int32(r)) => l.cmp(&i64::from(r)),
        (
            B::String(l) | B::Symbol(l) | B::JavaScriptCode(l),
            B::String(r) | B::Symbol(r) | B::JavaScriptCode(r),
        ) if rank(left) == rank(right) => l.as_bytes().cmp(r.as_bytes()),
        (B::Document(l), B::Document(r)) => documents(of_document(l), of_document(r), true, depth),
        (B::Array(l), B::Array(r)) => {
            documents(compat::elements(l), compat::elements(r), false, depth)
        }
        (B::Binary(l), B::Binary(r)) => {
            let key = |b: RawBinaryRef<'_>| (stored_len(b), u8::from(b.subtype));
            key(l).cmp(&key(r)).then_with(|| l.bytes.cmp(r.bytes))
        }
        (B::ObjectId(l), B::ObjectId(r)) => l.cmp(&r),
        (B::Boolean(l), B::Boolean(r)) => l.cmp(&r),
        (B::DateTime(l), B::DateTime(r)) => l.cmp(&r),
        (B::Timestamp(l), B::Timestamp(r)) => (l.time, l.increment).cmp(&(r.time, r.increment)),
        (B::RegularExpression(l), B::RegularExpression(r)) => {
            // By bytes, the pattern first.
            compat::regex(l).cmp(&compat::regex(r))
        }
        (B::DbPointer(l), B::DbPointer(r)) => {
            // Its fields are private; its bytes are a length, a name and an ObjectId, and are
            // compared by length first.
            let (l, r) = (payload(B::DbPointer(l)), payload(B::DbPointer(r)));
            l.len().cmp(&r.len()).then_with(|| l.cmp(&r))
        }
        (B::JavaScriptCodeWithScope(l), B::JavaScriptCodeWithScope(r)) => {
            let code = l.code.as_bytes().cmp(r.code.as_bytes());
            code.then_with(|| documents(of_document(l.scope), of_document(r.scope), true, depth))
        }
        (B::Double(l), B::Double(r)) => Number::compare_doubles(l, r),
        _ => match (Number::of(left), Number::of(right)) {
            (Some(l), Some(r)) => l.compare(r),
            _ => rank(left).cmp(&rank(right)),
        },
    }
}

/// Where a type stands among types.
fn rank(value: RawBsonRef<'_>) -> u8 {
    match value {
        RawBsonRef::MinKey => 0,
        RawBsonRef::Undefined => 1,
        RawBsonRef::Null => 2,
        RawBsonRef::Int32(_)
        | RawBsonRef::Int64(_)
        | RawBsonRef::Double(_)
        | RawBsonRef::Decimal128(_) => 3,
        RawBsonRef::String(_) | RawBsonRef::Symbol(_) => 4,
        RawBsonRef::Document(_) => 5,
        RawBsonRef::Array(_) => 6,
        RawBsonRef::Binary(_) => 7,
        RawBsonRef::ObjectId(_) => 8,
        RawBsonRef::Boolean(_) => 9,
        RawBsonRef::DateTime(_) => 10,
        RawBsonRef::Timestamp(_) => 11,
        RawBsonRef::RegularExpression(_) => 12,
        RawBsonRef::DbPointer(_) => 13,
        RawBsonRef::JavaScriptCode(_) => 14,
        RawBsonRef::JavaScriptCodeWithScope(_) => 15,
        RawBsonRef::MaxKey => 16,
    }
}

fn of_document(document: &RawDocument) -> impl Iterator<Item = RawElement<'_>> {
    document.iter_elements().map_while(Result::ok)
}

/// Field by field: type, then name (of documents, not of arrays), then value; what ends first is
/// less.
fn documents<'a>(
    left: impl Iterator<Item = RawElement<'a>>,
    right: impl Iterator<Item = RawElement<'a>>,
    names: bool,
    depth: usize,
) -> Ordering {
    if depth >= MAX_DEPTH {
        return Ordering::Equal;
    }
    let field =
        |element: RawElement<'a>| Some((compat::name(&element).as_bytes(), element.value().ok()?));
    let (mut left, mut right) = (left.map_while(field), right.map_while(field));
    loop {
        let (l, r) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(l), Some(r)) => (l, r),
        };
        let mut order = rank(l.1).cmp(&rank(r.1));
        if names {
            order = order.then_with(|| l.0.cmp(r.0));
        }
        order = order.then_with(|| compare_at(l.1, r.1, depth + 1));
        if order.is_ne() {
            return order;
        }
    }
}

/// The value's bytes as they are stored.
pub(crate) fn payload(value: RawBsonRef<'_>) -> Vec<u8> {
    let bytes = compat::nameless(value).into_bytes();
    // length (4), type (1), empty name (1), the value, end (1)
    bytes.get(6..bytes.len() - 1).unwrap_or_default().to_vec()
}

/// Binary of the old subtype stores its length twice.
fn stored_len(binary: RawBinaryRef<'_>) -> usize {
    let twice = binary.subtype == BinarySubtype::BinaryOld;
    binary.bytes.len() + if twice { 4 } else { 0 }
}
