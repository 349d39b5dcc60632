//! Whatever a trial fails by.

use std::error::Error;

/// Whatever a trial fails by.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;
