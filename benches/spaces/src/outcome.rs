//! What may go wrong here: anything, and then the measurement ends.

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
