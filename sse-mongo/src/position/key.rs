//! Where a record stands in history: its date, then its id.

use std::cmp::Ordering;

use gapless_sse_core::follow::Coordinate;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, RawBson, RawBsonRef, RawDocument};

use super::varint;
use crate::value::order::compare;
use crate::value::{compat, path};

/// Where a record stands in history: by its date, then by its `_id`, in the order in which MongoDB
/// sorts values of any type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub(crate) date: Value,
    pub(crate) id: Value,
}

impl Key {
    /// The record's date, as it is stored.
    pub fn date(&self) -> RawBsonRef<'_> {
        self.date.as_ref()
    }

    pub(crate) const LEAST: Self = Self { date: Value::MIN, id: Value::MIN };
    pub(crate) const GREATEST: Self = Self { date: Value::MAX, id: Value::MAX };

    /// What comes before every record of this date, and after all of earlier dates.
    pub(crate) fn before_all_of(date: Value) -> Self {
        Self { date, id: Value::MIN }
    }

    /// The key of a stored record.
    pub(crate) fn of(record: &RawDocument, date_field: &str) -> Self {
        let date = path::at(record, date_field).ok().flatten();
        let id = record.get("_id").ok().flatten();
        Self { date: Value::indexed(date), id: Value::indexed(id) }
    }

    /// The key that an index has, which calls a field within others by its whole path.
    pub(crate) fn listed(entry: &RawDocument, date_field: &str) -> Self {
        let value = |field| Value::indexed(entry.get(field).ok().flatten());
        Self { date: value(date_field), id: value("_id") }
    }
}

impl Coordinate for Key {
    fn encode(&self, out: &mut Vec<u8>) {
        self.date.encode(out);
        self.id.encode(out);
    }

    fn decode(input: &mut &[u8]) -> Option<Self> {
        Some(Self { date: Value::decode(input)?, id: Value::decode(input)? })
    }
}

/// A value in MongoDB's order. Values that MongoDB holds equal are equal, whatever their types.
#[derive(Clone, Debug)]
pub(crate) struct Value(RawBson);

impl Value {
    pub(crate) const MIN: Self = Self(RawBson::MinKey);
    pub(crate) const MAX: Self = Self(RawBson::MaxKey);
    #[cfg(test)]
    pub(crate) const NULL: Self = Self(RawBson::Null);

    /// Of a date, as a source stores it.
    pub(crate) fn of(value: Bson) -> Self {
        Self(RawBson::try_from(value).unwrap_or(RawBson::Null))
    }

    /// What is in a field as an index sees it: missing is null, an array is its least element.
    fn indexed(found: Option<RawBsonRef<'_>>) -> Self {
        let value = match found {
            Some(RawBsonRef::Array(array)) => array
                .into_iter()
                .filter_map(Result::ok)
                .min_by(|left, right| compare(*left, *right))
                .unwrap_or(RawBsonRef::Undefined),
            Some(value) => value,
            None => RawBsonRef::Null,
        };
        Self(compat::to_owned(value))
    }

    pub(crate) fn into_raw(self) -> RawBson {
        self.0
    }

    pub(crate) fn as_ref(&self) -> RawBsonRef<'_> {
        self.0.as_raw_bson_ref()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match &self.0 {
            RawBson::DateTime(date) => {
                out.push(tag::DATE);
                varint::signed(date.timestamp_millis(), out);
            }
            RawBson::ObjectId(id) => {
                out.push(tag::OBJECT_ID);
                out.extend_from_slice(&id.bytes());
            }
            RawBson::Binary(Binary { subtype: BinarySubtype::Uuid, bytes })
                if bytes.len() == 16 =>
            {
                out.push(tag::UUID);
                out.extend_from_slice(bytes);
            }
            RawBson::Int32(int) => {
                out.push(tag::INT32);
                varint::signed(i64::from(*int), out);
            }
            RawBson::Int64(int) => {
                out.push(tag::INT64);
                varint::signed(*int, out);
            }
            RawBson::String(text) => {
                out.push(tag::STRING);
                varint::unsigned(text.len() as u64, out);
                out.extend_from_slice(text.as_bytes());
            }
            RawBson::Null => out.push(tag::NULL),
            other => {
                let document = compat::nameless(other.as_raw_bson_ref());
                out.push(tag::OTHER);
                varint::unsigned(document.as_bytes().len() as u64, out);
                out.extend_from_slice(document.as_bytes());
            }
        }
    }

    pub(crate) fn decode(input: &mut &[u8]) -> Option<Self> {
        let (tag, rest) = input.split_first()?;
        *input = rest;
        Some(Self(match *tag {
            tag::DATE => RawBson::DateTime(DateTime::from_millis(varint::take_signed(input)?)),
            tag::OBJECT_ID => RawBson::ObjectId(ObjectId::from_bytes(take_array(input)?)),
            tag::UUID => RawBson::Binary(Binary {
                subtype: BinarySubtype::Uuid,
                bytes: take(input, 16)?.to_vec(),
            }),
            tag::INT32 => RawBson::Int32(varint::take_signed(input)?.try_into().ok()?),
            tag::INT64 => RawBson::Int64(varint::take_signed(input)?),
            tag::STRING => RawBson::String(str::from_utf8(take_counted(input)?).ok()?.to_owned()),
            tag::NULL => RawBson::Null,
            tag::OTHER => {
                let document = RawDocument::from_bytes(take_counted(input)?).ok()?;
                let mut values = document.iter();
                let (_, value) = values.next()?.ok()?;
                if values.next().is_some() {
                    return None;
                }
                compat::to_owned(value)
            }
            _ => return None,
        }))
    }
}

/// The first byte of an encoded value: what ids and dates mostly are has a short form.
mod tag {
    pub(super) const OTHER: u8 = 0;
    pub(super) const DATE: u8 = 1;
    pub(super) const OBJECT_ID: u8 = 2;
    pub(super) const UUID: u8 = 3;
    pub(super) const INT32: u8 = 4;
    pub(super) const INT64: u8 = 5;
    pub(super) const STRING: u8 = 6;
    pub(super) const NULL: u8 = 7;
}

fn take<'a>(input: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = input.split_at_checked(count)?;
    *input = rest;
    Some(taken)
}

pub(crate) fn take_array<const N: usize>(input: &mut &[u8]) -> Option<[u8; N]> {
    take(input, N)?.try_into().ok()
}

fn take_counted<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let count = varint::take_unsigned(input)?;
    take(input, usize::try_from(count).ok()?)
}

impl From<RawBson> for Value {
    fn from(value: RawBson) -> Self {
        Self(value)
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.as_ref(), other.as_ref())
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}
