//! Parts of JSON, as they stand in it.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A text that is borrowed as far as it holds no escapes.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// What lies behind the names of this path, each within the one before, with dots between. Nothing
/// if an object on the way has the name twice: what it is then depends on who reads it.
pub(crate) fn at<'a>(json: &'a str, path: &str) -> Option<&'a str> {
    all_at(json, &[path]).pop().flatten()
}

/// The same for several paths, each object of which is read once.
pub(crate) fn all_at<'a>(json: &'a str, paths: &[&str]) -> Vec<Option<&'a str>> {
    let steps: Vec<_> = paths.iter().map(|path| step(path)).collect();
    let names = steps.iter().map(|(name, _)| *name).collect();
    let mut json = serde_json::Deserializer::from_str(json);
    let found = Members(names).deserialize(&mut json).ok().filter(|_| json.end().is_ok());
    let mut found = found.unwrap_or_else(|| vec![None; paths.len()]);
    let mut deeper: Vec<_> = (0..paths.len()).filter(|at| steps[*at].1.is_some()).collect();
    while let Some(first) = deeper.first() {
        let (name, within) = (steps[*first].0, found[*first]);
        let (together, others): (Vec<usize>, _) =
            deeper.iter().partition(|at| steps[**at].0 == name);
        let rests: Vec<_> = together.iter().filter_map(|at| steps[*at].1).collect();
        let values = within.map(|within| all_at(within, &rests)).unwrap_or_default();
        for (at, value) in together.into_iter().zip(values) {
            found[at] = value;
        }
        deeper = others;
    }
    found
}

/// The first name of a path, and the rest of it.
fn step(path: &str) -> (&str, Option<&str>) {
    path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)))
}

/// The members of an object, by their names.
struct Members<'n>(Vec<&'n str>);

impl<'de> DeserializeSeed<'de> for Members<'_> {
    type Value = Vec<Option<&'de str>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<Option<&'de str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = vec![(None, 0); self.0.len()];
        while let Some(Text(name)) = members.next_key()? {
            if !self.0.contains(&&*name) {
                members.next_value::<IgnoredAny>()?;
                continue;
            }
            let value = members.next_value::<&RawValue>()?;
            for (wanted, (found, times)) in self.0.iter().zip(&mut found) {
                if *wanted == name {
                    *found = Some(value.get());
                    *times += 1;
                }
            }
        }
        Ok(found.into_iter().map(|(found, times)| found.filter(|_| times == 1)).collect())
    }
}
