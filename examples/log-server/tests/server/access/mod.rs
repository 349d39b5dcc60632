//! Who may see and do what.

mod asked_again;
mod forward;
mod leases;
mod lists;
mod matrix;
mod rows;
mod same_words;
mod service;
pub(crate) mod setup;
mod tokens;
mod ways;
mod whole;
