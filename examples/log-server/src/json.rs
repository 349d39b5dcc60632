//! Parts of JSON, as they stand in it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A text that is borrowed as far as it holds no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// What lies behind these names, each within the one before. Nothing if an object on the way has
/// the name twice: what it is then depends on who reads it.
pub(crate) fn at<'a, 'n>(
    json: &'a str,
    mut path: impl Iterator<Item = &'n str>,
) -> Option<&'a str> {
    path.try_fold(json, |json, name| {
        let mut json = serde_json::Deserializer::from_str(json);
        let member = Member(name).deserialize(&mut json).ok()?;
        json.end().ok()?;
        member.map(RawValue::get)
    })
}

/// The member of an object, by its name.
struct Member<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut found, mut times) = (None, 0);
        while let Some(Text(name)) = members.next_key()? {
            if name == self.0 {
                found = Some(members.next_value()?);
                times += 1;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found.filter(|_| times == 1))
    }
}
