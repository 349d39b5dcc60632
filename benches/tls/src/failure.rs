//! Why it could not be measured.

use std::error::Error;

pub type Failure = Box<dyn Error + Send + Sync>;
