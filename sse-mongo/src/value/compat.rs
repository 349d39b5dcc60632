//! What the two versions of `bson` that the driver can have name differently.
//!
//! As in the driver, version 3 is the one that counts where both are switched on.

use mongodb::bson::raw::{RawBsonRef, RawDocumentBuf, RawElement, RawRegexRef};
use mongodb::bson::{self, RawArray, RawBson, RawDocument};
use serde::de::DeserializeOwned;

#[cfg(feature = "bson-3")]
pub(crate) use mongodb::bson::error::Error as BsonError;

#[cfg(not(feature = "bson-3"))]
pub(crate) use mongodb::bson::de::Error as BsonError;

/// The name of a field.
pub(crate) fn name<'a>(element: &RawElement<'a>) -> &'a str {
    #[cfg(feature = "bson-3")]
    let name = element.key().as_str();
    #[cfg(not(feature = "bson-3"))]
    let name = element.key();
    name
}

/// The values of an array, as fields whose names are their numbers.
pub(crate) fn elements(array: &RawArray) -> impl Iterator<Item = RawElement<'_>> {
    // Version 2 has none of an array, which is stored as a document.
    let document = RawDocument::from_bytes(array.as_bytes()).ok();
    document.into_iter().flat_map(RawDocument::iter_elements).map_while(Result::ok)
}

/// A pattern and its options.
pub(crate) fn regex(regex: RawRegexRef<'_>) -> (&str, &str) {
    #[cfg(feature = "bson-3")]
    let parts = (regex.pattern.as_str(), regex.options.as_str());
    #[cfg(not(feature = "bson-3"))]
    let parts = (regex.pattern, regex.options);
    parts
}

pub(crate) fn to_owned(value: RawBsonRef<'_>) -> RawBson {
    #[cfg(feature = "bson-3")]
    let owned = value.into();
    #[cfg(not(feature = "bson-3"))]
    let owned = value.to_raw_bson();
    owned
}

/// A document with one field, whose name is empty.
pub(crate) fn nameless(value: RawBsonRef<'_>) -> RawDocumentBuf {
    let mut document = RawDocumentBuf::new();
    #[cfg(feature = "bson-3")]
    document.append(bson::cstr!(""), value);
    #[cfg(not(feature = "bson-3"))]
    document.append_ref("", value);
    document
}

/// The value of a field of which only the text is damaged.
pub(crate) fn lossy(element: &RawElement<'_>) -> Option<RawBson> {
    #[cfg(feature = "bson-3")]
    let value = element.value_utf8_lossy().ok();
    // Version 2 keeps that to itself.
    #[cfg(not(feature = "bson-3"))]
    let value = element.value().ok().map(to_owned);
    value
}

pub(crate) fn deserialize<T: DeserializeOwned>(document: &RawDocument) -> Result<T, BsonError> {
    #[cfg(feature = "bson-3")]
    let value = bson::deserialize_from_slice(document.as_bytes());
    #[cfg(not(feature = "bson-3"))]
    let value = bson::from_slice(document.as_bytes());
    value
}
