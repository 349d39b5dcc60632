//! How people may sign in.

use std::sync::Arc;

/// How people may sign in, as problems and pages are told. A clone shares everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways(Arc<Inner>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Inner {
    names: Vec<&'static str>,
    url: Option<Box<str>>,
}

impl Ways {
    /// By these ways, and at this address of the service that decides, if that is said.
    pub(super) fn new(names: Vec<&'static str>, url: Option<&str>) -> Self {
        Self(Arc::new(Inner { names, url: url.map(Box::from) }))
    }

    /// By what one signs in: `token`, `jwt`, `forward`.
    pub fn names(&self) -> &[&'static str] {
        &self.0.names
    }

    /// Where people sign in at the service that decides.
    pub fn url(&self) -> Option<&str> {
        self.0.url.as_deref()
    }
}
