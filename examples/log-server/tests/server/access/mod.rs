//! Who may see and do what.

mod leases;
mod lists;
mod rows;
mod same_words;
mod setup;
mod tokens;
