//! What was done, when and by whom, one line of JSON each.

mod settings;

pub use settings::{Settings, Target};
