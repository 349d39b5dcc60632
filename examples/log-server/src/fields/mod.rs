//! What the fields of a log are called where it is stored.

mod map;
mod name;

pub use map::{Assignment, FieldMap, InvalidFields};
pub use name::FieldName;
