//! Several keys, found by their names.

use std::collections::HashMap;

use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;

use super::config::Algorithm;
use super::key::Key;

/// The most keys of a set.
const MOST_KEYS: usize = 256;

/// The most keys that one token is checked by.
const MOST_TRIED: usize = 8;

/// Keys by their names.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    named: HashMap<Box<str>, Vec<Key>>,
    unnamed: Vec<Key>,
}

impl Keys {
    /// The keys of a set as JSON (RFC 7517, section 5), or of one key alone. Those that are of no
    /// use here are passed over, and told of in words.
    ///
    /// # Errors
    ///
    /// In words, when it is no set.
    pub fn parse(json: &[u8]) -> Result<(Self, Vec<String>), String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let value: Value =
            serde_json::from_slice(json).map_err(|error| format!("this is no JSON: {error}"))?;
        let listed = if value.get("kty").is_some() {
            vec![value]
        } else {
            let set = Set::deserialize(value);
            set.map_err(|error| format!("this is no set of keys: {error}"))?.keys
        };
        if listed.len() > MOST_KEYS {
            return Err(format!("it has {} keys; {MOST_KEYS} are taken", listed.len()));
        }
        let (mut keys, mut passed_over) = (Self::default(), Vec::new());
        for (at, value) in listed.iter().enumerate() {
            let jwk = Jwk::deserialize(value).map_err(|error| error.to_string());
            match jwk.and_then(|jwk| Key::jwk(&jwk)) {
                Ok(key) => keys.add(key),
                Err(why) => passed_over.push(format!("key {at}: {why}")),
            }
        }
        Ok((keys, passed_over))
    }

    /// Adds one.
    pub fn add(&mut self, key: Key) {
        match &key.id {
            Some(id) => self.named.entry(id.clone()).or_default().push(key),
            None => self.unnamed.push(key),
        }
    }

    /// Adds those of others.
    pub fn extend(&mut self, others: Self) {
        for key in others.named.into_values().flatten().chain(others.unnamed) {
            self.add(key);
        }
    }

    /// Leaves those of these algorithms.
    pub(super) fn retain(&mut self, algorithms: &[Algorithm]) {
        self.named.values_mut().for_each(|keys| {
            keys.retain(|key| algorithms.contains(&key.algorithm));
        });
        self.named.retain(|_, keys| !keys.is_empty());
        self.unnamed.retain(|key| algorithms.contains(&key.algorithm));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.unnamed.is_empty()
    }

    /// Whether there is one of the name that a token gives, or any at all if it gives none.
    pub(super) fn know(&self, id: Option<&str>) -> bool {
        match id {
            Some(id) => self.named.contains_key(id),
            None => !self.is_empty(),
        }
    }

    /// Those that may have signed a token which gives this name and says this algorithm: the ones
    /// of that name and the ones without a name; all of them if it gives none.
    pub(super) fn candidates(
        &self,
        id: Option<&str>,
        said: jsonwebtoken::Algorithm,
    ) -> impl Iterator<Item = &Key> {
        let named = id.and_then(|id| self.named.get(id)).into_iter().flatten();
        let all = self.named.values().flatten().filter(move |_| id.is_none());
        let candidates = named.chain(all).chain(&self.unnamed);
        candidates.filter(move |key| said == key.algorithm.into()).take(MOST_TRIED)
    }
}
