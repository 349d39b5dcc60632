//! BSON values: how MongoDB orders them, and how they are shown.

pub(crate) mod compat;
pub(crate) mod date;
pub mod json;
pub(crate) mod number;
pub(crate) mod order;
pub(crate) mod path;
