//! Errors that are only logged.

use std::error::Error;

/// A [body's](http_body::Body) or service's own error, boxed by those who only log it.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
