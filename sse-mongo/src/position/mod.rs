//! Where records and commits stand.

pub(crate) mod commit;
pub(crate) mod key;
mod varint;
