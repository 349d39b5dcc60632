//! Who may see and do what.

mod forward;
mod leases;
mod lists;
mod same_words;
mod setup;
mod tokens;
