//! What a request says about who sends it.

use std::fmt;
use std::hash::{Hash, Hasher};

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};

/// What a request says about who sends it. Of it nothing is ever shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `Authorization` and `Cookie`, as they came.
    pub headers: HeaderMap,
    /// The `ticket` of the query.
    pub ticket: Option<Box<str>>,
}

impl Credentials {
    /// Those of a request with these headers.
    pub fn of(headers: &HeaderMap, ticket: Option<&str>) -> Self {
        let mut kept = HeaderMap::new();
        for name in [AUTHORIZATION, COOKIE] {
            for value in headers.get_all(&name) {
                kept.append(&name, value.clone());
            }
        }
        Self { headers: kept, ticket: ticket.map(Box::from) }
    }

    /// The token of `Authorization: Bearer …` (RFC 6750, section 2.1). Of several nobody knows which
    /// one a proxy has looked at, so they are none.
    pub fn bearer(&self) -> Option<&str> {
        let mut values = self.headers.get_all(AUTHORIZATION).into_iter();
        let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty() && self.ticket.is_none()
    }
}

impl Hash for Credentials {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for name in [AUTHORIZATION, COOKIE] {
            for value in self.headers.get_all(&name) {
                value.hash(state);
            }
        }
        self.ticket.hash(state);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}
